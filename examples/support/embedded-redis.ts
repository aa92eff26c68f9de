/**
 * A small Redis inside this process, for machines without a server: real sockets and real RESP on 127.0.0.1, with
 * ioredis-mock and a few commands of our own behind them.
 *
 * It is good for trying things and for demonstrations. It proves nothing about a real server: see
 * {@link embeddedLimits}.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Channels } from './embedded/channels.js'
import { Connection } from './embedded/connection.js'
import { Engine } from './embedded/engine.js'

/** What the embedded server cannot show, a sentence each. */
export const embeddedLimits: readonly string[] = [
  'Server and clients share one process, so rates, latencies and memory say nothing about Redis.',
  'There is no persistence, no replication, no cluster and no eviction, so no failover can be shown.',
  'Streams, blocking commands, BITOP, GEO, HyperLogLog and RESTORE are missing; such a command is refused by name.',
  'DUMP gives bytes of its own, good for comparing two values and for nothing else.',
  'Scripts run on a Lua VM written in JavaScript, and can call the common commands on keys, strings, hashes, sets and ' +
    'sorted sets.',
]

/** What {@link startEmbeddedRedis} takes. */
export interface EmbeddedOptions {
  /** What INFO says. Default `7.0.0`; `6.0.16` shows how a server without COPY is refused. */
  readonly version?: string
}

/** A running embedded server. */
export interface EmbeddedRedis {
  readonly port: number
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** Closes every connection. */
  stop(): Promise<void>
}

let started = 0

/**
 * Starts a server with nothing in it, on a free port of the loopback.
 *
 * @example
 * ```ts
 * const server = await startEmbeddedRedis()
 * try { new Redis(server.port) } finally { await server.stop() }
 * ```
 */
export async function startEmbeddedRedis(options: EmbeddedOptions = {}): Promise<EmbeddedRedis> {
  const engine = new Engine(options.version ?? '7.0.0', `embedded-${process.pid}-${++started}`)
  const channels = new Channels()
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    new Connection(++connections, socket, engine, channels)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
