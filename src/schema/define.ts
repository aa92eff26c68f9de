/**
 * `defineSchema`: families in, a checked and compiled schema out.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Declared } from './builder.js'
import { isAscii, toText } from './bytes.js'
import type { Kind } from './definition.js'
import { compileFamily } from './family.js'
import type { FieldsSchema, OutputOf } from './fields.js'
import { hashOf } from './hash.js'
import { groupsOf, type Groups } from './groups.js'
import type { KeyFunction } from './infer.js'
import { RedisKeyMapper } from './mapper.js'
import { normalizerOf, type FieldValues, type Normalized } from './normalize.js'
import { checkParams, type Params } from './params.js'
import type { Pattern } from './pattern.js'
import type { Family, Rule } from './rule.js'
import { Transforms } from './reshape.js'
import { compileTransforms } from './reshape-check.js'
import { Rulebook } from './rulebook.js'
import { slotsOf } from './segment.js'
import type { FamilyInfo, PatternInfo } from './types.js'

/** Families by name. */
export type Declarations<K extends Kind> = Readonly<Record<string, Declared<K>>>

/** One function a family, from params to the canonical name. */
export type KeyFunctions<D extends Declarations<Kind>> = {
  readonly [F in keyof D]: KeyFunction<D[F]['pattern'], D[F]['constraints']>
}

/** A schema whose families are not known to the type checker; every {@link TypedSchema} is one. */
export interface Schema {
  readonly name: string
  /** 16 hex characters; changes when any name maps differently, and not with the order of the families. */
  readonly hash: string
  /** From the params of a family to its canonical name. */
  readonly key: Readonly<Record<string, (params: never) => string>>
  /** From the params of a channel family to its canonical name. */
  readonly channel: Readonly<Record<string, (params: never) => string>>
  readonly mapper: RedisKeyMapper
  /** What `transform()` declares. */
  readonly transforms: Transforms
  readonly families: ReadonlyMap<string, FamilyInfo>
  readonly channels: ReadonlyMap<string, FamilyInfo>
  /** Names of key families by group. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /**
   * A hash as stored, under old or new field names, as typed values under the new ones; see `.fields()`.
   *
   * @throws CanonicalRedisError `E_BAD_FIELD` (its `field` names the first one at fault), `E_UNKNOWN_FAMILY`,
   * `E_BAD_OPTION`: the family has no `.fields()`.
   * @example
   * ```ts
   * schema.normalize('ticks', await redis.hgetall('ticks:INFY')) // { last_price: 1520.5 }
   * ```
   */
  normalize(family: string, value: FieldValues): unknown
  /** As {@link Schema.normalize}, but gives `E_BAD_FIELD` back instead of throwing it. */
  safeNormalize(family: string, value: FieldValues): Normalized<unknown>
}

/** The families that say what stands in their values. */
export type WithFields<K extends Declarations<'key'>> = {
  [F in keyof K]: [Extract<K[F]['fieldsSchema'], FieldsSchema>] extends [never] ? never : F
}[keyof K] &
  string

/** What {@link defineSchema} returns. */
export interface TypedSchema<K extends Declarations<'key'>, C extends Declarations<'channel'>> extends Omit<
  Schema,
  'key' | 'channel' | 'normalize' | 'safeNormalize'
> {
  readonly key: KeyFunctions<K>
  readonly channel: KeyFunctions<C>
  /** See {@link Schema.normalize}. */
  normalize<F extends WithFields<K>>(family: F, value: FieldValues): OutputOf<K[F]['fieldsSchema']>
  /** See {@link Schema.safeNormalize}. */
  safeNormalize<F extends WithFields<K>>(family: F, value: FieldValues): Normalized<OutputOf<K[F]['fieldsSchema']>>
}

/** What {@link defineSchema} takes. */
export interface SchemaDefinition<K extends Declarations<'key'>, C extends Declarations<'channel'>> {
  /** Names the schema in reports and records. */
  readonly name: string
  readonly keys: K
  readonly channels?: C
  /** Names for several key families, to choose and to count them by. A family may be in several groups. */
  readonly groups?: Readonly<Record<string, readonly (keyof K & string)[]>>
}

function refuse(what: string, expected: string, given: unknown, hint: string): never {
  const shown = typeof given === 'object' && given !== null ? 'another object' : `${String(given)} (${typeof given})`
  throw new CanonicalRedisError('E_BAD_OPTION', `Expected ${what} to be ${expected}, got ${shown}.`, { hint })
}

function compileAll<K extends Kind>(kind: K, declarations: Declarations<K>): Family[] {
  if (typeof declarations !== 'object' || declarations === null) {
    refuse(`\`${kind}s\``, `an object of ${kind}() declarations`, declarations, `Write { step: ${kind}('step:<id>') }.`)
  }
  return Object.entries(declarations).map(([name, declared]) => {
    if (declared?.kind !== kind || declared.definition === undefined) {
      refuse(`\`${kind}s.${name}\``, `made by ${kind}()`, declared, `Write ${name}: ${kind}('...').`)
    }
    return compileFamily(name, declared.definition)
  })
}

const patternInfo = ({ source, glob, holes }: Pattern): PatternInfo => ({ source, glob, holes })

const familyInfo = ({ name, canonical, aliases, queue, ttl }: Family): FamilyInfo => ({
  name,
  queue,
  ...(ttl && { ttl }),
  canonical: patternInfo(canonical.pattern),
  aliases: aliases.map(({ pattern, db }) => ({ ...patternInfo(pattern), db })),
})

const infosOf = (families: readonly Family[]): ReadonlyMap<string, FamilyInfo> =>
  new Map(families.map((family) => [family.name, familyInfo(family)]))

const functionsOf = (book: Rulebook): Readonly<Record<string, (params: never) => string>> =>
  Object.freeze(
    Object.fromEntries(
      [...book.families].map(([name, family]) => [
        name,
        (params: Params = {}) => toText(book.canonicalOf(family, checkParams(family, params))),
      ]),
    ),
  )

const textsOf = ({ pattern, segments, sources }: Rule): string[] => [
  pattern.source,
  ...slotsOf(segments).flatMap(({ domain }) => [...(domain.values ?? [])]),
  ...sources.flatMap((source) => ('value' in source ? [source.value] : [])),
]

/**
 * Compiles and checks a schema. Everything that could lose, double or merge a key later is refused here.
 *
 * @param definition The name of the schema, its key families and its channel families.
 * @returns The schema: `key.<family>(params)` and `channel.<family>(params)` make canonical names, `mapper` maps any
 * name, `hash` pins the rules.
 * @throws CanonicalRedisError, each with both rules and an example name in its sentence: `E_ALIAS_LACKS_HOLE`,
 * `E_ALIAS_EXTRA_HOLE`, `E_BAD_ALIAS`, `E_MERGES_KEYS`, `E_AMBIGUOUS_RULES`, `E_NOT_IDEMPOTENT`; and `E_BAD_PATTERN`
 * or `E_BAD_OPTION` where something is not a pattern or not a declaration, `E_UNKNOWN_FAMILY` for one in a group.
 * @example
 * ```ts
 * const schema = defineSchema({
 *   name: 'jobs-to-steps',
 *   keys: { step: key('step:<id>').alias('job:<id>') },
 *   channels: { stepEvents: channel('step_events').alias('job_events') },
 *   groups: { work: ['step'] },
 * })
 * schema.key.step({ id: 42 })             // 'step:42'
 * schema.mapper.getCanonicalKey('job:42') // 'step:42'
 * ```
 */
export function defineSchema<
  const K extends Declarations<'key'>,
  const C extends Declarations<'channel'> = Readonly<Record<never, never>>,
>(definition: SchemaDefinition<K, C>): TypedSchema<K, C> {
  const { name, keys, channels, groups } = definition
  if (typeof name !== 'string' || name === '') {
    refuse('`name`', 'a non-empty text', name, "Name the schema: defineSchema({ name: 'jobs-to-steps', ... }).")
  }
  const keyFamilies = compileAll('key', keys)
  const channelFamilies = compileAll('channel', channels ?? {})
  const rules = [...keyFamilies, ...channelFamilies].flatMap(({ canonical, aliases }) => [canonical, ...aliases])
  const keyBook = new Rulebook(keyFamilies)
  const channelBook = new Rulebook(channelFamilies)
  const mapper = new RedisKeyMapper(keyBook, channelBook, rules.flatMap(textsOf).every(isAscii))
  const transforms = compileTransforms(keys)
  return Object.freeze({
    ...(normalizerOf(keyBook.families) as Pick<TypedSchema<K, C>, 'normalize' | 'safeNormalize'>),
    name,
    hash: hashOf(keyFamilies, channelFamilies, transforms),
    key: functionsOf(keyBook) as KeyFunctions<K>,
    channel: functionsOf(channelBook) as KeyFunctions<C>,
    mapper,
    transforms: new Transforms(transforms, mapper),
    families: infosOf(keyFamilies),
    channels: infosOf(channelFamilies),
    groups: groupsOf((groups ?? {}) as Groups, new Set(keyBook.families.keys())),
  })
}
