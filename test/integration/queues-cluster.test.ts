/** Queues on a cluster: both names in one slot, or refused. */
import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis6'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import type { Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { availableServers } from '../support/servers.js'

const schema = defineSchema({
  name: 'queues of a cluster',
  keys: {
    pending: key('v2:{jobs:<id>}', { queue: true }).alias('jobs:<id>'),
    loose: key('new:<id>', { queue: true }).alias('old:<id>'),
  },
})

const versions = { 'ioredis 5': Cluster5, 'ioredis 6': Cluster6 as unknown as typeof Cluster5 } as const

describe.each(availableServers())('a cluster of %s', (kind) => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster(kind)
  })
  afterAll(() => cluster.stop())

  describe.each(Object.keys(versions) as (keyof typeof versions)[])('%s', (version) => {
    const open: Cluster5[] = []
    const connect = (): Cluster5 => {
      const client = new versions[version]([...cluster.nodes])
      client.on('error', () => undefined)
      open.push(client)
      return client
    }
    let raw: Cluster5
    const wrap = (phase: Phase) => new CanonicalRedisClient(connect(), { schema, phase })

    beforeEach(async () => {
      raw = connect()
      await raw.get('probe')
      await Promise.all(raw.nodes('master').map((node) => node.flushall()))
    })
    afterEach(() => {
      for (const client of open.splice(0)) client.disconnect()
    })

    const ids = ['1', '2', '3', '4', '5', '6']

    it.each(['prepare', 'dual-write', 'dual-read', 'retire-alias'] as const)('%s: from both names', async (phase) => {
      const redis = wrap(phase)
      for (const id of ids) {
        await raw.rpush(`jobs:${id}`, 'a')
        await raw.rpush(`v2:{jobs:${id}}`, 'b')
        expect(await redis.llen(`jobs:${id}`)).toBe(2)
        expect(await redis.blpop(`v2:{jobs:${id}}`, 1)).toEqual([`v2:{jobs:${id}}`, 'a'])
        expect(await redis.blmove(`jobs:${id}`, `{jobs:${id}}:busy`, 'LEFT', 'LEFT', 1)).toBe('b')
        expect(await redis.brpoplpush(`jobs:${id}`, `{jobs:${id}}:busy`, 0.02)).toBeNull()
        await redis.del(`jobs:${id}`)
        const piped = await redis.pipeline().rpush(`jobs:${id}`, 'c').lpop(`v2:{jobs:${id}}`).llen(`jobs:${id}`).exec()
        expect(piped?.map(([, reply]) => reply)).toEqual([1, 'c', 0])
        const multi = await redis.multi().zadd(`jobs:${id}`, 1, 'z').zpopmin(`v2:{jobs:${id}}`).exec()
        expect(multi?.[0]).toEqual([null, 1])
        expect(multi?.[1]?.[1]).toContain('z')
        await redis.xgroup('CREATE', `jobs:${id}`, 'g', '$', 'MKSTREAM')
        const entry = await redis.xadd(`v2:{jobs:${id}}`, '*', 'n', '1')
        const read = redis.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 1000, 'STREAMS', `v2:{jobs:${id}}`, '>')
        expect(await read).toEqual([[`v2:{jobs:${id}}`, [[entry, ['n', '1']]]]])
      }
    })

    it('two slots are refused where both names are looked at, and only there', async () => {
      for (const phase of ['prepare', 'dual-read'] as const) {
        for (const command of ['rpush', 'lpop'] as const) {
          const error: unknown = await wrap(phase)
            .call(command, 'new:1', '1')
            .catch((thrown: unknown) => thrown)
          expect(isCanonicalRedisError(error, 'E_CROSS_SLOT')).toBe(true)
        }
      }
      expect(await wrap('alias').rpush('new:1', 'a')).toBe(1)
      expect(await wrap('canonical').rpush('old:1', 'a')).toBe(1)
      expect(await raw.lrange('old:1', 0, -1)).toEqual(['a'])
    })
  })
})
