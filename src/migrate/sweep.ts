/**
 * The sweep: aliases are removed, each only if its canonical key exists at that moment.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { wrongPhase } from '../phases/index.js'
import { printable, type Job } from './names.js'
import type { ReportNames } from './report.js'
import { apart } from './queues.js'
import { Tally, type Run } from './run.js'
import { sweepScript } from './scripts.js'
import type { CleanupCounts, CleanupResult, PhaseOf, VerifyResult } from './types.js'

type Kind = keyof CleanupCounts
const kinds = ['deleted', 'kept', 'failed'] as const satisfies readonly Kind[]

/** Removes aliases, or says which it would remove. */
export async function sweep(run: Run, dryRun: boolean, phaseOf: PhaseOf, report: ReportNames): Promise<CleanupResult> {
  const tally = new Tally<Kind>(kinds, run.names.families)
  for await (const met of run.jobs('aliases', tally.total)) {
    // Again for each batch: a fleet that steps back in between needs its aliases.
    const wrong = dryRun ? undefined : wrongPhase('sweep', run.names.families, phaseOf)
    if (wrong) throw wrong
    // One alias at a time, each when the scan meets it: so that a key with two counts two, in a dry run too.
    const { queues, others } = apart(met.filter((job) => job.met >= 0))
    // What lies under the alias of a queue are jobs that wait, whatever lies under its canonical name.
    queues.forEach((job) => tally.add(job.family, 'kept'))
    const jobs = others.map((job) => ({ ...job, aliases: [job.aliases[job.met]!], met: 0 }))
    const answers = await run.session.script(sweepScript, dryRun ? 'dry' : 'unlink', jobs)
    jobs.forEach((job, index) => {
      const answer = answers[index]!
      if (answer instanceof Error) return failed(run, tally, job, answer, report)
      // `gone`: expired, or met twice by the scan.
      if (answer[0] === 'gone') return
      tally.add(job.family, answer[0] as Kind)
      if (answer[0] === 'deleted') report.migrated(printable(job.aliases[0]!.name), printable(job.canonical))
    })
  }
  return { ...run.result(), ...tally.total, dryRun, families: tally.families }
}

function failed(run: Run, tally: Tally<Kind>, job: Job, error: Error, report: ReportNames): void {
  const { name } = job.aliases[0]!
  tally.add(job.family, 'failed')
  run.failed(job, name, error)
  report.error(printable(name), printable(job.canonical), job.family, error.message)
}

/** Why aliases may not be removed after this verification; undefined when they may. */
export function notClean(verified: VerifyResult): CanonicalRedisError | undefined {
  const { missing, different, failed, details, errors } = verified
  if (missing + different + failed === 0) return undefined
  const example = details.find(({ problem }) => problem !== 'orphan')
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
