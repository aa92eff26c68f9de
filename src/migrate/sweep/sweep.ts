/**
 * The sweep: aliases are removed, each only if its canonical key exists and equals it at that moment.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { wrongPhase } from '../../phases/index.js'
import type { BackupWriter } from '../backup/writer.js'
import { sweepBig } from '../big/compare.js'
import type { Answer } from '../calls.js'
import { printable, type Job } from '../names.js'
import { apart } from '../queues.js'
import type { ReportNames } from '../report.js'
import { sweepTransforms } from '../reshape/sweep.js'
import { distinctKeys, type Run } from '../run.js'
import { jobsOf, walkAll, type Met } from '../scan/walker.js'
import { sweepScript } from '../scripts/index.js'
import { Capped, EXAMPLES, Tally } from '../tally.js'
import type { BigKey, CleanupCounts, CleanupResult, VerifyResult, PhaseOf } from '../types/index.js'

type Kind = keyof CleanupCounts
const kinds = ['deleted', 'kept', 'failed'] as const satisfies readonly Kind[]

/** What {@link sweep} takes. */
export interface SweepOptions {
  readonly dryRun: boolean
  readonly phaseOf: PhaseOf
  readonly report: ReportNames
  readonly backup: BackupWriter | undefined
}

/** Removes aliases, or says which it would remove. */
export async function sweep(run: Run, options: SweepOptions): Promise<CleanupResult> {
  const work = new Sweep(run, options)
  await walkAll(run, { sides: 'aliases', each: (names, met) => work.page(jobsOf(run, names, met.db), met) })
  const { tally, big } = work
  const { dryRun, phaseOf, report, backup } = options
  const check = (): void => {
    const wrong = dryRun ? undefined : wrongPhase('sweep', run.names.families, phaseOf)
    if (wrong) throw wrong
  }
  await sweepTransforms({ run, dryRun, check, backup, tally, report })
  const { total, families } = tally
  const { items, omitted } = big
  const groups = run.grouped(families)
  return { ...run.result(), ...total, dryRun, families, groups, big: items, bigOmitted: omitted }
}

class Sweep {
  readonly tally: Tally<Kind>
  readonly big = new Capped<BigKey>(EXAMPLES)

  constructor(
    readonly run: Run,
    readonly options: SweepOptions,
  ) {
    this.tally = new Tally<Kind>(kinds, run.names.families)
    run.counts = this.tally.total
  }

  async page(met: readonly Job[], place: Met): Promise<boolean> {
    const { run } = this
    const { queues, others: jobs } = apart(met.filter((job) => job.met >= 0))
    // What lies under the alias of a queue are jobs that wait, whatever lies under its canonical name.
    queues.forEach(({ family }) => this.tally.add(family, 'kept'))
    while (jobs.length > 0 && !run.isStopped) await this.#remove(jobs.splice(0, run.pacer.portion), place)
    return jobs.length === 0
  }

  async #remove(jobs: readonly Job[], { server }: Met): Promise<void> {
    const { run } = this
    const { dryRun, phaseOf, backup } = this.options
    await run.pacer.admit(server, jobs.length)
    // Again for each batch: a fleet that steps back in between needs its aliases.
    const wrong = dryRun ? undefined : wrongPhase('sweep', run.names.families, phaseOf)
    if (wrong) throw wrong
    // On the disk before the first of them goes; all aliases of a key, by whichever of them it was met.
    if (!dryRun) await backup?.add(distinctKeys(jobs))
    const answers = await run.calls.run(sweepScript, dryRun ? 'dry' : '', jobs)
    for (const [i, job] of jobs.entries()) {
      const answer = answers[i]!
      const isBig = !(answer instanceof Error) && answer[0] === 'big'
      this.#count(job, isBig ? await this.#sweepBig(job, answer, server) : answer)
    }
  }

  async #sweepBig(job: Job, [, bytes, which]: readonly (string | number)[], server: Met['server']): Promise<Answer> {
    const { run } = this
    const { how } = run.big
    const outcome = this.options.dryRun ? 'would-copy' : how === 'skip' ? 'skip' : 'chunk'
    const key = printable(job.aliases[Number(which) - 1]!.name)
    const list = (): void => {
      const canonical = printable(job.canonical)
      this.big.push({ key, canonical, family: job.family, bytes: Number(bytes), outcome, retries: 0 })
    }
    if (outcome === 'chunk') await run.progress(`"${key}" (${bytes} bytes) to be compared in pieces before it goes`)
    const answers: Readonly<Record<typeof outcome, () => Promise<Answer>>> = {
      skip: () => Promise.resolve(['differs', which!]),
      'would-copy': () => Promise.resolve(['deleted', job.met + 1]),
      chunk: () => sweepBig(run, server, job, Number(which), Number(bytes)).catch((error: Error) => error),
    }
    const answer = await answers[outcome]()
    // `gone`: it was removed when it was met by another alias.
    if (answer instanceof Error || answer[0] !== 'gone') list()
    return answer
  }

  /**
   * A live run removes all aliases of a key when it meets the first of them, and counts them then; a dry run counts
   * each when it meets it. Either way the counts are of names.
   */
  #count(job: Job, answer: Answer): void {
    if (answer instanceof Error) return this.#failed(job, answer)
    const [state, ...which] = answer
    // `gone`: expired, removed with another alias of its key, or met twice by the scan.
    if (state === 'gone') return
    if (state !== 'deleted') return this.tally.add(job.family, 'kept')
    for (const i of this.options.dryRun ? which.filter((i) => Number(i) === job.met + 1) : which) {
      this.tally.add(job.family, 'deleted')
      this.options.report.migrated(printable(job.aliases[Number(i) - 1]!.name), printable(job.canonical))
    }
  }

  #failed(job: Job, error: Error): void {
    const { name } = job.aliases[job.met]!
    this.tally.add(job.family, 'failed')
    this.run.failed(job, name, error)
    this.options.report.error(printable(name), printable(job.canonical), job.family, error.message)
  }
}

/** Why aliases may not be removed after this verification; undefined when they may. */
export function notClean(verified: VerifyResult): CanonicalRedisError | undefined {
  const { missing, different, failed, details, errors, endedBy } = verified
  if (endedBy !== 'done') {
    return new CanonicalRedisError(
      'E_NOT_CLEAN',
      'Expected the verification to look at everything, but it was ended.',
      {
        hint: 'Let it run to its end. Nothing was removed.',
      },
    )
  }
  if (missing + different + failed === 0) return undefined
  const example = details.find(({ problem }) => problem !== 'orphan' && problem !== 'queued')
  const shown = example
    ? `"${example.alias}" → "${example.canonical}" (${example.problem})`
    : `"${errors[0]?.key}" (${errors[0]?.error})`
  return new CanonicalRedisError(
    'E_NOT_CLEAN',
    `Expected every alias to have an equal canonical key, but ${missing} are missing it, ${different} differ from it and ` +
      `${failed} could not be compared; for example ${shown}. Nothing was removed.`,
    {
      hint:
        missing > 0
          ? 'Run migrateKeys({ dryRun: false }), then verify() until it is clean, then clean up again.'
          : 'Look at the details of verify(), and decide for each which side is right, before cleaning up again.',
    },
  )
}
