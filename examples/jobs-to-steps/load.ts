/**
 * Fills the server with a job queue as legacy code left it: everything under the old names.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import type { Line } from './clients.js'
import type { Job, Ledger, State } from './ledger.js'
import { oldNames } from './names.js'
import { KEPT_SECONDS } from './traffic.js'

/** Where the jobs of a system that has run for a while are, of 100. */
const shares: readonly (readonly [State, number])[] = [
  ['pending', 10],
  ['active', 2],
  ['failed', 4],
  ['completed', 84],
]

const BATCH = 500

/** Loads so many jobs; gives the number of keys. */
export async function load(redis: Redis, ledger: Ledger, jobs: number): Promise<number> {
  for (let start = 0; start < jobs; start += BATCH) {
    const lines: Line[] = []
    for (let i = start; i < Math.min(start + BATCH, jobs); i++) {
      const job = ledger.newJob(stateOf(i), i % 7, i % 100 < 12 && i % 100 >= 10 ? `old-${i % 4}` : undefined)
      lines.push(...linesOf(job))
      ledger.add(job)
    }
    await redis.pipeline(lines.map((line) => ['call', ...line])).exec()
  }
  await redis.expire(oldNames.completed, KEPT_SECONDS)
  await redis.expire(oldNames.failed, KEPT_SECONDS)
  // Names that the migration leaves alone.
  await redis.sadd('workers:active', 'old-0', 'old-1', 'old-2', 'old-3')
  return redis.dbsize()
}

function stateOf(index: number): State {
  let place = index % 100
  for (const [state, share] of shares) if ((place -= share) < 0) return state
  return 'completed'
}

function linesOf(job: Job): Line[] {
  const { job: name, progress, assigned, pending } = oldNames
  const lines: Line[] = [
    ['HSET', name(job.id), 'type', 'render', 'priority', job.priority, 'state', job.state, 'version', job.version],
    ['HSET', progress(job.id), 'count', job.count],
  ]
  if (job.state === 'pending') lines.push(['ZADD', pending, job.priority, job.id])
  else lines.push(['SADD', oldNames[job.state], job.id])
  if (job.worker !== undefined) lines.push(['SADD', assigned(job.worker), job.id])
  return lines
}
