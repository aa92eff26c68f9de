/**
 * Verification, both ways: every alias has its equal, and every canonical key its alias.
 *
 * @module
 */
import { phaseTable } from '../../phases/index.js'
import type { ExpressPlan } from '../express/express.js'
import { printable, type Job } from '../names.js'
import { apart } from '../queues.js'
import type { ReportNames } from '../report.js'
import { verifyTransforms } from '../reshape/verify.js'
import type { Run } from '../run.js'
import { jobsOf, walkAll, type Met } from '../scan/walker.js'
import { Capped, EXAMPLES, Tally } from '../tally.js'
import type { Difference, Problem, VerifyCounts, VerifyOptions, VerifyResult, PhaseOf } from '../types/index.js'
import { expressCompare } from '../scripts/index.js'
import { countedAs, isProblem, look, settle, type Seen } from './look.js'
import { repair, repairPhase, type RepairPhase } from './repair.js'

type Kind = keyof VerifyCounts
const kinds = [
  'compared',
  'missing',
  'different',
  'orphans',
  'failed',
  'settled',
  'repaired',
  'queued',
] as const satisfies readonly Kind[]

/** Differences that wait for another look at most, so that a keyspace full of them fits in memory. */
const HELD = 10_000

/** Compares all pairs; changes nothing but what it is told to repair. */
export async function verifyPairs(
  run: Run,
  options: VerifyOptions,
  phaseOf: PhaseOf,
  report: ReportNames,
): Promise<VerifyResult> {
  const phaseFor = repairPhase(options.repair, run.names.families, phaseOf)
  const work = new Verification(run, options, phaseFor, new Findings(run, report))
  await work.run()
  const { tally, details } = work.findings
  await verifyTransforms({ run, options, phaseFor, tally, details, report })
  const result = run.result()
  return {
    ...result,
    ...tally.total,
    clean: result.endedBy !== 'signal' && isClean(tally, phaseOf),
    sampled: result.endedBy === 'sample',
    families: tally.families,
    groups: run.grouped(tally.families),
    details: details.items,
    detailsOmitted: details.omitted,
  }
}

class Verification {
  readonly #held: Seen[] = []
  #met = 0

  constructor(
    readonly context: Run,
    readonly options: VerifyOptions,
    readonly phaseFor: RepairPhase,
    readonly findings: Findings,
  ) {}

  run(): Promise<void> {
    const { context, findings } = this
    return walkAll(context, {
      sides: 'both',
      // A sample ends with the page at hand, not one later.
      overlaps: this.options.sample === undefined,
      each: (names, met) => this.#page(jobsOf(context, names, met.db), met),
      express: this.#express,
      settle: () => this.#settle(),
      counts: () => findings.tally.families,
    })
  }

  /** Equal pairs, most of all there are, need no names on this side. */
  get #express(): ExpressPlan | undefined {
    if (this.options.sample !== undefined) return undefined
    return {
      script: expressCompare,
      isNear: true,
      isWanted: () => true,
      count: (family, equal) => this.findings.tally.add(family, 'compared', equal),
    }
  }

  async #page(met: readonly Job[], { server }: Met): Promise<boolean> {
    const { context: run, findings } = this
    const { queues, others: jobs } = apart(met)
    findings.waiting(queues.filter((job) => job.met >= 0))
    while (jobs.length > 0 && !run.isStopped) {
      const part = jobs.splice(0, run.pacer.portion)
      await run.pacer.admit(server, part.length)
      await this.#look(part)
    }
    this.#met += met.length
    if (this.#met >= (this.options.sample ?? Infinity)) run.stop('sample')
    return jobs.length === 0
  }

  async #look(jobs: readonly Job[]): Promise<void> {
    const { context: run, findings } = this
    const aliases = jobs.filter((job) => job.met >= 0)
    const pairs = await look(run, '', aliases)
    // A pair is compared when its alias is met; from its canonical side it is enough to know that there is one.
    const fromCanonical = jobs.filter((job) => job.met === -1)
    const canonicals = await look(run, 'look', fromCanonical)
    pairs.forEach((seen) => findings.compared(seen))
    this.#held.push(...[...pairs, ...canonicals].filter(isProblem))
    if (this.#held.length >= HELD) await this.#settle()
  }

  async #settle(): Promise<void> {
    const { context: run, findings, options } = this
    const held = findings.distinct(this.#held.splice(0))
    const problems = await settle(run, held, options.rounds ?? 3)
    const still = new Set(problems.map(({ job }) => job))
    for (const { job } of held) if (!still.has(job)) findings.tally.add(job.family, 'settled')
    const repaired = await repair(run, problems, this.phaseFor)
    for (const seen of problems) findings.note(seen, repaired.has(seen))
  }
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
    this.tally.restore(run.checkpoint?.memory?.counts)
    run.counts = this.tally.total
  }

  /** Queues that a scan met by an alias: both names may hold jobs, so there is nothing to compare. */
  waiting(jobs: readonly Job[]): void {
    for (const { family, canonical, aliases, met } of jobs) {
      const { name, db } = aliases[met]!
      this.tally.add(family, 'queued')
      this.details.push({ family, canonical: printable(canonical), alias: printable(name), db, problem: 'queued' })
    }
  }

  /** Counts a pair that was looked at. A key with two aliases is met twice, and counts by the one that counts. */
  compared({ job, answer }: Seen): void {
    if (!(answer instanceof Error) && answer[1] === job.met + 1) this.tally.add(job.family, 'compared')
  }

  /** Without those that were noted before: a key with several aliases is met by each. */
  distinct(seen: readonly Seen[]): Seen[] {
    return seen.filter(({ job: { canonical, aliases } }) => {
      // Only a key with several aliases is met more than once; remembering all would not fit in memory.
      if (aliases.length === 1) return true
      const id = canonical.toString('latin1')
      const isNew = !this.#noted.has(id)
      this.#noted.add(id)
      return isNew
    })
  }

  note({ job, answer }: Seen, repaired: boolean): void {
    if (answer instanceof Error) this.#failed(job, answer)
    else this.#differs(job, answer, repaired)
  }

  #failed(job: Job, error: Error): void {
    const { name } = job.aliases[Math.max(0, job.met)]!
    this.tally.add(job.family, 'failed')
    this.run.failed(job, name, error)
    this.report.error(printable(name), printable(job.canonical), job.family, error.message)
  }

  #differs(job: Job, [state, which, alias, canonical]: readonly (string | number)[], repaired: boolean): void {
    const problem = state as Problem
    const { name, db } = job.aliases[Math.max(0, Number(which) - 1)]!
    const names = { family: job.family, canonical: printable(job.canonical), alias: printable(name), db }
    this.tally.add(job.family, repaired ? 'repaired' : countedAs[problem]!)
    this.details.push({
      ...names,
      problem,
      ...(alias === undefined || canonical === undefined ? {} : { found: { alias, canonical } }),
      ...(repaired && { repaired }),
    })
    if (!repaired) this.report.error(names.alias, names.canonical, job.family, problem)
  }
}

/** An orphan is a loss only where both names are kept: later on the aliases are meant to go. */
function isClean({ total, families }: Tally<Kind>, phaseOf: PhaseOf): boolean {
  if (total.missing + total.different + total.failed > 0) return false
  return Object.entries(families).every(
    ([family, { orphans }]) => orphans === 0 || !phaseOf || phaseTable[phaseOf(family)].secondary !== 'mirror',
  )
}
