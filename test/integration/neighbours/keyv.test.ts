/** Keyv with @keyv/redis: a cache under its old and its new namespace at once. */
import { createKeyv, type default as KeyvRedis, type Keyv } from '@keyv/redis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import { walkThePath, twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { NodeClients, type NodeClient } from '../../support/node-redis.js'
import { startServer, type TestServer } from '../../support/servers.js'

// What is cached may be called anything, so the hole takes the rest of the name.
const schema = defineSchema({ name: 'cache', keys: { entry: key('shop:cache:<id*>').alias('cache::<id*>') } })
const HOUR = 3_600_000

// @keyv/redis 5 depends on the client of node-redis 5, which is the version to give it.
let server: TestServer
let clients: NodeClients
let raw: NodeClient
beforeAll(async () => {
  server = await startServer()
  clients = new NodeClients('node-redis 5', 3, server.port)
  raw = await clients.raw()
})
beforeEach(() => raw.flushAll())
afterAll(async () => {
  await clients.close()
  await server.stop()
})

const oldCache = (client: NodeClient): Keyv<unknown> =>
  createKeyv(client as never, { namespace: 'cache', throwOnErrors: true })
const newCache = (client: NodeClient): Keyv<unknown> =>
  createKeyv(client as never, { namespace: 'shop:cache', keyPrefixSeparator: ':', throwOnErrors: true })

it('keeps what it is given, for as long as it was told', { timeout: 180_000 }, async () => {
  const services = twoServices()
  const [first, second] = services.map((phase) => new CanonicalRedisClient(clients.make(), { schema, phase }))
  const caches = new Set([oldCache(first!), newCache(second!), oldCache(raw)])
  const any = (round: number) => [...caches][round % caches.size]!

  await any(2).set('sleeper:a:b', { since: 'the beginning' }, HOUR)
  await any(2).set('for ever', 'x')
  const work = new Work()
  for (const start of [0, 1, 2]) {
    work.loop(`values ${start}`, async (round) => {
      const id = `value${start}`
      if (round > 0) expect(await any(round + start).get(id)).toEqual({ round: round - 1 })
      await any(round + start + 1).set(id, { round }, HOUR)
      expect(await any(round + start + 2).has(id)).toBe(true)
    })
  }
  work.loop('many at once', async (round) => {
    const ids = ['m:1', 'm:2', 'm:3']
    await any(round).setMany(ids.map((id) => ({ key: id, value: `${id} ${round}`, ttl: HOUR })))
    expect(await any(round + 1).get(ids)).toEqual(ids.map((id) => `${id} ${round}`))
    expect(await any(round + 2).delete(ids.slice(1))).toBe(true)
    expect(await any(round).hasMany(ids)).toEqual([true, false, false])
    expect(await any(round + 1).get(ids)).toEqual([`m:1 ${round}`, undefined, undefined])
  })
  work.loop('short lives', async (round) => {
    await any(round).set('short', round, 1)
    // It is gone when the server says so; Keyv itself would not show it any longer either way.
    while ((await raw.exists(['cache::short', 'shop:cache:short'])) > 0);
    expect(await any(round + 1).get('short')).toBeUndefined()
  })
  const listed = async (round: number) => {
    const ids: string[] = []
    // Keyv's own iterator fails on a key that goes between SCAN and MGET, as some do here: bare clients or not.
    const store = any(round).store as KeyvRedis<unknown>
    for await (const [id] of store.iterator(store.namespace)) ids.push(id)
    expect(ids).toEqual(expect.arrayContaining(['sleeper:a:b', 'for ever']))
    expect(ids.filter((id) => id === 'for ever')).toHaveLength(1)
  }
  // While the rest goes on, but not while the phase changes: a SCAN keeps its promise within one phase.
  const settled = async () => {
    await work.rounds()
    for (let i = 0; i < caches.size; i++) await listed(i)
  }

  const retireLegacy = async () => {
    caches.delete(any(2))
    await work.rounds()
  }
  const migrator = new RedisKeyMigrator(second!, schema)
  await walkThePath({ services, migrator, settled, retireLegacy })
  const rounds = await work.stop()

  const left = ['for ever', 'm:1', 'sleeper:a:b', 'value0', 'value1', 'value2']
  expect((await raw.keys('*')).sort()).toEqual(left.map((id) => `shop:cache:${id}`))
  expect(await any(0).get('sleeper:a:b')).toEqual({ since: 'the beginning' })
  expect(await raw.pTTL('shop:cache:for ever')).toBe(-1)
  for (const id of ['sleeper:a:b', 'value0']) {
    expect(await raw.pTTL(`shop:cache:${id}`)).toBeGreaterThan(HOUR - 600_000)
  }
  expect(await any(1).get('value0')).toEqual({ round: rounds['values 0']! - 1 })
  await any(0).clear()
  expect(await raw.keys('*')).toEqual([])
})
