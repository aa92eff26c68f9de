/**
 * The clients that are measured, with one face: send command lines, one by one or many in one go.
 *
 * @module
 */
import { CanonicalRedisClient, type Phase, type Schema } from 'canonical-redis'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { createClient, type RedisClientType } from 'redis'
import { createClient as createClient6 } from 'redis6'

/** A command line. */
export type Argv = readonly [string, ...string[]]

/** What a connection is wrapped in; none is the raw client. */
export interface Wrapping {
  readonly schema: Schema
  readonly phase: Phase
}

/** A connection that is measured. */
export interface Driver {
  one(argv: Argv): Promise<unknown>
  pipeline(argvs: readonly Argv[]): Promise<unknown>
  close(): void
}

/** With pipelines of transactions, as one writes them by hand. */
export interface IoredisDriver extends Driver {
  /** In MULTI … EXEC each, in one pipeline. */
  units(units: readonly (readonly Argv[])[]): Promise<unknown>
}

type Open<D extends Driver = Driver> = (port: number, wrapping?: Wrapping) => Promise<D>

// The methods of ioredis, as an application calls them; `call` takes another way there.
const send = (target: object, [name, ...args]: Argv): Promise<unknown> =>
  (target as Record<string, (...args: string[]) => Promise<unknown>>)[name]!(...args)

function ioredisDriver(raw: Redis | Cluster, wrapping: Wrapping | undefined, autoPipelining: boolean): IoredisDriver {
  const redis = wrapping ? new CanonicalRedisClient(raw, wrapping) : raw
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

const openIoredis =
  (Client: typeof Redis, autoPipelining = false): Open<IoredisDriver> =>
  async (port, wrapping) => {
    const raw = new Client(port, '127.0.0.1', { enableAutoPipelining: autoPipelining })
    await raw.ping()
    return ioredisDriver(raw, wrapping, autoPipelining)
  }

/** ioredis 5, for what is measured on one client only. */
export const openIoredis5 = openIoredis(Redis)

/** ioredis 5 on a cluster. Pipelines must go to one node each. */
export async function openCluster(nodes: readonly { host: string; port: number }[], wrapping?: Wrapping) {
  const raw = new Cluster([...nodes])
  await raw.get('ready')
  return ioredisDriver(raw, wrapping, false)
}

type NodeRedis = Pick<RedisClientType, 'get' | 'set' | 'hSet' | 'mGet' | 'sendCommand'>

/** The methods of node-redis, as an application calls them. What is not here goes by `sendCommand`. */
const methods: Readonly<Record<string, (redis: NodeRedis, args: readonly string[]) => Promise<unknown>>> = {
  get: (redis, [key]) => redis.get(key!),
  set: (redis, [key, value]) => redis.set(key!, value!),
  hset: (redis, [key, ...fields]) => redis.hSet(key!, fields),
  mget: (redis, keys) => redis.mGet([...keys]),
}

const openNodeRedis =
  (create: typeof createClient): Open =>
  async (port, wrapping) => {
    const redis = create({ socket: { host: '127.0.0.1', port } })
    await redis.connect()
    if (wrapping) new CanonicalRedisClient(redis, wrapping)
    const one = (argv: Argv): Promise<unknown> =>
      methods[argv[0]]?.(redis, argv.slice(1)) ?? redis.sendCommand([...argv])
    return {
      one,
      // node-redis writes what is sent within one tick together.
      pipeline: (argvs) => Promise.all(argvs.map(one)),
      close: () => redis.destroy(),
    }
  }

/** By the names they have in the tables. */
export const drivers = {
  'ioredis 5': openIoredis5,
  'ioredis 6': openIoredis(Redis6 as unknown as typeof Redis),
  'ioredis 5, autopipelining': openIoredis(Redis, true),
  'node-redis 5': openNodeRedis(createClient),
  'node-redis 6': openNodeRedis(createClient6 as unknown as typeof createClient),
} satisfies Readonly<Record<string, Open>>

/** One of the clients. */
export type Client = keyof typeof drivers
