/**
 * Reports: one JSON file a run, in the shape `migration_stats`, `migrated_keys`, `error_keys`. Names, never values.
 *
 * @module
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Capped } from './tally.js'
import type { Analysis, LookAlike, Operation, RunOptions, RunResult } from './types/index.js'

/** Names in a report of one kind at most. */
export const REPORTED = 10_000

/** One pair of names. */
interface MigratedKey {
  readonly old_key: string
  readonly new_key: string
}

/** A pair that failed or differs. */
interface ErrorKey extends MigratedKey {
  readonly family: string
  readonly error: string
}

/** The names that a report will list, gathered while the run goes on. */
export class ReportNames {
  readonly done = new Capped<MigratedKey>(REPORTED)
  readonly errors = new Capped<ErrorKey>(REPORTED)
  /** Of no family, and left: see {@link MigrateResult.lookAlikes}. */
  readonly left = new Capped<LookAlike>(REPORTED)

  migrated(old_key: string, new_key: string): void {
    this.done.push({ old_key, new_key })
  }

  /** No more of them will be listed, only counted. */
  get isFull(): boolean {
    return this.done.items.length === this.done.limit
  }

  /** So many more were migrated, whose names nobody knows. */
  migratedUnnamed(count: number): void {
    this.done.omitted += count
  }

  error(old_key: string, new_key: string, family: string, error: string): void {
    this.errors.push({ old_key, new_key, family, error })
  }
}

type Counts = Readonly<Record<string, number>>
type Count = (counts: Counts) => number

const sum =
  (...kinds: readonly string[]): Count =>
  (counts) =>
    kinds.reduce((total, kind) => total + (counts[kind] ?? 0), 0)

/** The operations that write a report. */
export type ReportedOperation = Exclude<Operation, 'find' | 'analyze'> | 'rollback'

/** What each operation calls found, done and failed. */
const shapes: Readonly<Record<ReportedOperation, Readonly<Record<'found' | 'done' | 'errors', Count>>>> = {
  migrate: { found: sum('found'), done: sum('migrated'), errors: sum('failed') },
  verify: {
    found: sum('compared'),
    done: (counts) => sum('compared')(counts) - sum('missing', 'different')(counts),
    errors: sum('missing', 'different', 'failed'),
  },
  cleanup: { found: sum('deleted', 'kept', 'failed'), done: sum('deleted'), errors: sum('failed') },
  rollback: { found: sum('found'), done: sum('migrated'), errors: sum('failed') },
  restore: { found: sum('restored', 'skipped', 'expired', 'failed'), done: sum('restored'), errors: sum('failed') },
}

/** A result with its counts by family; one without `dryRun` changes nothing anyway. */
export interface Reported extends Pick<
  RunResult,
  'startedAt' | 'finishedAt' | 'durationMs' | 'schema' | 'hash' | 'scanned' | 'endedBy'
> {
  readonly dryRun?: boolean
  readonly families: Readonly<Record<string, object>>
  readonly groups: Readonly<Record<string, object>>
}

/**
 * Writes `migration_report_YYYYMMDD_HHMMSS.json` (UTC) and gives its path. The directory is made if need be; a report
 * that is there already is never overwritten, the new one gets a number.
 *
 * @param where A directory, or true for the current one.
 * @param more Further properties.
 */
export async function writeReport(
  where: string | true,
  operation: ReportedOperation,
  result: Reported,
  names: ReportNames,
  more: object = {},
): Promise<string> {
  const content = { ...contentOf(operation, result, names), ...more }
  return writeOnce(where, 'migration_report', result.finishedAt, content)
}

/** Writes `redis_analysis_YYYYMMDD_HHMMSS.json` (UTC) and gives its path; as {@link writeReport}. */
export async function writeAnalysis(where: string | true, analysis: Analysis): Promise<string> {
  return writeOnce(where, 'redis_analysis', analysis.finishedAt, { ...analysis, timestamp: analysis.finishedAt })
}

async function writeOnce(where: string | true, kind: string, at: Date, content: object): Promise<string> {
  const directory = resolve(where === true ? '.' : where)
  await mkdir(directory, { recursive: true })
  const text = `${JSON.stringify(content, undefined, 2)}\n`
  const stamp = at
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '_')
  for (let copy = 1; ; copy++) {
    const file = join(directory, `${kind}_${stamp}${copy === 1 ? '' : `_${copy}`}.json`)
    try {
      await writeFile(file, text, { flag: 'wx' })
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      // A full disk: half a report would be in the way of the next one.
      await rm(file, { force: true })
      throw error
    }
  }
}

function contentOf(operation: ReportedOperation, result: Reported, names: ReportNames): object {
  const { found, done, errors } = shapes[operation]
  const families = Object.entries(result.families) as [string, Counts][]
  const total: Record<string, number> = {}
  for (const [kind, count] of families.flatMap(([, counts]) => Object.entries(counts))) {
    total[kind] = (total[kind] ?? 0) + count
  }
  const groups = Object.entries(result.groups) as [string, Counts][]
  return {
    // Under names of their own, beside those that every report has, which win.
    ...(operation === 'migrate' &&
      Object.fromEntries(groups.map(([group, counts]) => [`${group}_migrated`, done(counts)]))),
    migration_stats: {
      total_keys_found: found(total),
      migrated_successfully: done(total),
      migration_errors: errors(total),
      ...Object.fromEntries(families.map(([family, counts]) => [`${family}_keys`, found(counts)])),
    },
    migrated_keys: names.done.items,
    migrated_keys_omitted: names.done.omitted,
    error_keys: names.errors.items,
    error_keys_omitted: names.errors.omitted,
    left_keys: names.left.items,
    left_keys_omitted: names.left.omitted,
    dry_run: result.dryRun ?? true,
    timestamp: result.finishedAt.toISOString(),
    start_time: result.startedAt.toISOString(),
    end_time: result.finishedAt.toISOString(),
    total_keys_migrated: done(total),
    errors: errors(total),
    operation,
    schema: result.schema,
    hash: result.hash,
    duration_ms: result.durationMs,
    scanned: result.scanned,
    ended_by: result.endedBy,
    counts: total,
    families: result.families,
    groups: result.groups,
  }
}

/** The result, with the path of its report if one is asked for. */
export async function reported<R extends RunResult & Pick<Reported, 'families' | 'groups'>>(
  operation: ReportedOperation,
  { report }: RunOptions,
  result: R,
  names: ReportNames,
): Promise<R> {
  if (report === undefined || report === false) return result
  return { ...result, reportFile: await writeReport(report, operation, result, names) }
}
