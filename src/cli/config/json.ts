/**
 * A schema written as JSON: the same families, without zod.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { channel, defineSchema, key, type Schema, type TtlRule } from '../../schema/index.js'

/** An alias: a pattern, or a pattern with the options of `alias()` (`db`, `rename`, defaults by hole). */
type JsonAlias = string | ({ readonly pattern: string } & Readonly<Record<string, unknown>>)

/** A family: the canonical pattern, its aliases in order, whether its keys are queues, and what `.ttl()` takes. */
interface JsonFamily {
  readonly key: string
  readonly aliases?: readonly JsonAlias[]
  readonly queue?: boolean
  readonly ttl?: TtlRule
}

interface JsonSchema {
  readonly name: string
  readonly keys: Readonly<Record<string, JsonFamily>>
  readonly channels?: Readonly<Record<string, JsonFamily>>
  readonly groups?: Readonly<Record<string, readonly string[]>>
}

const example = '{ "name": "jobs-to-steps", "keys": { "step": { "key": "step:<id>", "aliases": ["job:<id>"] } } }'

/** The untyped face of a builder: what JSON says is checked when the schema is defined, not by the compiler. */
interface Builder {
  alias(pattern: string, options: Readonly<Record<string, unknown>>): Builder
}

function build<B>(start: B, aliases: readonly JsonAlias[] = []): B {
  return aliases.reduce<Builder>(
    (builder, alias) => {
      const { pattern, ...options } = typeof alias === 'string' ? { pattern: alias } : alias
      return builder.alias(pattern, options)
    },
    start as unknown as Builder,
  ) as unknown as B
}

/**
 * Compiles a schema that is plain JSON.
 *
 * @throws CanonicalRedisError `E_CONFIG` (not of that form), and what `defineSchema` throws
 * @example
 * ```ts
 * schemaFromJson({ name: 'jobs', keys: { step: { key: 'step:<id>', aliases: ['job:<id>'] } } }, 'the config')
 * ```
 */
export function schemaFromJson(value: unknown, file: string): Schema {
  const json = value as Partial<JsonSchema> | null | undefined
  const families = { ...json?.keys, ...json?.channels }
  const broken = Object.entries(families).find(([, family]) => typeof family?.key !== 'string')
  if (typeof json?.keys !== 'object' || broken !== undefined) {
    const what = broken ? `\`schema.keys.${broken[0]}.key\` to be a pattern` : '`schema` to be { name, keys }'
    throw new CanonicalRedisError('E_CONFIG', `${file}: expected ${what}.`, { hint: `"schema": ${example}` })
  }
  const each = <T>(
    list: Readonly<Record<string, JsonFamily>> = {},
    make: (family: JsonFamily) => T,
  ): Record<string, T> => Object.fromEntries(Object.entries(list).map(([name, family]) => [name, make(family)]))
  return defineSchema({
    name: json.name ?? '',
    keys: each(json.keys, ({ key: pattern, queue = false, ttl, aliases }) => {
      const start = key(pattern, {}, { queue })
      return build(ttl === undefined ? start : start.ttl(ttl), aliases)
    }),
    groups: json.groups ?? {},
    channels: each(json.channels, (family) => build(channel(family.key), family.aliases)),
  })
}
