/** Keys that a backfill leaves where they are: of another type than their family's, or of no family although they look like it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { RedisKeyMigrator } from '../../src/migrate/migrator.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { startServer, type TestServer } from '../support/servers.js'

const isBase64 = (text: string): boolean => /^(?:[A-Za-z0-9+/]{4})+$/.test(text) && text !== 'reminder'
const schema = defineSchema({
  name: 'odd',
  keys: {
    cache: key('new:cache:<hash>', { hash: z.string().refine(isBase64) }).alias('old:<hash>'),
    reminder: key('new:reminder:<id>').alias('old:reminder:<id>'),
    inbox: key('new:inbox:<id>').alias('old:inbox:<id>'),
  },
})
const types = { reminder: 'hash', inbox: ['list', 'stream'] } as const

let server: TestServer
let redis: Redis
beforeAll(async () => {
  server = await startServer()
  redis = new Redis(server.port)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  await redis.hset('old:reminder:1', { at: 'noon' })
  await redis.set('old:reminder:2', 'not a hash')
  await redis.lpush('old:inbox:1', 'a')
  await redis.xadd('old:inbox:2', '*', 'a', '1')
  await redis.sadd('old:inbox:3', 'a')
  await redis.mset('old:aGVsbG8x', 'v', 'old:reminder', 'odd', 'old:reminder:', 'odd', 'other', 'x')
})

const left = [
  { key: 'old:reminder', db: 0, family: 'cache', why: 'begins as "old:<hash>" does, but does not match it' },
  { key: 'old:reminder:', db: 0, family: 'reminder', why: 'begins as "old:reminder:<id>" does, but does not match it' },
]
const byName = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1)

describe.each([true, false])('with dryRun %s', (dryRun) => {
  it('leaves what has another type, says why, and goes on with the rest', async () => {
    const report = mkdtempSync(join(tmpdir(), 'canonical-redis-odd-'))
    const result = await new RedisKeyMigrator(redis, schema, { types }).migrateKeys({ dryRun, report })
    expect(result).toMatchObject({ found: 6, migrated: 4, failed: 2, skipped: 0 })
    expect([...result.errors].sort(byName)).toEqual([
      {
        key: 'old:inbox:3',
        canonical: 'new:inbox:3',
        family: 'inbox',
        error: 'expected a list or a stream, found a set: left where it is',
      },
      {
        key: 'old:reminder:2',
        canonical: 'new:reminder:2',
        family: 'reminder',
        error: 'expected a hash, found a string: left where it is',
      },
    ])
    expect(await redis.exists('new:inbox:3', 'new:reminder:2')).toBe(0)
    expect(await redis.exists('old:inbox:3', 'old:reminder:2', 'old:reminder', 'old:reminder:')).toBe(4)
    expect(await redis.exists('new:inbox:1', 'new:inbox:2', 'new:reminder:1', 'new:cache:aGVsbG8x')).toBe(
      dryRun ? 0 : 4,
    )
    const written = JSON.parse(readFileSync(result.reportFile!, 'utf8'))
    expect(written.migration_stats.migration_errors).toBe(2)
    expect(written.error_keys.map(({ error }: { error: string }) => error).sort()).toEqual(
      result.errors.map(({ error }) => error).sort(),
    )
    expect(written.left_keys.sort(byName)).toEqual(left)
    rmSync(report, { recursive: true })
    expect(existsSync(report)).toBe(false)
  })

  it('lists names that begin as an alias does and belong to no family', async () => {
    const result = await new RedisKeyMigrator(redis, schema).migrateKeys({ dryRun })
    expect([...result.lookAlikes].sort(byName)).toEqual(left)
    expect(result).toMatchObject({ found: 6, migrated: 6, failed: 0, lookAlikesOmitted: 0 })
  })
})

it('looks at no type on the way back', async () => {
  await redis.set('new:reminder:9', 'not a hash')
  const migrator = new RedisKeyMigrator(redis, schema, { types })
  expect(await migrator.migrateKeys({ dryRun: false, direction: 'reverse', prune: false })).toMatchObject({ failed: 0 })
  expect(await redis.get('old:reminder:9')).toBe('not a hash')
})

it('lists no name of a family that the run leaves out', async () => {
  const result = await new RedisKeyMigrator(redis, schema).migrateKeys({ families: ['cache'] })
  expect(result.lookAlikes.map((one) => one.key).sort()).toEqual(['old:reminder', 'old:reminder:'])
  expect(result.found).toBe(1)
})

it.each([
  [{ types: { nobody: 'hash' } }, 'E_UNKNOWN_FAMILY'],
  [{ types: { reminder: 7 } }, 'E_BAD_OPTION'],
  [{ types: { reminder: [] } }, 'E_BAD_OPTION'],
])('refuses %j', (options, code) => {
  expect(() => new RedisKeyMigrator(redis, schema, options as never)).toThrow(expect.objectContaining({ code }))
})
