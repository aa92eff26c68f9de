/** The migrator over a client of node-redis. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, defineSchema, key, RedisKeyMigrator } from '../../src/index.js'
import { NodeClients, nodeRedisMatrix, type NodeClient } from '../support/node-redis.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'migrate', keys: { step: key('step:<id>').alias('job:<id>') } })

describe.each(nodeRedisMatrix.map((one) => [one.name, one] as const))('%s', (_, { version, RESP }) => {
  let server: TestServer
  let clients: NodeClients
  let raw: NodeClient

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new NodeClients(version, RESP, server.port)
    raw = await clients.raw()
    await raw.flushAll()
    for (let i = 0; i < 50; i++) await raw.hSet(`job:${i}`, { n: i, long: 'x'.repeat(i) })
  })
  afterEach(() => clients.close())

  it('copies, verifies and cleans up, bare or wrapped', async () => {
    const bare = new RedisKeyMigrator(raw, schema)
    expect(await bare.migrateKeys({ dryRun: true })).toMatchObject({ migrated: 50, failed: 0, dryRun: true })
    expect(await raw.exists('step:1')).toBe(0)
    const redis = new CanonicalRedisClient(await clients.raw(), { schema, phase: 'dual-write' })
    const migrator = new RedisKeyMigrator(redis, schema)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 50, failed: 0 })
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 50 })
    expect({ ...(await raw.hGetAll('step:7')) }).toEqual({ n: '7', long: 'xxxxxxx' })
    await expect(migrator.cleanupAliases({ dryRun: false })).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
    for (const phase of ['dual-read', 'canonical-primary', 'retire-alias'] as const) redis.canonical.setPhase(phase)
    await migrator.cleanupAliases({ dryRun: false, afterMigration: true })
    expect((await raw.keys('*')).filter((name) => !name.startsWith('step:'))).toEqual([])
  })

  it('works in the database that is selected, whatever the URL says', async () => {
    const client = clients.make({ url: `redis://127.0.0.1:${server.port}/3`, socket: undefined })
    await client.connect()
    await client.set('job:three', 'x')
    expect(await new RedisKeyMigrator(client, schema).migrateKeys({ dryRun: false })).toMatchObject({ migrated: 1 })
    expect(await client.get('step:three')).toBe('x')
    const redis = new CanonicalRedisClient(client, { schema, phase: 'dual-write' })
    await redis.select(0)
    expect(await new RedisKeyMigrator(redis, schema).migrateKeys({ dryRun: false })).toMatchObject({ migrated: 50 })
  })
})

it('refuses what is no single connection', () => {
  const { package: redis } = new NodeClients('node-redis 5', 2, 0)
  expect(() => new RedisKeyMigrator(redis.createClientPool(), schema)).toThrow(/a client of node-redis/)
})
