/** Queues on real servers: jobs through a whole migration, and what single commands do with a queue under either name. */
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import { RedisKeyMigrator } from '../../src/migrate.js'
import { notDrained, phases, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { Fleet } from '../support/queues/fleet.js'
import { patterns } from '../support/queues/patterns.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schemaWith = (queue: boolean) =>
  defineSchema({
    name: 'queues',
    keys: {
      pending: key('steps:pending', {}, { queue }).alias('jobs:pending'),
      busy: key('steps:busy:<worker>', {}, { queue }).alias('jobs:busy:<worker>'),
      older: key('third', { queue: true }).alias('second').alias('first'),
      result: key('result:<id>').alias('outcome:<id>'),
    },
  })
const schema = schemaWith(true)

const versions = Object.keys(ioredisVersions) as IoredisVersion[]
const servers = availableServers()
const matrix = servers.flatMap((kind) => versions.map((version) => ({ kind, version })))

const paths: Readonly<Record<string, readonly Phase[]>> = {
  'the whole path': phases,
  'the short path': ['alias', 'prepare', 'dual-read', 'retire-alias', 'canonical'],
  'back and forth': [...phases.slice(0, 6), ...phases.slice(0, 5).reverse(), ...phases.slice(1)],
}

const onAlias = ['prepare', 'dual-write'] as const
const onCanonical = ['dual-read', 'canonical-primary', 'retire-alias'] as const
const between = [...onAlias, ...onCanonical]

describe.each(matrix.map((one) => [`${one.version} on ${one.kind}`, one] as const))('%s', (_, { kind, version }) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer({ kind })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients(version, server.port)
    raw = clients.raw()
    await raw.flushall()
  })
  afterEach(() => clients.close())

  // One version on each server: how a command gets on the wire is seen in the other tests.
  const fleets = servers.indexOf(kind) === versions.indexOf(version) ? Object.entries(patterns) : []
  describe.each(fleets)('jobs in a %s', (_name, pattern) => {
    // Twice as long as the others, so on one server.
    const walked = Object.entries(paths).filter(([name]) => name !== 'back and forth' || kind === servers[0])
    it.each(walked)('%s: none is lost, none is done twice', async (_path, path) => {
      const ledger = await new Fleet({ connect: () => clients.raw(), schema, pattern, path, seed: 7, steps: 45 }).run()
      expect(Object.fromEntries(ledger.done)).toEqual(Object.fromEntries(ledger.due))
      expect(ledger.due.size).toBeGreaterThan(50)
      expect(ledger.crashes).toBeGreaterThan(3)
      expect(ledger.raw).toBeGreaterThan(30)
      expect(await raw.exists('jobs:pending')).toBe(0)
    })
  })

  const wrap = (phase: CanonicalOptions['phase'], options = {}) =>
    new CanonicalRedisClient(clients.raw(options), { schema, phase })
  /** Waits until so many clients wait on the server. */
  const waiting = (count: number) =>
    until(`${count} blocked`, async () => new RegExp(`blocked_clients:${count}\\b`).test(await raw.info('clients')))

  describe.each(between)('in %s', (phase) => {
    const home = onAlias.some((one) => one === phase) ? 'jobs:pending' : 'steps:pending'

    it('serves what lies under either name, what was pushed to the alias first', async () => {
      const redis = wrap(phase)
      await raw.rpush('jobs:pending', 'a', 'b')
      await raw.rpush('steps:pending', 'c')
      expect(await redis.lpop('steps:pending')).toBe('a')
      expect(await redis.llen('steps:pending')).toBe(2)
      expect(await redis.lpop('jobs:pending', 5)).toEqual(['b', 'c'])
      expect(await redis.lpop('jobs:pending')).toBeNull()
      expect(await redis.exists('jobs:pending')).toBe(0)
    })

    it('also where jobs are taken from the right', async () => {
      const redis = wrap(phase)
      await raw.lpush('jobs:pending', 'a', 'b')
      await raw.lpush('steps:pending', 'c')
      expect(await redis.lpush('steps:pending', 'd')).toBe(4)
      expect(await redis.lrange('jobs:pending', 0, -1)).toEqual(['d', 'c', 'b', 'a'])
      expect(await redis.rpop('steps:pending', 4)).toEqual(['a', 'b', 'c', 'd'])
    })

    it('pushes to the name of the phase', async () => {
      await wrap(phase).rpush('steps:pending', 'a')
      await wrap(phase).rpush('jobs:pending', 'b')
      expect(await raw.keys('*')).toEqual([home])
      expect(await raw.lrange(home, 0, -1)).toEqual(['a', 'b'])
    })

    it('keeps order and time to live when the longer part moves', async () => {
      const many = Array.from({ length: 2500 }, (_, i) => `n${i}`)
      for (const [long, short] of [
        ['jobs:pending', 'steps:pending'],
        ['steps:pending', 'jobs:pending'],
      ] as const) {
        await raw.flushall()
        await raw.rpush(long, ...many)
        await raw.rpush(short, 'x', 'y')
        const all = await wrap(phase).lrange('steps:pending', 0, -1)
        expect(all).toEqual(long === 'jobs:pending' ? [...many, 'x', 'y'] : ['x', 'y', ...many])
        expect(await raw.keys('*')).toEqual([home])
      }
      await raw.flushall()
      await raw.rpush('jobs:pending', 'a')
      await raw.pexpireat('jobs:pending', 4_000_000_000_000)
      expect(await wrap(phase).call('PEXPIRETIME', 'steps:pending')).toBe(4_000_000_000_000)
    })

    it('a sorted set is one: the lowest of both, no member twice, conditions see them all', async () => {
      const redis = wrap(phase)
      await raw.zadd('jobs:pending', 5, 'e', 2.5, 'b', Infinity, 'z')
      await raw.zadd('steps:pending', 1, 'a', 7, 'e')
      expect(await redis.zadd('steps:pending', 'NX', 0, 'b')).toBe(0)
      expect(await redis.zcard('jobs:pending')).toBe(4)
      expect(await redis.zrangebyscore('steps:pending', '-inf', '+inf', 'WITHSCORES')).toEqual(
        await bare(['a', 1, 'b', 2.5, 'e', 5, 'z', Infinity]),
      )
      expect(await redis.zpopmin('steps:pending')).toEqual(['a', '1'])
      expect(await redis.zrem('jobs:pending', 'z')).toBe(1)
      expect(await redis.zpopmin('jobs:pending', 9)).toEqual(['b', '2.5', 'e', '5'])
    })

    const bare = async (pairs: readonly (string | number)[]) => {
      const client = clients.raw({ db: 1 })
      await client.del('x')
      for (let i = 0; i < pairs.length; i += 2) await client.zadd('x', Number(pairs[i + 1]), String(pairs[i]))
      return client.zrangebyscore('x', '-inf', '+inf', 'WITHSCORES')
    }

    it('waits for both names, and answers under the one it was asked', async () => {
      const redis = wrap(phase)
      for (const pushedTo of ['jobs:pending', 'steps:pending']) {
        const list = redis.blpop('steps:pending', 'other', 5)
        await waiting(1)
        await raw.rpush(pushedTo, 'x')
        expect(await list).toEqual(['steps:pending', 'x'])
        const set = redis.bzpopmin('jobs:pending', 5)
        await waiting(1)
        await raw.zadd(pushedTo, 1.5, 'y')
        expect(await set).toEqual(['jobs:pending', 'y', '1.5'])
        const several = redis.blmpop(5, 2, 'other', 'steps:pending', 'LEFT')
        await waiting(1)
        await raw.rpush(pushedTo, 'z')
        expect(await several).toEqual(['steps:pending', ['z']])
      }
      expect(await redis.brpop('steps:pending', 0.01)).toBeNull()
    })

    it('the lowest of both also for who would wait', async () => {
      await raw.zadd('jobs:pending', 5, 'late')
      await raw.zadd('steps:pending', 1, 'early')
      expect(await wrap(phase).bzpopmin('steps:pending', 1)).toEqual(['steps:pending', 'early', '1'])
    })

    it('moves from a queue to a place of one’s own, and waits for it in turns', async () => {
      const redis = wrap(phase)
      const moved = redis.blmove('steps:pending', 'jobs:busy:1', 'LEFT', 'LEFT', 0)
      await waiting(1)
      await raw.rpush(home, 'x')
      expect(await moved).toBe('x')
      expect(await redis.lrange('steps:busy:1', 0, -1)).toEqual(['x'])
      expect(await redis.brpoplpush('steps:pending', 'steps:busy:1', 0.02)).toBeNull()
      await expect(redis.blmove('steps:pending', 'steps:busy:1', 'LEFT', 'LEFT', -1)).rejects.toThrow(
        'timeout is negative',
      )
    })

    it('works in pipelines and transactions, where nothing waits', async () => {
      const redis = wrap(phase)
      await raw.rpush('jobs:pending', 'a', 'b')
      const piped = await redis.pipeline().lpop('steps:pending').rpush('jobs:pending', 'c').llen('steps:pending').exec()
      expect(piped).toEqual([
        [null, 'a'],
        [null, 2],
        [null, 2],
      ])
      await raw.rpush(home === 'jobs:pending' ? 'steps:pending' : 'jobs:pending', 'd')
      const multi = await redis
        .multi()
        .blpop('steps:pending', 0)
        .lmove('steps:pending', 'steps:busy:1', 'LEFT', 'LEFT')
        .llen('steps:pending')
        .get('steps:pending')
        .exec()
      const first = home === 'jobs:pending' ? 'b' : 'd'
      expect(multi?.slice(0, 3)).toEqual([
        [null, ['steps:pending', first]],
        [null, home === 'jobs:pending' ? 'c' : 'b'],
        [null, 1],
      ])
      expect(multi?.[3]?.[0]?.message).toMatch(/^WRONGTYPE/)
    })

    it('beside a mirrored key each keeps its own way', async () => {
      const redis = wrap(phase)
      await raw.rpush('jobs:pending', 'a')
      expect(await redis.lmove('steps:pending', 'outcome:1', 'LEFT', 'LEFT')).toBe('a')
      expect(await redis.lrange('result:1', 0, -1)).toEqual(['a'])
      expect(await redis.llen('steps:pending')).toBe(0)
      const mirrors = ['dual-write', 'dual-read', 'canonical-primary'].includes(phase)
      expect(await raw.exists('outcome:1', 'result:1')).toBe(mirrors ? 2 : 1)
    })

    it('its own reads do not end a WATCH, the change of a neighbour does', async () => {
      const redis = wrap(phase)
      await raw.rpush('jobs:pending', 'a', 'b')
      await redis.watch('steps:pending')
      expect(await redis.lrange('steps:pending', 0, -1)).toEqual(['a', 'b'])
      expect(await redis.multi().lpop('steps:pending').exec()).toEqual([[null, 'a']])
      await redis.watch('steps:pending')
      expect(await redis.llen('steps:pending')).toBe(1)
      await wrap(phase).rpush('jobs:pending', 'c')
      expect(await redis.multi().lpop('steps:pending').exec()).toBeNull()
    })

    it('SCAN and KEYS show it once, wherever it lies', async () => {
      const redis = wrap(phase)
      for (const name of ['jobs:pending', 'steps:pending']) {
        await raw.flushall()
        await raw.rpush(name, 'a')
        expect(await redis.keys('*pending')).toHaveLength(1)
        expect(await redis.keys('steps:*')).toEqual(['steps:pending'])
        expect((await redis.scan('0', 'MATCH', 'jobs:*', 'COUNT', 100))[1]).toEqual(['jobs:pending'])
      }
    })

    it('knows older spellings', async () => {
      const redis = wrap(phase)
      await raw.rpush('first', 'a')
      await raw.rpush('second', 'b')
      await raw.rpush('third', 'c')
      expect(await redis.llen('third')).toBe(3)
      expect(await redis.lrange('second', 0, -1)).toEqual(['b', 'a', 'c'])
      const waits = redis.blpop('third', 'other', 1)
      expect(await waits).toEqual(['third', 'b'])
    })

    it('a stream is one, with its groups and what is pending', async () => {
      const redis = wrap(phase)
      await raw.xadd('jobs:pending', '5-1', 'n', '1')
      await raw.xgroup('CREATE', 'jobs:pending', 'g', '0')
      await raw.xreadgroup('GROUP', 'g', 'old', 'COUNT', 1, 'STREAMS', 'jobs:pending', '>')
      const id = await redis.xadd('steps:pending', '*', 'n', '2')
      expect(await redis.xlen('steps:pending')).toBe(2)
      expect(await redis.xreadgroup('GROUP', 'g', 'new', 'COUNT', 10, 'STREAMS', 'steps:pending', '>')).toEqual([
        ['steps:pending', [[id, ['n', '2']]]],
      ])
      expect(await redis.xreadgroup('GROUP', 'g', 'old', 'STREAMS', 'jobs:pending', '0')).toEqual([
        ['jobs:pending', [['5-1', ['n', '1']]]],
      ])
      const claimed = await redis.xautoclaim('steps:pending', 'g', 'new', 0, '0')
      expect(claimed[1]).toEqual([
        ['5-1', ['n', '1']],
        [id, ['n', '2']],
      ])
      expect(await redis.xack('steps:pending', 'g', '5-1', id!)).toBe(2)
      expect(await redis.xpending('jobs:pending', 'g')).toEqual([0, null, null, null])
      await expect(redis.xreadgroup('GROUP', 'no', 'c', 'BLOCK', 5, 'STREAMS', 'steps:pending', '>')).rejects.toThrow(
        /^NOGROUP No such key 'steps:pending' or consumer group 'no'/,
      )
    })

    it('a stream that a raw producer began anew joins the one with the groups; two with groups stay apart', async () => {
      const redis = wrap(phase)
      await redis.xgroup('CREATE', 'steps:pending', 'g', '0', 'MKSTREAM')
      await redis.xadd('steps:pending', '9-1', 'n', '1')
      const other = home === 'jobs:pending' ? 'steps:pending' : 'jobs:pending'
      await raw.xadd(other, '9-1', 'n', 'same id')
      await raw.xadd(other, '10-1', 'n', '3')
      const entries = await redis.xrange('steps:pending', '-', '+')
      expect(entries.map(([, fields]) => fields[1])).toEqual(['1', 'same id', '3'])
      expect(await raw.exists(other)).toBe(0)
      await raw.xgroup('CREATE', other, 'g', '0', 'MKSTREAM')
      await raw.xadd(other, '*', 'n', 'theirs')
      expect(await redis.xlen('steps:pending')).toBe(3)
      expect(await raw.xlen(other)).toBe(1)
    })
  })

  describe('neighbours', () => {
    const pushes = [
      ['prepare', 'dual-read'],
      ['dual-write', 'dual-read'],
      ['dual-write', 'canonical-primary'],
    ] as const satisfies [Phase, Phase][]

    it.each(pushes)('%s and %s wake each other', async (a, b) => {
      for (const [waiter, producer] of [
        [wrap(a), wrap(b)],
        [wrap(b), wrap(a)],
      ] as const) {
        const list = waiter.blpop('steps:pending', 5)
        await waiting(1)
        await producer.rpush('steps:pending', 'x')
        expect(await list).toEqual(['steps:pending', 'x'])
        const read = waiter.xread('BLOCK', 5000, 'STREAMS', 'steps:pending', '$')
        await waiting(1)
        const id = await producer.xadd('steps:pending', '*', 'n', '1')
        expect(await read).toEqual([['steps:pending', [[id, ['n', '1']]]]])
        await raw.flushall()
      }
    })

    it('who waits in turns finds what a neighbour pushed under the other name, at the next turn', async () => {
      const moved = wrap('dual-write').blmove('steps:pending', 'steps:busy:1', 'LEFT', 'LEFT', 0)
      await waiting(1)
      await wrap('dual-read').rpush('steps:pending', 'x')
      expect(await moved).toBe('x')
      expect(await wrap('dual-read').lrange('steps:busy:1', 0, -1)).toEqual(['x'])
    })

    it.each(pushes)('%s and %s wait for one stream: nobody is woken for nothing', async (a, b) => {
      const [early, late] = [wrap(a), wrap(b)]
      await early.xgroup('CREATE', 'steps:pending', 'g', '$', 'MKSTREAM')
      const read = (redis: Redis, who: string) =>
        redis.xreadgroup('GROUP', 'g', who, 'COUNT', 1, 'BLOCK', 5000, 'STREAMS', 'jobs:pending', '>')
      const first = read(early, 'early')
      await waiting(1)
      // The late one moves the stream to its name; the early one goes with it.
      const second = read(late, 'late')
      await waiting(2)
      const others = [wrap(a), wrap(b)]
      for (const redis of others) {
        expect(await redis.xlen('steps:pending')).toBe(0)
        expect(await redis.type('jobs:pending')).toBe('stream')
      }
      await waiting(2)
      for (const redis of others) await redis.xadd('jobs:pending', '*', 'n', '1')
      const got = await Promise.all([first, second])
      expect(got.map((reply) => (reply as [string, unknown[]][])[0]![1].length)).toEqual([1, 1])
      expect(await others[0]!.xpending('steps:pending', 'g')).toMatchObject([2, {}, {}, [{}, {}]])
      expect(await raw.keys('*')).toEqual(['steps:pending'])
    })

    it('the migrator takes a stream back under a client that waits', async () => {
      const redis = wrap('dual-write')
      await wrap('dual-read').xgroup('CREATE', 'steps:pending', 'g', '$', 'MKSTREAM')
      const read = redis.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 5000, 'STREAMS', 'steps:pending', '>')
      await waiting(1)
      await new RedisKeyMigrator(wrap('dual-write'), schema).migrateKeys({ dryRun: false })
      expect(await raw.keys('*')).toEqual(['jobs:pending'])
      await waiting(1)
      const id = await wrap('dual-write').xadd('jobs:pending', '*', 'n', '1')
      expect(await read).toEqual([['steps:pending', [[id, ['n', '1']]]]])
    })

    it('who waits in turns follows a change of phase', async () => {
      const redis = wrap('dual-write')
      const moved = redis.blmove('steps:pending', 'steps:busy:1', 'LEFT', 'LEFT', 0)
      await waiting(1)
      for (const phase of ['dual-read', 'canonical-primary', 'retire-alias', 'canonical'] as const) {
        redis.canonical.setPhase(phase)
      }
      await raw.rpush('steps:pending', 'x')
      expect(await moved).toBe('x')
      expect(await raw.lrange('steps:busy:1', 0, -1)).toEqual(['x'])
    })
  })

  describe('at the ends', () => {
    it('alias and canonical are the bare command under one name', async () => {
      for (const [phase, name, other] of [
        ['alias', 'jobs:pending', 'steps:pending'],
        ['canonical', 'steps:pending', 'jobs:pending'],
      ] as const) {
        const redis = wrap(phase)
        await raw.rpush(other, 'not looked at')
        expect(redis.canonical.explain(['RPUSH', 'steps:pending', 'a'])).toEqual([`RPUSH ${name} a`])
        expect(await redis.rpush(other, 'a')).toBe(1)
        expect(await redis.blpop(other, 1)).toEqual([other, 'a'])
        await raw.flushall()
      }
    })
  })

  describe('the migrator', () => {
    const fill = async () => {
      await raw.rpush('jobs:pending', 'a', 'b')
      await raw.rpush('steps:pending', 'c')
      await raw.rpush('first', 'x')
      await raw.set('outcome:1', 'v')
    }

    it.each(onCanonical)('moves queues in %s, and copies the others', async (phase) => {
      await fill()
      const migrator = new RedisKeyMigrator(wrap(phase), schema)
      expect(await migrator.verify()).toMatchObject({ queued: 2, missing: 1, compared: 1 })
      expect((await migrator.migrateKeys()).migrated).toBe(3)
      expect(await raw.llen('jobs:pending')).toBe(2)
      expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({
        found: 3,
        migrated: 3,
        skipped: 0,
        failed: 0,
      })
      expect((await raw.keys('*')).sort()).toEqual(['outcome:1', 'result:1', 'steps:pending', 'third'])
      expect(await raw.lrange('steps:pending', 0, -1)).toEqual(['a', 'b', 'c'])
      expect(await migrator.verify()).toMatchObject({ clean: true, queued: 0, compared: 1 })
    })

    it('leaves queues alone where nobody knows which name is looked at', async () => {
      await fill()
      const result = await new RedisKeyMigrator(clients.raw(), schema).migrateKeys({ dryRun: false })
      expect(result.families['pending']).toMatchObject({ found: 1, migrated: 0, skipped: 1 })
      expect(await raw.lrange('jobs:pending', 0, -1)).toEqual(['a', 'b'])
      expect(await raw.lrange('steps:pending', 0, -1)).toEqual(['c'])
    })

    it('sweeps nothing under which jobs wait, and opens canonical only when none do', async () => {
      await fill()
      const migrator = new RedisKeyMigrator(wrap('retire-alias'), schema)
      await migrator.migrateKeys({ dryRun: false, families: ['result'] })
      const { kept, deleted } = await migrator.cleanupAliases({ dryRun: false })
      expect([kept, deleted]).toEqual([2, 1])
      expect(await raw.lrange('jobs:pending', 0, -1)).toEqual(['a', 'b'])
      const gate = async () => {
        const { families } = await migrator.verify()
        return notDrained(
          Object.fromEntries(Object.entries(families).map(([name, { queued }]) => [name, queued])),
          'canonical',
        )
      }
      expect((await gate())?.message).toMatch(/1 of "pending", 1 of "older"/)
      expect((await gate())?.code).toBe('E_NOT_DRAINED')
      await migrator.migrateKeys({ dryRun: false })
      expect(await gate()).toBeUndefined()
    })

    it.each(onAlias)('moves them back in %s', async (phase) => {
      await fill()
      await raw.xadd('steps:busy:1', '*', 'n', '1')
      const migrator = new RedisKeyMigrator(wrap(phase), schema)
      expect((await migrator.migrateKeys({ families: ['pending', 'busy'] })).migrated).toBe(2)
      expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ failed: 0, vanished: 0 })
      expect(await raw.lrange('jobs:pending', 0, -1)).toEqual(['a', 'b', 'c'])
      expect(await raw.exists('jobs:busy:1', 'second')).toBe(2)
      expect(await raw.exists('steps:busy:1', 'steps:pending', 'first', 'third')).toBe(0)
    })
  })

  it('a waiting pop of a family that mirrors says to declare a queue', async () => {
    const error: unknown = await wrap('dual-read')
      .blpop('result:1', 1)
      .catch((thrown: unknown) => thrown)
    expect(isCanonicalRedisError(error, 'E_BLOCKING_MIRRORED')).toBe(true)
    expect((error as Error).message).toMatch(/declare it a queue: key\('…', \{ queue: true \}\)/)
  })
})
