/**
 * The fields inside the values of a family: what they are called, what they were called, and what stands in them.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'

/** What zod says of one field, by structure. */
export interface FieldIssue {
  readonly message: string
  readonly path: readonly PropertyKey[]
  /** Of `z.strictObject`: the fields that it does not know. */
  readonly keys?: readonly string[]
}

/**
 * A zod 4 object, by structure, for the reason that `HoleSchema` is.
 *
 * @example
 * ```ts
 * const tick: FieldsSchema = z.object({ last_price: z.coerce.number() })
 * ```
 */
export interface FieldsSchema {
  readonly _zod: { readonly input: unknown; readonly output: unknown }
  readonly shape: Readonly<Record<string, unknown>>
  safeParse(value: unknown): {
    readonly success: boolean
    readonly data?: unknown
    readonly error?: { readonly issues: readonly FieldIssue[] } | undefined
  }
}

/** What comes out for a family with these fields. */
export type OutputOf<S> = S extends FieldsSchema ? S['_zod']['output'] : never

/** Options of `.fields()`. */
export interface FieldsOptions<S extends FieldsSchema = FieldsSchema> {
  /** Older names of fields: old name to the name in the zod object. Where two old names are there, the first counts. */
  readonly aliases?: Readonly<Record<string, keyof S['_zod']['input'] & string>>
}

/** Fields as declared, checked. */
export interface Fields {
  readonly schema: FieldsSchema
  /** Old name to new name, in the order of the declaration. */
  readonly aliases: ReadonlyMap<string, string>
}

const refuse = (pattern: string, message: string, hint: string): never => {
  throw new CanonicalRedisError('E_BAD_OPTION', `.fields() of ${JSON.stringify(pattern)}: ${message}`, { hint })
}

/**
 * Checks what was given to `.fields()`.
 *
 * @throws CanonicalRedisError `E_BAD_OPTION`: no zod 4 object, an old name for a field that the object does not have,
 * or one that is itself a field of it.
 */
export function fieldsOf(pattern: string, schema: FieldsSchema, options: FieldsOptions = {}): Fields {
  const given = schema as Partial<FieldsSchema> | undefined
  if (typeof given?.safeParse !== 'function' || typeof given._zod !== 'object' || typeof given.shape !== 'object') {
    refuse(
      pattern,
      `expected a zod 4 object, got ${schema === null ? 'null' : typeof schema}.`,
      'Write .fields(z.object({ last_price: z.coerce.number() })); a transform belongs to a field, not to the object.',
    )
  }
  const known = Object.keys(schema.shape)
  const aliases = new Map<string, string>(Object.entries(options.aliases ?? {}))
  for (const [old, field] of aliases) {
    if (!known.includes(field)) {
      refuse(
        pattern,
        `"${old}" stands for the field ${JSON.stringify(field)}, which the zod object does not have.`,
        `Its fields are ${known.join(', ') || 'none'}.`,
      )
    }
    if (known.includes(old)) {
      refuse(
        pattern,
        `"${old}" is a field of the zod object, and an older name of "${field}" as well.`,
        'Take it out of one of the two: a name means one field.',
      )
    }
  }
  return Object.freeze({ schema, aliases })
}
