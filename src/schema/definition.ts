/**
 * What `key()` and `channel()` collect, before `defineSchema` compiles it.
 *
 * @module
 */
import type { Constraints } from './constraint.js'
import type { Fields } from './fields.js'
import type { Pattern } from './pattern.js'
import type { TransformDefinition } from './transform-definition.js'
import type { TtlRule } from './ttl.js'

/** Keys live in a database; channels do not. */
export type Kind = 'key' | 'channel'

/** The value of a hole, as a caller writes it. */
export type HoleValue = string | number

/** One alias as written. */
export interface AliasDefinition {
  readonly pattern: Pattern
  /** Defaults by hole, and `db` and `rename`; checked by `defineSchema`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** What holds for a whole family of keys. */
export interface KeyOptions {
  /**
   * Its keys are queues: lists, sorted sets or streams whose elements are taken by exactly one consumer. They are moved from
   * name to name and never mirrored. Default false.
   */
  readonly queue?: boolean
}

/** One family as written. */
export interface Definition {
  readonly kind: Kind
  readonly pattern: Pattern
  readonly constraints: Constraints
  readonly aliases: readonly AliasDefinition[]
  readonly queue: boolean
  /** What `.fields()` says. */
  readonly fields?: Fields
  /** What `.ttl()` says. */
  readonly ttl?: Required<TtlRule>
  /** What `transform()` says. */
  readonly transform?: TransformDefinition
}
