/**
 * What the migrator gives. Counts are logical keys unless they say otherwise; times are milliseconds, sizes bytes.
 *
 * Names come as text. A name that is not UTF-8 is written with `\xNN` for each byte that is not ASCII.
 *
 * @module
 */
import type { CanonicalRedisError, ErrorCode } from '../../errors.js'
import type { Phase } from '../../phases/index.js'
import type { LookAlike } from './look-alike.js'

/** What the migrator can be busy with. */
export type Operation = 'find' | 'migrate' | 'verify' | 'cleanup' | 'restore' | 'analyze'

/** How far a run is; given to `onProgress` after each batch, and whenever it starts to wait. */
export interface Progress {
  readonly operation: Operation
  /** Keys that SCAN has gone through, of any family or none. An estimate until a database is finished. */
  readonly scanned: number
  /** DBSIZE of the databases to go through, added up, when the run began. */
  readonly total: number
  /** The counts of the operation so far: `migrated`, `compared`, `deleted`, … as in its result. */
  readonly counts: Readonly<Record<string, number>>
  /** Milliseconds since the run began. */
  readonly elapsedMs: number
  /** Why nothing is done right now, in words: a limit of the throttle, the rate, a server that went away. */
  readonly waitingFor?: string
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

/** Something to know about a whole family, or (`family` undefined) about the run. */
export interface Note {
  readonly family: string | undefined
  /** A stable code: of an error, or `INFO` where the server does not tell its state. */
  readonly code: ErrorCode | 'INFO'
  readonly note: string
}

/** Why a run ended: through with everything, or before. */
export type EndedBy = 'done' | 'limit' | 'sample' | 'signal'

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
  /** `done`: everything was looked at. */
  readonly endedBy: EndedBy
  /** It went on from a checkpoint; its counts include those of the runs before. */
  readonly resumed: boolean
  /** At most 100 of the keys that failed. */
  readonly errors: readonly KeyError[]
  /** How many more failed. */
  readonly errorsOmitted: number
  readonly notes: readonly Note[]
  /** Where the report was written, if one was asked for. */
  readonly reportFile?: string
}

/** A key above the size that `bigKeys` sets, and what became of it. */
export interface BigKey {
  readonly key: string
  readonly canonical: string
  readonly family: string
  /** MEMORY USAGE. */
  readonly bytes: number
  /**
   * `chunk`: copied in pieces. `copy`: in one piece, while nobody else was served. `skip`: left. `changed`: left, since
   * it changed during each attempt. `would-copy`: a dry run.
   */
  readonly outcome: 'chunk' | 'copy' | 'skip' | 'changed' | 'would-copy'
  /** How often it was begun again because the source changed. */
  readonly retries: number
}

/** Counts of {@link MigrateResult}. found = migrated + skipped + failed + vanished. */
export interface MigrateCounts {
  /** Logical keys of which the side copied from was found. */
  readonly found: number
  /** Copied; in a dry run, would be copied. */
  readonly migrated: number
  /** The target exists already, or the key is big and left alone. */
  readonly skipped: number
  readonly failed: number
  /** Expired or deleted between the scan and the copy. */
  readonly vanished: number
  /** Removed because the overwriting side does not have them. Not part of `found`. */
  readonly removed: number
  /** Given a time to live by the rule of their family, copied or there already; in a dry run, would be. Not part of `found`. */
  readonly timed: number
}

/** What {@link RedisKeyMigrator.migrateKeys} did. */
export interface MigrateResult extends MigrateCounts, RunResult {
  readonly dryRun: boolean
  readonly direction: 'forward' | 'reverse'
  readonly families: Readonly<Record<string, MigrateCounts>>
  /** The same by group of the schema; a family of two groups counts in each. */
  readonly groups: Readonly<Record<string, MigrateCounts>>
  /** At most 100 of the big keys. */
  readonly big: readonly BigKey[]
  /** How many more there are. */
  readonly bigOmitted: number
  /**
   * At most 100 of the names that begin as an alias does and belong to no family. They stay as they are, and are in none of
   * the counts.
   */
  readonly lookAlikes: readonly LookAlike[]
  readonly lookAlikesOmitted: number
}

/**
 * What is wrong with a pair. `missing`: an alias without its canonical key; `orphan`: the reverse; all others: both are
 * there and differ in type, value, expiry, the expiry of a hash field, or the groups of a stream (the first that differs
 * is named). `queued`: jobs wait under the alias of a queue, which is no difference; it has to be empty before
 * `canonical`.
 */
export type Problem = 'missing' | 'orphan' | 'type' | 'value' | 'ttl' | 'field-ttl' | 'groups' | 'queued'

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
  /** Of a transform: what differs, by the names of fields and pieces. */
  readonly why?: string
  /** It was put right, and does not count. */
  readonly repaired?: true
}

/** Counts of {@link VerifyResult}. */
export interface VerifyCounts {
  /** Logical keys with at least one alias that was looked at. */
  readonly compared: number
  /** An alias is there, the canonical key is not. */
  readonly missing: number
  /** Both are there and differ. */
  readonly different: number
  /** A canonical key of which no alias is there. */
  readonly orphans: number
  /** Pairs that could not be compared. */
  readonly failed: number
  /** Pairs that differed at first and then no more: somebody was between the one write and the other. */
  readonly settled: number
  /** Differences that were put right. */
  readonly repaired: number
  /** Aliases of queues under which jobs wait. Queues are not compared. */
  readonly queued: number
}

/** What {@link RedisKeyMigrator.verify} saw. */
export interface VerifyResult extends VerifyCounts, RunResult {
  /**
   * Nothing missing, nothing different, nothing failed; and, for families whose phase is known (from a wrapped client)
   * and keeps both names, no orphans. Never when a signal ended the run.
   */
  readonly clean: boolean
  /** Not all keys were looked at. */
  readonly sampled: boolean
  readonly families: Readonly<Record<string, VerifyCounts>>
  /** The same by group of the schema; a family of two groups counts in each. */
  readonly groups: Readonly<Record<string, VerifyCounts>>
  /** At most 100 of the differences. */
  readonly details: readonly Difference[]
  /** How many more there are. */
  readonly detailsOmitted: number
}

/** Counts of {@link CleanupResult}: alias names, not logical keys. */
export interface CleanupCounts {
  /** Removed; in a dry run, would be removed. */
  readonly deleted: number
  /** Left, because the canonical key does not exist or differs, or because jobs wait there (queues). */
  readonly kept: number
  readonly failed: number
}

/** What {@link RedisKeyMigrator.cleanupAliases} did. */
export interface CleanupResult extends CleanupCounts, RunResult {
  readonly dryRun: boolean
  readonly families: Readonly<Record<string, CleanupCounts>>
  /** The same by group of the schema; a family of two groups counts in each. */
  readonly groups: Readonly<Record<string, CleanupCounts>>
  /** Of a dry run: why the live run would be refused now, with `E_NOT_CLEAN` or `E_WRONG_PHASE`. */
  readonly refusal?: CanonicalRedisError
  /** The verification that went before; undefined with `afterMigration: false`. */
  readonly verified?: VerifyResult
  /** Where the aliases were written before they went. */
  readonly backupFile?: string
  /** At most 100 of the big keys. */
  readonly big: readonly BigKey[]
  readonly bigOmitted: number
}

/** Counts of {@link RestoreResult}: alias names. */
export interface RestoreCounts {
  readonly restored: number
  /** The key exists, and was left as it is. */
  readonly skipped: number
  /** Its time to live is over. */
  readonly expired: number
  readonly failed: number
}

/** What {@link RedisKeyMigrator.restore} did. */
export interface RestoreResult extends RestoreCounts, RunResult {
  readonly dryRun: boolean
  readonly families: Readonly<Record<string, RestoreCounts>>
  /** The same by group of the schema; a family of two groups counts in each. */
  readonly groups: Readonly<Record<string, RestoreCounts>>
  /** The cleanup that wrote the backup came to its end. If not, the file holds what it had removed by then. */
  readonly complete: boolean
}

/** One step of a rollback. */
export interface RollbackStep {
  /** `phase`: move the fleet. The others work on the keys, while the fleet is in `phase`. */
  readonly what: 'phase' | 'backfill' | 'reverse backfill' | 'move queues' | 'verify'
  readonly phase: Phase
  readonly why: string
  readonly done: boolean
}

/** What {@link RedisKeyMigrator.rollback} did. */
export interface RollbackResult {
  readonly dryRun: boolean
  readonly from: Phase
  readonly to: Phase
  readonly steps: readonly RollbackStep[]
  /** Of the backfill and the reverse backfill. */
  readonly migrated: readonly MigrateResult[]
  /** Of each verification. */
  readonly verified: readonly VerifyResult[]
  /** Where the report was written, if one was asked for; a dry run has none. */
  readonly reportFile?: string
}
