/**
 * Hooks and diagnostics channels, while keys move: told of what happened and of nothing else, and a veto that costs no data.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Cluster, type Redis } from 'ioredis'
import { createClient as createClient5 } from 'redis'
import { createClient as createClient6Raw } from 'redis6'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import {
  hookChannels,
  type Hooks,
  type KeyEvent,
  type MigratedEvent,
  type MissEvent,
} from '../../src/clients/shared/hooks.js'
import type { Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { Clients, ioredisVersions, type IoredisVersion } from '../support/clients.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'hooks',
  keys: {
    step: key('step:{<id>}').alias('job:{<id>}').alias('task:{<id>}'),
    far: key('near:<id>').alias('far:<id>', { db: 2 }),
  },
})

const createClient6 = createClient6Raw as unknown as typeof createClient5

const [A, C, OLD] = ['job:{1}', 'step:{1}', 'task:{1}']

/** Everything that is told, a line each. */
function listening(): { hooks: Hooks; told: string[] } {
  const told: string[] = []
  const note =
    (name: string) =>
    (event: KeyEvent | MissEvent | MigratedEvent): void => {
      const { family, canonical, command, phase } = event
      const from = 'aliases' in event ? event.aliases.join(',') : event.alias.toString()
      const copied = 'copied' in event ? [String(event.copied)] : []
      told.push([name, command, `${family}:`, from, '->', canonical.toString(), phase, ...copied].join(' '))
    }
  const hooks = {
    onAdopt: note('adopt'),
    onMirror: note('mirror'),
    onFallbackMiss: note('miss'),
    afterMigrate: note('after'),
  }
  return { hooks, told }
}

describe.each(Object.keys(ioredisVersions) as IoredisVersion[])('hooks of %s', (version) => {
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
  })
  afterEach(() => clients.close())

  const wrap = (phase: CanonicalOptions['phase'], hooks: Hooks) =>
    new CanonicalRedisClient(clients.raw(), { schema, phase, hooks })

  it('tell of a key that a read adopts, once, and of a miss', async () => {
    const { hooks, told } = listening()
    const redis = wrap('dual-read', hooks)
    await raw.set(A, 'v')
    expect(await redis.get(C)).toBe('v')
    expect(told.splice(0)).toEqual([
      `adopt GET step: ${A} -> ${C} dual-read`,
      `after GET step: ${A} -> ${C} dual-read true`,
      `after GET step: ${OLD} -> ${C} dual-read false`,
    ])
    // A hit is one command, and nothing is told of it.
    expect(await redis.get(A)).toBe('v')
    expect(told.splice(0)).toEqual([])
    expect(await redis.get('job:{2}')).toBeNull()
    expect(told.filter((line) => line.startsWith('miss'))).toEqual([
      'miss GET step: job:{2},task:{2} -> step:{2} dual-read',
    ])
  })

  it.each<[Phase, string[]]>([
    ['alias', []],
    ['prepare', []],
    ['dual-write', [`mirror HSET step: ${A} -> ${C} dual-write`]],
    ['dual-read', [`adopt HSET step: ${A} -> ${C} dual-read`, `mirror HSET step: ${A} -> ${C} dual-read`]],
    ['canonical-primary', [`mirror HSET step: ${A} -> ${C} canonical-primary`]],
    ['retire-alias', [`adopt HSET step: ${A} -> ${C} retire-alias`]],
    ['canonical', []],
  ])('tell of a write in %s, alone, in a pipeline and in MULTI', async (phase, expected) => {
    const { hooks, told } = listening()
    const redis = wrap(phase, hooks)
    const ways: (() => Promise<unknown>)[] = [
      () => redis.hset(C, 'f', '1'),
      () => redis.pipeline().hset(A, 'f', '2').exec(),
      () => redis.multi().hset(C, 'f', '3').exec(),
      async () => {
        await redis.multi({ pipeline: false })
        await redis.hset(A, 'f', '4')
        await redis.exec()
      },
    ]
    for (const way of ways) {
      await raw.flushall()
      await raw.hset(A, 'g', 'legacy')
      await way()
      expect(told.splice(0).filter((line) => !line.startsWith('after'))).toEqual(expected)
    }
  })

  it('are not told of a write that failed', async () => {
    const { hooks, told } = listening()
    const redis = wrap('canonical-primary', hooks)
    await raw.set(C, 'text')
    await expect(redis.hset(A, 'f', 'v')).rejects.toThrow('WRONGTYPE')
    expect(told).toEqual([])
  })

  it('tell of an alias in another database', async () => {
    const { hooks, told } = listening()
    await raw.select(2)
    await raw.set('far:1', 'v')
    expect(await wrap('dual-read', hooks).get('near:1')).toBe('v')
    expect(told[0]).toBe('adopt GET far: far:1 -> near:1 dual-read')
  })

  it('that throw disturb nothing, and a warning says so', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const redis = wrap('dual-write', {
      onMirror() {
        throw new Error('a bug')
      },
    })
    expect(await redis.set(C, 'v', 'EX', 100)).toBe('OK')
    expect(await redis.get(A)).toBe('v')
    expect((await warned).message).toBe('the hook onMirror threw: Error: a bug')
  })

  it('are also on diagnostics_channel', async () => {
    const got: unknown[] = []
    const listener = (event: unknown): void => void got.push(event)
    const redis = wrap('dual-write', {})
    subscribe(hookChannels.onMirror, listener)
    try {
      await redis.hset(C, 'f', 'secret')
    } finally {
      unsubscribe(hookChannels.onMirror, listener)
    }
    await redis.hset(C, 'f', 'secret')
    expect(got).toEqual([{ family: 'step', canonical: C, alias: A, command: 'HSET', phase: 'dual-write' }])
  })

  it('that are misspelt are refused', () => {
    expect(() => wrap('alias', { onadopt: () => undefined } as Hooks)).toThrow(
      /expected the hook `onadopt` to be one of/,
    )
    expect(() => wrap('alias', { onAdopt: 1 } as never)).toThrow(/`onAdopt` to be a function, got number/)
  })

  describe('beforeMigrate', () => {
    const veto: Hooks = { beforeMigrate: ({ canonical }) => canonical.toString() !== C }

    it.each<Phase>(['dual-read', 'retire-alias'])(
      'with a veto in %s: reads are answered from the alias',
      async (phase) => {
        const redis = wrap(phase, veto)
        await raw.hset(A, 'f', 'v')
        expect(await redis.hget(C, 'f')).toBe('v')
        expect(await redis.pipeline().hget(A, 'f').hgetall(C).exec()).toEqual([
          [null, 'v'],
          [null, { f: 'v' }],
        ])
        expect(await redis.multi().hget(C, 'f').exec()).toEqual([[null, 'v']])
        await redis.watch(C)
        expect(await redis.hget(C, 'f')).toBe('v')
        await redis.unwatch()
        expect(await raw.exists(C)).toBe(0)
        // Another key is adopted as ever.
        await raw.set('job:{2}', 'v')
        expect(await redis.get('step:{2}')).toBe('v')
        expect(await raw.exists('step:{2}')).toBe(1)
        // What is under the canonical name goes first, and an older alias comes last.
        await raw.hset(C, 'f', 'new')
        expect(await redis.hget(A, 'f')).toBe('new')
        await raw.del(A, C)
        await raw.hset(OLD, 'f', 'older')
        expect(await redis.hget(C, 'f')).toBe('older')
      },
    )

    it.each<Phase>(['dual-read', 'retire-alias'])(
      'with a change in %s: both names have it, as one unit',
      async (phase) => {
        const change = [
          ['HSET', 'migrated', 'yes'],
          ['PEXPIRE', 600_000],
        ]
        const redis = wrap(phase, { beforeMigrate: () => ({ change }) })
        for (const [i, read] of [
          (name: string) => redis.hget(name, 'migrated'),
          async (name: string) => (await redis.pipeline().hget(name, 'migrated').exec())?.[0]?.[1],
          async (name: string) => (await redis.multi().hget(name, 'migrated').exec())?.[0]?.[1],
        ].entries()) {
          const [a, c] = [`job:{${i}}`, `step:{${i}}`]
          await raw.hset(a, 'f', 'v')
          expect(await read(c)).toBe('yes')
          expect(await raw.hgetall(a)).toEqual({ f: 'v', migrated: 'yes' })
          expect(await raw.hgetall(c)).toEqual({ f: 'v', migrated: 'yes' })
          expect(await raw.pexpiretime(a)).toBe(await raw.pexpiretime(c))
          expect(await raw.pttl(c)).toBeGreaterThan(0)
        }
        // Only when it is copied: not again, and not where there is nothing.
        await raw.persist('step:{0}')
        await redis.hset('step:{0}', 'g', '1')
        expect(await raw.ttl('step:{0}')).toBe(-1)
        expect(await redis.hget('step:{9}', 'f')).toBeNull()
        expect(await raw.exists('step:{9}', 'job:{9}')).toBe(0)
      },
    )

    it('with a change that fails: the key is not copied, and stays as it was', async () => {
      const redis = wrap('dual-read', {
        beforeMigrate: () => ({
          change: [
            ['PEXPIRE', 1000],
            ['LPUSH', 'x'],
          ],
        }),
      })
      await raw.set(A, 'v')
      await expect(redis.get(C)).rejects.toThrow('WRONGTYPE')
      expect(await raw.keys('*')).toEqual([A])
      expect(await raw.ttl(A)).toBe(-1)
    })

    it('with a change across databases', async () => {
      await raw.select(2)
      await raw.set('far:1', 'v')
      const redis = wrap('dual-read', { beforeMigrate: () => ({ change: [['EXPIRE', 100]] }) })
      expect(await redis.get('near:1')).toBe('v')
      expect(await redis.ttl('near:1')).toBeGreaterThan(0)
      expect(await raw.ttl('far:1')).toBeGreaterThan(0)
    })

    it('names the streams as the caller did', async () => {
      await raw.xadd(A, '1-1', 'f', 'v')
      const redis = wrap('dual-read', veto)
      const expected = [[C, [['1-1', ['f', 'v']]]]]
      expect(await redis.xread('STREAMS', C, '0')).toEqual(expected)
      expect((await redis.pipeline().xread('STREAMS', C, '0').exec())?.[0]?.[1]).toEqual(expected)
    })

    it('works across databases', async () => {
      await raw.select(2)
      await raw.set('far:1', 'v')
      const redis = wrap('dual-read', { beforeMigrate: () => false })
      expect(await redis.get('near:1')).toBe('v')
      expect(await raw.keys('*')).toEqual(['far:1'])
      expect(await redis.set('other', '1')).toBe('OK')
      expect(await raw.exists('other')).toBe(0)
    })

    it.each([
      ['gives false', () => false, /beforeMigrate gave false for "step:\{1\}" of family "step", and HSET cannot be/],
      [
        'throws',
        () => {
          throw new Error('a bug')
        },
        /beforeMigrate threw/,
      ],
    ])('that %s: a write is refused, and both names stay as they are', async (_what, beforeMigrate, message) => {
      await raw.hset(A, 'f', 'v')
      const redis = wrap('dual-read', { beforeMigrate })
      await expect(redis.hset(C, 'f', 'new')).rejects.toThrow(message)
      await expect(redis.hset(C, 'f', 'new')).rejects.toMatchObject({ code: 'E_VETOED' })
      await expect(redis.mget(C, 'job:{2}')).rejects.toMatchObject({ code: 'E_VETOED' })
      await expect(redis.multi().hset(C, 'f', 'new').exec()).rejects.toThrow('EXECABORT')
      expect(await raw.keys('*')).toEqual([A])
      expect(await raw.hget(A, 'f')).toBe('v')
    })
  })
})

describe('hooks of node-redis', () => {
  it.each([
    ['5', createClient5],
    ['6', createClient6],
  ] as const)('%s: told, vetoed, changed', async (_version, create) => {
    const server = await startServer()
    const raw = await create({ url: server.url }).connect()
    const inner = await create({ url: server.url }).connect()
    try {
      const { hooks, told } = listening()
      let word: ReturnType<NonNullable<Hooks['beforeMigrate']>> = undefined
      const beforeMigrate = (): typeof word => word
      const redis = new CanonicalRedisClient(inner, { schema, phase: 'dual-read', hooks: { ...hooks, beforeMigrate } })
      const heard = (): string[] => told.splice(0).filter((line) => !line.startsWith('after'))
      await raw.hSet(A, 'f', 'v')
      word = false
      expect(await redis.hGet(C, 'f')).toBe('v')
      expect(await redis.multi().hGet(C, 'f').exec()).toEqual(['v'])
      expect(await raw.exists(C)).toBe(0)
      await expect(redis.hSet(C, 'f', 'new')).rejects.toMatchObject({ code: 'E_VETOED' })
      expect(heard()).toEqual([])
      word = { change: [['HSET', 'migrated', 'yes']] }
      expect(await redis.hGet(C, 'migrated')).toBe('yes')
      await redis.multi().hSet(C, 'f', 'new').exec()
      expect(await redis.get('job:{2}')).toBeNull()
      expect(heard()).toEqual([
        `adopt HGET step: ${A} -> ${C} dual-read`,
        `mirror HSET step: ${A} -> ${C} dual-read`,
        'miss GET step: job:{2},task:{2} -> step:{2} dual-read',
      ])
      expect(await raw.hGetAll(A)).toEqual({ f: 'new', migrated: 'yes' })
      // Full memory: reads look under both names, and what frees memory works.
      await raw.set('job:{3}', 'v')
      await raw.configSet('maxmemory', '1')
      expect(await redis.get('step:{3}')).toBe('v')
      await expect(redis.set('step:{3}', 'new')).rejects.toThrow('OOM')
      expect(await redis.del(C)).toBe(1)
      expect(await raw.exists([A, C])).toBe(0)
    } finally {
      raw.destroy()
      inner.destroy()
      await server.stop()
    }
  })
})

describe('hooks on a cluster', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster('redis-7.0')
  })
  afterAll(() => cluster.stop())

  it('tell of a read and a write, alone and in a pipeline', async () => {
    const { hooks, told } = listening()
    const inner = new Cluster([...cluster.nodes])
    try {
      const redis = new CanonicalRedisClient(inner, { schema, phase: 'dual-read', hooks })
      await inner.set(A, 'v')
      expect(await redis.get(C)).toBe('v')
      await redis.pipeline().append(C, '!').get('job:{2}').exec()
      expect(told.filter((line) => !line.startsWith('after'))).toEqual([
        `adopt GET step: ${A} -> ${C} dual-read`,
        `mirror APPEND step: ${A} -> ${C} dual-read`,
        'miss GET step: job:{2},task:{2} -> step:{2} dual-read',
      ])
    } finally {
      inner.disconnect()
    }
  })
})
