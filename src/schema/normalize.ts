/**
 * A hash as the server gave it, under whichever field names, as typed values under the canonical ones. Pure.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { FieldIssue, Fields } from './fields.js'
import type { Family } from './rule.js'
import { unknownName } from './unknown-name.js'

/**
 * A hash or a stream entry in any form that a client gives it in: an object, a Map, `[field, value, …]`, or
 * `[[field, value], …]`. Fields and values may be Buffers.
 */
export type FieldValues = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown> | readonly unknown[]

/** What `safeNormalize` gives. */
export type Normalized<T> =
  | { readonly success: true; readonly data: T; readonly error?: undefined }
  | { readonly success: false; readonly data?: undefined; readonly error: CanonicalRedisError }

const textOf = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString() : value)

/** Pairs of any form; undefined for what is none. */
function pairsOf(value: FieldValues | null | undefined): readonly (readonly [unknown, unknown])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)]
  if (!Array.isArray(value)) {
    return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) ? Object.entries(value) : undefined
  }
  const list = value as readonly unknown[]
  if (list.every((part): part is [unknown, unknown] => Array.isArray(part) && part.length === 2)) return list
  if (list.length % 2 === 1) return undefined
  return Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]] as const)
}

/** Under canonical names: a canonical name that is there wins over an old one, and of old ones the first declared. */
function renamed(pairs: readonly (readonly [unknown, unknown])[], { aliases }: Fields): Map<string, unknown> {
  const stored = new Map(pairs.map(([field, value]) => [String(textOf(field)), textOf(value)]))
  const found = new Map([...stored].filter(([field]) => !aliases.has(field)))
  for (const [old, field] of aliases) {
    if (stored.has(old) && !found.has(field)) found.set(field, stored.get(old))
  }
  return found
}

/**
 * Normalizes one value.
 *
 * @param family For sentences.
 */
export function normalizeFields(family: string, fields: Fields, value: FieldValues): Normalized<unknown> {
  const pairs = pairsOf(value)
  if (pairs === undefined) {
    const given = Array.isArray(value) ? `a list of ${value.length}` : value === null ? 'null' : typeof value
    const error = new CanonicalRedisError(
      'E_BAD_FIELD',
      `Family "${family}": expected fields with their values, got ${given}.`,
      { hint: 'Pass what HGETALL gave, or the fields of one stream entry: an object, a Map, or [field, value, …].' },
    )
    return { success: false, error }
  }
  // As entries, so that a field called __proto__ is one like any other.
  const verdict = fields.schema.safeParse(Object.fromEntries(renamed(pairs, fields)))
  if (verdict.success) return { success: true, data: verdict.data }
  return { success: false, error: refusal(family, verdict.error?.issues ?? [], pairs.length === 0) }
}

const fieldOf = ({ path, keys }: FieldIssue): string | undefined => {
  const field = path[0] ?? keys?.[0]
  return field === undefined ? undefined : String(field)
}

/** Names fields and what zod says of them, which never holds a value of theirs. */
function refusal(family: string, issues: readonly FieldIssue[], isEmpty: boolean): CanonicalRedisError {
  const said = issues.map((issue) => {
    const field = fieldOf(issue)
    return `${field === undefined ? '' : `field "${field}": `}${issue.message}`
  })
  const field = issues.map(fieldOf).find((name) => name !== undefined)
  return new CanonicalRedisError('E_BAD_FIELD', `Family "${family}": ${said.join('; ') || 'zod refused it'}.`, {
    hint: isEmpty
      ? 'There are no fields at all, which is also what HGETALL gives for a key that does not exist.'
      : `Look at what is stored there, or give the field another schema in .fields() of "${family}".`,
    ...(field !== undefined && { field }),
  })
}

/**
 * `normalize` and `safeNormalize` of a schema.
 *
 * @param families Key families by name.
 */
export function normalizerOf(
  families: ReadonlyMap<string, Pick<Family, 'fields'>>,
): Readonly<Record<'normalize', (family: string, value: FieldValues) => unknown>> &
  Readonly<Record<'safeNormalize', (family: string, value: FieldValues) => Normalized<unknown>>> {
  const safeNormalize = (family: string, value: FieldValues): Normalized<unknown> => {
    const found = families.get(family)
    if (found === undefined) throw unknownName('family', family, families.keys())
    if (found.fields !== undefined) return normalizeFields(family, found.fields, value)
    throw new CanonicalRedisError('E_BAD_OPTION', `Family "${family}" does not say what stands in its values.`, {
      hint: `Declare it: ${family}: key('…').fields(z.object({ … })).`,
    })
  }
  const normalize = (family: string, value: FieldValues): unknown => {
    const { success, data, error } = safeNormalize(family, value)
    if (!success) throw error
    return data
  }
  return { normalize, safeNormalize }
}
