/**
 * What the migrator takes. Counts are logical keys unless they say otherwise; times are milliseconds, sizes bytes.
 *
 * @module
 */
import type { Phase } from '../../phases/index.js'
import type { Progress, VerifyResult } from './results.js'

/** When to hold back for the sake of the server. Each limit may be `false`: never for that reason. */
export interface ThrottleOptions {
  /** How much longer than at its best the server may take to answer, in milliseconds. Default 25. */
  readonly latency?: number | false
  /** How far a replica may be behind, in bytes of the replication stream. Default 16 MiB. */
  readonly replicaLag?: number | false
  /** How full the memory may be, as a part of `maxmemory`. Also how full the copy may make it. Default 0.9. */
  readonly memory?: number | false
  /** How much output may wait for a client or for the replicas, in bytes. Default 64 MiB. */
  readonly outputBuffer?: number | false
  /** How long to wait for one reason before the run ends with `E_OVERLOADED`. Default 600,000 (ten minutes). */
  readonly patience?: number
}

/** What to do with keys that would hold the server up. */
export interface BigKeyOptions {
  /** From how many bytes on (MEMORY USAGE) a key is big. Default 1,000,000: about 5 ms of COPY for a hash. */
  readonly over?: number
  /**
   * `chunk` (the default): in pieces, without holding the server up. `skip`: leave it, and list it. `copy`: in one
   * piece, and list it. Streams and values of modules cannot go in pieces: under `chunk` they go as under `copy`.
   */
  readonly how?: 'chunk' | 'skip' | 'copy'
}

/** Where a checkpoint is kept: a file of this path, or a key in Redis (in the home database, under its name as stored). */
export type CheckpointPlace = string | { readonly key: string }

/** Options of {@link RedisKeyMigrator}. */
export interface MigratorOptions {
  /** SCAN COUNT: keys the server walks through in one call, and so the size of a batch. 1 to 100,000; default 1000. */
  readonly batch?: number
  /** Called after each batch, and waited for: a slow one slows the run down. What it throws ends the run. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>
  /** Families to work on where a call names neither families nor groups. Default: all. */
  readonly families?: readonly string[]
  /** Groups of families, likewise. */
  readonly groups?: readonly string[]
  /** When to hold back. `false`: never. */
  readonly throttle?: ThrottleOptions | false
  /** What to do with keys that would hold the server up. */
  readonly bigKeys?: BigKeyOptions
  /**
   * By family the type of its keys, as TYPE says it: `{ profile: 'hash', inbox: ['list', 'stream'] }`. The backfill leaves a
   * key of another type where it is, and counts it as failed. Default: any type. `reverse` does not look.
   */
  readonly types?: Readonly<Record<string, string | readonly string[]>>
  /** How long to wait for another server when one has gone away (cluster, Sentinel). Default 60,000. */
  readonly failover?: number
}

/** Options that every operation takes. */
export interface RunOptions {
  /** Only these families, */
  readonly families?: readonly string[]
  /** and those of these groups of the schema. */
  readonly groups?: readonly string[]
  /** Write a JSON report: into this directory, or with `true` into the current one. */
  readonly report?: string | boolean
  /** In place of the migrator's own. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>
  /** Ends the run after the batch at hand. The result then says `endedBy: 'signal'`; a checkpoint stays. */
  readonly signal?: AbortSignal
  /** Logical keys a second at most, over all servers. */
  readonly rate?: number
}

/** Options of {@link RedisKeyMigrator.migrateKeys}. */
export interface MigrateOptions extends RunOptions {
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /** Migrate at most so many logical keys. Run again to go on. */
  readonly limit?: number
  /** A Redis glob on the alias name as stored: only those. Names that only the other side has are then left alone. */
  readonly match?: string
  /**
   * `forward` (the default) copies aliases to canonical names. `reverse` is the way back: canonical keys replace their
   * first alias, and aliases without a canonical key are removed.
   */
  readonly direction?: 'forward' | 'reverse'
  /**
   * The authoritative backfill: replace canonical keys that exist already, and remove those without an alias. Only right
   * while nobody reads them. Default false; `reverse` always overwrites.
   */
  readonly overwrite?: boolean
  /** Remove what the overwriting side does not have. Default true where it overwrites; never without. */
  readonly prune?: boolean
  /** Give keys the time to live that `.ttl()` of their family says. Default true; `reverse` never does. */
  readonly ttl?: boolean
  /** Survive a kill: keep there how far the run is, and go on from there. Live runs only. */
  readonly checkpoint?: CheckpointPlace
  /** In place of the migrator's own. */
  readonly bigKeys?: BigKeyOptions
}

/** Options of {@link RedisKeyMigrator.verify}. */
export interface VerifyOptions extends RunOptions {
  /** Look at about so many logical keys only (at least one batch). Default: all. */
  readonly sample?: number
  /** A difference counts when it was seen so many times in a row. 1 to 100; default 3. */
  readonly rounds?: number
  /**
   * Put right what differs, by what is authoritative in the phase: the alias up to `dual-write`, then the canonical key.
   * `true` takes the phase of each family from the wrapped client; with a raw client, name the phase. Default false.
   */
  readonly repair?: boolean | Phase
  /** Survive a kill, as in `migrateKeys`. */
  readonly checkpoint?: CheckpointPlace
  /** In place of the migrator's own; only `over` counts: big pairs are always compared in pieces. */
  readonly bigKeys?: BigKeyOptions
}

/** Options of {@link RedisKeyMigrator.cleanupAliases}. */
export interface CleanupOptions extends RunOptions {
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /** Aliases are removed after they were migrated, so verify first. False is for dry runs alone. Default true. */
  readonly afterMigration?: boolean
  /** Asked after the verification and before the first alias goes. Anything but true makes the run a dry one. */
  readonly confirm?: (verified: VerifyResult) => boolean | Promise<boolean>
  /** A file to be made: every alias is written there before it goes. `restore` reads it. */
  readonly backup?: string
  /** In place of the migrator's own. */
  readonly bigKeys?: BigKeyOptions
}

/** Options of {@link RedisKeyMigrator.restore}. */
export interface RestoreOptions extends RunOptions {
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /** Replace keys that exist. Default false. */
  readonly overwrite?: boolean
}

/** Options of {@link RedisKeyMigrator.rollback}. */
export interface RollbackOptions extends RunOptions {
  /** The phase to go back to. Default `alias`. */
  readonly to?: Phase
  /** The phase that the fleet is in. Needed with a raw client only; a wrapped one knows. */
  readonly from?: Phase
  /** Change nothing, and say what would be done. Default true. */
  readonly dryRun?: boolean
  /**
   * Moves the whole fleet, and resolves when every client is in the phase. Default, with a wrapped client whose source
   * can be set: sets it there, which is enough only where all clients share that source.
   */
  readonly setPhase?: (phase: Phase, families: readonly string[]) => void | Promise<void>
  /** In place of the migrator's own. */
  readonly bigKeys?: BigKeyOptions
}

/** Options of {@link RedisKeyMigrator.analyze}. */
export interface AnalyzeOptions extends RunOptions {
  /** Keys of each family, and of those without one, to be measured. All are counted. Default 1000. */
  readonly sample?: number
}

/** The phase of a family, where a wrapped client tells it. */
export type PhaseOf = ((family: string) => Phase) | undefined
