/**
 * One look at pairs, small and big, and another at those that differed.
 *
 * @module
 */
import type { Server } from '../../clients/servers.js'
import { compareInPieces } from '../big/compare.js'
import type { Answer } from '../calls.js'
import type { Job } from '../names.js'
import type { Run } from '../run.js'
import { compareScript } from '../scripts/index.js'
import type { Problem, VerifyCounts } from '../types/index.js'

/** A pair, what was seen of it, and its size if it is a big one. */
export interface Seen {
  readonly job: Job
  readonly answer: Answer
  readonly bytes?: number
}

/** What each problem counts as; a state that is not here is no problem. */
export const countedAs: Readonly<Record<string, keyof VerifyCounts>> = {
  missing: 'missing',
  orphan: 'orphans',
  type: 'different',
  value: 'different',
  ttl: 'different',
  'field-ttl': 'different',
  groups: 'different',
} satisfies Record<Exclude<Problem, 'queued'>, keyof VerifyCounts>

/** Between two looks at a difference: time for whoever is between the alias and its copy to finish. */
const SETTLE_MS = 50

export const isProblem = ({ answer }: Seen): boolean => answer instanceof Error || String(answer[0]) in countedAs

/** Compares pairs. Flags: `look` only whether both are there. */
export async function look(run: Run, flags: string, jobs: readonly Job[]): Promise<Seen[]> {
  const answers = await run.calls.run(compareScript, flags, jobs)
  const seen: Seen[] = []
  for (const [i, job] of jobs.entries()) {
    const answer = answers[i]!
    if (answer instanceof Error || answer[0] !== 'big') seen.push({ job, answer })
    else seen.push(await lookAtBig(run, job, Number(answer[1]), Number(answer[2])))
  }
  return seen
}

async function lookAtBig(run: Run, job: Job, which: number, bytes: number): Promise<Seen> {
  const server = await ownerOf(run, job)
  const answer = await compareInPieces(run, server, job, which, bytes).catch((error: Error) => error)
  return { job, answer, bytes }
}

/** The server that a logical key is on. */
export async function ownerOf(run: Run, { canonical }: Pick<Job, 'canonical'>): Promise<Server> {
  const slot = run.session.servers.slotOf(canonical)
  const owner = (await run.session.list()).find(({ slots }) => slots.includes(slot))
  if (owner === undefined) throw new Error(`no server owns slot ${slot}`)
  return owner
}

/** Looks again at what differed: a pair that was being written, copied or deleted agrees now, or is gone. */
export async function settle(run: Run, first: readonly Seen[], rounds: number): Promise<readonly Seen[]> {
  let left = first
  for (let round = 2; round <= rounds && left.length > 0; round++) {
    await run.sleep(SETTLE_MS)
    const again = left.map(({ job }) => job)
    left = (await look(run, '', again)).filter(isProblem)
  }
  return left
}
