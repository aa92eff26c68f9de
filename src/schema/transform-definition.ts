/**
 * What `transform()` collects, before `defineSchema` compiles it.
 *
 * @module
 */

/** What `up` gives for one piece, as far as the type checker cannot know. */
export interface RawPiece {
  readonly params: Readonly<Record<string, unknown>>
  readonly hash: Readonly<Record<string, unknown>>
}

/** What `down` gets for one piece. */
export interface StoredPiece {
  readonly params: Readonly<Record<string, string>>
  readonly hash: Readonly<Record<string, string>>
}

/** One transform as written. */
export interface TransformDefinition {
  /** The declarations of the families, which `defineSchema` finds by identity. */
  readonly into: object
  readonly index: object | undefined
  readonly up: (source: string, params: never) => Iterable<RawPiece>
  readonly down: ((pieces: never, params: never) => string | null | undefined) | undefined
}
