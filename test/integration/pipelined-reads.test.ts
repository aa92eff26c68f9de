/**
 * Reads in a pipeline are sent under one name first; what stands behind them in the pipeline, or comes after it, must not
 * change their answers.
 */
import type { Socket } from 'node:net'
import type { ChainableCommander, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { constantPhase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, type IoredisVersion } from '../support/clients.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'pipelined', keys: { step: key('step:<id>').alias('job:<id>') } })

type Fill = (pipeline: ChainableCommander) => unknown

/** By what it does: a pipeline of which a read finds its key under the alias alone, and what it must answer. */
const pipelines: Readonly<Record<string, readonly [fill: Fill, replies: readonly unknown[]]>> = {
  'reads alone': [(p) => p.get('step:1').get('job:2').get('step:9'), ['one', 'two', null]],
  'a read before its SET': [(p) => p.get('step:1').set('step:1', 'new').get('job:1'), ['one', 'OK', 'new']],
  'a read before its DEL': [(p) => p.get('job:1').del('step:1').get('step:1'), ['one', 1, null]],
  'a read before INCRBY of another name': [(p) => p.get('step:3').incrby('job:3', 2).get('step:3'), ['3', 5, '5']],
  'a read between other commands': [(p) => p.set('other', 'x').get('step:1').get('other'), ['OK', 'one', 'x']],
  'two reads before a write': [(p) => p.get('step:1').strlen('job:1').set('job:1', 'x'), ['one', 3, 'OK']],
  'several keys': [(p) => p.mget('step:1', 'job:2', 'other').del('job:1', 'job:2'), [['one', 'two', null], 2]],
  'several keys, of which some are missing': [
    (p) => p.mget('step:1', 'job:8', 'job:2').exists('job:1', 'step:2', 'step:3').del('step:1').mget('step:1', 'job:2'),
    [['one', null, 'two'], 3, 1, [null, 'two']],
  ],
  'several keys, then an MSET of them': [
    (p) => p.mget('step:1', 'job:2').mset('job:1', 'x', 'step:2', 'y').mget('job:1', 'job:2'),
    [['one', 'two'], 'OK', ['x', 'y']],
  ],
  'a read before FLUSHDB': [(p) => p.get('step:1').flushdb().get('step:1'), ['one', 'OK', null]],
  'a read before SELECT': [
    (p) => p.get('step:1').select(1).get('step:1').select(0).get('step:1'),
    ['one', 'OK', null, 'OK', 'one'],
  ],
  'a read before MULTI': [
    (p) => p.get('step:1').call('MULTI').set('step:1', 'new').get('step:1').call('EXEC'),
    ['one', 'OK', 'QUEUED', 'QUEUED', ['OK', 'new']],
  ],
  'a read before a write of the same key by a script': [
    (p) => p.get('step:1').eval("return redis.call('SET', KEYS[1], 'new')", 1, 'job:1').get('step:1'),
    ['one', 'OK', 'new'],
  ],
  'an error, which shows the name that was asked for': [
    (p) => p.get('step:1').llen('job:1'),
    ['one', expect.any(Error)],
  ],
}

describe.each(Object.keys(ioredisVersions) as IoredisVersion[])('reads in pipelines of %s', (version) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients(version, server.port)
    raw = clients.raw()
    await raw.flushall()
    await raw.mset('job:1', 'one', 'job:2', 'two', 'job:3', '3')
  })
  afterEach(() => clients.close())

  const wrap = (phase: CanonicalOptions['phase'], options = {}) =>
    new CanonicalRedisClient(clients.raw(options), { schema, phase })

  const repliesOf = async (pipeline: ChainableCommander) =>
    ((await pipeline.exec()) ?? []).map(([error, reply]) => error ?? reply)

  describe.each(['dual-read', 'retire-alias'] as const)('%s', (phase) => {
    // The first command with a key asks the server for its version, and goes another way than those that follow.
    const ways = Object.entries(pipelines).flatMap(([name, row]) =>
      ['first on its connection', 'behind others'].map((place) => [name, place, ...row] as const),
    )
    it.each(ways)('%s, %s', async (_, place, fill, replies) => {
      const redis = wrap(phase)
      await (place === 'behind others' ? redis.get('other') : redis.ping())
      const pipeline = redis.pipeline()
      fill(pipeline)
      expect(await repliesOf(pipeline)).toEqual(replies)
    })

    it('pipelines that follow at once, plain commands and a transaction do not change what a read before them finds', async () => {
      const redis = wrap(phase)
      const replies = await Promise.all([
        repliesOf(redis.pipeline().get('step:1').get('step:2')),
        redis.get('job:3'),
        repliesOf(redis.pipeline().set('other', 'x').set('step:1', 'a').get('job:1')),
        redis.incr('step:3'),
        repliesOf(redis.multi().set('job:2', 'b').get('step:2')),
        redis.get('step:2'),
      ])
      expect(replies).toEqual([['one', 'two'], '3', ['OK', 'OK', 'a'], 4, ['OK', 'b'], 'b'])
    })

    it('autopipelined commands answer as they do one by one', async () => {
      const redis = wrap(phase, { enableAutoPipelining: true })
      const replies = await Promise.all([
        redis.get('step:1'),
        redis.set('job:1', 'new'),
        redis.get('step:1'),
        redis.del('step:2'),
        redis.get('job:2'),
      ])
      expect(replies).toEqual(['one', 'OK', 'new', 1, null])
    })

    it('a pipeline that was filled before the connection was there', async () => {
      const redis = wrap(phase, { lazyConnect: true })
      const replies = await repliesOf(redis.pipeline().get('step:1').set('step:1', 'new').get('job:1'))
      expect(replies).toEqual(['one', 'OK', 'new'])
    })

    it('a hit is one command on the wire, and a second pipeline asks nothing again', async () => {
      const redis = wrap(phase)
      await redis.mset('step:1', 'a', 'step:2', 'b')
      await raw.config('RESETSTAT')
      const both = [redis.pipeline().get('step:1').get('job:2'), redis.pipeline().get('step:2').get('job:1')]
      expect(await Promise.all(both.map(repliesOf))).toEqual([
        ['a', 'b'],
        ['b', 'a'],
      ])
      const stats = await raw.info('commandstats')
      expect(stats).toMatch(/cmdstat_get:calls=4,/)
      expect(stats).not.toMatch(/cmdstat_(copy|multi)/)
    })

    it('reads that miss together are asked again in one write', async () => {
      const bare = clients.raw()
      const redis = new CanonicalRedisClient(bare, { schema, phase })
      await redis.get('other')
      const socket = (bare as unknown as { stream: Socket }).stream
      const alone = vi.spyOn(socket, '_write')
      const together = vi.spyOn(socket, '_writev' as never) as MockInstance
      const pipeline = redis.pipeline()
      for (let i = 1; i <= 20; i++) pipeline.get(`step:${i}`)
      expect((await repliesOf(pipeline)).slice(0, 4)).toEqual(['one', 'two', '3', null])
      expect(alone).toHaveBeenCalledTimes(1)
      expect(together).toHaveBeenCalledTimes(1)
      expect(socket.writableCorked).toBe(0)
    })
  })

  it.each([
    ['one key', (redis: Redis) => redis.get('job:1'), (redis: Redis) => redis.del('step:1'), 'one', 1],
    [
      'several keys',
      (redis: Redis) => redis.mget('job:1', 'step:2'),
      (redis: Redis) => redis.del('step:1', 'step:2'),
      ['one', 'two'],
      2,
    ],
  ])('of %s: the phase goes on to `canonical` behind a read, whose copy must not come after a DEL', async (...row) => {
    const [, read, remove, answer, removed] = row
    const phase = constantPhase('retire-alias')
    const redis = wrap(phase)
    await redis.get('other')
    const reply = read(redis)
    phase.set?.('canonical')
    expect(await remove(redis)).toBe(removed)
    expect(await reply).toEqual(answer)
    expect(await raw.exists('step:1', 'step:2')).toBe(0)
  })

  it('in dual-read the second question is one unit, since a client in prepare may remove the canonical name', async () => {
    const redis = wrap('dual-read')
    await redis.ping()
    await raw.config('RESETSTAT')
    expect(await repliesOf(redis.pipeline().get('step:1'))).toEqual(['one'])
    expect(await raw.info('commandstats')).toMatch(/cmdstat_multi:calls=1,/)
  })
})
