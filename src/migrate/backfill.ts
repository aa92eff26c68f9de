/**
 * The backfill: aliases are copied to their canonical names, for keys that nobody touches.
 *
 * @module
 */
import { wrongPhase } from '../phases/index.js'
import { printable, type Job } from './names.js'
import type { ReportNames } from './report.js'
import { distinctKeys, Tally, type Run } from './run.js'
import { apart, goesBack, moveQueues } from './queues.js'
import { copyScript } from './scripts.js'
import type { Answer } from './session.js'
import type { MigrateOptions, MigrateResult, PhaseOf } from './types.js'

const kinds = ['found', 'migrated', 'skipped', 'failed', 'vanished'] as const
type Kind = (typeof kinds)[number]

/** Copies what is missing. Safe at any moment and as often as wanted, unless it overwrites. */
export async function backfill(
  run: Run,
  options: MigrateOptions,
  phaseOf: PhaseOf,
  report: ReportNames,
): Promise<MigrateResult> {
  const { dryRun = true, overwrite = false, limit = Infinity, match } = options
  await run.session.requireCopy()
  const tally = new Tally<Kind>(kinds, run.names.families)
  const mode = `${dryRun ? 'dry-' : ''}${overwrite ? 'replace' : 'copy'}`
  // A key that has more than one alias is met once for each: without this it would count as migrated and as skipped.
  const metBefore = new Set<string>()
  const isNew = (job: Job): boolean => !metBefore.has(job.canonical.toString('latin1'))

  const count = (job: Job, answer: Answer): void => {
    const { name } = job.aliases[Math.max(0, job.met)]!
    const failed = answer instanceof Error
    const kind = failed ? 'failed' : (answer[0] as Kind)
    if (failed || Number(answer[1]) > 1) metBefore.add(job.canonical.toString('latin1'))
    tally.add(job.family, 'found')
    tally.add(job.family, kind)
    if (failed) {
      run.failed(job, name, answer)
      report.error(printable(name), printable(job.canonical), job.family, answer.message)
    } else if (kind === 'migrated') report.migrated(printable(name), printable(job.canonical))
  }

  const checkPhase = (): void => {
    const operation = overwrite ? 'overwriting backfill' : 'backfill'
    const wrong = dryRun ? undefined : wrongPhase(operation, run.names.families, phaseOf)
    if (wrong) throw wrong
  }

  checkPhase()
  walk: for await (const met of run.jobs(goesBack(run, phaseOf) ? 'both' : 'aliases', tally.total, match)) {
    // Again for each batch: the fleet may step on in between.
    checkPhase()
    const jobs = distinctKeys(met.filter((job) => (job.met >= 0 || job.queue) && isNew(job)))
    while (jobs.length > 0) {
      const left = limit - tally.total.migrated
      if (left === 0) break walk
      const part = jobs.splice(0, left)
      const { queues, others } = apart(part)
      const moved = await moveQueues(run, queues, dryRun, phaseOf)
      const copied = await run.session.script(copyScript, mode, others)
      queues.forEach((job, index) => count(job, moved[index]!))
      others.forEach((job, index) => count(job, copied[index]!))
    }
  }
  return { ...run.result(), ...tally.total, dryRun, families: tally.families }
}
