/**
 * The backfill of transforms: pieces are made of old values, or old values of pieces.
 *
 * @module
 */
import { wrongPhase } from '../../phases/index.js'
import type { ReportNames } from '../report.js'
import type { Run } from '../run.js'
import type { Tally } from '../tally.js'
import type { MigrateCounts, MigrateOptions, PhaseOf } from '../types/index.js'
import type { Way } from '../backfill/ways.js'
import { dropPieces, dropSource, giveBack, takeUp, type Moved } from './flows.js'
import { hasTransforms, newName, runOn, walkGroups, type Met, type Wanted } from './groups.js'

/** What the backfill around it has. */
export interface Backfilling {
  readonly run: Run
  readonly way: Way
  readonly options: MigrateOptions
  readonly phaseOf: PhaseOf
  readonly tally: Tally<keyof MigrateCounts>
  readonly report: ReportNames
}

/** Migrates what belongs to transforms. */
export async function backfillTransforms(work: Backfilling): Promise<void> {
  const { run, way, options } = work
  if (!hasTransforms(run) || run.isStopped) return
  const wanted: Wanted = way.prunes
    ? ['source', 'index', 'piece']
    : way.source === 'aliases'
      ? ['source']
      : ['index', 'piece']
  // A limit counts one after the other.
  await walkGroups(
    run,
    wanted,
    options.match,
    (met) => migrateOne(work, met),
    options.limit === undefined ? undefined : 1,
  )
}

async function migrateOne(work: Backfilling, met: Met): Promise<void> {
  const { run, way, options, phaseOf, tally, report } = work
  const { dryRun = true, limit = Infinity } = options
  if (tally.total.migrated >= limit) return run.stop('limit')
  // Again for each: the fleet may step on in between.
  const wrong = dryRun ? undefined : wrongPhase(way.operation, run.names.families, phaseOf)
  if (wrong) throw wrong
  const { group, name } = met
  const family = group.transform.name
  const isSource = (met.part === 'source') === (way.source === 'aliases')
  try {
    const outcome = await runOn(run, met.server, flowFor(met, way, dryRun))
    if (!isSource) return outcome === 'removed' ? tally.add(family, 'removed') : undefined
    tally.add(family, 'found')
    tally.add(family, outcome)
    if (outcome === 'migrated') report.migrated(name.toString(), newName(group))
  } catch (error) {
    tally.add(family, 'found')
    tally.add(family, 'failed')
    run.failed({ family, canonical: Buffer.from(newName(group)) }, name, error as Error)
    report.error(name.toString(), newName(group), family, (error as Error).message)
  }
}

function flowFor(
  met: Met,
  way: Way,
  dryRun: boolean,
): Generator<{ argv: readonly (string | Buffer)[] }, Moved, unknown> {
  if (way.source === 'aliases') {
    return met.part === 'source' ? takeUp(met, { dryRun, overwrite: way.copy === 'replace' }) : dropPieces(met, dryRun)
  }
  return met.part === 'source' ? dropSource(met, dryRun) : giveBack(met, { dryRun })
}
