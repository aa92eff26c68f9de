/** The migrator and transforms: one JSON array becomes hashes and a set, and back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { rm } from 'node:fs/promises'
import { RedisKeyMigrator } from '../../src/migrate.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'
import { positionsSchema, row } from '../support/transform/schema.js'

const schema = positionsSchema()
const arrayOf = (...rows: object[]): string => JSON.stringify(rows)

describe.each(availableServers())('%s', (kind) => {
  let server: TestServer
  let redis: Redis
  let migrator: RedisKeyMigrator

  beforeAll(async () => {
    server = await startServer({ kind })
    redis = new Redis(server.port)
    migrator = new RedisKeyMigrator(redis, schema)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })
  beforeEach(async () => {
    await redis.flushall()
    await redis.set('okx:positions:1', arrayOf(row('BTC', 'long', 1), row('ETH', 'short', 2)))
    await redis.set('okx:positions:2', arrayOf(row('BTC', 'short', 3)), 'PXAT', 4_000_000_000_000)
    await redis.set('okx:positions:3', '[]')
  })

  it('makes pieces and their index, with the end of the old value', async () => {
    expect(await migrator.migrateKeys()).toMatchObject({ dryRun: true, found: 3, migrated: 2, skipped: 1 })
    expect(await redis.dbsize()).toBe(3)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({
      found: 3,
      migrated: 2,
      skipped: 1,
      failed: 0,
    })
    expect(await redis.hgetall('positions:1:okx:BTC:long')).toEqual({ qty: '1' })
    expect((await redis.smembers('positions:index:1:okx')).sort()).toEqual(['BTC:long', 'ETH:short'])
    expect(await redis.pexpiretime('positions:2:okx:BTC:short')).toBe(4_000_000_000_000)
    expect(await redis.pexpiretime('positions:index:2:okx')).toBe(4_000_000_000_000)
    expect(await redis.dbsize()).toBe(3 + 3 + 2)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ found: 3, migrated: 0, skipped: 3 })
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 3, missing: 0, different: 0, orphans: 0 })
  })

  it('keeps to the limit and to the chosen families', async () => {
    expect(await migrator.migrateKeys({ dryRun: false, limit: 1 })).toMatchObject({ migrated: 1, endedBy: 'limit' })
    expect(await migrator.migrateKeys({ dryRun: false, families: ['other'] })).toMatchObject({ found: 0 })
  })

  it('lists what cannot be read with its reason, leaves it, and goes on', async () => {
    await redis.set('okx:positions:4', 'no json')
    await redis.set('okx:positions:5', arrayOf({ symbol: 'BTC', qty: 1 }))
    await redis.rpush('okx:positions:6', 'a list')
    await redis.set('okx:positions:7', Buffer.from([0xff, 0xfe]))
    await redis.set('okx:positions:8', arrayOf(row('BTC', 'long', 1), row('BTC', 'long', 2)))
    const before = await redis.dump('okx:positions:6')
    const result = await migrator.migrateKeys({ dryRun: false })
    expect(result).toMatchObject({ migrated: 2, failed: 5 })
    const reasons = Object.fromEntries(result.errors.map(({ key, error }) => [key, error]))
    expect(reasons['okx:positions:4']).toContain('not valid JSON')
    expect(reasons['okx:positions:5']).toContain('<side>')
    expect(reasons['okx:positions:6']).toContain('is a list, and should be a string')
    expect(reasons['okx:positions:7']).toContain('not UTF-8')
    expect(reasons['okx:positions:8']).toContain('twice')
    expect(await redis.dump('okx:positions:6')).toBe(before)
    expect(await redis.keys('positions:?:okx:*')).toHaveLength(3)
    expect(await migrator.verify()).toMatchObject({ clean: false, failed: 5, different: 0 })
  })

  it('finds what is missing, different, late, orphaned or dangling; and puts it right by the phase', async () => {
    await migrator.migrateKeys({ dryRun: false })
    await redis.hset('positions:1:okx:BTC:long', 'qty', '9')
    await redis.persist('positions:2:okx:BTC:short')
    await redis.set('bybit:positions:1', arrayOf(row('SOL', 'long', 5)))
    await redis.hset('positions:9:okx:BTC:long', 'qty', '1')
    await redis.sadd('positions:index:9:okx', 'BTC:long')
    await redis.hset('positions:1:okx:XRP:long', 'qty', '1')
    const found = await migrator.verify()
    expect(found).toMatchObject({ clean: false, compared: 4, missing: 1, different: 2, orphans: 2 })
    const problems = found.details.map(({ alias, canonical, problem, why }) => [alias, canonical, problem, why])
    expect(problems).toEqual(
      expect.arrayContaining([
        ['okx:positions:1', 'positions:index:1:okx', 'value', 'the field "qty" of "BTC:long" differs'],
        ['okx:positions:2', 'positions:index:2:okx', 'ttl', undefined],
        ['bybit:positions:1', 'positions:index:1:bybit', 'missing', undefined],
        ['okx:positions:9', 'positions:index:9:okx', 'orphan', undefined],
        ['okx:positions:1', 'positions:1:okx:XRP:long', 'orphan', 'the index does not list it'],
      ]),
    )
    const repaired = await migrator.verify({ repair: 'dual-write' })
    expect(repaired).toMatchObject({ clean: true, repaired: 5 })
    expect(await redis.hgetall('positions:1:okx:BTC:long')).toEqual({ qty: '1' })
    expect(await redis.exists('positions:9:okx:BTC:long', 'positions:index:9:okx', 'positions:1:okx:XRP:long')).toBe(0)
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 4, orphans: 0 })
  })

  it('in the phases in which the pieces are true it is the old value that is put right', async () => {
    await migrator.migrateKeys({ dryRun: false })
    await redis.hset('positions:1:okx:BTC:long', 'qty', '9')
    expect(await migrator.verify({ repair: 'dual-read' })).toMatchObject({ clean: true, repaired: 1 })
    expect(JSON.parse((await redis.get('okx:positions:1'))!)).toEqual([
      row('BTC', 'long', '9'),
      row('ETH', 'short', '2'),
    ])
  })

  it('an overwriting backfill makes pieces anew, and removes those without an old value', async () => {
    await migrator.migrateKeys({ dryRun: false })
    await redis.set('okx:positions:1', arrayOf(row('ETH', 'short', 7)))
    await redis.del('okx:positions:2')
    expect(await migrator.migrateKeys({ dryRun: false, overwrite: true })).toMatchObject({ migrated: 1, removed: 1 })
    expect((await redis.keys('positions:*')).sort()).toEqual(['positions:1:okx:ETH:short', 'positions:index:1:okx'])
    expect(await redis.hgetall('positions:1:okx:ETH:short')).toEqual({ qty: '7' })
  })

  it('goes the way back: old values are made of pieces, and those without pieces go', async () => {
    await migrator.migrateKeys({ dryRun: false })
    await redis.hset('positions:2:okx:BTC:short', 'qty', '8')
    await redis.del('okx:positions:1')
    await redis.set('okx:positions:4', arrayOf(row('BTC', 'long', 1)))
    const back = await migrator.migrateKeys({ dryRun: false, direction: 'reverse' })
    expect(back).toMatchObject({ migrated: 2, removed: 1, failed: 0 })
    expect(JSON.parse((await redis.get('okx:positions:1'))!)).toHaveLength(2)
    expect(await redis.pexpiretime('okx:positions:2')).toBe(4_000_000_000_000)
    expect(await redis.get('okx:positions:3')).toBe('[]')
    expect(await redis.exists('okx:positions:4')).toBe(0)
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 3 })
  })

  it('sweeps old values whose pieces are equal at that moment, with a backup that brings them back', async () => {
    await migrator.migrateKeys({ dryRun: false })
    await redis.hset('positions:1:okx:BTC:long', 'qty', '9')
    await expect(migrator.cleanupAliases({ dryRun: false })).rejects.toMatchObject({ code: 'E_NOT_CLEAN' })
    await redis.hset('positions:1:okx:BTC:long', 'qty', '1')
    const backup = `/tmp/positions-${server.port}.backup`
    expect(await migrator.cleanupAliases({ dryRun: false, backup })).toMatchObject({ deleted: 3, kept: 0 })
    expect(await redis.keys('okx:*')).toEqual([])
    expect(await migrator.restore(backup, { dryRun: false })).toMatchObject({ restored: 3, complete: true })
    await rm(backup)
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 3 })
  })
})
