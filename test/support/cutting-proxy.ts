/**
 * A proxy in front of a server that cuts connections: after a given number of replies, in the middle of whatever runs.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import Parser from 'redis-parser'

/** A running proxy. */
export interface CuttingProxy {
  readonly port: number
  /** Passes so many more replies of the server on, and cuts at the next. Later connections are left alone. */
  cutAfter(replies: number): void
  /** How many connections were cut. */
  readonly cuts: number
  stop(): Promise<void>
}

/** Starts a proxy for RESP2 connections to the server on `port`. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let left = Infinity
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    // Bytes go on only as whole replies, so that a cut falls between two of them.
    let pending: Buffer[] = []
    const seen = (): void => {
      if (left === 0) {
        left = Infinity
        cuts++
        client.destroy()
        return
      }
      left--
    }
    const parser = new Parser({ returnReply: seen, returnError: seen, returnFatalError: seen, returnBuffers: true })
    upstream.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        const one = Buffer.of(byte)
        pending.push(one)
        const before = { left, cuts }
        parser.execute(one)
        if (cuts > before.cuts) return
        if (left !== before.left || left === Infinity) {
          client.write(Buffer.concat(pending))
          pending = []
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(replies) {
      left = replies
    },
    get cuts() {
      return cuts
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
