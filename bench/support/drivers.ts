/**
 * The clients that are measured, with one face: send command lines, one by one or many in one go.
 *
 * @module
 */
import { Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { createClient } from 'redis'
import { createClient as createClient6 } from 'redis6'
import { CanonicalRedisClient, type Phase, type Schema } from '../../src/index.js'

type Argv = readonly [string, ...string[]]

/** A connection that is measured. */
export interface Driver {
  one(argv: Argv): Promise<unknown>
  pipeline(argvs: readonly Argv[]): Promise<unknown>
  /** In MULTI … EXEC each, in one pipeline: what one writes by hand. */
  units(units: readonly (readonly Argv[])[]): Promise<unknown>
  close(): void
}

/** How to open a connection, wrapped where there is a phase. */
export type Open = (port: number, wrapping?: { readonly schema: Schema; readonly phase: Phase }) => Promise<Driver>

const openIoredis =
  (Client: typeof Redis, autoPipelining: boolean): Open =>
  async (port, wrapping) => {
    const raw = new Client(port, '127.0.0.1', { enableAutoPipelining: autoPipelining })
    const redis = wrapping ? new CanonicalRedisClient(raw, wrapping) : raw
    await redis.ping()
    // The methods of ioredis, as an application calls them; `call` takes another way there.
    const send = (target: object, [name, ...args]: Argv): Promise<unknown> =>
      (target as Record<string, (...args: string[]) => Promise<unknown>>)[name]!(...args)
    return {
      one: (argv) => send(redis, argv),
      pipeline(argvs) {
        if (autoPipelining) return Promise.all(argvs.map((argv) => send(redis, argv)))
        const pipeline = redis.pipeline()
        for (const argv of argvs) void send(pipeline, argv)
        return pipeline.exec()
      },
      units(units) {
        const pipeline = redis.pipeline()
        for (const unit of units) {
          void send(pipeline, ['multi'])
          for (const argv of unit) void send(pipeline, argv)
          // With a transaction open it is queued; the one behind the loop sends.
          void pipeline.exec()
        }
        return pipeline.exec()
      },
      close: () => raw.disconnect(),
    }
  }

const openNodeRedis =
  (create: typeof createClient): Open =>
  async (port, wrapping) => {
    const redis = create({ socket: { host: '127.0.0.1', port } })
    await redis.connect()
    if (wrapping) new CanonicalRedisClient(redis, wrapping)
    return {
      one: (argv) => redis.sendCommand([...argv]),
      // node-redis writes what is sent within one tick together.
      pipeline: (argvs) => Promise.all(argvs.map((argv) => redis.sendCommand([...argv]))),
      units: (units) =>
        Promise.all(
          units.map((unit) => Promise.all([['MULTI'], ...unit, ['EXEC']].map((argv) => redis.sendCommand([...argv])))),
        ),
      close: () => redis.destroy(),
    }
  }

/** By the names they have in the tables. */
export const drivers: Readonly<Record<string, Open>> = {
  'ioredis 5': openIoredis(Redis, false),
  'ioredis 6': openIoredis(Redis6 as unknown as typeof Redis, false),
  'ioredis 5, autopipelining': openIoredis(Redis, true),
  'node-redis 5': openNodeRedis(createClient),
  'node-redis 6': openNodeRedis(createClient6 as unknown as typeof createClient),
}
