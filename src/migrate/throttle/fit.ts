/**
 * Will the copy fit? Asked before the first key is copied, since a server that is full refuses writes, or evicts.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import type { Server } from '../../clients/servers.js'
import type { Run } from '../run.js'
import { scanPages } from '../scan/pages.js'
import { jobsOf } from '../scan/walker.js'
import { planWalks, type Sides } from '../scan/walks.js'
import { costScript } from '../scripts/index.js'
import { distinctKeys } from '../run.js'
import { bytes } from './load.js'
import { limitsOf } from './pressure.js'

/** Keys that are measured on each server, about. SCAN goes by hash, so the first of them are as good as any. */
const SAMPLE = 1000
const PAGES = 40

/** What would be added to a server. */
export interface Cost {
  /** An estimate. */
  readonly bytes: number
  /** An estimate. */
  readonly keys: number
  /** How many keys it was worked out from. */
  readonly sampled: number
}

/** What to estimate. */
export interface CostPlan {
  readonly sides: Sides
  /** `back` when canonical keys are copied to aliases. */
  readonly flags: string
  readonly match?: string | undefined
}

/** What the copy would add to a server, from a sample of its keys. */
export async function estimateCost(run: Run, server: Server, plan: CostPlan): Promise<Cost> {
  const cost = { bytes: 0, keys: 0, sampled: 0 }
  for (const walk of planWalks(run.names, plan.sides, plan.match)) {
    const port = await run.session.port(server, walk.db)
    const size = Number(await run.session.on(server, () => port.send(['DBSIZE'])))
    let [scanned, sampled, found, keys] = [0, 0, 0, 0]
    for await (const { names } of scanPages(port, walk, run.batch)) {
      scanned += run.batch
      const met = jobsOf(run, names, walk.db).filter((job) => (job.met === -1) === (plan.sides === 'canonical'))
      const jobs = distinctKeys(met).filter(({ queue }) => !queue)
      for (const answer of await run.calls.run(costScript, plan.flags, jobs)) {
        if (answer instanceof Error) continue
        sampled++
        found += Number(answer[1])
        if (answer[0] === 'copy') keys++
      }
      if (sampled >= SAMPLE || scanned >= PAGES * run.batch) break
    }
    const scale = size / Math.max(1, Math.min(scanned, size))
    cost.bytes += Math.round(found * scale)
    cost.keys += Math.round(keys * scale)
    cost.sampled += sampled
  }
  return cost
}

/**
 * Refuses a copy that would fill a server beyond the throttle's limit for memory.
 * @throws CanonicalRedisError `E_NO_MEMORY`
 */
export async function requireRoom(run: Run, plan: CostPlan): Promise<void> {
  const { memory } = limitsOf(run.settings.throttle)
  if (memory === Infinity) return
  for (const server of await run.session.list()) {
    const load = await run.loadOf(server)
    if (load === undefined || load.maxMemory === 0) continue
    const cost = await estimateCost(run, server, plan)
    const room = load.maxMemory * memory - load.usedMemory
    if (cost.bytes <= room) continue
    throw new CanonicalRedisError(
      'E_NO_MEMORY',
      `Expected the copy to fit on ${server.address}, but it would take about ${bytes(cost.bytes)} (estimated from ` +
        `${cost.sampled} keys), and ${bytes(Math.max(0, room))} are free: ${bytes(load.usedMemory)} of ` +
        `${bytes(load.maxMemory)} are used, and ${memory * 100} % are the limit.`,
      {
        hint:
          'Raise maxmemory, migrate some families at a time with { families }, or set another limit with ' +
          '{ throttle: { memory } }.',
      },
    )
  }
}
