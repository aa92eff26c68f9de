/**
 * A proxy in front of a server that cuts connections: after a given number of replies, in the middle of whatever runs.
 *
 * @module
 */
import Parser from 'redis-parser'
import { startProxy, type Proxy } from './proxy.js'

/** A running proxy. */
export interface CuttingProxy extends Proxy {
  /** Passes so many more replies of the server on, and cuts at the next. Later connections are left alone. */
  cutAfter(replies: number): void
  /** How many connections were cut. */
  readonly cuts: number
}

/** Starts a proxy for RESP2 connections to the server on `port`. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  let left = Infinity
  let cuts = 0
  const proxy = await startProxy(port, ({ client, upstream }) => {
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
    return () => {
      client.destroy()
      upstream.destroy()
    }
  })
  return {
    ...proxy,
    cutAfter(replies) {
      left = replies
    },
    get cuts() {
      return cuts
    },
  }
}
