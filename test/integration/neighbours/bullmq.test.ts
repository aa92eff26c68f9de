/**
 * BullMQ. Its scripts build names from a prefix that they get among their arguments, so a wrapped client cannot rename
 * them one command at a time; that is seen here, and so are the three things that do work.
 */
import { Queue, QueueEvents, Worker, type Job } from 'bullmq'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import type { Phase, PhaseSetting, PhaseSource } from '../../../src/phases/index.js'
import { defineSchema, key, type Schema } from '../../../src/schema/index.js'
import { Clients, until } from '../../support/clients.js'
import { walkThePath, twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { startServer, type TestServer } from '../../support/servers.js'

/** The application's keys, not BullMQ's. */
const steps = defineSchema({ name: 'steps', keys: { step: key('step:<id>').alias('job:<id>') } })
/** BullMQ's keys, all of them: what a RENAME moves and nothing copies. */
const whole = defineSchema({
  name: 'whole',
  keys: { bull: key('shop:<rest*>', { queue: true }).alias('bull:<rest*>') },
})
const mirrored = defineSchema({ name: 'mirrored', keys: { bull: key('shop:<rest*>').alias('bull:<rest*>') } })

let server: TestServer
let clients: Clients
let raw: Redis
const closing: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  server = await startServer()
  clients = new Clients('ioredis 5', server.port)
  raw = clients.raw()
})
beforeEach(() => raw.flushall())
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close()
})
afterAll(async () => {
  clients.close()
  await server.stop()
})

const bare = () => clients.raw({ maxRetriesPerRequest: null })
const wrapped = (schema: Schema, phase: PhaseSetting | PhaseSource) =>
  new CanonicalRedisClient(bare(), { schema, phase })
const keep = <T extends { close(): Promise<unknown> }>(one: T): T => {
  closing.push(one)
  return one
}
const queueOf = (connection: object, prefix = 'bull') => keep(new Queue('mail', { connection: connection, prefix }))
/** A worker that keeps a list, and what BullMQ complained about. */
const workerOf = (connection: object, work: (job: Job) => Promise<unknown>, prefix = 'bull') => {
  const worker = new Worker('mail', work, { connection: connection, prefix, drainDelay: 1 })
  const errors: string[] = []
  worker.on('error', (error) => errors.push(error.message))
  return { worker: keep(worker), errors }
}

it('does its work on a wrapped client while the keys of its jobs are renamed', { timeout: 180_000 }, async () => {
  const services = twoServices()
  const [first, second] = [wrapped(steps, services[0]), wrapped(steps, services[1])]
  const legacy = bare()
  // What a job does is counted in the application's keys.
  const done = (client: Redis, side: 'job' | 'step') => async (job: Job) => {
    await client.hincrby(`${side}:${(job.data as { id: string }).id}`, job.name, 1)
    return job.name
  }
  const workers = [
    workerOf(first, done(first, 'job')),
    workerOf(second, done(second, 'step')),
    workerOf(legacy, done(legacy, 'job')),
  ]
  const queues = [queueOf(first), queueOf(second)]
  // From the beginning: QueueEvents is ready before it reads, and would miss a job that ends in between.
  const events = keep(new QueueEvents('mail', { lastEventId: '0-0', connection: wrapped(steps, services[1]) }))
  await events.waitUntilReady()
  const work = new Work()
  const kinds = { plain: {}, later: { delay: 5 }, urgent: { priority: 1 } }
  for (const [i, [kind, options]] of Object.entries(kinds).entries()) {
    work.loop(kind, async (round) => {
      const job = await queues[(round + i) % 2]!.add(`${kind}${round}`, { id: kind }, options)
      expect(await job.waitUntilFinished(events, 60_000)).toBe(`${kind}${round}`)
    })
  }
  const retireLegacy = async () => {
    await workers[2]!.worker.close()
  }
  const migrator = new RedisKeyMigrator(second, steps)
  await walkThePath({ services, migrator, settled: () => work.rounds(), retireLegacy })
  const rounds = await work.stop()

  for (const [kind, count] of Object.entries(rounds)) {
    const counted = await raw.hgetall(`step:${kind}`)
    expect(Object.keys(counted)).toHaveLength(count)
    expect(new Set(Object.values(counted))).toEqual(new Set(['1']))
  }
  expect(await raw.keys('job:*')).toEqual([])
  expect((await raw.keys('step:*')).sort()).toEqual(['step:later', 'step:plain', 'step:urgent'])
  expect(workers.flatMap(({ errors }) => errors)).toEqual([])
})

it('gets a new prefix in a pause: everything is renamed, and BullMQ goes on with the new prefix', async () => {
  const before = queueOf(bare())
  await before.add('waiting', {})
  await before.add('delayed', {}, { delay: 3_600_000 })
  await before.add('prioritized', {}, { priority: 5 })
  await before.upsertJobScheduler('yearly', { pattern: '0 0 1 1 *' }, { name: 'scheduled' })
  // Two that are over already, one of them badly.
  await before.add('over', {}, { lifo: true })
  await before.add('failed', {}, { lifo: true })
  const first = workerOf(bare(), async (job) => {
    if (job.name === 'failed') throw new Error('no such address')
    await first.worker.pause(true)
  })
  await until('two jobs to be over', async () => {
    const { completed, failed } = await before.getJobCounts('completed', 'failed')
    return completed === 1 && failed === 1
  })
  await first.worker.close()
  const counts = await before.getJobCounts()
  expect(counts).toMatchObject({ waiting: 1, delayed: 2, prioritized: 1, completed: 1, failed: 1, active: 0 })
  await before.close()
  const names = (await raw.keys('bull:*')).sort()

  // The pause. Queues are moved by RENAME, so it is short, and no memory is needed.
  const move = async (phase: Phase) => {
    const migrator = new RedisKeyMigrator(wrapped(whole, phase), whole)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ migrated: names.length, failed: 0 })
    return (await raw.keys('*')).sort()
  }
  const renamed = names.map((name) => name.replace(/^bull:/, 'shop:'))
  expect(await move('dual-read')).toEqual(renamed)
  expect(await move('dual-write')).toEqual(names) // the way back
  expect(await move('dual-read')).toEqual(renamed)

  const after = queueOf(bare(), 'shop')
  expect(await after.getJobCounts()).toEqual(counts)
  expect((await after.getFailed()).map(({ failedReason }) => failedReason)).toEqual(['no such address'])
  await (await after.getFailed())[0]!.retry()
  for (const job of await after.getDelayed()) await job.promote()
  const done: string[] = []
  const second = workerOf(bare(), async (job) => void done.push(job.name), 'shop')
  await until('all jobs to be done', async () => (await after.getJobCountByTypes('completed')) === 6)
  expect(done.sort()).toEqual(['delayed', 'failed', 'prioritized', 'scheduled', 'waiting'])
  // The schedule goes on: its next job waits for the next year.
  expect((await after.getDelayed()).map(({ name }) => name)).toEqual(['scheduled'])
  expect(second.errors).toEqual([])
  expect(await raw.keys('bull:*')).toEqual([])
})

it('writes whole names into the values of flows, which no renaming changes: so flows end before the pause', async () => {
  const queue = queueOf(bare())
  const parent = await queue.add('parent', {})
  const child = await queue.add('child', {}, { parent: { id: parent.id!, queue: 'bull:mail' } })
  expect(await raw.hget(`bull:mail:${child.id}`, 'parentKey')).toBe(`bull:mail:${parent.id}`)
  expect(await raw.smembers(`bull:mail:${parent.id}:dependencies`)).toEqual([`bull:mail:${child.id}`])
})

it('gets a new prefix without a pause: new jobs go there, and workers of both stay until the old are done', async () => {
  const [old, young] = [queueOf(bare()), queueOf(bare(), 'shop')]
  const done: string[] = []
  const work = async (job: Job) => void done.push(job.name)
  await old.addBulk(Array.from({ length: 20 }, (_, i) => ({ name: `old ${i}`, data: {} })))
  await old.add('old, later', {}, { delay: 50 })
  const leaving = workerOf(bare(), work)
  workerOf(bare(), work, 'shop')
  await young.addBulk(Array.from({ length: 20 }, (_, i) => ({ name: `new ${i}`, data: {} })))
  const busy = ['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'] as const
  await until('the old queue to be empty', async () => (await old.getJobCountByTypes(...busy)) === 0)
  await leaving.worker.close()
  await old.obliterate()
  await until('the new jobs to be done', async () => (await young.getJobCountByTypes(...busy)) === 0)
  expect(done).toHaveLength(41)
  expect(new Set(done).size).toBe(41)
  expect(await raw.keys('bull:*')).toEqual([])
})

describe('declared in the schema of a wrapped client, and still called by the old prefix', () => {
  it('works as a queue as long as the old names are the ones that are used', async () => {
    for (const phase of ['alias', 'prepare', 'dual-write'] as const) {
      const queue = queueOf(wrapped(whole, phase))
      const done: string[] = []
      const { worker, errors } = workerOf(wrapped(whole, phase), async (job) => void done.push(job.name))
      await queue.add(phase, {})
      await queue.add(`${phase}, later`, {}, { delay: 5 })
      await until(`the jobs of ${phase} to be done`, () => done.length === 2)
      await worker.close()
      expect(errors).toEqual([])
      expect(await raw.keys('shop:*')).toEqual([])
    }
  })

  it('does jobs and cannot finish them from dual-read on: half of the names are new, and half are not', async () => {
    const queue = queueOf(wrapped(whole, 'dual-read'))
    let done = 0
    const { errors } = workerOf(wrapped(whole, 'dual-read'), async () => void done++)
    await queue.add('one', {})
    await until('BullMQ to complain', () => errors.length > 0)
    expect([done, errors[0]]).toEqual([1, 'Missing lock for job 1. moveToFinished'])
    expect(await raw.keys('*:1:lock')).toEqual(['bull:mail:1:lock'])
    expect(await raw.lrange('shop:mail:active', 0, -1)).toEqual(['1'])
  })

  it('is refused where it is no queue: workers wait for the marker', async () => {
    const { errors } = workerOf(wrapped(mirrored, 'dual-write'), async () => undefined)
    await until('the worker to be refused', () => errors.length > 0)
    expect(errors[0]).toMatch(/^BZPOPMIN waits on the server[^]*declare it a queue/)
  })
})
