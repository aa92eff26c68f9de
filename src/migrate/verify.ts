/**
 * Verification, both ways: every alias has its equal, and every canonical key its alias.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { phaseTable } from '../phases/index.js'
import { printable, type Job } from './names.js'
import type { ReportNames } from './report.js'
import { apart } from './queues.js'
import { Capped, EXAMPLES, Tally, type Run } from './run.js'
import { compareScript } from './scripts.js'
import type { Answer } from './session.js'
import type { Difference, PhaseOf, Problem, VerifyCounts, VerifyOptions, VerifyResult } from './types.js'

type Kind = keyof VerifyCounts
const kinds = ['compared', 'missing', 'different', 'orphans', 'queued', 'failed'] as const satisfies readonly Kind[]

/** What each word of the script counts as; a state that is not here is no problem. */
const countedAs: Readonly<Record<string, Kind>> = {
  missing: 'missing',
  orphan: 'orphans',
  type: 'different',
  value: 'different',
  ttl: 'different',
}

/** Between two looks at a difference: time for whoever is between the alias and its copy to finish. */
const SETTLE_MS = 50

/** Differences that wait for another look at most, so that a keyspace full of them fits in memory. */
const HELD = 10_000

type Seen = readonly [job: Job, answer: Answer]

const isProblem = ([, answer]: Seen): boolean => answer instanceof Error || String(answer[0]) in countedAs

/** Compares all pairs. Reads only. */
export async function verifyPairs(
  run: Run,
  options: VerifyOptions,
  phaseOf: PhaseOf,
  report: ReportNames,
): Promise<VerifyResult> {
  const { sample = Infinity, rounds = 3 } = options
  const findings = new Findings(run, report)
  const held: Seen[] = []
  let met = 0
  for await (const all of run.jobs('both', findings.tally.total)) {
    const { queues, others: jobs } = apart(all)
    findings.waiting(queues.filter((job) => job.met >= 0))
    const pairs = await look(
      run,
      'compare',
      jobs.filter((job) => job.met >= 0),
    )
    // A pair is compared when its alias is met; from its canonical side it is enough to know that there is one.
    const canonicals = await look(
      run,
      'exists',
      jobs.filter((job) => job.met === -1),
    )
    pairs.forEach((seen) => findings.compared(seen))
    held.push(...[...pairs, ...canonicals].filter(isProblem))
    if (held.length >= HELD) findings.note(await settle(run, held.splice(0), rounds))
    met += all.length
    if (met >= sample) break
  }
  findings.note(await settle(run, held, rounds))
  const { tally, details } = findings
  return {
    ...run.result(),
    ...tally.total,
    clean: isClean(tally, phaseOf),
    sampled: met >= sample,
    families: tally.families,
    details: details.items,
    detailsOmitted: details.omitted,
  }
}

async function look(run: Run, mode: 'compare' | 'exists', jobs: readonly Job[]): Promise<Seen[]> {
  const answers = await run.session.script(compareScript, mode, jobs)
  return jobs.map((job, index) => [job, answers[index]!])
}

/** Looks again at what differed: a pair that was being written, copied or deleted agrees now, or is gone. */
async function settle(run: Run, first: readonly Seen[], rounds: number): Promise<readonly Seen[]> {
  let left = first
  for (let round = 2; round <= rounds && left.length > 0; round++) {
    await pause(SETTLE_MS)
    const again = left.map(([job]) => job)
    left = (await look(run, 'compare', again)).filter(isProblem)
  }
  return left
}

class Findings {
  readonly tally: Tally<Kind>
  readonly details = new Capped<Difference>(EXAMPLES)
  readonly #noted = new Set<string>()

  constructor(
    readonly run: Run,
    readonly report: ReportNames,
  ) {
    this.tally = new Tally(kinds, run.names.families)
  }

  /** Counts a pair that was looked at. A key with two aliases is met twice, and counts by the one that counts. */
  compared([job, answer]: Seen): void {
    if (!(answer instanceof Error) && answer[1] === job.met + 1) this.tally.add(job.family, 'compared')
  }

  /** Queues that a scan met by an alias. */
  waiting(jobs: readonly Job[]): void {
    for (const { family, canonical, aliases, met } of jobs) {
      const { name, db } = aliases[met]!
      this.tally.add(family, 'queued')
      this.details.push({ family, canonical: printable(canonical), alias: printable(name), db, problem: 'queued' })
    }
  }

  note(problems: readonly Seen[]): void {
    for (const [job, answer] of problems) {
      if (this.#isRepeated(job)) continue
      if (answer instanceof Error) this.#failed(job, answer)
      else this.#differs(job, answer)
    }
  }

  #isRepeated({ canonical, aliases }: Job): boolean {
    // Only a key with several aliases is met more than once; remembering all would not fit in memory.
    if (aliases.length === 1) return false
    const id = canonical.toString('latin1')
    const repeated = this.#noted.has(id)
    this.#noted.add(id)
    return repeated
  }

  #failed(job: Job, error: Error): void {
    const { name } = job.aliases[Math.max(0, job.met)]!
    this.tally.add(job.family, 'failed')
    this.run.failed(job, name, error)
    this.report.error(printable(name), printable(job.canonical), job.family, error.message)
  }

  #differs(job: Job, [state, which, alias, canonical]: readonly (string | number)[]): void {
    const problem = state as Problem
    const { name, db } = job.aliases[Math.max(0, Number(which) - 1)]!
    const names = { family: job.family, canonical: printable(job.canonical), alias: printable(name), db }
    this.tally.add(job.family, countedAs[problem]!)
    this.details.push({
      ...names,
      problem,
      ...(alias === undefined || canonical === undefined ? {} : { found: { alias, canonical } }),
    })
    this.report.error(names.alias, names.canonical, job.family, problem)
  }
}

/** An orphan is a loss only where both names are kept: later on the aliases are meant to go. */
function isClean({ total, families }: Tally<Kind>, phaseOf: PhaseOf): boolean {
  if (total.missing + total.different + total.failed > 0) return false
  return Object.entries(families).every(
    ([family, { orphans }]) => orphans === 0 || !phaseOf || phaseTable[phaseOf(family)].secondary !== 'mirror',
  )
}
