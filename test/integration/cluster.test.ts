import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis6'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import { phases, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { availableServers } from '../support/servers.js'

const schema = defineSchema({
  name: 'cluster',
  keys: {
    // One slot for both names, by hash tag; and two names that lie where they lie.
    step: key('v2:{job:<id>}').alias('job:<id>'),
    loose: key('new:<id>').alias('old:<id>'),
    far: key('base:<symbol>').alias('averages:<symbol>', { db: 2 }),
  },
})

const versions = {
  'ioredis 5': Cluster5,
  'ioredis 6': Cluster6 as unknown as typeof Cluster5,
  iovalkey: ValkeyCluster as unknown as typeof Cluster5,
} as const

describe.each(availableServers())('a cluster of %s', (kind) => {
  let cluster: TestCluster

  beforeAll(async () => {
    cluster = await startCluster(kind, 1)
  })
  afterAll(() => cluster.stop())

  describe.each(Object.keys(versions) as (keyof typeof versions)[])('%s', (version) => {
    const open: Cluster5[] = []
    const connect = (options = {}): Cluster5 => {
      const client = new versions[version]([...cluster.nodes], { redisOptions: { connectTimeout: 2000 }, ...options })
      client.on('error', () => undefined)
      open.push(client)
      return client
    }
    let raw: Cluster5
    const wrap = (phase: Phase, options = {}) => new CanonicalRedisClient(connect(options), { schema, phase })

    beforeEach(async () => {
      raw = connect()
      // Until it is connected it knows no masters, and would flush none.
      await raw.get('probe')
      await Promise.all(raw.nodes('master').map((node) => node.flushall()))
    })
    afterEach(() => {
      for (const client of open.splice(0)) client.disconnect()
    })

    const ids = Array.from({ length: 12 }, (_, i) => String(i))

    it.each(phases)('means the same key by both names in %s', async (phase) => {
      const redis = wrap(phase)
      for (const id of ids) {
        await redis.hset(`job:${id}`, { status: 'new', tries: 0 })
        expect(await redis.hincrby(`v2:{job:${id}}`, 'tries', 2)).toBe(2)
        expect(await redis.hgetall(`job:${id}`)).toEqual({ status: 'new', tries: '2' })
        expect(await redis.hget(`v2:{job:${id}}`, 'none')).toBeNull()
        expect(await redis.del(`job:${id}`)).toBe(1)
        expect(await raw.exists(`job:${id}`, `v2:{job:${id}}`)).toBe(0)
      }
    })

    it.each(phases)('finds what legacy code wrote in %s, where the phase reads it', async (phase) => {
      const redis = wrap(phase)
      for (const id of ids) {
        await raw.set(`job:${id}`, 'legacy')
        const found = ['canonical-primary', 'canonical'].includes(phase) ? null : 'legacy'
        expect(await redis.get(`v2:{job:${id}}`)).toBe(found)
      }
    })

    it.each(phases)('pipelines and transactions in %s', async (phase) => {
      const redis = wrap(phase)
      await raw.set('job:7', 'legacy')
      const results = await redis.pipeline().incr('job:n').incr('v2:{job:n}').hset('job:n', 'f', 1).get('job:n').exec()
      expect([results?.[0], results?.[1], results?.[3]]).toEqual([
        [null, 1],
        [null, 2],
        [null, '2'],
      ])
      expect(results?.[2]?.[0]?.message).toMatch(/^WRONGTYPE/)
      const both = ['v2:{job:n}', 'job:n']
      const [[, values] = [], [wrong] = []] = (await redis.pipeline().mget(both).sinter(both).exec()) ?? []
      expect(values).toEqual(['2', '2'])
      expect(wrong).toMatchObject({
        message: expect.stringMatching(/^WRONGTYPE/),
        command: { name: 'sinter', args: both },
      })
      const multi = await redis.multi().incr('job:n').get('v2:{job:n}').lmpop(1, 'job:n', 'LEFT').exec()
      expect(multi?.slice(0, 2)).toEqual([
        [null, 3],
        [null, '3'],
      ])
      expect(multi?.[2]?.[0]?.message).toMatch(/^WRONGTYPE/)
      expect(
        await redis
          .multi([
            ['set', 'job:n', 'a'],
            ['get', 'v2:{job:n}'],
          ])
          .exec(),
      ).toEqual([
        [null, 'OK'],
        [null, 'a'],
      ])
      expect(
        await redis
          .pipeline([
            ['get', 'job:n'],
            ['call', 'GET', 'v2:{job:n}'],
          ])
          .exec(),
      ).toEqual([
        [null, 'a'],
        [null, 'a'],
      ])
      const called = await new Promise((resolve, reject) => {
        void redis
          .pipeline()
          .get('job:n')
          .exec((error, value) => (error ? reject(error) : resolve(value)))
      })
      expect(called).toEqual([[null, 'a']])
    })

    it.each(phases)('runs scripts and answers under the names asked for in %s', async (phase) => {
      const redis = wrap(phase) as ReturnType<typeof wrap> & { bump(name: string, by: number): Promise<number> }
      redis.defineCommand('bump', { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
      expect(await redis.bump('job:n', 2)).toBe(2)
      expect(await redis.bump('v2:{job:n}', 3)).toBe(5)
      await Promise.all(raw.nodes('master').map((node) => node.script('FLUSH')))
      expect(await redis.bump('v2:{job:n}', 3)).toBe(8)
      await redis.xadd('job:stream', '1-1', 'f', 'v')
      expect(await redis.xread('STREAMS', 'v2:{job:stream}', '0')).toEqual([['v2:{job:stream}', [['1-1', ['f', 'v']]]]])
      const error = await redis
        .xreadgroup('GROUP', 'g', 'c', 'STREAMS', 'job:stream', '>')
        .catch((caught: Error) => caught)
      expect((error as Error).message).toContain("'job:stream'")
      await redis.rpush('job:list', 'a')
      expect(await redis.pipeline().lmpop(1, 'v2:{job:list}', 'LEFT').exec()).toEqual([
        [null, ['v2:{job:list}', ['a']]],
      ])
    })

    it.each(['prepare', 'dual-write', 'dual-read', 'canonical-primary', 'retire-alias'] as const)(
      'refuses names in different slots in %s',
      async (phase) => {
        const redis = wrap(phase)
        const error = await redis.set('old:1', 'a').catch((caught: unknown) => caught)
        expect(isCanonicalRedisError(error, 'E_CROSS_SLOT')).toBe(true)
        expect((error as Error).message).toMatch(/"old:1" and "new:1".*v2:\{job:<id>\}/s)
        const [[refused] = []] = (await redis.pipeline().set('old:1', 'a').set('job:1', 'a').exec()) ?? []
        expect(isCanonicalRedisError(refused, 'E_CROSS_SLOT')).toBe(true)
        await expect(redis.multi().set('old:1', 'a').exec()).rejects.toThrow(/EXECABORT/)
        const far = await redis.set('base:1', 'a').catch((caught: unknown) => caught)
        expect(isCanonicalRedisError(far, 'E_CROSS_DATABASE')).toBe(true)
        expect(await raw.exists('old:1')).toBe(0)
      },
    )

    it('renames across slots where only one name is used', async () => {
      const [old, young] = [wrap('alias'), wrap('canonical')]
      for (const id of ids) {
        await old.set(`new:${id}`, 'a')
        await young.set(`old:${id}`, 'b')
        expect([await raw.get(`old:${id}`), await raw.get(`new:${id}`)]).toEqual(['a', 'b'])
        expect(await old.pipeline().get(`new:${id}`).exec()).toEqual([[null, 'a']])
      }
    })

    it('reads from replicas, and adopts on the master', async () => {
      const redis = wrap('dual-read', { scaleReads: 'slave' })
      for (const id of ids) {
        await raw.set(`job:${id}`, 'legacy')
        expect(await redis.get(`v2:{job:${id}}`)).toBe('legacy')
        expect(await raw.get(`v2:{job:${id}}`)).toBe('legacy')
      }
    })

    it('follows a slot that moves, in commands, pipelines and transactions', async () => {
      const redis = wrap('dual-write')
      await redis.set('job:moving', 'a')
      const slot = Number(await raw.cluster('KEYSLOT', 'job:moving'))
      await moveSlot(raw, slot, ['job:moving', 'v2:{job:moving}'])
      expect(await redis.append('v2:{job:moving}', 'b')).toBe(2)
      expect(await redis.pipeline().append('job:moving', 'c').get('v2:{job:moving}').exec()).toEqual([
        [null, 3],
        [null, 'abc'],
      ])
      expect(await redis.multi().append('job:moving', 'd').exec()).toEqual([[null, 4]])
      expect([await raw.get('job:moving'), await raw.get('v2:{job:moving}')]).toEqual(['abcd', 'abcd'])
    })

    it('asks the other node while a slot moves', async () => {
      const redis = wrap('dual-write')
      const name = `job:asking-${version}`
      await redis.set(name, 'a')
      const slot = Number(await raw.cluster('KEYSLOT', name))
      const finish = await moveKeys(raw, slot, [name, `v2:{${name}}`])
      expect(await redis.get(`v2:{${name}}`)).toBe('a')
      expect(await redis.set(name, 'b')).toBe('OK')
      expect(await redis.pipeline().set(name, 'c').get(`v2:{${name}}`).exec()).toEqual([
        [null, 'OK'],
        [null, 'c'],
      ])
      expect(await redis.multi().set(name, 'd').exec()).toEqual([[null, 'OK']])
      await finish()
      expect([await raw.get(name), await raw.get(`v2:{${name}}`)]).toEqual(['d', 'd'])
    })

    it('gives wrapped nodes and duplicates, and works with autopipelining', async () => {
      const redis = wrap('dual-write', { enableAutoPipelining: true })
      expect(redis).toBeInstanceOf(versions[version])
      expect(await Promise.all(ids.map((id) => redis.set(`job:${id}`, id)))).toEqual(ids.map(() => 'OK'))
      expect(await Promise.all(ids.map((id) => redis.get(`v2:{job:${id}}`)))).toEqual(ids)
      const seen: string[] = []
      for (const node of redis.nodes('master')) {
        for await (const page of node.scanStream({ match: 'v2:{job:*}' })) seen.push(...(page as string[]))
      }
      expect(seen.sort()).toEqual(ids.map((id) => `v2:{job:${id}}`).sort())
      const copy = redis.duplicate()
      open.push(copy)
      await copy.set('job:1', 'copied')
      expect(await raw.get('v2:{job:1}')).toBe('copied')
    })
  })
})

/** Moves one slot to another master, as an operator would. */
async function moveSlot(raw: Cluster5, slot: number, names: readonly string[]): Promise<void> {
  const finish = await moveKeys(raw, slot, names)
  await finish()
}

/** Moves the keys of a slot, and gives what moves the slot itself: until then the old owner answers with ASK. */
async function moveKeys(raw: Cluster5, slot: number, names: readonly string[]): Promise<() => Promise<void>> {
  const masters = raw.nodes('master')
  const ids = await Promise.all(masters.map((node) => node.call('CLUSTER', 'MYID')))
  const lines = String(await masters[0]?.call('CLUSTER', 'NODES')).split('\n')
  const owns = (id: unknown): boolean =>
    lines.some((line) => {
      const [own, , , , , , , , ...ranges] = line.split(' ')
      return own === id && ranges.some((range) => inRange(range, slot))
    })
  const from = ids.findIndex((id) => owns(id))
  const to = (from + 1) % masters.length
  const [source, target] = [masters[from], masters[to]] as [(typeof masters)[0], (typeof masters)[0]]
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[from]))
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[to]))
  await source.call('MIGRATE', '127.0.0.1', target.options.port ?? 0, '', 0, 5000, 'KEYS', ...names)
  return async () => {
    for (const node of [target, source, ...masters]) {
      await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[to]))
    }
  }
}

function inRange(range: string, slot: number): boolean {
  const [low, high = low] = range.split('-').map(Number)
  return slot >= (low ?? NaN) && slot <= (high ?? NaN)
}
