/**
 * A proxy through which a client dies: it passes so many commands on to the server, and then neither side hears more.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import Parser from 'redis-parser'

/** A running proxy. */
export interface DyingProxy {
  readonly port: number
  /** Passes so many more commands on, and ends the connection for both sides. */
  dieAfter(commands: number): void
  /** Commands that were passed on since {@link dieAfter}. */
  readonly passed: number
  stop(): Promise<void>
}

/** Starts a proxy to the server on `port`. A command in RESP is an array, so the parser of replies reads it too. */
export async function startDyingProxy(port: number): Promise<DyingProxy> {
  const sockets = new Set<Socket>()
  let left = Infinity
  let passed = 0
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      // What was passed on reaches the server before the end does.
      upstream.end()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    upstream.on('data', (chunk) => client.write(chunk))
    let pending: Buffer[] = []
    let dead = false
    const command = (): void => {
      if (left === 0) dead = true
      else {
        left--
        passed++
        upstream.write(Buffer.concat(pending))
      }
      pending = []
      if (left === 0 || dead) {
        dead = true
        end()
      }
    }
    const parser = new Parser({
      returnReply: command,
      returnError: command,
      returnFatalError: end,
      returnBuffers: true,
    })
    client.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        if (dead) return
        pending.push(Buffer.of(byte))
        parser.execute(pending.at(-1)!)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    dieAfter(commands) {
      left = commands
      passed = 0
    },
    get passed() {
      return passed
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
