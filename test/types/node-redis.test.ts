/** The wrapped client of node-redis has the type that it had, and `canonical`. */
import { Redis } from 'ioredis'
import * as redis5 from 'redis'
import * as redis6 from 'redis6'
import { expectTypeOf, it } from 'vitest'
import { defineSchema, key } from '../../src/index.js'
import { CanonicalRedisClient } from '../../src/node-redis.js'

const schema = defineSchema({ name: 'types', keys: { step: key('step:<id>').alias('job:<id>') } })
const options = { schema, phase: 'alias' } as const
const sentinel = { name: 'master', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }

it('keeps the type of each kind of client, in both versions', () => {
  const wrapped = new CanonicalRedisClient(redis5.createClient(), options)
  expectTypeOf(wrapped.get).toEqualTypeOf(redis5.createClient().get)
  expectTypeOf<Awaited<ReturnType<typeof wrapped.get>>>().toEqualTypeOf<string | null>()
  expectTypeOf(wrapped.canonical.schema.key.step({ id: 1 })).toEqualTypeOf(schema.key.step({ id: 1 }))
  const six = new CanonicalRedisClient(redis6.createClient({ RESP: 2 }), options)
  expectTypeOf(six.get).toEqualTypeOf(redis6.createClient({ RESP: 2 }).get)
  const pool = new CanonicalRedisClient(redis5.createClientPool(), options)
  expectTypeOf(pool.execute).toEqualTypeOf(redis5.createClientPool().execute)
  const cluster = new CanonicalRedisClient(redis6.createCluster({ rootNodes: [] }), options)
  expectTypeOf(cluster.masters).toEqualTypeOf(redis6.createCluster({ rootNodes: [] }).masters)
  new CanonicalRedisClient(redis5.createSentinel(sentinel), options)
})

it('refuses other clients', () => {
  const client = new Redis({ lazyConnect: true })
  // @ts-expect-error an ioredis client is wrapped by the root entry
  const wrap = () => new CanonicalRedisClient(client, options)
  expectTypeOf(wrap).toBeFunction()
  client.disconnect()
})
