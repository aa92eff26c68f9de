/**
 * The words that the schema floor shares with the floors above it.
 *
 * @module
 */
import type { TtlRule } from './ttl.js'

/** A key or channel name. A Buffer in gives a Buffer out; bytes that are not UTF-8 survive. */
export type KeyName = string | Buffer

/** Which of its two kinds of name a logical key was called by. */
export type Side = 'canonical' | 'alias'

/** One alias name of one logical key. */
export interface AliasName<N extends KeyName = KeyName> {
  readonly name: N
  /** The database that legacy code keeps it in; undefined: the same as the canonical name. */
  readonly db: number | undefined
}

/** One logical key: every physical name it has, and by which one it was called. */
export interface LogicalKey<N extends KeyName = KeyName> {
  readonly family: string
  readonly canonical: N
  /** Alias names in the order of the schema, only those that exist for these parameters. */
  readonly aliases: readonly AliasName<N>[]
  readonly side: Side
  /** Which alias rule of the family it was called by (0 is the first); 0 for the canonical side. */
  readonly index: number
  /** Declared `queue: true`. Left out for all others. */
  readonly queue?: true
}

/**
 * How a name is spelled as another: its first `cut` characters give way to `put`. Both are ASCII, so this holds for a text as
 * well as for its bytes.
 */
export interface Beginning {
  readonly cut: number
  readonly put: string
}

/** What {@link RedisKeyMapper.glance} gives. */
export interface Glance {
  readonly family: string
  readonly side: Side
  readonly index: number
  /** The other database of an alias. */
  readonly db: number | undefined
  readonly queue: boolean
  /** Its family is no queue and lies in one database, so that a name is all there is to know of a key. */
  readonly plain: boolean
  /** How many aliases its family has. */
  readonly aliases: number
  /** How to spell its canonical name and its first alias, where only their beginnings differ. */
  readonly beginnings: Readonly<Record<Side, Beginning | undefined>>
}

/** What {@link RedisKeyMapper.parse} gives. */
export interface ParsedKey<N extends KeyName = KeyName> {
  readonly family: string
  /** The canonical parameters: defaults filled in, renamed values already renamed. */
  readonly params: Readonly<Record<string, N>>
  readonly side: Side
  readonly index: number
}

/** A pattern as the outside may see it. */
export interface PatternInfo {
  /** As written: `step:<id>:progress`. */
  readonly source: string
  /** The same as a Redis glob, literals escaped: `step:*:progress`. It may match more names than the pattern. */
  readonly glob: string
  readonly holes: readonly string[]
}

/** A family of logical keys as the outside may see it. */
export interface FamilyInfo {
  readonly name: string
  readonly canonical: PatternInfo
  readonly aliases: readonly (PatternInfo & { readonly db: number | undefined })[]
  /** Its keys are queues: moved, never mirrored or copied. */
  readonly queue: boolean
  /** What its keys are given as they are migrated. */
  readonly ttl?: Required<TtlRule>
}
