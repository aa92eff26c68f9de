/**
 * What the migrator takes and gives. Counts are logical keys unless they say otherwise; times are milliseconds.
 *
 * Names come as text. A name that is not UTF-8 is written with `\xNN` for each byte that is not ASCII.
 *
 * @module
 */
import type { CanonicalRedisError } from '../errors.js'
import type { Phase } from '../phases/index.js'

/** What the migrator can be busy with. */
export type Operation = 'find' | 'migrate' | 'verify' | 'cleanup'

/** How far a run is; given to `onProgress` after each batch. */
export interface Progress {
  readonly operation: Operation
  /** Keys that SCAN has gone through, of any family or none. An estimate until a database is finished. */
  readonly scanned: number
  /** DBSIZE of the databases to go through, added up, when the run began. */
  readonly total: number
  /** The counts of the operation so far: `migrated`, `compared`, `deleted`, … as in its result. */
  readonly counts: Readonly<Record<string, number>>
}

/** Options of {@link RedisKeyMigrator}. */
export interface MigratorOptions {
  /** SCAN COUNT: keys the server walks through in one call, and so the size of a batch. 1 to 100,000; default 500. */
  readonly batch?: number
  /** Called after each batch, and waited for: a slow one slows the run down. What it throws ends the run. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>
  /** Families to work on where a call names none. Default: all. */
  readonly families?: readonly string[]
}

/** Options that every operation takes. */
export interface RunOptions {
  /** Only these families. */
  readonly families?: readonly string[]
  /** Write a JSON report: into this directory, or with `true` into the current one. */
  readonly report?: string | boolean
}

/** Options of {@link RedisKeyMigrator.migrateKeys}. */
export interface MigrateOptions extends RunOptions {
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /** Migrate at most so many logical keys. Run again to go on. */
  readonly limit?: number
  /** A Redis glob on the alias name as stored: only those. */
  readonly match?: string
  /** Replace canonical keys that exist already. Only right while nobody writes them. Default false. */
  readonly overwrite?: boolean
}

/** Options of {@link RedisKeyMigrator.verify}. */
export interface VerifyOptions extends RunOptions {
  /** Look at about so many logical keys only (at least one batch). Default: all. */
  readonly sample?: number
  /** A difference counts when it was seen so many times in a row. 1 to 100; default 3. */
  readonly rounds?: number
}

/** Options of {@link RedisKeyMigrator.cleanupAliases}. */
export interface CleanupOptions extends RunOptions {
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /** Aliases are removed after they were migrated, so verify first. False is for dry runs alone. Default true. */
  readonly afterMigration?: boolean
  /** Asked after the verification and before the first alias goes. Anything but true makes the run a dry one. */
  readonly confirm?: (verified: VerifyResult) => boolean | Promise<boolean>
}

/** A key that could not be handled; the run went on without it. */
export interface KeyError {
  /** The alias name. */
  readonly key: string
  readonly canonical: string
  readonly family: string
  /** The server's words. */
  readonly error: string
}

/** What every result says of its run. */
export interface RunResult {
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly durationMs: number
  /** The schema's name. */
  readonly schema: string
  /** The schema's hash. */
  readonly hash: string
  /** Keys that SCAN went through, of any family or none. */
  readonly scanned: number
  /** At most 100 of the keys that failed. */
  readonly errors: readonly KeyError[]
  /** How many more failed. */
  readonly errorsOmitted: number
  /** Where the report was written, if one was asked for. */
  readonly reportFile?: string
}

/** Counts of {@link MigrateResult}. found = migrated + skipped + failed + vanished. */
export interface MigrateCounts {
  /** Logical keys of which an alias was found. */
  readonly found: number
  /** Copied; in a dry run, would be copied. */
  readonly migrated: number
  /** The canonical key exists already. */
  readonly skipped: number
  readonly failed: number
  /** Expired or deleted between the scan and the copy. */
  readonly vanished: number
}

/** What {@link RedisKeyMigrator.migrateKeys} did. */
export interface MigrateResult extends MigrateCounts, RunResult {
  readonly dryRun: boolean
  readonly families: Readonly<Record<string, MigrateCounts>>
}

/**
 * What is wrong with a pair. `missing`: an alias without its canonical key; `orphan`: the reverse; `type`, `value` and
 * `ttl`: both are there and differ in that (the first of the three that differs is named). `queued`: jobs wait under the
 * alias of a queue, which is no difference; it has to be empty before `canonical`.
 */
export type Problem = 'missing' | 'orphan' | 'type' | 'value' | 'ttl' | 'queued'

/** One difference. */
export interface Difference {
  readonly family: string
  readonly canonical: string
  /** The alias compared: the first one that exists; for an orphan, the first that could. */
  readonly alias: string
  /** The database of the alias. */
  readonly db: number
  readonly problem: Problem
  /** Types (`type`) or expiry as milliseconds since 1970, -1 for none (`ttl`). Never a value. */
  readonly found?: { readonly alias: string | number; readonly canonical: string | number }
}

/** Counts of {@link VerifyResult}. */
export interface VerifyCounts {
  /** Logical keys with at least one alias that was looked at. */
  readonly compared: number
  /** An alias is there, the canonical key is not. */
  readonly missing: number
  /** Both are there and differ in type, value or time to live. */
  readonly different: number
  /** A canonical key of which no alias is there. */
  readonly orphans: number
  /** Aliases of queues under which jobs wait. Queues are not compared. */
  readonly queued: number
  /** Pairs that could not be compared. */
  readonly failed: number
}

/** What {@link RedisKeyMigrator.verify} saw. */
export interface VerifyResult extends VerifyCounts, RunResult {
  /**
   * Nothing missing, nothing different, nothing failed; and, for families whose phase is known (from a wrapped client)
   * and keeps both names, no orphans.
   */
  readonly clean: boolean
  /** Not all keys were looked at. */
  readonly sampled: boolean
  readonly families: Readonly<Record<string, VerifyCounts>>
  /** At most 100 of the differences. */
  readonly details: readonly Difference[]
  /** How many more there are. */
  readonly detailsOmitted: number
}

/** Counts of {@link CleanupResult}: alias names, not logical keys. */
export interface CleanupCounts {
  /** Removed; in a dry run, would be removed. */
  readonly deleted: number
  /** Left, because the canonical key does not exist, or because jobs wait there (queues). */
  readonly kept: number
  readonly failed: number
}

/** What {@link RedisKeyMigrator.cleanupAliases} did. */
export interface CleanupResult extends CleanupCounts, RunResult {
  readonly dryRun: boolean
  readonly families: Readonly<Record<string, CleanupCounts>>
  /** Of a dry run: why the live run would be refused now, with `E_NOT_CLEAN` or `E_WRONG_PHASE`. */
  readonly refusal?: CanonicalRedisError
  /** The verification that went before; undefined with `afterMigration: false`. */
  readonly verified?: VerifyResult
}

/** The phase of a family, where a wrapped client tells it. */
export type PhaseOf = ((family: string) => Phase) | undefined
