/**
 * What may stand in a hole. Zod schemas come in by structure only, so this floor does not load zod.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { toBytes, toText } from './bytes.js'

/**
 * A zod 4 schema, by structure: checking types against `z.ZodType` costs about forty times as much.
 *
 * @example
 * ```ts
 * const side: HoleSchema = z.enum(['long', 'short'])
 * ```
 */
export interface HoleSchema {
  readonly _zod: { readonly input: unknown; readonly output: unknown }
  safeParse(value: unknown): { readonly success: boolean }
}

/** Constraints by hole name. */
export type Constraints = Readonly<Record<string, HoleSchema>>

/** The texts that a hole accepts, as bytes. */
export interface Domain {
  readonly kind: 'finite' | 'predicate' | 'free'
  /** Two domains with one id accept the same texts. */
  readonly id: string
  /** Every value, where they can be listed. */
  readonly values: ReadonlySet<string> | undefined
  accepts(bytes: string): boolean
  /** For sentences: "one of "long", "short"". */
  readonly allowed: string
  /** For the hash of the schema. */
  readonly fingerprint: unknown
}

/** A hole without a constraint. */
export const FREE: Domain = {
  kind: 'free',
  id: '',
  values: undefined,
  accepts: () => true,
  allowed: 'any text',
  fingerprint: undefined,
}

/** A hole that accepts exactly these values (bytes). */
export function finite(values: Iterable<string>): Domain {
  const set = new Set(values)
  const sorted = [...set].sort()
  return {
    kind: 'finite',
    id: `f${JSON.stringify(sorted)}`,
    values: set,
    accepts: (bytes) => set.has(bytes),
    allowed: `one of ${sorted.map((value) => JSON.stringify(toText(value))).join(', ')}`,
    fingerprint: sorted.map(toText),
  }
}

/** The parts of a zod 4 schema that say what it is. */
interface Introspection {
  readonly _zod: { readonly values?: Iterable<unknown>; readonly def?: ZodDef }
  toJSONSchema?(options: { io: 'input' }): Record<string, unknown>
}
interface ZodDef {
  readonly type?: string
  readonly coerce?: boolean
  readonly options?: readonly HoleSchema[]
}

const introspect = (schema: HoleSchema): Introspection => schema as unknown as Introspection

/**
 * The listed values of an enum, a literal or a union of them. `_zod.values` alone is not proof: it passes through
 * `.catch()`, which accepts anything.
 */
function listed(schema: HoleSchema): unknown[] | undefined {
  const { def, values } = introspect(schema)._zod
  if (def?.type === 'enum' || def?.type === 'literal') return values && [...values]
  if (def?.type !== 'union') return undefined
  const parts = (def.options ?? []).map(listed)
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined
}

/** Schemas of these types refuse every text unless they coerce: all keys would silently be unmanaged. */
const NOT_TEXT = new Set(['number', 'int', 'bigint', 'boolean', 'date', 'object', 'array', 'null', 'undefined', 'nan'])

/** The parts of a JSON schema that mean the same in every zod version; `pattern` only where it is the user's own. */
const STABLE = ['type', 'format', 'minLength', 'maxLength', 'minimum', 'maximum', 'multipleOf'] as const

function describe(schema: HoleSchema): unknown {
  try {
    const json = introspect(schema).toJSONSchema?.({ io: 'input' }) ?? {}
    const own = json['format'] === undefined ? { pattern: json['pattern'] } : {}
    return { ...Object.fromEntries(STABLE.map((word) => [word, json[word]])), ...own }
  } catch {
    // A transform or a custom check has no JSON schema; that there is a constraint still counts.
    return {}
  }
}

const identities = new WeakMap<HoleSchema, number>()
let lastIdentity = 0
function identityOf(schema: HoleSchema): number {
  const known = identities.get(schema) ?? ++lastIdentity
  identities.set(schema, known)
  return known
}

function checkSchema(schema: HoleSchema, where: string): void {
  if (typeof schema?.safeParse !== 'function' || typeof schema._zod !== 'object') {
    throw new CanonicalRedisError('E_BAD_PATTERN', `${where}: expected a zod 4 schema, got ${typeof schema}.`, {
      hint: "Give the constraint as { side: z.enum(['long', 'short']) }.",
    })
  }
  const def = introspect(schema)._zod.def
  if (def?.type !== undefined && NOT_TEXT.has(def.type) && def.coerce !== true) {
    throw new CanonicalRedisError('E_BAD_PATTERN', `${where}: z.${def.type}() accepts no text, and a name is text.`, {
      hint: `Use z.coerce.${def.type}() or a string schema: a constraint sees the text in the hole.`,
    })
  }
}

/**
 * What a zod schema accepts, as a domain: a set where the values can be listed, else a predicate.
 *
 * @param schema The constraint of one hole.
 * @param where For sentences: the hole and its pattern.
 * @throws CanonicalRedisError `E_BAD_PATTERN`: not a zod 4 schema, or one that accepts no text.
 */
export function domainOf(schema: HoleSchema, where: string): Domain {
  checkSchema(schema, where)
  const values = listed(schema)
  if (values === undefined) {
    return {
      kind: 'predicate',
      id: `p${identityOf(schema)}`,
      values: undefined,
      accepts: (bytes) => schema.safeParse(toText(bytes)).success,
      allowed: 'a text that its constraint accepts',
      fingerprint: { predicate: describe(schema) },
    }
  }
  const texts = values.filter((value): value is string => typeof value === 'string' && schema.safeParse(value).success)
  if (texts.length === 0) {
    throw new CanonicalRedisError('E_BAD_PATTERN', `${where}: the constraint lists no text.`, {
      hint: "List texts: z.enum(['1', '2']) instead of z.literal([1, 2]).",
    })
  }
  return finite(texts.map(toBytes))
}
