/**
 * A proxy through which a client dies: it passes so many commands on to the server, and then neither side hears more.
 *
 * @module
 */
import Parser from 'redis-parser'
import { startProxy, type Proxy } from './proxy.js'

/** A running proxy. */
export interface DyingProxy extends Proxy {
  /** Passes so many more commands on, and ends the connection for both sides. */
  dieAfter(commands: number): void
  /** Commands that were passed on since {@link dieAfter}. */
  readonly passed: number
}

/** Starts a proxy to the server on `port`. A command in RESP is an array, so the parser of replies reads it too. */
export async function startDyingProxy(port: number): Promise<DyingProxy> {
  let left = Infinity
  let passed = 0
  const proxy = await startProxy(port, ({ client, upstream }) => {
    const end = (): void => {
      client.destroy()
      // What was passed on reaches the server before the end does.
      upstream.end()
    }
    upstream.on('data', (chunk) => client.write(chunk))
    let pending: Buffer[] = []
    let dead = false
    const command = (): void => {
      if (left > 0) {
        left--
        passed++
        upstream.write(Buffer.concat(pending))
      }
      pending = []
      dead = left === 0
      if (dead) end()
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
    return end
  })
  return {
    ...proxy,
    dieAfter(commands) {
      left = commands
      passed = 0
    },
    get passed() {
      return passed
    },
  }
}
