/**
 * The report of a way back: one for all of its steps, with the counts of its backfills added up.
 *
 * @module
 */
import { writeReport, type ReportNames } from '../report.js'
import type { RollbackResult } from '../types/index.js'

/** What the report says besides the result. */
export interface RollbackFacts {
  readonly startedAt: Date
  readonly schema: string
  readonly hash: string
  /** Of its backfills. */
  readonly names: ReportNames
}

/** Families, or groups, of several results with their counts added up. */
function addedUp(results: readonly Readonly<Record<string, object>>[]): Record<string, Record<string, number>> {
  const sums: Record<string, Record<string, number>> = {}
  for (const [name, counts] of results.flatMap((result) => Object.entries(result))) {
    const sum = (sums[name] ??= {})
    for (const [kind, count] of Object.entries(counts) as [string, number][]) sum[kind] = (sum[kind] ?? 0) + count
  }
  return sums
}

/** The result, with the path of its report. */
export async function withReport(
  where: string | true,
  result: RollbackResult,
  { names, ...facts }: RollbackFacts,
): Promise<RollbackResult> {
  const { dryRun, from, to, steps, migrated } = result
  const finishedAt = new Date()
  const summed = {
    ...facts,
    finishedAt,
    dryRun,
    durationMs: finishedAt.getTime() - facts.startedAt.getTime(),
    scanned: migrated.reduce((sum, { scanned }) => sum + scanned, 0),
    // A rollback that ends otherwise throws.
    endedBy: 'done',
    families: addedUp(migrated.map(({ families }) => families)),
    groups: addedUp(migrated.map(({ groups }) => groups)),
  } as const
  return { ...result, reportFile: await writeReport(where, 'rollback', summed, names, { from, to, steps }) }
}
