/**
 * What `analyze` gives. Names, never values; everything can be written as JSON.
 *
 * @module
 */
import type { LookAlike } from './look-alike.js'
import type { RunResult } from './results.js'

/** Numbers that were measured on a sample and stand for all. */
export interface Sampled {
  /** How many keys were measured. */
  readonly sampled: number
  /** Of how many. */
  readonly of: number
}

/** Sizes by MEMORY USAGE. */
export interface Sizes extends Sampled {
  readonly mean: number
  readonly median: number
  readonly largest: number
  /** mean × of: an estimate, unless all were measured. */
  readonly total: number
  /** Keys of the sample by their size, each counted once. */
  readonly upTo256B: number
  readonly upTo4kB: number
  readonly upTo64kB: number
  readonly upTo1MB: number
  readonly larger: number
}

/** Keys by the time they have left; of the sample. */
export interface Expiries extends Sampled {
  readonly none: number
  readonly upToHour: number
  readonly upToDay: number
  readonly upToWeek: number
  readonly longer: number
}

/** A key that stands out. */
export interface LargeKey {
  readonly key: string
  readonly db: number
  readonly type: string
  readonly bytes: number
}

/** One family. */
export interface FamilyAnalysis {
  readonly canonical: string
  readonly aliases: readonly string[]
  /** Names found, of each pattern. */
  readonly aliasKeys: number
  readonly canonicalKeys: number
  /** Aliases of the sample whose canonical key exists. */
  readonly migrated: Sampled & { readonly keys: number }
  /** Types of the sample, by how many. */
  readonly types: Readonly<Record<string, number>>
  readonly sizes: Sizes
  readonly expiries: Expiries
  /** Up to 5 names. */
  readonly samples: readonly string[]
  /** Up to 5 of the sample. */
  readonly largest: readonly LargeKey[]
  readonly queue: boolean
}

/** One group of families. */
export interface GroupAnalysis {
  readonly families: readonly string[]
  /** Names found. */
  readonly aliasKeys: number
  readonly canonicalKeys: number
  /** Estimated as for a family, and added up. */
  readonly bytes: number
}

/** Keys of no family, by what their names begin with. */
export interface UnmanagedPrefix {
  /** Parts that look like ids are written `*`. */
  readonly shape: string
  readonly db: number
  readonly keys: number
  readonly samples: readonly string[]
}

/** What a backfill would come to. */
export interface Impact {
  /** Aliases without a canonical key; an estimate from the samples. */
  readonly keysToCopy: number
  /** An estimate from the samples. */
  readonly bytesToCopy: number
  readonly usedMemory: number
  /** 0: no limit. */
  readonly maxMemory: number
  /** Whether the copy fits under 90 % of the limit; true without one. */
  readonly fits: boolean
  /** Of the sample, keys above 1 MB. */
  readonly bigKeys: number
  readonly estimate: {
    /** What the time is worked out from: scanning as fast as this analysis did, and copying at this rate. */
    readonly keysPerSecond: number
    readonly bytesPerSecond: number
    readonly seconds: number
  }
}

/** What {@link RedisKeyMigrator.analyze} saw. */
export interface Analysis extends RunResult {
  /** Keys in the databases that the schema speaks of. */
  readonly totalKeys: number
  readonly byDatabase: Readonly<Record<number, number>>
  readonly managedKeys: number
  readonly unmanagedKeys: number
  readonly families: Readonly<Record<string, FamilyAnalysis>>
  /** By group of the schema; a family of two groups counts in each. */
  readonly groups: Readonly<Record<string, GroupAnalysis>>
  /** The most frequent 20. */
  readonly unmanaged: readonly UnmanagedPrefix[]
  /** Shapes beyond those that were told apart. */
  readonly unmanagedOmitted: number
  /** At most 50. */
  readonly lookAlikes: readonly LookAlike[]
  readonly lookAlikesOmitted: number
  readonly largest: readonly LargeKey[]
  readonly impact: Impact
}
