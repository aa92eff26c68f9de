/** The migrator on clusters: every master, slots that move, and a master that dies in the middle. */
import calculateSlot from 'cluster-key-slot'
import { Cluster as Cluster5, Redis } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis6'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { RedisKeyMigrator, type MigrateOptions, type MigratorOptions, type Progress } from '../../src/migrate.js'
import type { Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { until } from '../support/clients.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { availableServers } from '../support/servers.js'

const schema = defineSchema({
  name: 'cluster',
  keys: {
    step: key('v2:{job:<id>}').alias('job:<id>').alias('{job:<id>}:old'),
    loose: key('new:<id>').alias('old:<id>'),
    far: key('base:<symbol>').alias('averages:<symbol>', { db: 2 }),
  },
})

const versions = {
  'ioredis 5': Cluster5,
  'ioredis 6': Cluster6 as unknown as typeof Cluster5,
  iovalkey: ValkeyCluster as unknown as typeof Cluster5,
} as const

const KEYS = 400
const ids = Array.from({ length: KEYS }, (_, id) => id)

describe.each(availableServers())('a cluster of %s', (kind) => {
  let cluster: TestCluster
  let raw: Cluster5
  const open: Cluster5[] = []
  const connect = (Version: typeof Cluster5 = Cluster5, options = {}): Cluster5 => {
    const client = new Version([...cluster.nodes], { ...options })
    client.on('error', () => undefined)
    open.push(client)
    return client
  }
  const migrator = (options?: MigratorOptions, client: unknown = raw) => new RedisKeyMigrator(client, schema, options)
  const step = (options: MigrateOptions = {}, more?: MigratorOptions, client?: unknown) =>
    migrator(more, client).migrateKeys({ dryRun: false, families: ['step'], ...options })

  beforeAll(async () => {
    cluster = await startCluster(kind, 1)
  })
  afterAll(() => cluster.stop())
  beforeEach(async () => {
    raw = connect()
    await raw.get('probe')
    await Promise.all(raw.nodes('master').map((node) => node.flushall()))
    await Promise.all(ids.map((id) => raw.hset(`job:${id}`, { id, status: 'done' })))
  })
  afterEach(() => {
    for (const client of open.splice(0)) client.disconnect()
  })

  /** How many canonical keys have the right value. */
  const copied = async (): Promise<number> => {
    const values = await Promise.all(ids.map((id) => raw.hget(`v2:{job:${id}}`, 'id')))
    return values.filter((value, id) => value === String(id)).length
  }

  it.each(Object.keys(versions) as (keyof typeof versions)[])(
    'copies on every master, verifies, sweeps: %s',
    async (version) => {
      const client = connect(versions[version], { lazyConnect: true })
      await raw.pexpireat('job:7', 4_000_000_000_000)
      await raw.set('{job:8}:old', 'overtaken')
      expect(await step({ dryRun: true }, {}, client)).toMatchObject({ found: KEYS, migrated: KEYS, dryRun: true })
      expect(await copied()).toBe(0)
      expect(await step({}, {}, client)).toMatchObject({ found: KEYS, migrated: KEYS, failed: 0, endedBy: 'done' })
      expect(await copied()).toBe(KEYS)
      expect(await raw.pexpiretime('v2:{job:7}')).toBe(4_000_000_000_000)
      expect(await migrator({}, client).verify()).toMatchObject({ clean: true, compared: KEYS })
      await raw.hset('v2:{job:9}', 'status', 'open')
      await raw.del('v2:{job:10}')
      await raw.set('v2:{job:none}', 'x')
      const repaired = await migrator({}, client).verify({ repair: 'dual-write' })
      expect(repaired).toMatchObject({ clean: true, repaired: 3, different: 0, missing: 0, orphans: 0 })
      const wrapped = new CanonicalRedisClient(client, { schema, phase: 'retire-alias' })
      expect(await migrator({}, wrapped).cleanupAliases({ dryRun: false })).toMatchObject({
        deleted: KEYS + 1,
        kept: 0,
      })
      expect(await Promise.all(ids.map((id) => raw.exists(`job:${id}`)))).toEqual(ids.map(() => 0))
      expect(await copied()).toBe(KEYS)
    },
  )

  it('names the families that a cluster cannot move, and moves the others', async () => {
    await Promise.all([raw.set('old:1', 'a'), raw.set('old:2', 'b'), raw.set('averages:x', 'c')])
    const result = await migrator().migrateKeys({ dryRun: false })
    expect(result).toMatchObject({ migrated: KEYS, failed: 2, families: { loose: { found: 2, failed: 2 } } })
    expect(result.notes).toEqual([
      { family: 'far', code: 'E_CROSS_DATABASE', note: expect.stringContaining('another database') },
      { family: 'loose', code: 'E_CROSS_SLOT', note: expect.stringContaining('one slot') },
    ])
    expect(result.errors.map((error) => error.canonical).sort()).toEqual(['new:1', 'new:2'])
    expect(await raw.exists('new:1')).toBe(0)
    await expect(migrator().cleanupAliases({ dryRun: false })).rejects.toMatchObject({ code: 'E_NOT_CLEAN' })
  })

  it('copies big keys in pieces, in their slot, and the way back', async () => {
    const fields = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`field ${i}`, `value ${i}`]))
    await raw.hset('job:big', fields)
    await raw.pexpireat('job:big', 4_000_000_000_000)
    const bigKeys = { over: 50_000 }
    const result = await step({ bigKeys })
    expect(result).toMatchObject({ migrated: KEYS + 1, failed: 0, big: [{ key: 'job:big', outcome: 'chunk' }] })
    expect(await raw.hgetall('v2:{job:big}')).toEqual(fields)
    expect(await raw.pexpiretime('v2:{job:big}')).toBe(4_000_000_000_000)
    await raw.hset('v2:{job:big}', 'more', '1')
    expect(await migrator().verify({ families: ['step'], bigKeys })).toMatchObject({ different: 1 })
    const back = await step({ direction: 'reverse', bigKeys })
    expect(back).toMatchObject({ migrated: KEYS + 1, removed: 0, direction: 'reverse' })
    expect(await raw.hget('job:big', 'more')).toBe('1')
    expect(await migrator().verify({ families: ['step'], bigKeys })).toMatchObject({ clean: true, compared: KEYS + 1 })
  })

  it('meets the keys of slots that move to a server it has been through', async () => {
    const [from, to, slots] = await movable(40)
    let moved: Promise<void> | undefined
    const move = async (): Promise<void> => {
      for (const slot of slots) await moveSlot(slot, from, to)
    }
    // All servers wait in the middle of their walks until the slots have moved.
    const onProgress = async ({ scanned }: Progress): Promise<void> => {
      if (scanned >= KEYS / 2) await (moved ??= move())
    }
    const result = await step({ onProgress }, { batch: 10 })
    expect(moved).toBeDefined()
    expect(result.failed).toBe(0)
    expect(await copied()).toBe(KEYS)
    for (const slot of slots) await moveSlot(slot, to, from)
  })

  it('goes on with the successor of a master that dies in the middle', async () => {
    const [victim] = cluster.masters
    let dead = false
    const waits = new Set<string>()
    const onProgress = async ({ scanned, waitingFor }: Progress): Promise<void> => {
      if (waitingFor) waits.add(waitingFor)
      if (dead || scanned < 30) return
      dead = true
      await Promise.all(raw.nodes('master').map((node) => node.wait(1, 5000)))
      await victim!.stop()
    }
    const result = await step({ onProgress }, { batch: 10 })
    expect(dead).toBe(true)
    expect(result).toMatchObject({ failed: 0, endedBy: 'done' })
    expect([...waits].join()).toMatch(/successor|cluster/)
    await until('all are copied', async () => (await copied().catch(() => 0)) === KEYS, 30_000)
    expect(await migrator().verify({ families: ['step'] })).toMatchObject({ clean: true, compared: KEYS })
  }, 90_000)

  /** Slots with keys of one master, and another master. */
  async function movable(count: number): Promise<[Redis, Redis, number[]]> {
    const [from, to] = cluster.masters.map(({ port }) => new Redis(port)) as [Redis, Redis]
    open.push(...([from, to] as unknown as Cluster5[]))
    const own = String(await from.call('CLUSTER', 'NODES'))
    const mine = own.split('\n').find((line) => line.includes('myself')) ?? ''
    const ranges = [...mine.matchAll(/ (\d+)-(\d+)/g)].map(([, a, b]) => [Number(a), Number(b)] as const)
    const slots = new Set(ids.map((id) => calculateSlot(`job:${id}`)))
    const owned = [...slots].filter((slot) => ranges.some(([a, b]) => a <= slot && slot <= b))
    return [from, to, owned.slice(0, count)]
  }

  async function moveSlot(slot: number, from: Redis, to: Redis): Promise<void> {
    const [fromId, toId] = [String(await from.call('CLUSTER', 'MYID')), String(await to.call('CLUSTER', 'MYID'))]
    await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
    await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
    const names = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)) as string[]
    if (names.length > 0) await from.call('MIGRATE', '127.0.0.1', to.options.port!, '', 0, 5000, 'KEYS', ...names)
    await to.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
    await from.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
  }
})

const phase: Phase = 'dual-read'
it('keeps to the phases of a wrapped cluster', async () => {
  const client = new CanonicalRedisClient(new Cluster5([{ port: 1 }], { lazyConnect: true }), { schema, phase })
  const back = new RedisKeyMigrator(client, schema).migrateKeys({ dryRun: false, direction: 'reverse' })
  await expect(back).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
})
