import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'client',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    pending: key('steps:pending').alias('jobs:pending'),
    far: key('base:<symbol>').alias('averages:<symbol>', { db: 2 }),
  },
  channels: { events: channel('step_events').alias('job_events') },
})

const versions = Object.keys(ioredisVersions) as IoredisVersion[]
const matrix = availableServers().flatMap((kind) => versions.map((version) => ({ kind, version })))

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

  const wrap = (phase: CanonicalOptions['phase'], options = {}, more = {}) =>
    new CanonicalRedisClient(clients.raw(options), { schema, phase, ...more })

  describe.each(phases)('in %s', (phase) => {
    it('means the same key by both names', async () => {
      const redis = wrap(phase)
      await redis.hset('job:1', { status: 'new', tries: 0 })
      await redis.hincrby('step:1', 'tries', 2)
      expect(await redis.hgetall('job:1')).toEqual({ status: 'new', tries: '2' })
      expect(await redis.hgetall('step:1')).toEqual({ status: 'new', tries: '2' })
      expect(await redis.exists('job:1', 'step:1', 'job:2')).toBe(2)
      expect(await redis.del('job:1')).toBe(1)
      expect(await redis.exists('step:1')).toBe(0)
      expect(await raw.keys('*')).toEqual([])
    })

    it('keeps to the names of the phase', async () => {
      const redis = wrap(phase)
      await redis.set('step:1', 'v', 'EX', 1000)
      const names = (await raw.keys('*')).sort()
      const both = ['dual-write', 'dual-read', 'canonical-primary'].includes(phase)
      expect(names).toEqual(both ? ['job:1', 'step:1'] : ['alias', 'prepare'].includes(phase) ? ['job:1'] : ['step:1'])
      if (both) expect(await raw.pexpiretime('job:1')).toBe(await raw.pexpiretime('step:1'))
    })

    it('finds what legacy code wrote, where the phase reads it', async () => {
      await raw.set('job:1', 'legacy')
      const found = await wrap(phase).get('step:1')
      expect(found).toBe(['canonical-primary', 'canonical'].includes(phase) ? null : 'legacy')
    })

    it('works on Buffers, callbacks, call and pipelines', async () => {
      const redis = wrap(phase)
      const name = Buffer.from([0x6a, 0x6f, 0x62, 0x3a, 0xff])
      await redis.set(name, Buffer.from([1, 2]))
      expect(await redis.getBuffer(Buffer.from([0x73, 0x74, 0x65, 0x70, 0x3a, 0xff]))).toEqual(Buffer.from([1, 2]))
      const called = await new Promise((resolve, reject) => {
        void redis.incr('job:n', (error, value) => (error ? reject(error) : resolve(value)))
      })
      expect(called).toBe(1)
      expect(await redis.call('INCRBY', 'step:n', 4)).toBe(5)
      expect(await redis.callBuffer('GET', 'job:n')).toEqual(Buffer.from('5'))
      const results = await redis
        .pipeline()
        .incr('job:n')
        .get('step:n')
        .get('other')
        .hset('step:n', 'f', 1)
        .ttl('job:n')
        .exec()
      expect(results?.slice(0, 3)).toEqual([
        [null, 6],
        [null, '6'],
        [null, null],
      ])
      expect(results?.[3]?.[0]?.message).toMatch(/^WRONGTYPE/)
      expect(results?.[4]).toEqual([null, -1])
    })

    it('works in transactions, pipelined or not', async () => {
      const redis = wrap(phase)
      await raw.set('job:old', 'legacy')
      const results = await redis
        .multi()
        .incr('job:n')
        .incr('step:n')
        .set('other', 'x')
        .get('job:n')
        .lpush('job:n', 'x')
        .exec()
      expect(results?.slice(0, 4)).toEqual([
        [null, 1],
        [null, 2],
        [null, 'OK'],
        [null, '2'],
      ])
      expect(results?.[4]?.[0]?.message).toMatch(/^WRONGTYPE/)
      await redis.multi({ pipeline: false })
      expect(await redis.incr('job:n')).toBe('QUEUED')
      expect(await redis.get('step:n')).toBe('QUEUED')
      expect(await redis.exec()).toEqual([
        [null, 3],
        [null, '3'],
      ])
      const nested = await redis
        .pipeline([['get', 'step:n'], ['multi'], ['incr', 'job:n'], ['exec'], ['get', 'job:n']])
        .exec()
      expect(nested?.map(([, value]) => value)).toEqual(['3', 'OK', 'QUEUED', [4], '4'])
    })

    it('runs scripts and defined commands', async () => {
      const redis = wrap(phase) as ReturnType<typeof wrap> & { bump(name: string, by: number): Promise<number> }
      redis.defineCommand('bump', { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
      expect(await redis.bump('job:n', 2)).toBe(2)
      expect(await redis.bump('step:n', 3)).toBe(5)
      await raw.script('FLUSH')
      expect(await redis.bump('step:n', 3)).toBe(8)
      expect(await redis.eval("return redis.call('GET', KEYS[1])", 1, 'job:n')).toBe('8')
      expect(
        (await redis.pipeline().eval("return redis.call('DEL', KEYS[1])", 1, 'job:n').exists('step:n').exec())?.map(
          ([, v]) => v,
        ),
      ).toEqual([1, 0])
    })

    it('answers under the names asked for', async () => {
      const redis = wrap(phase)
      await redis.xadd('job:stream', '1-1', 'f', 'v')
      expect(await redis.xread('STREAMS', 'job:stream', '0')).toEqual([['job:stream', [['1-1', ['f', 'v']]]]])
      expect(await redis.xread('STREAMS', 'step:stream', '0')).toEqual([['step:stream', [['1-1', ['f', 'v']]]]])
      await redis.rpush('step:list', 'a', 'b', 'c')
      expect(await redis.lmpop(2, 'job:none', 'job:list', 'LEFT')).toEqual(['job:list', ['a']])
      const [popped] = (await redis.multi().lmpop(1, 'step:list', 'LEFT').exec()) ?? []
      expect(popped).toEqual([null, ['step:list', ['b']]])
      await redis.multi({ pipeline: false })
      await redis.lmpop(1, 'job:list', 'LEFT')
      expect(await redis.exec()).toEqual([[null, ['job:list', ['c']]]])
      const error = await redis.xgroup('DESTROY', 'job:nothing', 'g').catch((caught: Error) => caught)
      expect(String((error as Error).message)).not.toContain('step:')
      const group = await redis
        .xreadgroup('GROUP', 'g', 'c', 'STREAMS', 'job:stream', '>')
        .catch((caught: Error) => caught)
      expect((group as Error).message).toContain("'job:stream'")
      expect((group as Error & { command: unknown }).command).toEqual({
        name: 'xreadgroup',
        args: ['GROUP', 'g', 'c', 'STREAMS', 'job:stream', '>'],
      })
    })

    it('lists each key once, by the name asked for', async () => {
      const redis = wrap(phase)
      await raw.set('other', '1')
      await redis.mset({ 'job:1': 'a', 'step:2': 'b' })
      expect((await redis.keys('job:*')).sort()).toEqual(['job:1', 'job:2'])
      expect((await redis.keys('step:?')).sort()).toEqual(['step:1', 'step:2'])
      expect(await redis.keys('oth*')).toEqual(['other'])
      const seen: string[] = []
      for await (const page of redis.scanStream({ match: 'step:*', count: 1 })) seen.push(...(page as string[]))
      expect(seen.sort()).toEqual(['step:1', 'step:2'])
      expect(await redis.keys('*')).toHaveLength(3)
      expect(await redis.randomkey()).toMatch(/^(other|job:[12]|step:[12])$/)
    })

    it('watches', async () => {
      const redis = wrap(phase)
      await redis.set('job:1', 'a')
      await redis.watch('step:1')
      expect(await redis.multi().get('job:1').exec()).toEqual([[null, 'a']])
      await redis.watch('job:1')
      const read = phase === 'alias' || phase === 'prepare' || phase === 'dual-write' ? 'job:1' : 'step:1'
      await raw.set(read, 'b')
      expect(await redis.multi().get('job:1').exec()).toBeNull()
    })
  })

  describe('reads in dual-read', () => {
    it('cost one command when they hit', async () => {
      const redis = wrap('dual-read')
      await redis.set('step:1', 'v')
      const before = await calls(raw)
      await redis.get('step:1')
      expect(await calls(raw)).toEqual({ ...before, get: (before.get ?? 0) + 1 })
    })

    it('adopt what only the alias has, with its TTL, and leave the alias', async () => {
      await raw.hset('job:1', 'f', 'v')
      await raw.pexpireat('job:1', 4_000_000_000_000)
      expect(await wrap('dual-read').hget('job:1', 'none')).toBeNull()
      expect(await raw.hgetall('step:1')).toEqual({ f: 'v' })
      expect(await raw.pexpiretime('step:1')).toBe(4_000_000_000_000)
      expect(await raw.exists('job:1')).toBe(1)
    })

    it('keep their order with what the caller sends behind them', async () => {
      await raw.set('job:1', 'old')
      const redis = wrap('dual-read')
      const replies = await Promise.all([
        redis.get('step:1'),
        redis.set('job:1', 'new'),
        redis.get('step:1'),
        redis.del('step:1'),
      ])
      expect(replies).toEqual(['old', 'OK', 'new', 1])
      await raw.set('job:2', 'old')
      expect(await Promise.all([redis.get('step:2'), redis.flushdb(), redis.get('step:2')])).toEqual([
        'old',
        'OK',
        null,
      ])
      await raw.set('job:3', 'old')
      expect(await Promise.all([redis.get('step:3'), redis.select(5), redis.get('step:3')])).toEqual([
        'old',
        'OK',
        null,
      ])
    })
  })

  describe('another database', () => {
    it.each(phases)('is reached in %s, and the connection stays where it was', async (phase) => {
      const far = clients.raw({ db: 2 })
      await far.set('averages:X', '7')
      // Entered behind a backfill only; in `canonical` a missing key has been deleted.
      if (phase === 'canonical-primary') await far.copy('averages:X', 'base:X', 'DB', 1)
      const redis = wrap(phase, { db: 1 })
      const expected = phase === 'canonical' ? null : '7'
      expect(await redis.get('base:X')).toBe(expected)
      await redis.incr('averages:X')
      await redis.set('other', 'here')
      const home = clients.raw({ db: 1 })
      expect(await home.get('other')).toBe('here')
      const value = expected === null ? '1' : '8'
      const inHome = !['alias', 'prepare'].includes(phase)
      expect(await home.get('base:X')).toBe(inHome ? value : null)
      expect(await far.get('averages:X')).toBe(phase === 'canonical' ? '7' : phase === 'retire-alias' ? null : value)
      expect(await redis.multi().get('averages:X').get('other').exec()).toEqual([
        [null, value],
        [null, 'here'],
      ])
    })
  })

  describe('errors', () => {
    it('refuses a command without a row, and sends nothing', async () => {
      const redis = wrap('dual-write')
      const error = await redis.call('NEWCMD', 'job:1').catch((caught: unknown) => caught)
      expect(isCanonicalRedisError(error, 'E_UNKNOWN_COMMAND')).toBe(true)
      const passing = wrap('dual-write', {}, { unknownCommands: 'pass' })
      await expect(passing.call('NEWCMD', 'job:1')).rejects.toThrow(/unknown command/)
    })

    it('refuses one command of a pipeline and runs the others', async () => {
      const results = await wrap('dual-write').pipeline().set('job:1', 'a').call('NEWCMD', 'job:1').get('step:1').exec()
      expect(results?.map(([error]) => isCanonicalRedisError(error, 'E_UNKNOWN_COMMAND'))).toEqual([false, true, false])
      expect(results?.[2]).toEqual([null, 'a'])
    })

    it('discards a transaction with a refused command in it', async () => {
      const redis = wrap('dual-write')
      await expect(redis.multi().set('job:1', 'a').call('NEWCMD', 'job:1').exec()).rejects.toThrow(/EXECABORT/)
      expect(await raw.exists('job:1')).toBe(0)
      expect(await redis.get('job:1')).toBeNull()
      await redis.multi({ pipeline: false })
      await redis.set('job:1', 'a')
      await redis.call('NEWCMD', 'job:1').catch(() => undefined)
      await expect(redis.exec()).rejects.toThrow(/EXECABORT/)
      expect(await redis.get('job:1')).toBeNull()
    })

    it("gives the server's own error, and leaves both names as they were", async () => {
      const redis = wrap('dual-write')
      await redis.set('job:1', 'a')
      await expect(redis.hset('job:1', 'f', 'v')).rejects.toThrow(/^WRONGTYPE/)
      await expect(redis.call('HSET', 'job:1', 'f')).rejects.toThrow(/wrong number of arguments/)
      expect([await raw.get('job:1'), await raw.get('step:1')]).toEqual(['a', 'a'])
    })
  })

  describe('the client around it', () => {
    it('is the same kind of object, and is not wrapped twice', () => {
      const inner = clients.raw()
      const redis = new CanonicalRedisClient(inner, { schema, phase: 'alias' })
      expect(redis).toBeInstanceOf(ioredisVersions[version])
      expect(() => new CanonicalRedisClient(redis, { schema, phase: 'alias' })).toThrow(
        /wrapped already, with the schema "client"/,
      )
      expect(() => new CanonicalRedisClient({}, { schema, phase: 'alias' })).toThrow(
        /expected an ioredis 5 or 6 client/,
      )
    })

    it('duplicates into a wrapped client', async () => {
      const redis = wrap('dual-write')
      const copy = redis.duplicate()
      await copy.set('job:1', 'a')
      expect(await raw.get('step:1')).toBe('a')
      copy.disconnect()
    })

    it('keeps its prefix', async () => {
      const redis = wrap('dual-write', { keyPrefix: 'app:' })
      await redis.set('job:1', 'a')
      expect((await raw.keys('*')).sort()).toEqual(['app:job:1', 'app:step:1'])
      expect(await redis.get('step:1')).toBe('a')
    })

    it('pipelines by itself', async () => {
      const redis = wrap('dual-read', { enableAutoPipelining: true })
      await raw.set('job:1', 'a')
      expect(await Promise.all([redis.get('step:1'), redis.incr('job:n'), redis.incr('step:n')])).toEqual(['a', 1, 2])
    })

    it('waits for a server that is not there yet', async () => {
      const redis = wrap('dual-write', { lazyConnect: true })
      expect(await Promise.all([redis.set('job:1', 'a'), redis.pipeline().get('step:1').exec()])).toEqual([
        'OK',
        [[null, 'a']],
      ])
    })

    it('survives a cut connection', async () => {
      const redis = wrap('dual-write', { retryStrategy: () => 5 })
      await redis.set('job:1', 'a')
      await raw.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await until('the client is back', async () => (await redis.get('step:1').catch(() => null)) === 'a')
      expect(await redis.incr('job:n')).toBe(1)
    })

    it('answers for itself', async () => {
      const redis = wrap({ default: 'prepare', families: { step: 'dual-write' } })
      expect(redis.canonical.phase('step')).toBe('dual-write')
      expect(redis.canonical.phase()).toBe('prepare')
      expect(redis.canonical.mapper.getCanonicalKey('job:1')).toBe('step:1')
      expect(redis.canonical.explain(['SET', 'job:1', 'v'])).toEqual(['MSET job:1 v step:1 v'])
      redis.canonical.setPhase('dual-read', 'step')
      expect(redis.canonical.health()).toMatchObject({
        schema: 'client',
        hash: schema.hash,
        phases: { step: 'dual-read', pending: 'prepare' },
      })
      expect(() => redis.canonical.setPhase('canonical', 'step')).toThrow(/dual-read → canonical-primary/)
      expect(() => redis.canonical.phase('nothing')).toThrow(/no family "nothing"/)
      await redis.quit()
    })
  })

  describe('channels', () => {
    it('loses and doubles no message while the phases go by', async () => {
      const [early, late] = [constantPhase('alias'), constantPhase('alias')]
      const got: Record<string, string[]> = { job: [], step: [] }
      for (const [name, source] of [
        ['job', early],
        ['step', late],
      ] as const) {
        const subscriber = wrap(source)
        subscriber.on('message', (channelName: string, message: string) => {
          expect(channelName).toBe(`${name}_events`)
          got[name]?.push(message)
        })
        await subscriber.subscribe(`${name}_events`)
      }
      const publishers = [wrap(early), wrap(late)]
      const sent: string[] = []
      let running = true
      const publishing = (async () => {
        for (let n = 0; running || n % 100 !== 0; n++) {
          sent.push(String(n))
          await publishers[n % 2]?.publish(n % 3 ? 'job_events' : 'step_events', String(n))
        }
      })()
      const pause = async (): Promise<void> => {
        const goal = sent.length + 50
        await until('messages go by', () => sent.length >= goal)
      }
      for (const phase of [...phases.slice(1), ...[...phases].reverse().slice(1)] as Phase[]) {
        early.set?.(phase)
        await pause()
        late.set?.(phase)
        await pause()
      }
      running = false
      await publishing
      await until('the last message', () => got.job?.length === sent.length && got.step?.length === sent.length).catch(
        () => undefined,
      )
      expect(got.job).toEqual(sent)
      expect(got.step).toEqual(sent)
    })
  })
})

async function calls(raw: Redis): Promise<Record<string, number>> {
  const info = await raw.info('commandstats')
  const counts = [...info.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name, n]) => [name, Number(n)] as const)
  return Object.fromEntries(counts.filter(([name]) => name !== 'info'))
}
