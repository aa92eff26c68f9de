/**
 * Values that the server cannot copy. Redis 8 has vector sets, which answer COPY with an error while the rest of the
 * transaction runs: nothing of theirs may be lost for that.
 */
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, defineSchema, isCanonicalRedisError, key, type Phase } from '../../src/index.js'
import { Clients } from '../support/clients.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'modules', keys: { step: key('step:<id>').alias('job:<id>') } })

describe.runIf(availableServers().includes('redis-8.0'))('vector sets (only Redis 8 has them)', () => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer({ kind: 'redis-8.0' })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients('ioredis 6', server.port)
    raw = clients.raw()
    await raw.flushall()
    await raw.call('VADD', 'job:1', 'VALUES', 2, 1, 1, 'element')
  })
  afterEach(() => clients.close())

  const wrap = (phase: Phase) => new CanonicalRedisClient(clients.raw(), { schema, phase })
  const code = (reply: Promise<unknown>): Promise<unknown> =>
    reply.then(
      () => 'done',
      (error: unknown) => (isCanonicalRedisError(error) ? error.code : String(error)),
    )

  it.each(['dual-read', 'retire-alias'] as const)('are refused in %s, and kept', async (phase) => {
    const redis = wrap(phase)
    expect(await code(redis.call('VCARD', 'step:1'))).toBe('E_UNSUPPORTED')
    expect(await code(redis.call('VADD', 'step:1', 'VALUES', 2, 1, 1, 'other'))).toBe('E_UNSUPPORTED')
    // These do not show what their key holds.
    expect(await code(redis.expire('job:1', 1000))).toBe('E_UNSUPPORTED')
    expect(await code(redis.type('step:1'))).toBe('E_UNSUPPORTED')
    const results = await redis.pipeline().persist('job:1').exec()
    expect(isCanonicalRedisError(results?.[0]?.[0], 'E_UNSUPPORTED')).toBe(true)
    expect(await raw.call('VCARD', 'job:1')).toBe(1)
  })

  it('are kept in canonical-primary, where the alias is only a mirror', async () => {
    const redis = wrap('canonical-primary')
    expect(await code(redis.call('VADD', 'step:1', 'VALUES', 2, 1, 1, 'other'))).toBe('E_UNSUPPORTED')
    await redis.expire('job:1', 1000)
    await redis.persist('job:1')
    expect(await raw.call('VCARD', 'job:1')).toBe(1)
  })

  it('can still be used and deleted in the phases that need no copy', async () => {
    for (const phase of ['alias', 'prepare'] as const) {
      expect(await wrap(phase).call('VCARD', 'step:1')).toBe(1)
      expect(await wrap(phase).expire('step:1', 1000)).toBe(1)
    }
    expect(await code(wrap('dual-write').call('VADD', 'step:1', 'VALUES', 2, 1, 1, 'other'))).toBe('E_UNSUPPORTED')
    expect(await code(wrap('dual-read').del('job:1'))).toBe('E_UNSUPPORTED')
    expect(await raw.exists('job:1', 'step:1')).toBe(1)
    expect(await wrap('alias').del('step:1')).toBe(1)
  })

  /** Commands of core types, which the server refuses here: replayed, brought over by each recipe, and copied. */
  const refused: [string, ...string[]][] = [
    ['HSET', 'step:1', 'f', 'v'],
    ['LMOVE', 'step:1', 'step:2', 'LEFT', 'LEFT'],
    ['SPOP', 'step:1', '2'],
    ['XADD', 'step:1', '*', 'f', 'v'],
    ['GETEX', 'step:1', 'EX', '100'],
    ['HSETEX', 'step:1', 'EX', '100', 'FIELDS', '1', 'f', 'v'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'step:1', '>'],
    ['GETSET', 'step:1', 'v'],
  ]

  it.each(refused)('are no reason to make something else of the second name: %s', async (...argv) => {
    for (const phase of ['dual-write', 'canonical-primary'] as const) {
      const [first, second] = phase === 'dual-write' ? ['job:1', 'step:1'] : ['step:1', 'job:1']
      await raw.flushall()
      await raw.call('VADD', first, 'VALUES', 2, 1, 1, 'element')
      await expect(wrap(phase).call(...argv)).rejects.toThrow(/WRONGTYPE/)
      expect([await raw.call('VCARD', first), await raw.exists(second)]).toEqual([1, 0])
    }
  })

  it.each<[string, ...string[]]>([
    ['EXPIRE', 'step:1', '0'],
    ['PERSIST', 'step:1'],
    ['EXPIREAT', 'step:1', '1'],
    ['GETEX', 'step:1', 'EX', '100'],
    ['SPOP', 'step:1'],
    ['HEXPIRE', 'step:1', '0', 'FIELDS', '1', 'f'],
    ['XADD', 'step:1', 'NOMKSTREAM', '*', 'f', 'v'],
    ['LMOVE', 'step:1', 'step:2', 'LEFT', 'LEFT'],
    ['LPOP', 'step:1'],
  ])('stay where they are when the name of the phase holds nothing: %s', async (...argv) => {
    await raw.flushall()
    await raw.call('VADD', 'job:1', 'VALUES', 2, 1, 1, 'element')
    await wrap('canonical-primary').call(...argv)
    expect(await raw.type('job:1')).toBe('vectorset')
  })

  it.each(['dual-read', 'canonical-primary', 'retire-alias'] as const)(
    'do not change what %s does with others',
    async (phase) => {
      const redis = wrap(phase)
      await redis.rpush('job:list', 'a', 'b')
      expect(await redis.lpop('step:list')).toBe('a')
      const both = phase === 'retire-alias' ? 0 : 1
      expect([await raw.llen('step:list'), await raw.llen('job:list')]).toEqual([1, both])
      expect(await redis.lpop('job:list')).toBe('b')
      expect(await raw.exists('step:list', 'job:list')).toBe(0)
      expect(redis.canonical.explain(['LPOP', 'job:list']).join()).toContain('EVAL')
    },
  )
})
