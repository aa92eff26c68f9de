/**
 * The statistics of a run in the shape of the document.
 *
 * @module
 */
import type { MigrateResult } from 'canonical-redis'

/** `volume_migrated`, `indicators_migrated`, … beside what every run says. */
export type Statistics = Readonly<Record<`${string}_migrated`, number>> & {
  readonly start_time: string
  readonly end_time: string
  readonly dry_run: boolean
  readonly errors: number
  readonly total_keys_migrated: number
}

/** No family is in two groups here, so the groups add up to the total. */
export function statisticsOf({ startedAt, finishedAt, dryRun, groups, failed, migrated }: MigrateResult): Statistics {
  return {
    start_time: startedAt.toISOString(),
    end_time: finishedAt.toISOString(),
    dry_run: dryRun,
    ...Object.fromEntries(Object.entries(groups).map(([group, counts]) => [`${group}_migrated`, counts.migrated])),
    errors: failed,
    total_keys_migrated: migrated,
  }
}
