import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedRedis, type EmbeddedRedis } from '../../examples/support/embedded-redis.js'
import { CanonicalRedisClient, defineSchema, isCanonicalRedisError, key, phases } from '../../src/index.js'

/**
 * No package archive still has a Redis before 6.2, so an embedded server stands for one: it says `6.0.16` in INFO. What
 * is under test is what we do with that answer.
 */
describe('a server before 6.2', () => {
  const schema = defineSchema({ name: 'old', keys: { step: key('step:<id>').alias('job:<id>') } })
  let server: EmbeddedRedis
  let raw: Redis

  beforeAll(async () => {
    server = await startEmbeddedRedis({ version: '6.0.16' })
    raw = new Redis(server.port)
  })
  afterAll(async () => {
    raw.disconnect()
    await server.stop()
  })

  it.each(phases)('is refused at first use in %s, and nothing is written', async (phase) => {
    const redis = new CanonicalRedisClient(new Redis(server.port), { schema, phase })
    const codes = [
      redis.set('job:1', 'a'),
      redis.get('step:1'),
      redis.pipeline().incr('job:n').exec(),
      redis.multi().incr('job:n').exec(),
    ].map((reply) => reply.then(firstError, (error: unknown) => error))
    for (const error of await Promise.all(codes)) {
      const cause = (error as Error).cause ?? error
      expect(isCanonicalRedisError(cause, 'E_SERVER_TOO_OLD'), String(error)).toBe(true)
      expect((cause as Error).message).toContain('6.0.16')
    }
    expect(await redis.set('other', 'a')).toBe('OK')
    expect(await raw.keys('*')).toEqual(['other'])
    redis.disconnect()
  })
})

function firstError(reply: unknown): unknown {
  return Array.isArray(reply) ? (reply as [unknown][])[0]?.[0] : reply
}
