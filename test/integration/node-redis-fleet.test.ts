/** What lends connections: pools, clusters, Sentinel clients; and what a client keeps for itself: its cache, its prefix. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { until } from '../support/clients.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { NodeClients, nodeRedisMatrix, type NodeClient } from '../support/node-redis.js'
import { startSentinel, type TestSentinel } from '../support/sentinel.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'fleet',
  keys: {
    // One slot for both names, by hash tag; and two names that lie where they lie.
    step: key('v2:{job:<id>}').alias('job:<id>'),
    loose: key('new:<id>').alias('old:<id>'),
  },
  channels: {
    events: channel('v2:{job_events}').alias('job_events'),
  },
})
const ids = Array.from({ length: 12 }, (_, i) => String(i))
const blind = (phase: Phase): boolean => ['canonical-primary', 'canonical'].includes(phase)
const matrix = nodeRedisMatrix.map((one) => [one.name, one] as const)

describe.each(matrix)('%s', (_, { version, RESP }) => {
  describe('one server', () => {
    let server: TestServer
    let clients: NodeClients
    let raw: NodeClient

    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server.stop())
    beforeEach(async () => {
      clients = new NodeClients(version, RESP, server.port)
      raw = await clients.raw()
      await raw.flushAll()
    })
    afterEach(() => clients.close())

    const pooled = async (phase: Phase, options: object = {}) => {
      const pool = clients.keep(clients.package.createClientPool(clients.options(options), { minimum: 2, maximum: 4 }))
      const wrapped = new CanonicalRedisClient(pool, { schema, phase })
      await wrapped.connect()
      return wrapped
    }

    it.each(phases)('a pool in %s', async (phase) => {
      const pool = await pooled(phase)
      await raw.set('job:old', 'legacy')
      expect(await pool.get('v2:{job:old}')).toBe(blind(phase) ? null : 'legacy')
      await Promise.all(ids.map((id) => pool.incr(`job:${id}`)))
      expect(await Promise.all(ids.map((id) => pool.incr(`v2:{job:${id}}`)))).toEqual(ids.map(() => 2))
      expect(await pool.multi().incr('job:1').get('v2:{job:1}').exec()).toEqual([3, '3'])
      expect(await pool.multi().incr('job:1').get('v2:{job:1}').execAsPipeline()).toEqual([4, '4'])
      expect(await pool.sendCommand(['GET', 'job:1'])).toBe('4')
      expect(await pool.withTypeMapping({ 36: Buffer }).get('job:1')).toEqual(Buffer.from('4'))
      const watched = await pool.execute(async (client) => {
        await client.watch('job:1')
        await raw.set('job:1', 'foreign')
        await raw.set('v2:{job:1}', 'foreign')
        return client
          .multi()
          .set('v2:{job:1}', 'lost')
          .exec()
          .catch((error: Error) => error.message)
      })
      expect(watched).toMatch(/watched keys/)
      expect(pool.canonical.phase()).toBe(phase)
      expect(pool.canonical.health().connection).toBe('ready')
    })

    it.runIf(version === 'node-redis 6').each(phases)('a key prefix in %s', async (phase) => {
      const wrapped = new CanonicalRedisClient(clients.make({ keyPrefix: 'app:' }), { schema, phase })
      await wrapped.connect()
      await raw.set('app:job:old', 'legacy')
      expect(await wrapped.get('v2:{job:old}')).toBe(blind(phase) ? null : 'legacy')
      await wrapped.set('job:1', 'x')
      expect(await wrapped.multi().get('v2:{job:1}').exec()).toEqual(['x'])
      await wrapped.watch('job:1')
      await raw.set('app:job:1', 'foreign')
      await raw.set('app:v2:{job:1}', 'foreign')
      await expect(wrapped.multi().set('job:1', 'lost').exec()).rejects.toThrow(/watched/)
      const pool = await pooled(phase, { keyPrefix: Buffer.from('app:') })
      expect(await pool.get('job:1')).toBe('foreign')
      const names = await raw.keys('*')
      expect(names.every((name) => name.startsWith('app:'))).toBe(true)
      const heard: string[] = []
      await wrapped.sSubscribe('job_events', (message, name) => void heard.push(`${name} ${message}`))
      await pool.sPublish('v2:{job_events}', 'x')
      await until('the message', () => heard.length > 0)
      expect(heard).toEqual(['job_events x'])
    })

    it.runIf(RESP === 3).each(phases)('the cache of node-redis serves no stale value in %s', async (phase) => {
      const source = constantPhase(phase)
      const options = clients.options({ clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' } })
      const client = clients.keep(clients.package.createClient(options))
      const redis = new CanonicalRedisClient(client, { schema, phase: source })
      await redis.connect()
      const other = new CanonicalRedisClient(await clients.raw(), { schema, phase: source })
      for (const name of ['job:1', 'v2:{job:1}', 'plain']) {
        for (const value of ['a', 'b', 'c']) {
          await other.set(name, value)
          // The server tells of the change on the connection of the cache before it answers the next command there.
          await redis.ping()
          expect(await redis.get(name)).toBe(value)
          expect(await redis.get(name)).toBe(value)
        }
      }
      const neighbour = phases[phases.indexOf(phase) - 1]
      if (neighbour === undefined) return
      const behind = new CanonicalRedisClient(await clients.raw(), { schema, phase: neighbour })
      await behind.set('job:1', 'd')
      await redis.ping()
      expect([await redis.get('job:1'), await redis.get('v2:{job:1}')]).toEqual(['d', 'd'])
    })
  })

  describe.each(availableServers())('a cluster of %s', (kind) => {
    let cluster: TestCluster
    const clients = new NodeClients(version, RESP, 0)
    type Cluster = Awaited<ReturnType<typeof connect>>
    let raw: Cluster

    const connect = (options: object = {}) => {
      const rootNodes = cluster.nodes.map((socket) => ({ socket }))
      return clients.keep(clients.package.createCluster({ rootNodes, RESP, ...options })).connect()
    }
    const wrap = async (phase: Phase, options: object = {}): Promise<Cluster & { canonical: object }> =>
      new CanonicalRedisClient(await connect(options), { schema, phase })

    beforeAll(async () => {
      cluster = await startCluster(kind, 1)
    })
    afterAll(() => cluster.stop())
    beforeEach(async () => {
      raw = await connect()
      await Promise.all(raw.masters.map(async (node) => (await raw.nodeClient(node)).flushAll()))
    })
    afterEach(() => clients.close())

    it.each(phases)('means the same key by both names in %s', async (phase) => {
      const redis = await wrap(phase)
      for (const id of ids) {
        await redis.hSet(`job:${id}`, { status: 'new', tries: 0 })
        expect(await redis.hIncrBy(`v2:{job:${id}}`, 'tries', 2)).toBe(2)
        expect({ ...(await redis.hGetAll(`job:${id}`)) }).toEqual({ status: 'new', tries: '2' })
        expect(await redis.hGet(`v2:{job:${id}}`, 'none')).toBeNull()
        expect(await redis.del(`job:${id}`)).toBe(1)
        expect(await raw.exists(`job:${id}`)).toBe(0)
        expect(await raw.exists(`v2:{job:${id}}`)).toBe(0)
        await raw.set(`job:l${id}`, 'legacy')
        expect(await redis.get(`v2:{job:l${id}}`)).toBe(blind(phase) ? null : 'legacy')
      }
    })

    it.each(phases)('transactions, pipelines, raw commands and nodes in %s', async (phase) => {
      const redis = await wrap(phase)
      for (const id of ids) {
        expect(await redis.multi().incr(`job:${id}`).get(`v2:{job:${id}}`).exec()).toEqual([1, '1'])
        expect(await redis.multi().incr(`job:${id}`).get(`v2:{job:${id}}`).execAsPipeline()).toEqual([2, '2'])
        expect(await redis.sendCommand(`job:${id}`, false, ['INCR', `job:${id}`])).toBe(3)
      }
      const node = await redis.nodeClient(redis.slots[0]!.master)
      expect(await node.keys('plain')).toEqual([])
      const names = await Promise.all(redis.masters.map(async (one) => (await redis.nodeClient(one)).keys('job:*')))
      expect(names.flat().sort()).toEqual(ids.map((id) => `job:${id}`).sort())
    })

    it('finds the node by the name that is sent, where a family may lie in two slots', async () => {
      for (const phase of ['alias', 'canonical'] as const) {
        const redis = await wrap(phase)
        for (const id of ids) {
          expect(await redis.incr(`old:${id}`)).toBe(1)
          expect(await redis.incr(`new:${id}`)).toBe(2)
          expect(await redis.multi().incr(`old:${id}`).exec()).toEqual([3])
          expect(await raw.get(phase === 'alias' ? `old:${id}` : `new:${id}`)).toBe('3')
        }
      }
      const redis = await wrap('dual-write')
      await expect(redis.set('old:1', 'x')).rejects.toMatchObject({ code: 'E_CROSS_SLOT' })
    })

    it.each(['dual-read', 'retire-alias'] as const)('reads from replicas adopt on the master in %s', async (phase) => {
      const redis = await wrap(phase, { useReplicas: true })
      for (const id of ids) {
        await raw.set(`job:${id}`, 'legacy')
        expect(await redis.get(`v2:{job:${id}}`)).toBe('legacy')
      }
    })

    it('moves subscriptions, sharded ones too', async () => {
      const source = constantPhase('dual-write')
      const redis = new CanonicalRedisClient(await connect(), { schema, phase: source })
      const publisher = new CanonicalRedisClient(await connect(), { schema, phase: source })
      const heard: string[] = []
      const into = (kind: string) => (message: string, name: string) => void heard.push(`${kind} ${name} ${message}`)
      await redis.subscribe('job_events', into('channel'))
      await redis.sSubscribe('v2:{job_events}', into('shard'))
      for (const [n, phase] of (['dual-write', 'dual-read', 'canonical-primary'] as const).entries()) {
        if (n > 0) source.set?.(phase)
        await publisher.publish('v2:{job_events}', String(n))
        await publisher.sPublish('job_events', String(n))
        // Not "and nothing else": the two copies cross the bus of the cluster one by one, so a move may show both.
        const both = [`channel job_events ${n}`, `shard v2:{job_events} ${n}`]
        await until('both', () => both.every((line) => heard.includes(line)))
      }
      await redis.unsubscribe('job_events')
      await redis.sUnsubscribe('v2:{job_events}')
    })

    it('follows a slot to another node', async () => {
      const redis = await wrap('dual-write')
      const { default: slotOf } = await import('cluster-key-slot')
      await redis.set('job:7', '1')
      const slot = slotOf('job:7')
      const from = raw.slots[slot]!.master
      const to = raw.masters.find((node) => node.id !== from.id)!
      const [source, target] = [await raw.nodeClient(from), await raw.nodeClient(to)]
      const line = (client: typeof source, ...argv: string[]) => client.sendCommand(argv)
      await line(target, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id)
      await line(source, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id)
      await line(source, 'MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', 'job:7', 'v2:{job:7}')
      expect(await redis.incr('v2:{job:7}')).toBe(2)
      expect(
        await redis
          .multi()
          .incr('job:7')
          .exec()
          .catch(() => redis.incr('job:7').then((n) => [n])),
      ).toEqual([3])
      for (const node of raw.masters) {
        await line(await raw.nodeClient(node), 'CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id)
      }
      expect(await redis.incr('job:7')).toBe(4)
      expect(await raw.get('v2:{job:7}')).toBe('4')
      // Back, for the tests behind this one.
      await line(source, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', to.id)
      await line(target, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', from.id)
      await line(target, 'MIGRATE', '127.0.0.1', String(from.port), '', '0', '5000', 'KEYS', 'job:7', 'v2:{job:7}')
      for (const node of raw.masters) {
        await line(await raw.nodeClient(node), 'CLUSTER', 'SETSLOT', String(slot), 'NODE', from.id)
      }
    })
  })

  describe('behind a Sentinel', () => {
    let sentinel: TestSentinel
    const clients = new NodeClients(version, RESP, 0)

    beforeAll(async () => {
      sentinel = await startSentinel()
    })
    afterAll(() => sentinel.stop())
    afterEach(() => clients.close())

    const connect = async (options: object = {}) => {
      const sentinelRootNodes = [{ host: '127.0.0.1', port: sentinel.port }]
      return await clients
        .keep(clients.package.createSentinel({ name: sentinel.name, sentinelRootNodes, RESP, ...options }))
        .connect()
    }

    it.each(phases)('commands, transactions and leases in %s', async (phase) => {
      const redis = new CanonicalRedisClient(await connect(), { schema, phase })
      await redis.del(['job:1', 'plain'])
      expect(await redis.incr('job:1')).toBe(1)
      expect(await redis.incr('v2:{job:1}')).toBe(2)
      expect(await redis.multi().incr('job:1').get('v2:{job:1}').exec()).toEqual([3, '3'])
      const lease = await redis.acquire()
      await lease.watch('job:1')
      expect(await lease.multi().incr('v2:{job:1}').exec()).toEqual([4])
      await lease.release()
      expect(await redis.use((one) => one.incr('job:1'))).toBe(5)
      const heard: string[] = []
      await redis.subscribe('job_events', (message, name) => void heard.push(`${name} ${message}`))
      await redis.publish('v2:{job_events}', 'x')
      await until('the message', () => heard.length > 0)
      expect(heard).toEqual(['job_events x'])
      await redis.unsubscribe('job_events')
    })

    it.each(['canonical', 'retire-alias'] as const)(
      'reads from replicas, where they take what it needs, in %s',
      async (phase) => {
        const redis = new CanonicalRedisClient(await connect({ replicaPoolSize: 1 }), { schema, phase })
        await redis.set('v2:{job:1}', 'x')
        const read = (): Promise<boolean> => redis.get('job:1').then((value) => value === 'x')
        await until('the replica has it', () => read().catch(() => false))
        expect(await redis.get('job:none')).toBeNull()
      },
    )
  })
})
