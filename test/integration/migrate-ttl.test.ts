/** Times to live by rule: what the backfill gives, what verify and the sweep make of it, and what the way back leaves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../src/migrate.js'
import type { Phase } from '../../src/phases/index.js'
import { defineSchema, key, type Schema } from '../../src/schema/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const HOUR = 3_600
const rule = { seconds: HOUR } as const
const schema = defineSchema({
  name: 'ttl',
  keys: {
    missing: key('m:<id>').alias('old:m:<id>').ttl(rule),
    shorter: key('s:<id>')
      .alias('old:s:<id>')
      .ttl({ ...rule, when: 'shorter' }),
    always: key('a:<id>')
      .alias('old:a:<id>')
      .ttl({ ...rule, when: 'always' }),
    none: key('n:<id>').alias('old:n:<id>'),
    far: key('f:<id>').alias('old:f:<id>', { db: 2 }).ttl(rule),
  },
})
/** Seconds that an old key has: for ever, less than the rule says, and more. */
const lives = { ever: -1, short: 60, long: 5 * HOUR }
const near = ['m', 's', 'a', 'n'] as const

for (const kind of availableServers()) {
  describe(kind, () => {
    let server: TestServer
    let redis: Redis
    const opened: Redis[] = []
    const folder = mkdtempSync(join(tmpdir(), 'canonical-redis-ttl-'))
    beforeAll(async () => {
      server = await startServer({ kind })
      redis = new Redis(server.port)
    })
    beforeEach(async () => {
      await redis.flushall()
      for (const family of near) {
        for (const [id, seconds] of Object.entries(lives)) {
          await redis.set(`old:${family}:${id}`, id)
          if (seconds > 0) await redis.expire(`old:${family}:${id}`, seconds)
        }
      }
    })
    afterEach(() => opened.splice(0).forEach((client) => client.disconnect()))
    afterAll(async () => {
      redis.disconnect()
      rmSync(folder, { recursive: true, force: true })
      await server.stop()
    })

    const wrapped = (phase: Phase, of: Schema = schema) => {
      const client = new Redis(server.port)
      opened.push(client)
      return new CanonicalRedisClient(client, { schema: of, phase })
    }
    const migrator = (client: unknown = redis) => new RedisKeyMigrator(client, schema)
    const live = (client?: unknown) => migrator(client).migrateKeys({ dryRun: false })
    /** Seconds left, rounded up to what was set, for the three lives. */
    async function left(prefix: string): Promise<(number | string)[]> {
      const found: (number | string)[] = []
      for (const id of Object.keys(lives)) {
        const seconds = await redis.ttl(`${prefix}:${id}`)
        const known = [60, HOUR, 5 * HOUR].find((all) => seconds > 0 && all - seconds >= 0 && all - seconds < 30)
        found.push(known ?? seconds)
      }
      return found
    }
    const [short, long] = [60, 5 * HOUR]

    it('gives a copy what the rule says, and leaves the old key alone', async () => {
      expect(await migrator().migrateKeys()).toMatchObject({ migrated: 12, timed: 1 + 2 + 3 })
      const result = await live()
      expect(result).toMatchObject({ migrated: 12, failed: 0, timed: 1 + 2 + 3 })
      expect(result.families['always']).toMatchObject({ timed: 3 })
      expect(await left('m')).toEqual([HOUR, short, long])
      expect(await left('s')).toEqual([HOUR, short, HOUR])
      expect(await left('a')).toEqual([HOUR, HOUR, HOUR])
      expect(await left('n')).toEqual([-1, short, long])
      for (const family of near) expect(await left(`old:${family}`)).toEqual([-1, short, long])
    })

    it('is right to run again: nothing is put off, and what was there already gets its end', async () => {
      await redis.set('m:ever', 'ever')
      await redis.set('a:ever', 'ever', 'EX', 5 * HOUR)
      await redis.set('a:short', 'short', 'EX', 10)
      const result = await live()
      expect(result.families['missing']).toMatchObject({ migrated: 2, skipped: 1, timed: 1 })
      expect(await left('m')).toEqual([HOUR, short, long])
      // Whether 10 seconds are the application's or left of an earlier run cannot be told: they stay.
      expect([await redis.ttl('a:ever'), await redis.ttl('a:short')]).toEqual([expect.any(Number), expect.any(Number)])
      expect(await redis.ttl('a:ever')).toBeLessThanOrEqual(HOUR)
      expect(await redis.ttl('a:short')).toBeLessThanOrEqual(10)
      const before = await redis.pexpiretime('a:long')
      expect(await live()).toMatchObject({ migrated: 0, timed: 0 })
      expect(await redis.pexpiretime('a:long')).toBe(before)
    })

    it('is left out when told so', async () => {
      expect(await migrator().migrateKeys({ dryRun: false, ttl: false })).toMatchObject({ migrated: 12, timed: 0 })
      for (const family of near) expect(await left(family)).toEqual([-1, short, long])
    })

    it('counts as equal for verify and for the sweep, and other differences do not', async () => {
      await live()
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 12, different: 0 })
      // No rule accounts for these.
      await redis.persist('m:ever')
      await redis.expire('old:m:ever', 60)
      await redis.expire('m:long', 60)
      await redis.expire('s:short', 5 * HOUR)
      await redis.expire('n:ever', HOUR)
      await redis.expire('a:ever', 2 * HOUR)
      const { details } = await migrator().verify()
      expect(details.map(({ canonical, problem }) => `${canonical} ${problem}`).sort()).toEqual(
        ['a:ever ttl', 'm:ever ttl', 'm:long ttl', 'n:ever ttl', 's:short ttl'].sort(),
      )
      await expect(migrator().cleanupAliases({ dryRun: false })).rejects.toMatchObject({ code: 'E_NOT_CLEAN' })
    })

    it('survives a cleanup, and its backup holds the time that the old key had', async () => {
      await live()
      const backup = join(folder, `${kind}.backup`)
      expect(await migrator().cleanupAliases({ dryRun: false, backup })).toMatchObject({ deleted: 12, kept: 0 })
      expect(await left('a')).toEqual([HOUR, HOUR, HOUR])
      expect(await migrator().restore(backup, { dryRun: false })).toMatchObject({ restored: 12 })
      expect(await left('old:a')).toEqual([-1, short, long])
      expect(await migrator().verify()).toMatchObject({ clean: true })
    })

    it('crosses databases', async () => {
      const other = new Redis(server.port, { db: 2 })
      opened.push(other)
      await other.hset('old:f:ever', { a: 1 })
      await live()
      expect((await left('f'))[0]).toBe(HOUR)
      expect(await other.ttl('old:f:ever')).toBe(-1)
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 13 })
      // Read under the canonical name first: both get one end.
      await live(wrapped('dual-read'))
      expect(await other.pexpiretime('old:f:ever')).toBe(await redis.pexpiretime('f:ever'))
      expect(await migrator().cleanupAliases({ dryRun: false })).toMatchObject({ deleted: 13 })
    })

    it('is also given to keys that are copied in pieces or in one', async () => {
      const fields = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`field ${i}`, i]))
      await redis.hset('old:m:big', fields)
      await redis.set('old:a:big', 'x'.repeat(50_000), 'EX', 5 * HOUR)
      for (const how of ['chunk', 'copy'] as const) {
        await redis.unlink('m:big', 'a:big')
        const result = await migrator().migrateKeys({ dryRun: false, bigKeys: { over: 20_000, how } })
        expect(result).toMatchObject({ failed: 0, big: [{}, {}] })
        for (const name of ['m:big', 'a:big']) {
          expect(await redis.ttl(name)).toBeGreaterThan(HOUR - 30)
          expect(await redis.ttl(name)).toBeLessThanOrEqual(HOUR)
        }
      }
      expect(await migrator().verify({ bigKeys: { over: 20_000 } })).toMatchObject({ clean: true })
      expect(await migrator().cleanupAliases({ dryRun: false, bigKeys: { over: 20_000 } })).toMatchObject({ kept: 0 })
    })

    it('is for the copy alone while the old name is read, and for both once the new one is', async () => {
      await live(wrapped('dual-write'))
      expect(await left('old:m')).toEqual([-1, short, long])
      const reader = wrapped('dual-read')
      expect(await migrator(reader).verify()).toMatchObject({ clean: true })
      expect(await live(reader)).toMatchObject({ migrated: 0 })
      for (const family of ['m', 's', 'a']) expect(await left(`old:${family}`)).toEqual(await left(family))
      expect(await redis.pexpiretime('old:a:short')).toBe(await redis.pexpiretime('a:short'))
    })

    it.each([
      ['prepare', [-1, short, long]],
      ['dual-write', [-1, short, long]],
      ['dual-read', [HOUR, short, HOUR]],
      ['canonical-primary', [HOUR, short, HOUR]],
      ['retire-alias', [HOUR, short, HOUR]],
    ] as const)('leaves in %s what verify calls equal', async (phase, alias) => {
      const client = wrapped(phase)
      expect(await live(client)).toMatchObject({ migrated: 12, timed: 6 })
      expect(await left('s')).toEqual([HOUR, short, HOUR])
      expect(await left('old:s')).toEqual(alias)
      expect(await migrator(client).verify()).toMatchObject({ clean: true, compared: 12 })
      // A write by the new name keeps what the rule gave.
      await client.append('s:ever', '!')
      expect((await left('s'))[0]).toBe(phase === 'prepare' ? -2 : HOUR)
    })

    it('has no key come back after its end: what expires under one name does so under the other', async () => {
      const quick = defineSchema({ name: 'q', keys: { q: key('q:<id>').alias('old:q:<id>').ttl({ seconds: 1 }) } })
      await redis.set('old:q:1', 'x')
      const reader = wrapped('dual-read', quick)
      await new RedisKeyMigrator(reader, quick).migrateKeys({ dryRun: false })
      expect(await reader.get('q:1')).toBe('x')
      await expect.poll(() => redis.exists('q:1', 'old:q:1'), { timeout: 5_000 }).toBe(0)
      expect(await reader.get('q:1')).toBeNull()
    })

    it('is not given by adopting: a read changes no life; the next backfill makes it good', async () => {
      const reader = wrapped('dual-read')
      expect(await reader.get('m:ever')).toBe('ever')
      expect([await redis.ttl('m:ever'), await redis.ttl('old:m:ever')]).toEqual([-1, -1])
      await live(reader)
      expect((await left('m'))[0]).toBe(HOUR)
      expect((await left('old:m'))[0]).toBe(HOUR)
    })

    it('takes nothing back on the way back: canonical keys go over their aliases as they are', async () => {
      await live()
      await redis.unlink('old:m:ever')
      const back = await migrator().migrateKeys({ dryRun: false, direction: 'reverse' })
      expect(back).toMatchObject({ failed: 0, timed: 0 })
      expect(await left('old:m')).toEqual([HOUR, short, long])
      expect(await left('n')).toEqual([-1, short, long])
    })

    it('is not given by a rollback', async () => {
      const client = wrapped('retire-alias')
      await migrator(client).rollback({ to: 'dual-write', dryRun: false })
      expect(await left('m')).toEqual([-1, short, long])
      expect(await left('old:m')).toEqual([-1, short, long])
    })
  })
}

it('the checkpoint of a run with rules is not that of one without', async () => {
  const server = await startServer()
  const redis = new Redis(server.port)
  try {
    await redis.mset('old:m:1', 'x', 'old:m:2', 'y')
    const checkpoint = { key: 'checkpoint' }
    const migrator = new RedisKeyMigrator(redis, schema, { batch: 1 })
    const stop = new AbortController()
    const options = { dryRun: false, checkpoint } as const
    await migrator.migrateKeys({ ...options, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(migrator.migrateKeys({ ...options, ttl: false })).rejects.toMatchObject({ code: 'E_CHECKPOINT' })
    expect(await migrator.migrateKeys(options)).toMatchObject({ resumed: true, migrated: 2, timed: 2 })
  } finally {
    redis.disconnect()
    await server.stop()
  }
})
