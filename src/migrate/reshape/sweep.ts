/**
 * The sweep of transforms: old values are removed, each only if its pieces are there and equal at that moment.
 *
 * @module
 */
import type { BackupWriter } from '../backup/writer.js'
import { printable } from '../names.js'
import type { ReportNames } from '../report.js'
import type { Run } from '../run.js'
import type { Tally } from '../tally.js'
import type { CleanupCounts } from '../types/index.js'
import { sweepSource } from './flows.js'
import { hasTransforms, newName, runOn, walkGroups, type Met } from './groups.js'

/** What the sweep around it has. */
export interface Sweeping {
  readonly run: Run
  readonly dryRun: boolean
  /** Throws where the phase does not allow it any more. */
  readonly check: () => void
  readonly backup: BackupWriter | undefined
  readonly tally: Tally<keyof CleanupCounts>
  readonly report: ReportNames
}

/** Removes old values, or says which it would remove. */
export async function sweepTransforms(work: Sweeping): Promise<void> {
  if (!hasTransforms(work.run) || work.run.isStopped) return
  await walkGroups(work.run, ['source'], undefined, (met) => sweepOne(work, met))
}

async function sweepOne({ run, dryRun, check, backup, tally, report }: Sweeping, met: Met): Promise<void> {
  const { group, name, server } = met
  const family = group.transform.name
  const canonical = Buffer.from(newName(group))
  check()
  // On the disk before it goes.
  const place = { name, db: run.session.home }
  if (!dryRun) await backup?.add([{ family, canonical, aliases: [place], met: 0, queue: false }])
  try {
    const outcome = await runOn(run, server, sweepSource(met, dryRun))
    if (outcome === 'gone') return
    tally.add(family, outcome === 'deleted' ? 'deleted' : 'kept')
    if (outcome === 'deleted') report.migrated(printable(name), newName(group))
  } catch (error) {
    tally.add(family, 'failed')
    run.failed({ family, canonical }, name, error as Error)
    report.error(printable(name), newName(group), family, (error as Error).message)
  }
}
