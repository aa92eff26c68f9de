/**
 * Pages that the server works through itself: nothing comes out otherwise than on the long way, name by name, which a
 * rate enforces.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, constantPhase } from '../../src/index.js'
import { RedisKeyMigrator, type MigratorOptions } from '../../src/migrate.js'
import { replacementsOf } from '../../src/migrate/express/patterns.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'express',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    progress: key('step:<id>:progress').alias('job:<id>:progress'),
    // More specific than `job:<id>`, whose names then need the mapper.
    user: key('user-<name>:at:<place>').alias('<place>/<name>'),
    special: key('special:<id>').alias('sonder:<id>'),
    chosen: key('the-chosen').alias('sonder:chosen'),
    old: key('new:<id>').alias('old:<id>').alias('older:<id>'),
    far: key('far:<id>').alias('near:<id>', { db: 2 }),
  },
})
const LONG = 1e9

for (const kind of availableServers()) {
  describe(`pages worked through on ${kind}`, () => {
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

    const migrator = (options?: MigratorOptions): RedisKeyMigrator =>
      new RedisKeyMigrator(redis, schema, { batch: 50, bigKeys: { over: 20_000 }, ...options })

    /** Every kind of key and of name, and everything that is not so simple. */
    async function fill(): Promise<void> {
      const fillOne = `local i = ARGV[1]
        for i = 1, 300 do redis.call('HSET', 'job:' .. i, 'a', i); redis.call('ZADD', 'job:' .. i .. ':progress', i, 'm') end
        for i = 1, 50 do redis.call('SET', 'job:t' .. i, i, 'PXAT', 4000000000000 + i); redis.call('RPUSH', 'p' .. i .. '/n', i) end
        for i = 1, 30 do redis.call('SADD', 'sonder:' .. i, i); redis.call('SET', 'old:' .. i, i); redis.call('SET', 'older:' .. i, i) end
        for i = 1, 20 do redis.call('SET', 'step:' .. i, 'newer'); redis.call('SET', 'other:' .. i, i) end
        redis.call('SADD', 'sonder:chosen', 'x')
        redis.call('XADD', 'job:stream', '1-1', 'f', 'v'); redis.call('XGROUP', 'CREATE', 'job:stream', 'g', '0')
        redis.call('SET', 'job:big', string.rep('x', 50000)); redis.call('SET', 'job:a:b', 1); redis.call('SET', 'job:', 1)`
      await redis.eval(fillOne, 0, '')
      await redis.set(Buffer.from('job:\xff\xfe', 'latin1'), 'bytes')
      await redis.set('job:nul\0inside', 'bytes')
      await other.eval(`for i = 1, 40 do redis.call('SET', 'near:' .. i, i) end`, 0)
    }

    /** How often a command was called since RESETSTAT; a name as a regular expression has it. */
    const calls = async (name: string): Promise<number> =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0)

    /** From now on each script is sent once as a text: one for the pages, another for what is given back. */
    const fresh = async (): Promise<void> => {
      await redis.script('FLUSH')
      await redis.config('RESETSTAT')
    }

    async function everything(): Promise<Record<string, string>> {
      const all: Record<string, string> = {}
      for (const client of [redis, other]) {
        for (const name of await client.keysBuffer('*')) {
          const state = await client.multi().dumpBuffer(name).pexpiretime(name).exec()
          all[`${client.options.db} ${name.toString('latin1')}`] = JSON.stringify(state)
        }
      }
      return all
    }

    it('copies and counts as on the long way, and verifies so', async () => {
      await fill()
      const { families, failed } = await migrator().migrateKeys({ dryRun: false })
      const copied = await everything()
      const verified = await migrator().verify()
      const verifiedLong = await migrator().verify({ rate: LONG })
      await redis.flushall()
      await fill()
      const long = await migrator().migrateKeys({ dryRun: false, rate: LONG })
      expect(failed).toBe(0)
      expect(families).toEqual(long.families)
      expect(families['step']).toMatchObject({ found: 354, migrated: 334, skipped: 20 })
      expect(copied).toEqual(await everything())
      expect(verified.families).toEqual(verifiedLong.families)
      expect(verified).toMatchObject({ missing: 0, different: 20, failed: 0, settled: 0 })
      expect(verified.details.map(({ canonical }) => canonical).sort()).toEqual(
        verifiedLong.details.map(({ canonical }) => canonical).sort(),
      )
    })

    it('sends no names of what is simple', async () => {
      for (let id = 0; id < 2000; id++) await redis.set(`job:${id}`, id)
      await redis.config('RESETSTAT')
      await migrator().migrateKeys({ dryRun: false })
      await migrator().verify()
      expect(await calls('copy')).toBeGreaterThanOrEqual(2000)
      // Every script was a page of its own.
      expect((await calls('evalsha')) + (await calls('eval')) - (await calls('scan'))).toBeLessThan(6)
    })

    it.each([
      ['a missing key', 'UNLINK step:7', 'missing'],
      ['another value', 'HSET step:7 a other', 'value'],
      ['another type', 'SET step:7 x', 'type'],
      ['another expiry', 'PEXPIREAT step:7 4000000000001', 'ttl'],
    ])('sees %s', async (_, command, problem) => {
      await redis.eval(`for i = 1, 300 do redis.call('HSET', 'job:' .. i, 'a', i) end`, 0)
      await migrator().migrateKeys({ dryRun: false })
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 300 })
      const [name, ...args] = command.split(' ') as [string, ...string[]]
      await redis.call(name, ...args)
      const { clean, details } = await migrator().verify()
      expect(clean).toBe(false)
      expect(details).toMatchObject([{ canonical: 'step:7', alias: 'job:7', problem }])
    })

    it('sees a canonical key whose alias has gone', async () => {
      await redis.eval(`for i = 1, 300 do redis.call('SET', 'job:' .. i, i) redis.call('SET', 'step:' .. i, i) end`, 0)
      await redis.unlink('job:5')
      const { orphans, details } = await migrator().verify()
      expect(orphans).toBe(1)
      expect(details).toMatchObject([{ canonical: 'step:5', problem: 'orphan' }])
    })

    it('leaves nothing out where the values of a page are too much for once', async () => {
      await redis.eval(`for i = 1, 400 do redis.call('SET', 'job:' .. i, string.rep('x', 15000)) end`, 0)
      const options = { batch: 1000 }
      expect(await migrator(options).migrateKeys({ dryRun: false })).toMatchObject({ migrated: 400, failed: 0 })
      expect(await migrator(options).verify()).toMatchObject({ clean: true, compared: 400 })
    })

    it('finishes a page of large values on the server, which is no hurry', async () => {
      const texts: number[] = []
      // A machine that stands still in the middle of a page makes it late: one time of five is enough.
      for (let time = 0; time < 5 && !texts.includes(2); time++) {
        await redis.flushall()
        await redis.eval(`for i = 1, 60 do redis.call('SET', 'job:' .. i, string.rep('x', 15000)) end`, 0)
        await fresh()
        const result = await migrator({ batch: 1000 }).migrateKeys({ dryRun: false })
        expect(result).toMatchObject({ migrated: 60, failed: 0 })
        texts.push(await calls('eval'))
      }
      // One for this database and one for the other, and none for what would be given back.
      expect(texts).toContain(2)
    })

    it.each([
      ['a string', `redis.call('SET', 'job:big', string.rep('x', 30000))`],
      ['a hash', `for i = 1, 1000 do redis.call('HSET', 'job:big', i, string.rep('x', 30)) end`],
      ['a list', `for i = 1, 1000 do redis.call('RPUSH', 'job:big', string.rep('x', 30)) end`],
      ['a set', `for i = 1, 1000 do redis.call('SADD', 'job:big', i .. string.rep('x', 30)) end`],
      ['a sorted set', `for i = 1, 1000 do redis.call('ZADD', 'job:big', i, i .. string.rep('x', 30)) end`],
      ['a stream', `for i = 1, 1000 do redis.call('XADD', 'job:big', i .. '-1', 'f', string.rep('x', 30)) end`],
    ])('gives %s back that is big: it is neither copied nor dumped in a page', async (_, lua) => {
      await redis.eval(`for i = 1, 200 do redis.call('SET', 'job:' .. i, i) end ${lua}`, 0)
      const options: MigratorOptions = { bigKeys: { over: 20_000, how: 'skip' } }
      const { migrated, skipped, big } = await migrator(options).migrateKeys({ dryRun: false })
      expect({ migrated, skipped }).toEqual({ migrated: 200, skipped: 1 })
      expect(big).toMatchObject([{ key: 'job:big', outcome: 'skip' }])
      expect(await redis.exists('step:big')).toBe(0)
      // The canonical side alone is big: its alias says nothing of it.
      await redis.rename('job:big', 'step:big')
      await redis.hset('job:big', 'small', 1)
      await redis.config('RESETSTAT')
      const { different } = await migrator().verify()
      expect(different).toBe(1)
      expect(await calls('dump')).toBe(400)
    })

    it('compares expiries as soon as one key of the database has one', async () => {
      await redis.eval(`for i = 1, 200 do redis.call('SET', 'job:' .. i, i) end`, 0)
      await migrator().migrateKeys({ dryRun: false })
      await redis.config('RESETSTAT')
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 200 })
      expect(await calls('pexpiretime')).toBe(0)
      await redis.pexpireat('step:7', 4000000000000)
      const { clean, details } = await migrator().verify()
      expect(clean).toBe(false)
      expect(details).toMatchObject([{ canonical: 'step:7', problem: 'ttl' }])
    })

    it('looks at the expiries of its own database, and where it may not ask for their number', async () => {
      const third = new Redis(server.port, { db: 3 })
      await redis.set('without', 'expiry')
      await third.mset('job:1', 1, 'step:1', 1)
      await third.pexpireat('step:1', 4000000000000)
      const verify = (client: Redis) => new RedisKeyMigrator(client, schema, { throttle: false }).verify()
      expect(await verify(third)).toMatchObject({ compared: 1, different: 1 })
      await redis.call('ACL', 'SETUSER', 'blind', 'on', '>pass', '~*', '&*', '+@all', '-info')
      const blind = new Redis(server.port, { db: 3, username: 'blind', password: 'pass', enableReadyCheck: false })
      expect(await verify(blind)).toMatchObject({ compared: 1, different: 1 })
      for (const client of [third, blind]) client.disconnect()
      await redis.call('ACL', 'DELUSER', 'blind')
    })

    it('reads patterns of any bytes as it writes them', async () => {
      const odd = ["it's", 'back\\slash', '"quoted"', ']] end', 'line\nbreak', '%1 %%', 'ü and ☃', '\\039']
      for (const text of odd) {
        await redis.flushall()
        const one = defineSchema({ name: 'odd', keys: { family: key(`new ${text}:<id>`).alias(`${text}:<id>`) } })
        for (let id = 0; id < 40; id++) await redis.set(`${text}:${id}`, id)
        await redis.set(Buffer.concat([Buffer.from(`${text}:`), Buffer.from([255, 39, 92, 0, 10])]), 'bytes')
        await fresh()
        const result = await new RedisKeyMigrator(redis, one).migrateKeys({ dryRun: false })
        expect(result, text).toMatchObject({ migrated: 41, failed: 0 })
        expect(await calls('eval'), text).toBe(1)
        expect(await redis.get(`new ${text}:7`), text).toBe('7')
        expect(await new RedisKeyMigrator(redis, one).verify(), text).toMatchObject({ clean: true, compared: 41 })
      }
    })

    it('does not run where the phase does not allow it, and ends when the phase goes on', async () => {
      await redis.eval(`for i = 1, 500 do redis.call('SET', 'job:' .. i, i) end`, 0)
      const client = new Redis(server.port)
      const phase = constantPhase('prepare')
      const wrapped = new CanonicalRedisClient(client, { schema, phase })
      const onProgress = (): void => phase.set!('alias')
      const run = new RedisKeyMigrator(wrapped, schema, { batch: 50, onProgress }).migrateKeys({ dryRun: false })
      await expect(run).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
      expect(await redis.dbsize()).toBeLessThan(1000)
      client.disconnect()
    })

    it('goes the long way where scripts may not scan', async () => {
      await redis.eval(`for i = 1, 300 do redis.call('SET', 'job:' .. i, i) end`, 0)
      await redis.call('ACL', 'SETUSER', 'careful', 'on', '>pass', '~*', '&*', '+@all', '-scan', '+ping')
      const careful = new Redis(server.port, { username: 'careful', password: 'pass' })
      await expect(new RedisKeyMigrator(careful, schema).migrateKeys({ dryRun: false })).rejects.toThrow(/NOPERM/)
      await redis.call('ACL', 'SETUSER', 'careful', '+scan', '-memory|usage')
      const run = new RedisKeyMigrator(careful, schema, { batch: 50 })
      expect(await run.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 300, failed: 0 })
      careful.disconnect()
      await redis.call('ACL', 'DELUSER', 'careful')
    })

    it('tells names from one another as the mapper does', async () => {
      const piece = fc.stringMatching(/^[a-z%.^$()[\]*+?-]{1,4}$/)
      const value = fc.stringMatching(/^[a-z:}%\xe9-]{0,5}$/)
      const cases = fc.tuple(
        piece,
        piece,
        fc.constantFrom('', '-x', '}', ':tail'),
        fc.array(value, { minLength: 8, maxLength: 8 }),
      )
      let met = 0
      const property = fc.asyncProperty(cases, async ([left, right, end, values]) => {
        fc.pre(left !== right)
        const one = defineSchema({
          name: 'one',
          keys: { family: key(`${left}:<id>${end}`).alias(`${right}:{<id>}:<more>`.replace('<more>', 'end')) },
        })
        const exchange = one.mapper.exchange('family')
        const ways = exchange && replacementsOf('pre%', exchange)
        if (ways === undefined) return
        const names = values.flatMap((id) => [`${left}:${id}${end}`, `${right}:{${id}}:end`])
        const stored = names.map((name) => `pre%${name}`)
        const script = `local found = {} for i = 3, #ARGV do local other, count = ARGV[i]:gsub(ARGV[1], ARGV[2]) found[#found + 1] = count == 1 and other or '' end return found`
        for (const side of ['a', 'c'] as const) {
          const found = (await redis.eval(script, 0, ways[side].from, ways[side].to, ...stored)) as string[]
          names.forEach((name, i) => {
            if (found[i] === '') return
            met++
            const logical = one.mapper.resolve(name)
            const expected = side === 'a' ? logical?.canonical : logical?.aliases[0]?.name
            expect(logical?.side).toBe(side === 'a' ? 'alias' : 'canonical')
            expect(found[i]).toBe(`pre%${expected}`)
          })
        }
      })
      await fc.assert(property, { numRuns: 100 })
      expect(met).toBeGreaterThan(200)
    })
  })
}
