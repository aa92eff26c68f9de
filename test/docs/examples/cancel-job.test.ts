import { defineSchema, key } from 'canonical-redis'
import { createMockRedis } from 'canonical-redis/testing'
import { beforeEach, describe, expect, it } from 'vitest'

const schema = defineSchema({ name: 'jobs', keys: { step: key('step:<id>').alias('job:<id>') } })

/** What is tested: code of the application, which was given a client. */
async function cancel(redis: { hset(name: string, field: string, value: string): Promise<number> }, id: string) {
  await redis.hset(`job:${id}`, 'status', 'cancelled')
}

const redis = createMockRedis({ schema, data: { 'job:42': { status: 'open' } } })
beforeEach(() => redis.startOver())

describe('cancel', () => {
  it('writes both names while both are in use', async () => {
    redis.setPhase('dual-write')
    await cancel(redis, '42')
    expect(redis.physicalKeys()).toEqual({ 'job:42': { status: 'cancelled' }, 'step:42': { status: 'cancelled' } })
  })

  it('is seen by the service that knows the old names alone', async () => {
    redis.setPhase('canonical-primary')
    await cancel(redis, '7')
    expect(await redis.raw.hget('job:7', 'status')).toBe('cancelled')
  })

  it('leaves no old name behind at the end', async () => {
    redis.setPhase('retire-alias')
    await cancel(redis, '42')
    expect(Object.keys(redis.physicalKeys())).toEqual(['step:42'])
  })
})
