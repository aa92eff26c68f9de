/**
 * `key()` and `channel()`: how families are written.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Constraints } from './constraint.js'
import type { Definition, KeyOptions, Kind } from './definition.js'
import { fieldsOf, type FieldsOptions, type FieldsSchema } from './fields.js'
import type { AliasArguments, CheckAlias, CheckConstraints, OptionsAlone } from './infer.js'
import { parsePattern } from './pattern.js'
import { ttlOf, type TtlRule } from './ttl.js'

/** What `defineSchema` needs of a builder. */
export interface Declared<K extends Kind = Kind> {
  readonly kind: K
  readonly pattern: string
  readonly constraints: Constraints
  readonly definition: Definition
  /** What `.fields()` was given; for the type of `schema.normalize`. */
  readonly fieldsSchema?: FieldsSchema | undefined
}

/** `.fields()` of a family of keys. */
export interface FieldsMethod<P extends string, C extends Constraints> {
  /**
   * Says what stands in the values (hashes, stream entries), for `schema.normalize`. No command is changed by it.
   *
   * @param schema A zod 4 object. Fields that it does not list are dropped (`z.object`), kept (`z.looseObject`) or
   * refused (`z.strictObject`).
   * @param options `aliases`: older names of fields, `{ ltp: 'last_price' }`.
   * @throws CanonicalRedisError `E_BAD_OPTION`
   * @example
   * ```ts
   * key('ticks:<symbol>').fields(z.object({ last_price: z.coerce.number() }), { aliases: { ltp: 'last_price' } })
   * ```
   */
  <const S extends FieldsSchema>(schema: S, options?: FieldsOptions<S>): KeyBuilder<P, C, S>
}

/** `.ttl()` of a family of keys. */
export interface TtlMethod<P extends string, C extends Constraints, F extends FieldsSchema | undefined> {
  /**
   * Gives keys a time to live as the backfill migrates them; by default only those that have none. See docs/schema.md.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`
   * @example
   * ```ts
   * key('ind:ta:<symbol>:rsi').alias('indicators:<symbol>:rsi', { db: 5 }).ttl({ seconds: 3600 })
   * ```
   */
  (rule: TtlRule): KeyBuilder<P, C, F>
}

/** A family being written. Immutable: every call gives a new builder. */
export interface PatternBuilder<
  K extends Kind,
  P extends string,
  C extends Constraints,
  F extends FieldsSchema | undefined = undefined,
> extends Declared<K> {
  /** The canonical pattern as written. */
  readonly pattern: P
  readonly constraints: C
  /**
   * Adds an older spelling. The first alias is where legacy code keeps the data today, further ones are older.
   *
   * @param pattern Has the canonical holes, by name, except those with a default.
   * @param options One flat object: a default for each hole that the alias leaves out; `db`, the database it lives
   * in, if another one; `rename`, values it spells differently: `{ name: { volume_ratio: 'ratio' } }`.
   * @throws CanonicalRedisError `E_BAD_PATTERN`. What does not fit the canonical pattern is refused by `defineSchema`.
   * @example
   * ```ts
   * key('position:<user>:<exchange>:<symbol>').alias('position:<user>:<symbol>', { exchange: 'okx' })
   * ```
   */
  alias<A extends string>(
    pattern: A & CheckAlias<P, A>,
    ...options: AliasArguments<K, P, C, A>
  ): PatternBuilder<K, P, C, F>
  readonly fieldsSchema?: F
  /** Only of keys. */
  readonly fields: K extends 'key' ? FieldsMethod<P, C> : never
  /** Only of keys. */
  readonly ttl: K extends 'key' ? TtlMethod<P, C, F> : never
}

/** A key family being written; made by {@link key}. */
export type KeyBuilder<
  P extends string = string,
  C extends Constraints = Constraints,
  F extends FieldsSchema | undefined = undefined,
> = PatternBuilder<'key', P, C, F>
/** A channel family being written; made by {@link channel}. */
export type ChannelBuilder<P extends string = string, C extends Constraints = Constraints> = PatternBuilder<
  'channel',
  P,
  C
>

/** No constraints. */
export type NoConstraints = Readonly<Record<never, never>>

function build<K extends Kind, P extends string, C extends Constraints>(
  pattern: P,
  constraints: C,
  definition: Definition & { kind: K },
): PatternBuilder<K, P, C> {
  // The rest tuple of `alias` depends on a type parameter, which no implementation can spell.
  const next = (more: Partial<Definition>): unknown => build(pattern, constraints, { ...definition, ...more })
  const builder: Declared<K> & { readonly alias: unknown } = {
    kind: definition.kind,
    pattern,
    constraints,
    definition,
    alias: (source: string, options: Readonly<Record<string, unknown>> = {}) => {
      const alias = Object.freeze({ pattern: parsePattern(source), options: Object.freeze({ ...options }) })
      return next({ aliases: [...definition.aliases, alias] })
    },
    ...(definition.kind === 'key' && {
      fields: (schema: FieldsSchema, options?: FieldsOptions) => next({ fields: fieldsOf(pattern, schema, options) }),
      ttl: (rule: TtlRule) => next({ ttl: ttlOf(pattern, rule) }),
    }),
  }
  return Object.freeze(builder) as PatternBuilder<K, P, C>
}

function start<K extends Kind, P extends string, C extends Constraints>(
  kind: K,
  source: P,
  given: C | undefined,
  { queue = false }: KeyOptions = {},
): PatternBuilder<K, P, C> {
  const pattern = parsePattern(source)
  const constraints = Object.freeze({ ...given }) as C
  const unknown = Object.keys(constraints).find((hole) => !pattern.holes.includes(hole))
  if (unknown !== undefined) {
    throw new CanonicalRedisError(
      'E_BAD_PATTERN',
      `The pattern ${JSON.stringify(source)} has no hole <${unknown}>, but a constraint for it.`,
      { hint: `Its holes are ${pattern.holes.map((hole) => `<${hole}>`).join(', ') || 'none'}.` },
    )
  }
  if (typeof queue !== 'boolean') {
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected \`queue\` to be true or false, got ${String(queue)}.`, {
      hint: "key('steps:pending', { queue: true })",
    })
  }
  return build(source, constraints, { kind, pattern, constraints, aliases: [], queue })
}

/**
 * Declares a family of keys by its canonical pattern.
 *
 * Holes are `<id>` and match one or more characters, no colon; `<rest*>` takes everything that is left; `<<` is a
 * literal `<`; braces are literals, since in Redis they are hash tags.
 *
 * @param pattern The canonical pattern.
 * @param constraints zod 4 schemas by hole. An enum or a literal is a listed set, which routes values and allows
 * renames; anything else is asked with the text in the hole.
 * @param options `queue: true` for keys whose elements are jobs. May stand in the place of the constraints.
 * @returns A builder; chain `.alias(...)` for the older spellings.
 * @throws CanonicalRedisError `E_BAD_PATTERN`: the pattern cannot be read, or a constraint names no hole of it;
 * `E_BAD_OPTION`.
 * @example
 * ```ts
 * key('position:<user>:<symbol>:<side>', { side: z.enum(['long', 'short']) })
 *   .alias('position:<user>:<symbol>', { side: 'long' })
 * key('steps:pending', { queue: true }).alias('jobs:pending')
 * key('q:<tenant>', { tenant: z.enum(['a', 'b']) }, { queue: true })
 * ```
 */
export function key<P extends string>(pattern: P, options: OptionsAlone<P>): KeyBuilder<P, NoConstraints>
export function key<P extends string, C extends Constraints = NoConstraints>(
  pattern: P,
  constraints?: C & CheckConstraints<P, C>,
  options?: KeyOptions,
): KeyBuilder<P, C>
export function key(pattern: string, second?: Constraints | KeyOptions, options?: KeyOptions): KeyBuilder {
  const alone = isOptionsAlone(second) && !parsePattern(pattern).holes.includes('queue')
  return alone
    ? start<'key', string, Constraints>('key', pattern, undefined, second)
    : start<'key', string, Constraints>('key', pattern, second as Constraints | undefined, options)
}

/** A constraint is an object, so `true` is none. Beside constraints the options stand third, or one of them would be lost. */
function isOptionsAlone(second: Constraints | KeyOptions | undefined): second is KeyOptions {
  return second !== undefined && Object.keys(second).join() === 'queue' && second['queue'] === true
}

/**
 * Declares a family of pub/sub channels by its canonical pattern. Everything as in {@link key}, but aliases have no
 * `db`: channels belong to the whole server.
 *
 * @throws CanonicalRedisError `E_BAD_PATTERN`, as {@link key} does.
 * @example
 * ```ts
 * channel('step_events').alias('job_events')
 * ```
 */
export function channel<P extends string, C extends Constraints = NoConstraints>(
  pattern: P,
  constraints?: C & CheckConstraints<P, C>,
): ChannelBuilder<P, C> {
  return start<'channel', P, C>('channel', pattern, constraints)
}
