/** The migrator on real servers: what it copies, what it sees, what it refuses, and what it leaves alone. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { RedisKeyMigrator, type MigratorOptions, type Progress } from '../../src/migrate.js'
import { phases, type Phase, type PhaseSetting } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const HOUR = 3_600_000
const schema = defineSchema({
  name: 'jobs-to-steps',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>'),
    pending: key('steps:pending').alias('jobs:pending'),
    baseline: key('vol:baseline:<symbol>').alias('volume_averages:<symbol>', { db: 2 }),
  },
})

for (const kind of availableServers()) {
  describe(kind, () => {
    let server: TestServer
    let redis: Redis
    let other: Redis
    beforeAll(async () => {
      server = await startServer({ kind })
      redis = new Redis(server.port)
      other = new Redis(server.port, { db: 2 })
    })
    beforeEach(() => redis.flushall())
    afterAll(async () => {
      redis.disconnect()
      other.disconnect()
      await server.stop()
    })

    const migrator = (options?: MigratorOptions): RedisKeyMigrator => new RedisKeyMigrator(redis, schema, options)
    const live = (options?: MigratorOptions) => migrator(options).migrateKeys({ dryRun: false })
    const opened: Redis[] = []
    afterEach(() => opened.splice(0).forEach((client) => client.disconnect()))
    const wrapped = (phase: PhaseSetting) => {
      const client = new Redis(server.port)
      opened.push(client)
      return new CanonicalRedisClient(client, { schema, phase })
    }

    /** Every key of every database with its bytes and expiry: what "nothing changed" means. */
    async function everything(): Promise<Record<string, string>> {
      const all: Record<string, string> = {}
      for (const client of [redis, other]) {
        for (const name of await client.keysBuffer('*')) {
          const state = await client.multi().dumpBuffer(name).pexpiretime(name).exec()
          all[`${client.options.db}/${name.toString('latin1')}`] = JSON.stringify(state)
        }
      }
      return all
    }

    /** One key of each type, some with a time to live. */
    async function everyType(): Promise<number> {
      const at = Date.now() + HOUR
      await redis.set('job:string', 'v', 'PXAT', at)
      await redis.rpush('job:list', 'b', 'a', 'b')
      await redis.sadd('job:set', ...Array.from({ length: 600 }, (_, index) => `member ${index}`))
      await redis.zadd('job:zset', '1.5', 'x', '-inf', 'y')
      await redis.hset('job:hash', { f: '1', g: '2' })
      await redis.pexpireat('job:hash', at)
      await redis.pfadd('job:hll', 'x', 'y')
      await redis.xadd('job:stream', '1-1', 'f', 'v')
      await redis.xadd('job:stream', '2-1', 'f', 'w')
      await redis.xgroup('CREATE', 'job:stream', 'group', '0')
      await redis.xreadgroup('GROUP', 'group', 'consumer', 'COUNT', 1, 'STREAMS', 'job:stream', '>')
      if (kind === 'redis-8.0') await redis.call('HPEXPIREAT', 'job:hash', String(at), 'FIELDS', '1', 'f')
      return at
    }

    describe('migrateKeys', () => {
      it('copies every type with its time to live, groups and pending entries, and leaves the aliases', async () => {
        const at = await everyType()
        const before = await everything()
        const result = await live()
        expect(result).toMatchObject({ found: 7, migrated: 7, skipped: 0, failed: 0, vanished: 0, dryRun: false })
        for (const name of ['string', 'list', 'zset', 'hll', 'stream', 'hash']) {
          expect(await redis.dumpBuffer(`step:${name}`), name).toEqual(await redis.dumpBuffer(`job:${name}`))
        }
        expect((await redis.smembers('step:set')).sort()).toEqual((await redis.smembers('job:set')).sort())
        expect(await redis.pexpiretime('step:string')).toBe(at)
        expect(await redis.pexpiretime('step:hash')).toBe(at)
        expect(await redis.pexpiretime('step:list')).toBe(-1)
        expect(await redis.xpending('step:stream', 'group')).toEqual(await redis.xpending('job:stream', 'group'))
        expect(await everything()).toMatchObject(before)
        expect(await migrator().verify()).toMatchObject({
          clean: true,
          compared: 7,
          missing: 0,
          different: 0,
          orphans: 0,
        })
      })

      it('changes nothing in a dry run, and predicts what the live run does', async () => {
        await everyType()
        await redis.mset('step:list', 'there already', 'jobs:pending', 'x', 'task:list', 'older', 'task:old', 'older')
        await other.set('volume_averages:BTC', '1')
        const before = await everything()
        const dry = await migrator().migrateKeys()
        expect(await everything()).toEqual(before)
        const { families, found, migrated, skipped } = dry
        expect(dry).toMatchObject({ found: 10, migrated: 9, skipped: 1, dryRun: true })
        expect(await live()).toMatchObject({ families, found, migrated, skipped, dryRun: false })
      })

      it('leaves a target that exists alone, and replaces it only when told to', async () => {
        await redis.mset('job:1', 'alias', 'task:1', 'older alias', 'step:1', 'canonical')
        expect(await live()).toMatchObject({ found: 1, migrated: 0, skipped: 1 })
        expect(await redis.get('step:1')).toBe('canonical')
        const dry = await migrator().migrateKeys({ overwrite: true })
        expect(dry).toMatchObject({ found: 1, migrated: 1, skipped: 0 })
        expect(await redis.get('step:1')).toBe('canonical')
        expect(await migrator().migrateKeys({ overwrite: true, dryRun: false })).toMatchObject({ migrated: 1 })
        expect(await redis.get('step:1')).toBe('alias')
      })

      it('does nothing the second time', async () => {
        await everyType()
        await live()
        const before = await everything()
        expect(await live()).toMatchObject({ found: 7, migrated: 0, skipped: 7 })
        expect(await everything()).toEqual(before)
      })

      it('copies the first alias that exists, whichever the scan meets first, and counts the key once', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => index)
        for (const id of ids) await redis.mset(`job:${id}`, `new ${id}`, `task:${id}`, `old ${id}`)
        await redis.set('task:only', 'old')
        expect(await live({ batch: 1 })).toMatchObject({ found: 51, migrated: 51, skipped: 0 })
        expect(await redis.mget(...ids.map((id) => `step:${id}`))).toEqual(ids.map((id) => `new ${id}`))
        expect(await redis.get('step:only')).toBe('old')
        expect(await migrator({ batch: 1 }).verify()).toMatchObject({ clean: true, compared: 51 })
      })

      it('copies from another database into the home database', async () => {
        const at = Date.now() + HOUR
        await other.set('volume_averages:BTC', '1', 'PXAT', at)
        // Names that mean something in the other database only.
        await redis.set('volume_averages:ETH', 'not an alias here')
        await other.set('job:1', 'not an alias there')
        expect(await live()).toMatchObject({ found: 1, migrated: 1, families: { baseline: { migrated: 1 } } })
        expect((await redis.keys('*')).sort()).toEqual(['vol:baseline:BTC', 'volume_averages:ETH'])
        expect((await other.keys('*')).sort()).toEqual(['job:1', 'volume_averages:BTC'])
        expect(await redis.pexpiretime('vol:baseline:BTC')).toBe(at)
        expect(await migrator().verify()).toMatchObject({ clean: true, compared: 1 })
      })

      it('takes the database of the client as home, even before it has connected', async () => {
        const lazy = new Redis(server.port, { db: 5, lazyConnect: true })
        const five = new Redis(server.port, { db: 5 })
        await five.set('job:1', 'five')
        await redis.set('job:2', 'zero')
        const result = await new RedisKeyMigrator(lazy, schema).migrateKeys({ dryRun: false })
        expect(result).toMatchObject({ found: 1, migrated: 1 })
        expect(await five.get('step:1')).toBe('five')
        expect(await redis.exists('step:1', 'step:2')).toBe(0)
        lazy.disconnect()
        five.disconnect()
      })

      it('keeps names that are not UTF-8', async () => {
        const id = Buffer.from([0xff, 0x00, 0x5c, 0xc3])
        const named = (prefix: string) => Buffer.concat([Buffer.from(prefix), id])
        await redis.set(named('job:'), 'v')
        expect(await live()).toMatchObject({ migrated: 1 })
        expect(await redis.get(named('step:'))).toBe('v')
        expect(await migrator().findAliasKeys()).toEqual(new Map([['step:\\xff\0\\\\\\xc3', ['job:\\xff\0\\\\\\xc3']]]))
      })

      it('counts a key that fails, and carries on', async () => {
        await redis.mset('job:1', 'a', 'job:secret', 'b', 'job:2', 'c')
        await redis.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '+@all', '~job:*', '~step:1', '~step:2', '~task:*')
        const limited = new Redis(server.port, { username: 'limited', password: 'pw' })
        const result = await new RedisKeyMigrator(limited, schema).migrateKeys({ dryRun: false })
        expect(result).toMatchObject({ found: 3, migrated: 2, failed: 1, families: { step: { failed: 1 } } })
        expect(result.errors).toMatchObject([{ key: 'job:secret', canonical: 'step:secret', family: 'step' }])
        expect(result.errors[0]!.error).toMatch(/NOPERM|permission/i)
        expect(await redis.exists('step:1', 'step:2', 'step:secret')).toBe(2)
        limited.disconnect()
      })

      it('stops at the limit, and goes on from there when run again', async () => {
        for (let id = 0; id < 30; id++) await redis.set(`job:${id}`, id)
        const limited = (limit: number, dryRun = false) => migrator({ batch: 7 }).migrateKeys({ dryRun, limit })
        expect(await limited(12, true)).toMatchObject({ migrated: 12 })
        expect(await limited(12)).toMatchObject({ migrated: 12 })
        expect((await redis.keys('step:*')).length).toBe(12)
        expect(await limited(100)).toMatchObject({ migrated: 18, skipped: 12 })
      })

      it('touches only the families and names asked for', async () => {
        await redis.mset('job:1', 'a', 'job:22', 'b', 'jobs:pending', 'c')
        const result = await migrator().migrateKeys({ dryRun: false, families: ['pending'] })
        expect(result.families).toEqual({
          pending: { found: 1, migrated: 1, skipped: 0, failed: 0, vanished: 0, removed: 0, timed: 0 },
        })
        expect(await redis.exists('step:1', 'step:22')).toBe(0)
        await migrator({ families: ['step'] }).migrateKeys({ dryRun: false, match: 'job:2*' })
        expect(await redis.exists('step:1')).toBe(0)
        expect(await redis.exists('step:22')).toBe(1)
      })

      it('counts an alias that goes away between scan and copy as vanished', async () => {
        for (let id = 0; id < 20; id++) await redis.set(`job:${id}`, id)
        // A batch of SCAN is on its way while the batch before it is worked on: its names are gone when their turn comes.
        // With a rate, since a page that the server works through itself leaves no time in between.
        const gone = migrator({ batch: 5, onProgress: async () => void (await redis.flushall()) })
        const result = await gone.migrateKeys({ dryRun: false, rate: 1e9 })
        expect(result.vanished).toBeGreaterThan(0)
        expect(result).toMatchObject({ failed: 0, skipped: 0, found: result.migrated + result.vanished })
      })

      it('works behind the keyPrefix of the client', async () => {
        await redis.mset('app[1]:job:1', 'a', 'job:2', 'b', 'app1:job:3', 'c')
        const prefixed = new Redis(server.port, { keyPrefix: 'app[1]:' })
        for (const client of [prefixed, new CanonicalRedisClient(prefixed, { schema, phase: 'dual-read' })]) {
          await redis.del('app[1]:step:1')
          const result = await new RedisKeyMigrator(client, schema).migrateKeys({ dryRun: false })
          expect(result).toMatchObject({ found: 1, migrated: 1 })
          expect((await redis.keys('*step:*')).sort()).toEqual(['app[1]:step:1'])
        }
        prefixed.disconnect()
      })

      it('lets the user go on with the connection, in its database', async () => {
        await other.set('volume_averages:BTC', '1')
        const before = await redis.client('ID')
        await live()
        expect(await redis.client('ID')).toBe(before)
        expect(await redis.get('vol:baseline:BTC')).toBe('1')
        // The server notices a connection that ended a moment after the client.
        const connections = async () =>
          String(await redis.client('LIST'))
            .trim()
            .split('\n').length
        await expect.poll(connections, { timeout: 10_000 }).toBe(2)
      })

      it('says how far it is', async () => {
        for (let id = 0; id < 50; id++) await redis.set(`job:${id}`, id)
        const seen: number[][] = []
        const onProgress = ({ scanned, total, counts }: Progress) =>
          void seen.push([scanned, total, counts['migrated']!])
        const { scanned } = await live({ batch: 10, onProgress })
        expect(seen.length).toBeGreaterThan(3)
        expect(seen.at(-1)).toEqual([50, 50, 50])
        expect(seen).toEqual([...seen].sort((a, b) => a[2]! - b[2]!))
        expect(scanned).toBe(50)
      })
    })

    describe('a connection that is lost', () => {
      /** Cuts every connection but those of this test. */
      async function killOthers(): Promise<void> {
        const mine = [await redis.client('ID'), await other.client('ID')]
        for (const [, id] of String(await redis.client('LIST')).matchAll(/^id=(\d+) /gm)) {
          if (!mine.includes(Number(id))) await redis.call('CLIENT', 'KILL', 'ID', id!)
        }
      }

      it('is not taken for the answer of the server about one key', async () => {
        await redis.set('jobs:pending', 'a')
        // By then the scan of the one database is over: the next thing sent is the second look at the missing key.
        await expect(migrator({ onProgress: killOthers, families: ['pending'] }).verify()).rejects.toThrow(
          /closed|ECONNRESET|EPIPE/,
        )
      })

      it('ends the run with the error of the client, and the next run completes it', async () => {
        for (let id = 0; id < 200; id++) await redis.set(`job:${id}`, id)
        await other.set('volume_averages:BTC', '1')
        const onProgress = async ({ counts }: Progress) => void (counts['migrated']! >= 50 && (await killOthers()))
        await expect(live({ batch: 10, onProgress })).rejects.toThrow(/Connection is closed|ECONNRESET|EPIPE/)
        const copied = (await redis.keys('step:*')).length
        expect(copied).toBeGreaterThan(0)
        expect(copied).toBeLessThan(200)
        expect(await live()).toMatchObject({ migrated: 201 - copied, skipped: copied, failed: 0 })
        expect(await migrator().verify()).toMatchObject({ clean: true, compared: 201 })
      })

      it('is not retried when the server is not there at all', async () => {
        const nobody = new Redis(1, { lazyConnect: true })
        nobody.on('error', () => undefined)
        await expect(new RedisKeyMigrator(nobody, schema).migrateKeys()).rejects.toThrow(/closed|ECONNREFUSED/)
        nobody.disconnect()
      })
    })

    it('works on ioredis 6, wrapped or not, whatever its protocol', async () => {
      await everyType()
      await other.set('volume_averages:BTC', '1')
      for (const options of [{}, { protocol: 2 as const }, { replyMapping: 'resp3' as const }]) {
        const six = new Redis6({ port: server.port, ...options })
        const client = new CanonicalRedisClient(six, { schema, phase: 'retire-alias' })
        const result = await new RedisKeyMigrator(six, schema).migrateKeys({ dryRun: false })
        expect(result).toMatchObject({ found: 8, failed: 0 })
        expect(await new RedisKeyMigrator(client, schema).verify()).toMatchObject({ clean: true, compared: 8 })
        expect(await new RedisKeyMigrator(client, schema).cleanupAliases()).toMatchObject({ deleted: 8 })
        six.disconnect()
      }
    })

    describe('findAliasKeys', () => {
      it('gives canonical names with the aliases present, in every database', async () => {
        await redis.mset('job:1', 'a', 'task:1', 'b', 'job:2', 'c', 'step:3', 'd', 'unknown', 'e')
        await other.set('volume_averages:BTC', '1')
        const found = await migrator({ batch: 1 }).findAliasKeys()
        expect(new Map([...found].map(([name, aliases]) => [name, aliases.sort()]))).toEqual(
          new Map([
            ['step:1', ['job:1', 'task:1']],
            ['step:2', ['job:2']],
            ['vol:baseline:BTC', ['volume_averages:BTC']],
          ]),
        )
        expect(await migrator().findAliasKeys('job:[1]')).toEqual(new Map([['step:1', ['job:1']]]))
      })
    })

    describe('verify', () => {
      beforeEach(async () => {
        await everyType()
        await live()
      })
      const verify = () => migrator().verify()

      it('finds an alias without its canonical key', async () => {
        await redis.del('step:list')
        const result = await verify()
        expect(result).toMatchObject({ clean: false, compared: 7, missing: 1, different: 0, orphans: 0 })
        expect(result.details).toEqual([
          { family: 'step', canonical: 'step:list', alias: 'job:list', db: 0, problem: 'missing' },
        ])
      })

      const at = Date.now() + 2 * HOUR
      const plants: Record<string, [problem: string, plant: () => Promise<unknown>]> = {
        string: ['value', () => redis.set('step:string', 'w', 'KEEPTTL')],
        'string, by expiry': ['ttl', () => redis.pexpireat('step:string', at)],
        'string, by a millisecond': [
          'ttl',
          async () => redis.pexpireat('step:string', (await redis.pexpiretime('job:string')) + 1),
        ],
        'string, by none': ['ttl', () => redis.persist('step:string')],
        list: ['value', () => redis.lset('step:list', 0, 'a')],
        'list, by order': [
          'value',
          () => redis.eval(`redis.call('DEL', 'step:list') redis.call('RPUSH', 'step:list', 'a', 'b', 'b')`, 0),
        ],
        set: [
          'value',
          () => redis.eval(`redis.call('SREM', 'step:set', 'member 7') redis.call('SADD', 'step:set', 'x')`, 0),
        ],
        'set, by one member less': ['value', () => redis.srem('step:set', 'member 7')],
        'set, by one member more': ['value', () => redis.sadd('step:set', 'x')],
        zset: ['value', () => redis.zadd('step:zset', '1.5000000000000002', 'x')],
        hash: ['value', () => redis.hset('step:hash', 'f', '3')],
        hll: ['value', () => redis.pfadd('step:hll', 'z')],
        'stream, by entry': ['value', () => redis.xadd('step:stream', '3-1', 'f', 'v')],
        'stream, by group': ['groups', () => redis.xgroup('CREATE', 'step:stream', 'second', '0')],
        'stream, by pending entry': ['groups', () => redis.xack('step:stream', 'group', '1-1')],
        'stream, by delivery count': [
          'groups',
          () => redis.call('XCLAIM', 'step:stream', 'group', 'consumer', '0', '1-1', 'RETRYCOUNT', '9'),
        ],
        'stream, by consumer': ['groups', () => redis.xgroup('CREATECONSUMER', 'step:stream', 'group', 'another')],
        type: ['type', () => redis.eval(`redis.call('DEL', 'step:list') redis.call('SET', 'step:list', 'x')`, 0)],
        ...(kind === 'redis-8.0' && {
          'hash, by expiry of a field': ['field-ttl', () => redis.call('HPERSIST', 'step:hash', 'FIELDS', '1', 'f')],
        }),
      }
      for (const [name, [problem, plant]] of Object.entries(plants)) {
        it(`finds a difference: ${name}`, async () => {
          await plant()
          const result = await verify()
          expect(result).toMatchObject({ clean: false, missing: 0, different: 1, orphans: 0, compared: 7 })
          const key = name === 'type' ? 'list' : name.split(',')[0]
          expect(result.details).toMatchObject([
            { family: 'step', canonical: `step:${key}`, alias: `job:${key}`, problem },
          ])
        })
      }

      it('takes equal values in another encoding for equal', async () => {
        // Other bytes, same meaning: a big encoding that stays when the key is small again, and entries in other nodes.
        const grown = Array.from({ length: 600 }, (_, index) => `x${index}`)
        const [add, remove] = [redis.pipeline(), redis.pipeline()]
        for (const x of grown) {
          add.hset('step:hash', x, '1').zadd('step:zset', '1', x).rpush('step:list', x.repeat(20))
          remove.hdel('step:hash', x).zrem('step:zset', x)
        }
        await add.exec()
        await remove.ltrim('step:list', 0, 2).exec()
        const members = await redis.smembers('job:set')
        await redis.del('step:set')
        for (const member of members.reverse()) await redis.sadd('step:set', member)
        await redis.pfcount('step:hll')
        const bytes = async (name: string) => await redis.dumpBuffer(name)
        for (const name of ['hash', 'zset', 'set', 'hll']) {
          expect(await bytes(`step:${name}`), `${name} is to differ in bytes`).not.toEqual(await bytes(`job:${name}`))
        }
        expect(await verify()).toMatchObject({ clean: true, compared: 7, different: 0 })
      })

      it('compares streams by what they hold, and not by who looked', async () => {
        await redis.del('step:stream')
        await redis.xadd('step:stream', '0-1', 'gone', 'x')
        await redis.xadd('step:stream', '1-1', 'f', 'v')
        await redis.xadd('step:stream', '2-1', 'f', 'w')
        expect(await verify()).toMatchObject({ different: 1 })
      })

      it('finds orphans, which are a loss only in a phase that keeps both names', async () => {
        await redis.del('job:list')
        expect(await verify()).toMatchObject({ clean: true, orphans: 1, missing: 0, compared: 6 })
        const expected = {
          'dual-write': false,
          'dual-read': false,
          'canonical-primary': false,
          'retire-alias': true,
          alias: true,
        }
        for (const [phase, clean] of Object.entries(expected)) {
          const result = await new RedisKeyMigrator(wrapped(phase as Phase), schema).verify()
          expect(result, phase).toMatchObject({ clean, orphans: 1 })
          expect(result.details).toMatchObject([{ canonical: 'step:list', alias: 'job:list', problem: 'orphan' }])
        }
      })

      it('does not count a pair that settles while it looks again', async () => {
        await redis.set('step:string', 'w')
        // Between the first look and the second: the connection of the run is busy with the others by then.
        const settles = migrator({
          onProgress: async () => void (await redis.copy('job:string', 'step:string', 'REPLACE')),
        })
        expect(await settles.verify()).toMatchObject({ clean: true, different: 0, settled: 1 })
        await redis.set('step:string', 'w')
        const tooSoon = migrator({
          onProgress: async () => void (await redis.copy('job:string', 'step:string', 'REPLACE')),
        })
        expect(await tooSoon.verify({ rounds: 1 })).toMatchObject({ clean: false, different: 1 })
      })

      it('says nothing of a pair that vanishes on both sides', async () => {
        await redis.set('step:string', 'w')
        const gone = migrator({ onProgress: async () => void (await redis.del('job:string', 'step:string')) })
        expect(await gone.verify()).toMatchObject({ clean: true, missing: 0, different: 0, orphans: 0 })
      })

      it('compares only the families asked for, and only a sample', async () => {
        await redis.set('jobs:pending', 'x')
        expect(await migrator().verify({ families: ['step'] })).toMatchObject({ clean: true, missing: 0 })
        expect(await migrator().verify({ families: ['pending'] })).toMatchObject({ clean: false, missing: 1 })
        const sampled = await migrator({ batch: 2 }).verify({ families: ['step'], sample: 4 })
        expect(sampled.sampled).toBe(true)
        expect(sampled.compared).toBeLessThan(7)
        expect(await verify()).toMatchObject({ sampled: false })
      })

      it('changes nothing', async () => {
        await redis.del('step:list')
        await redis.set('step:hash', 'x')
        const before = await everything()
        await verify()
        expect(await everything()).toEqual(before)
      })
    })

    describe('cleanupAliases', () => {
      const cleaner = (phase: Phase) => new RedisKeyMigrator(wrapped(phase), schema)
      const sorted = async () => (await redis.keys('*')).sort()

      it('removes aliases that have their equal, in every database and every spelling', async () => {
        await redis.mset('job:1', 'a', 'task:1', 'old', 'task:2', 'b', 'step:3', 'c', 'unknown', 'd')
        await other.mset('volume_averages:BTC', '1', 'job:9', 'e')
        await live()
        const before = await everything()
        const dry = await migrator().cleanupAliases()
        expect(dry).toMatchObject({ deleted: 4, kept: 0, dryRun: true, verified: { clean: true } })
        expect(dry.refusal).toBeUndefined()
        expect(await everything()).toEqual(before)
        const { families } = dry
        expect(await cleaner('retire-alias').cleanupAliases({ dryRun: false })).toMatchObject({
          deleted: 4,
          kept: 0,
          families,
        })
        expect(await sorted()).toEqual(['step:1', 'step:2', 'step:3', 'unknown', 'vol:baseline:BTC'])
        expect(await other.keys('*')).toEqual(['job:9'])
        expect(await redis.mget('step:1', 'step:2', 'vol:baseline:BTC')).toEqual(['a', 'b', '1'])
      })

      it('refuses while an alias has no canonical key, and says so in a dry run', async () => {
        await redis.mset('job:1', 'a', 'job:2', 'b', 'step:2', 'b')
        const before = await everything()
        const refusal = { code: 'E_NOT_CLEAN', message: expect.stringMatching(/1 are missing.*"job:1" → "step:1"/) }
        const { hint } = await rejection(migrator().cleanupAliases({ dryRun: false }), refusal)
        expect(hint).toContain('migrateKeys({ dryRun: false })')
        expect(await migrator().cleanupAliases()).toMatchObject({ refusal, deleted: 1, kept: 1 })
        expect(await everything()).toEqual(before)
      })

      it('refuses while an alias differs', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'b')
        const refusal = { code: 'E_NOT_CLEAN', message: expect.stringMatching(/1 differ.*\(value\)/) }
        await rejection(migrator().cleanupAliases({ dryRun: false }), refusal)
        expect(await redis.get('job:1')).toBe('a')
      })

      it('refuses a backfill where it would do harm', async () => {
        await redis.set('job:1', 'a')
        const harm = {
          plain: ['alias', 'canonical'],
          overwrite: ['alias', 'dual-read', 'canonical-primary', 'retire-alias', 'canonical'],
        } as const
        for (const [kind, refused] of Object.entries(harm)) {
          for (const phase of phases) {
            const run = new RedisKeyMigrator(wrapped(phase), schema)
            const options = { dryRun: false, overwrite: kind === 'overwrite' }
            if ((refused as readonly string[]).includes(phase)) {
              await rejection(run.migrateKeys(options), {
                code: 'E_WRONG_PHASE',
                message: expect.stringContaining(`"${phase}"`),
              })
              expect(await redis.exists('step:1')).toBe(0)
              expect(await run.migrateKeys({ ...options, dryRun: true })).toMatchObject({ migrated: 1 })
            } else expect(await run.migrateKeys(options)).toMatchObject({ migrated: 1 })
            await redis.del('step:1')
          }
        }
      })

      it('refuses in any phase but retire-alias', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'a')
        for (const phase of [
          'alias',
          'prepare',
          'dual-write',
          'dual-read',
          'canonical-primary',
          'canonical',
        ] as const) {
          await rejection(cleaner(phase).cleanupAliases({ dryRun: false }), {
            code: 'E_WRONG_PHASE',
            message: expect.stringContaining(`"${phase}"`),
          })
          expect(await cleaner(phase).cleanupAliases()).toMatchObject({ refusal: { code: 'E_WRONG_PHASE' } })
        }
        expect(await redis.exists('job:1')).toBe(1)
        // Known from the start: nobody waits for a verification first.
        const onProgress = () => expect.fail('the run began')
        const run = new RedisKeyMigrator(wrapped('alias'), schema, { onProgress })
        await rejection(run.cleanupAliases({ dryRun: false }), { code: 'E_WRONG_PHASE' })
      })

      it('asks for the phase of the families swept only', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'a', 'jobs:pending', 'p', 'steps:pending', 'p')
        const phase = { default: 'dual-read', families: { pending: 'retire-alias' } } as const
        const mixed = new RedisKeyMigrator(wrapped(phase), schema)
        await rejection(mixed.cleanupAliases({ dryRun: false }), { code: 'E_WRONG_PHASE' })
        expect(await mixed.cleanupAliases({ dryRun: false, families: ['pending'] })).toMatchObject({ deleted: 1 })
        expect(await sorted()).toEqual(['job:1', 'step:1', 'steps:pending'])
      })

      it('stops when the phase changes in the middle', async () => {
        for (let id = 0; id < 60; id++) await redis.mset(`job:${id}`, id, `step:${id}`, id)
        const client = wrapped('retire-alias')
        const onProgress = ({ operation }: { operation: string }): void => {
          if (operation === 'cleanup') client.canonical.setPhase('canonical-primary')
        }
        const run = new RedisKeyMigrator(client, schema, { batch: 10, onProgress }).cleanupAliases({ dryRun: false })
        await rejection(run, { code: 'E_WRONG_PHASE' })
        expect((await redis.keys('job:*')).length).toBeGreaterThan(20)
      })

      it('keeps an alias whose canonical key goes away after the verification', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'a', 'job:2', 'b', 'step:2', 'b')
        await other.set('volume_averages:BTC', '1')
        await redis.set('vol:baseline:BTC', '1')
        const confirm = async () => (await redis.del('step:1', 'vol:baseline:BTC')) === 2
        expect(await migrator().cleanupAliases({ dryRun: false, confirm })).toMatchObject({ deleted: 1, kept: 2 })
        expect(await redis.get('job:1')).toBe('a')
        expect(await other.get('volume_averages:BTC')).toBe('1')
      })

      it('asks before it acts, with what the verification saw', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'a')
        const asked: unknown[] = []
        const confirm = (verified: unknown): boolean => {
          asked.push(verified)
          return false
        }
        expect(await migrator().cleanupAliases({ dryRun: false, confirm })).toMatchObject({ deleted: 1, dryRun: true })
        expect(await redis.exists('job:1')).toBe(1)
        expect(asked).toMatchObject([{ clean: true, compared: 1 }])
      })

      it('never removes aliases that were not migrated', async () => {
        await redis.mset('job:1', 'a', 'step:1', 'a', 'job:2', 'b')
        await rejection(migrator().cleanupAliases({ dryRun: false, afterMigration: false }), { code: 'E_BAD_OPTION' })
        const dry = await migrator().cleanupAliases({ afterMigration: false })
        expect(dry).toMatchObject({ deleted: 1, kept: 1, dryRun: true })
        expect(dry.verified).toBeUndefined()
        expect(await redis.exists('job:1', 'job:2')).toBe(2)
      })

      it('never takes a key for its own alias', async () => {
        const moved = defineSchema({ name: 'moved', keys: { x: key('x:<id>').alias('x:<id>', { db: 2 }) } })
        await other.set('x:1', 'a')
        const inPlace = new RedisKeyMigrator(other, moved)
        expect(await inPlace.migrateKeys({ dryRun: false })).toMatchObject({ found: 0 })
        expect(await inPlace.cleanupAliases({ dryRun: false })).toMatchObject({ deleted: 0 })
        expect(await other.get('x:1')).toBe('a')
        // The same schema from another database moves it.
        const across = new RedisKeyMigrator(redis, moved)
        expect(await across.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 1 })
        expect(await across.cleanupAliases({ dryRun: false })).toMatchObject({ deleted: 1 })
        expect([await redis.get('x:1'), await other.get('x:1')]).toEqual(['a', null])
      })
    })

    describe('reports', () => {
      let directory: string
      beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'canonical-redis-report-'))))
      afterEach(() => rmSync(directory, { recursive: true, force: true }))
      const read = (file: string | undefined): unknown => JSON.parse(readFileSync(file!, 'utf8'))

      it('says what was migrated, what failed, and no value', async () => {
        await redis.mset('job:1', 'sesame', 'jobs:pending', 'sesame')
        await redis.set('step:2', 'sesame')
        const result = await migrator().migrateKeys({ dryRun: false, report: join(directory, 'new') })
        expect(basename(result.reportFile!)).toMatch(/^migration_report_\d{8}_\d{6}\.json$/)
        expect(read(result.reportFile)).toMatchObject({
          migration_stats: {
            total_keys_found: 2,
            migrated_successfully: 2,
            migration_errors: 0,
            step_keys: 1,
            pending_keys: 1,
            baseline_keys: 0,
          },
          migrated_keys: expect.arrayContaining([
            { old_key: 'job:1', new_key: 'step:1' },
            { old_key: 'jobs:pending', new_key: 'steps:pending' },
          ]),
          migrated_keys_omitted: 0,
          error_keys: [],
          dry_run: false,
          timestamp: result.finishedAt.toISOString(),
          schema: 'jobs-to-steps',
          hash: schema.hash,
          duration_ms: result.durationMs,
        })
        expect(readFileSync(result.reportFile!, 'utf8')).not.toContain('sesame')
      })

      it('of verify and cleanup says what differs and what went', async () => {
        await redis.mset('job:1', 'a', 'job:2', 'b', 'step:2', 'c', 'job:3', 'd', 'step:3', 'd')
        const verified = await migrator().verify({ report: directory })
        expect(read(verified.reportFile)).toMatchObject({
          operation: 'verify',
          migration_stats: { total_keys_found: 3, migrated_successfully: 1, migration_errors: 2 },
          error_keys: expect.arrayContaining([
            { old_key: 'job:1', new_key: 'step:1', family: 'step', error: 'missing' },
            { old_key: 'job:2', new_key: 'step:2', family: 'step', error: 'value' },
          ]),
        })
        await redis.del('job:1', 'job:2')
        const cleaned = await migrator().cleanupAliases({ dryRun: false, report: directory })
        expect(cleaned.reportFile).not.toBe(verified.reportFile)
        expect(read(cleaned.reportFile)).toMatchObject({
          operation: 'cleanup',
          migration_stats: { migrated_successfully: 1 },
          migrated_keys: [{ old_key: 'job:3', new_key: 'step:3' }],
          dry_run: false,
        })
      })
    })
  })
}

/** The error of a call that is refused, when it is the one expected. */
async function rejection(call: Promise<unknown>, expected: object): Promise<{ hint?: string }> {
  const error: unknown = await call.then(
    () => expect.fail('it was not refused'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject(expected)
  return error as { hint?: string }
}

describe('other servers', () => {
  it.each(availableServers())('%s without COPY is refused once, before anything is done', async (kind) => {
    const server = await startServer({ kind, args: ['--rename-command', 'COPY', ''] })
    const redis = new Redis(server.port)
    await redis.mset('job:1', 'a', 'job:2', 'b')
    for (const dryRun of [true, false]) {
      await rejection(new RedisKeyMigrator(redis, schema).migrateKeys({ dryRun }), { code: 'E_SERVER_TOO_OLD' })
    }
    redis.disconnect()
    await server.stop()
  })

  it.each(availableServers())('%s without PEXPIRETIME: expiries are still compared', async (kind) => {
    const server = await startServer({ kind, args: ['--rename-command', 'PEXPIRETIME', ''] })
    const redis = new Redis(server.port)
    const at = Date.now() + HOUR
    await redis.set('job:1', 'a', 'PXAT', at)
    const migrator = new RedisKeyMigrator(redis, schema)
    await migrator.migrateKeys({ dryRun: false })
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 1 })
    await redis.pexpireat('step:1', at + 50)
    expect(await migrator.verify()).toMatchObject({ clean: false, different: 1, details: [{ problem: 'ttl' }] })
    await redis.persist('step:1')
    expect(await migrator.verify()).toMatchObject({ clean: false, different: 1 })
    redis.disconnect()
    await server.stop()
  })
})
