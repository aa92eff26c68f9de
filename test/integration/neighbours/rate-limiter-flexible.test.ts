/** rate-limiter-flexible on both kinds of client: no point is forgotten, and none is counted twice. */
import { RateLimiterRedis, RateLimiterRes, type IRateLimiterRedisOptions } from 'rate-limiter-flexible'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import type { PhaseSource } from '../../../src/phases/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import { Clients } from '../../support/clients.js'
import { walkThePath, twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { NodeClients } from '../../support/node-redis.js'
import { startServer, type TestServer } from '../../support/servers.js'

const schema = defineSchema({
  name: 'limits',
  keys: {
    limit: key('api:limit:<who>').alias('rlflx:<who>'),
    // Without an expiry, which takes MULTI, INCRBY and PTTL instead of the script.
    total: key('api:total:<who>').alias('totals:<who>'),
  },
})
const DURATION = 3_600

interface Kind {
  readonly name: string
  /** A client of a port; wrapped where it is given a phase. */
  connect(clients: Opened, phase?: PhaseSource): Promise<object>
  readonly options: Partial<IRateLimiterRedisOptions>
}

interface Opened {
  readonly ioredis: Clients
  readonly node: NodeClients
}

const kinds: readonly Kind[] = [
  ...(['ioredis', 'node'] as const).map((kind): Kind => {
    const isNode = kind === 'node'
    return {
      name: isNode ? 'node-redis 5' : 'ioredis 5',
      async connect(clients, phase) {
        const client = isNode ? clients.node.make() : clients.ioredis.raw()
        const used = phase ? new CanonicalRedisClient(client, { schema, phase }) : client
        if ('isOpen' in used) await used.connect()
        return used
      },
      options: { useRedisPackage: isNode },
    }
  }),
]

describe.each(kinds)('rate-limiter-flexible on $name', ({ connect, options }) => {
  let server: TestServer
  let opened: Opened
  let raw: Redis

  beforeAll(async () => {
    server = await startServer()
    opened = { ioredis: new Clients('ioredis 5', server.port), node: new NodeClients('node-redis 5', 3, server.port) }
    raw = opened.ioredis.raw()
  })
  beforeEach(() => raw.flushall())
  afterAll(async () => {
    opened.ioredis.close()
    await opened.node.close()
    await server.stop()
  })

  const limiter = (storeClient: object, keyPrefix: string, points: number, duration = DURATION) =>
    new RateLimiterRedis({ storeClient, keyPrefix, points, duration, ...options })

  it('counts each point once', { timeout: 180_000 }, async () => {
    const services = twoServices()
    const [first, second] = [await connect(opened, services[0]), await connect(opened, services[1])]
    const legacy = await connect(opened)
    const on = (client: object, side: 'old' | 'new') => ({
      ample: limiter(client, side === 'old' ? 'rlflx' : 'api:limit', 1_000_000),
      narrow: limiter(client, side === 'old' ? 'rlflx' : 'api:limit', 3),
      total: limiter(client, side === 'old' ? 'totals' : 'api:total', 1_000_000, 0),
    })
    const limiters = new Set([on(first, 'old'), on(second, 'new'), on(legacy, 'old')])
    const any = (round: number) => [...limiters][round % limiters.size]!

    await any(2).ample.consume('sleeper', 7)
    const work = new Work()
    const seen: Record<string, number[]> = { ample: [], total: [] }
    for (const kind of ['ample', 'total'] as const) {
      for (const start of [0, 1, 2]) {
        work.loop(`${kind}, from ${start}`, async (round) => {
          seen[kind]!.push((await any(round + start)[kind].consume('shared')).consumedPoints)
        })
      }
    }
    work.loop('one who asks too often', async (round) => {
      const who = `eager${round}`
      for (const points of [1, 2, 3]) {
        expect((await any(round + points).narrow.consume(who)).remainingPoints).toBe(3 - points)
      }
      const refused: unknown = await any(round)
        .narrow.consume(who)
        .catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(RateLimiterRes)
      expect((refused as RateLimiterRes).msBeforeNext).toBeGreaterThan(0)
      expect((await any(round + 1).narrow.reward(who, 2)).consumedPoints).toBe(2)
      expect((await any(round + 2).narrow.penalty(who, 3)).consumedPoints).toBe(5)
      await any(round).narrow.block(who, 100)
      const blocked = await any(round + 1).narrow.get(who)
      expect(blocked!.remainingPoints).toBe(0)
      expect(blocked!.msBeforeNext).toBeLessThanOrEqual(100_000)
      expect(await any(round + 2).narrow.delete(who)).toBe(true)
      expect(await any(round).narrow.get(who)).toBeNull()
    })

    const retireLegacy = async () => {
      for (const one of [...limiters].slice(2)) limiters.delete(one)
      await work.rounds()
    }
    const migrator = new RedisKeyMigrator(second, schema)
    await walkThePath({ services, migrator, settled: () => work.rounds(), retireLegacy })
    await work.stop()

    for (const counts of Object.values(seen)) {
      // Every number once: what three services consumed went to one counter.
      expect(counts.sort((a, b) => a - b)).toEqual(counts.map((_, i) => i + 1))
    }
    expect(await raw.get('api:limit:shared')).toBe(String(seen['ample']!.length))
    expect(await raw.get('api:total:shared')).toBe(String(seen['total']!.length))
    expect(await raw.ttl('api:total:shared')).toBe(-1)
    expect((await any(0).ample.get('sleeper'))!.consumedPoints).toBe(7)
    expect(await raw.ttl('api:limit:sleeper')).toBeGreaterThan(DURATION - 600)
    expect((await raw.keys('*')).sort()).toEqual(['api:limit:shared', 'api:limit:sleeper', 'api:total:shared'])
  })
})
