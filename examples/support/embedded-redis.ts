/**
 * A small Redis inside this process, for machines without a server: real sockets and real RESP on 127.0.0.1, with the
 * server in memory of `canonical-redis/testing` behind them.
 *
 * It is good for trying things and for demonstrations. It proves nothing about a real server: see
 * {@link embeddedLimits}.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MemoryServer } from '../../src/clients/mock/server.js'

/** What the embedded server cannot show, a sentence each. */
export const embeddedLimits: readonly string[] = [
  'Server and clients share one process, so rates, latencies and memory say nothing about Redis.',
  'There is no persistence, no replication, no cluster and no eviction, so no failover can be shown.',
  'GEO, HyperLogLog, OBJECT, functions and what came after Redis 7.0 are missing; such a command is refused by name.',
  'DUMP gives bytes of its own, good for comparing two values and for nothing else.',
  'Scripts run on a Lua VM written in JavaScript, without cjson, cmsgpack and bit.',
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
  const memory = new MemoryServer(options.version)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    memory.serve(socket)
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
