/**
 * `transform()`: one value under an old name that becomes one hash, or many of them, under new names.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Declared, NoConstraints } from './builder.js'
import type { Constraints } from './constraint.js'
import type { HoleValue } from './definition.js'
import type { HolesOf, ParamsOf } from './infer.js'
import { parsePattern } from './pattern.js'

/** The holes of a name, as texts. */
export type Texts<P extends string> = { readonly [H in HolesOf<P>]: string }

/** A family of keys as `into` takes it. */
export interface PieceFamily<P extends string, C extends Constraints> extends Declared<'key'> {
  readonly pattern: P
  readonly constraints: C
}

/** A piece that `up` makes. The holes that the old name has may be left out; given, they must have its values. */
export interface NewPiece<S extends string, P extends string, C extends Constraints> {
  readonly params: Pick<ParamsOf<P, C>, Exclude<HolesOf<P>, HolesOf<S>>> & { readonly [H in HolesOf<S>]?: HoleValue }
  /** At least one field. Numbers are stored as their decimal texts. */
  readonly hash: Readonly<Record<string, string | number>>
}

/** A piece as `down` gets it. */
export interface OldPiece<P extends string> {
  readonly params: Texts<P>
  readonly hash: Readonly<Record<string, string>>
}

/** What {@link transform} takes besides the old pattern. */
export interface TransformOptions<S extends string, P extends string, C extends Constraints> {
  /**
   * The family of the hashes, declared under `keys` as well and without aliases. Its pattern has the holes of the old one
   * first; what stands behind them tells the pieces of one value apart, and is what the index holds: `BTC:long`.
   */
  readonly into: PieceFamily<P, C>
  /** The family of the sets that list the pieces; needed if there can be several, and has exactly the holes of the old pattern. */
  readonly index?: Declared<'key'>
  /**
   * The pieces of an old value. Must depend on nothing but its arguments. What throws leaves the value where it is.
   *
   * @param source the old value
   * @param params the holes of the old name
   */
  readonly up: (source: string, params: Texts<S>) => Iterable<NewPiece<S, P, C>>
  /**
   * The old value of pieces; `up` of it must give those pieces again. Without it pieces cannot be written while raw clients
   * still read the old form; see docs/transform.md.
   *
   * @param pieces sorted by what the index holds
   * @returns the old value; null: there is none
   */
  readonly down?: (pieces: readonly OldPiece<P>[], params: Texts<S>) => string | null | undefined
}

/** A transform being written; made by {@link transform}. */
export interface TransformDeclaration<S extends string> extends Declared<'key'> {
  readonly pattern: S
  readonly constraints: NoConstraints
}

function refuse(source: string, why: string, hint: string): never {
  throw new CanonicalRedisError('E_BAD_TRANSFORM', `The transform of ${JSON.stringify(source)} ${why}.`, { hint })
}

/**
 * Declares that strings under an old name become hashes under new names: one each, or many with an index set.
 *
 * @param source The old pattern. Its name under `keys` is the name of the transform, whose phase counts for all its keys.
 * @param options `into`, `index`, `up` and `down`; see {@link TransformOptions}.
 * @returns A declaration for `keys`; `schema.key.<name>(params)` gives old names.
 * @throws CanonicalRedisError `E_BAD_PATTERN`, `E_BAD_TRANSFORM`. What does not fit its families is refused by
 * `defineSchema`.
 * @example
 * ```ts
 * const position = key('positions:<user>:<exchange>:<symbol>:<side>')
 * const listed = key('positions:index:<user>:<exchange>')
 * const positions = transform('<exchange>:positions:<user>', {
 *   into: position,
 *   index: listed,
 *   up: (text) => JSON.parse(text).map(({ symbol, side, ...hash }) => ({ params: { symbol, side }, hash })),
 *   down: (pieces) => JSON.stringify(pieces.map(({ params: { symbol, side }, hash }) => ({ symbol, side, ...hash }))),
 * })
 * defineSchema({ name: 'positions', keys: { position, listed, positions } })
 * ```
 */
export function transform<const S extends string, P extends string, C extends Constraints>(
  source: S,
  options: TransformOptions<S, P, C>,
): TransformDeclaration<S> {
  const pattern = parsePattern(source)
  const { into, index, up, down } = options ?? {}
  if (into?.kind !== 'key' || (index !== undefined && index.kind !== 'key')) {
    refuse(source, 'has no family to become', "Write { into: position }, with position = key('positions:<user>:…').")
  }
  if (typeof up !== 'function' || (down !== undefined && typeof down !== 'function')) {
    refuse(
      source,
      'has an `up` or a `down` that is no function',
      'Write { up: (source, params) => [{ params, hash }] }.',
    )
  }
  // What may stand in a hole of the new names may stand in that of the old one.
  const shared = Object.entries(into.constraints).filter(([hole]) => pattern.holes.includes(hole))
  const constraints: Constraints = Object.fromEntries(shared)
  const definition = { kind: 'key', pattern, constraints, aliases: [], queue: false } as const
  return Object.freeze({
    kind: 'key',
    pattern: source,
    constraints: constraints as NoConstraints,
    definition: { ...definition, transform: { into, index, up, down } },
  })
}
