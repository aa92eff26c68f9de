/**
 * The reckoning: what is in Redis under the new names, against the ledger.
 *
 * @module
 */
import type { Side } from 'canonical-redis'
import type { Redis } from 'ioredis'
import type { Job, Ledger, State } from './ledger.js'
import { newNames } from './names.js'
import { schema } from './schema.js'

const BATCH = 500

/** What is not as it should be. */
export interface Audit {
  /** Jobs that are gone or in another state, counters that are not what was counted, members missing or too many. */
  lostUpdates: number
  /** Examples, as sentences. */
  readonly examples: string[]
  /** Names of the old kind that are still there. */
  oldKeys: number
  /** Jobs and counters that were looked at. */
  checked: number
}

/** Compares everything. Run it when all clients are quiet. */
export async function audit(redis: Redis, ledger: Ledger): Promise<Audit> {
  const found: Audit = { lostUpdates: 0, examples: [], oldKeys: 0, checked: 0 }
  const wrong = (count: number, sentence: string): void => {
    found.lostUpdates += count
    if (found.examples.length < 5) found.examples.push(sentence)
  }
  const jobs = [...ledger.jobs.values()]
  for (let start = 0; start < jobs.length; start += BATCH) {
    const part = jobs.slice(start, start + BATCH)
    await auditJobs(redis, part, wrong)
    found.checked += 2 * part.length
  }
  await auditMembers(redis, jobs, wrong)
  found.oldKeys = await countNames(redis, 'alias')
  return found
}

type Wrong = (count: number, sentence: string) => void

async function auditJobs(redis: Redis, jobs: readonly Job[], wrong: Wrong): Promise<void> {
  const lines = jobs.flatMap((job) => [
    ['hmget', newNames.job(job.id), 'state', 'version'],
    ['hget', newNames.progress(job.id), 'count'],
  ])
  const replies = (await redis.pipeline(lines).exec()) ?? []
  jobs.forEach((job, i) => {
    const [state, version] = replies[2 * i]?.[1] as (string | null)[]
    const count = Number(replies[2 * i + 1]?.[1])
    // A change that failed may or may not have happened: both are right.
    const isState = state === job.state && Number(version) === job.version
    if (!isState && job.versionSent === job.version) {
      wrong(1, `job ${job.id} should be ${job.state}, version ${job.version}; it is ${state}, version ${version}`)
    }
    if (count < job.count) wrong(job.count - count, `job ${job.id} was counted ${job.count} times, and has ${count}`)
    if (count > job.countSent) wrong(count - job.countSent, `job ${job.id} has ${count}, of ${job.countSent} counts`)
  })
}

async function auditMembers(redis: Redis, jobs: readonly Job[], wrong: Wrong): Promise<void> {
  const settled = jobs.filter((job) => job.versionSent === job.version)
  const inState = (state: State): string[] => settled.filter((job) => job.state === state).map((job) => job.id)
  const compare = (name: string, expected: readonly string[], actual: readonly string[]): void => {
    const there = new Set(actual)
    const missing = expected.filter((id) => !there.delete(id))
    if (missing.length > 0) wrong(missing.length, `${name} lacks ${missing.slice(0, 3).join(', ')}`)
    if (there.size > 0) wrong(there.size, `${name} should not have ${[...there].slice(0, 3).join(', ')}`)
  }
  compare(newNames.pending, inState('pending'), await redis.zrange(newNames.pending, 0, -1))
  for (const state of ['active', 'completed', 'failed'] as const) {
    compare(newNames[state], inState(state), await redis.smembers(newNames[state]))
  }
  for (const state of ['completed', 'failed'] as const) {
    if ((await redis.ttl(newNames[state])) <= 0) wrong(1, `${newNames[state]} has lost its time to live`)
  }
  for (const [worker, own] of byWorker(settled)) {
    compare(newNames.assigned(worker), own, await redis.smembers(newNames.assigned(worker)))
  }
}

function byWorker(jobs: readonly Job[]): Map<string, string[]> {
  const workers = new Map<string, string[]>()
  for (const { worker, state, id } of jobs) {
    if (worker === undefined) continue
    const own = workers.get(worker) ?? []
    if (state === 'active') own.push(id)
    workers.set(worker, own)
  }
  return workers
}

/** How many keys have a name of this kind: every key is looked at, and the mapper says what its name is. */
export async function countNames(redis: Redis, side: Side): Promise<number> {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, names] = await redis.scan(cursor, 'COUNT', 1000)
    for (const name of names) if (schema.mapper.parse(name)?.side === side) found.add(name)
    cursor = next
  } while (cursor !== '0')
  return found.size
}
