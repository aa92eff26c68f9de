/**
 * The options of the migrator, checked in one place.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { isPhase, phases } from '../phases/index.js'
import { unknownName, type Schema } from '../schema/index.js'
import type { RunOptions } from './types/index.js'

interface Rule {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
}

const whole = (from: number, to: number): Rule => ({
  expected: `a whole number from ${from} to ${to.toLocaleString('en')}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= from && (value as number) <= to,
})
const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' }
const callback: Rule = { expected: 'a function', holds: (value) => typeof value === 'function' }
const text: Rule = { expected: 'a non-empty text', holds: (value) => typeof value === 'string' && value !== '' }
const names = (what: string): Rule => ({
  expected: `a non-empty list of ${what} names`,
  holds: (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
})
const chosen = { families: names('family'), groups: names('group') }
const place: Rule = { expected: 'true, false or a directory', holds: (value) => flag.holds(value) || text.holds(value) }

const off: Rule = { expected: 'false', holds: (value) => value === false }
const positive: Rule = { expected: 'a number above 0', holds: (value) => typeof value === 'number' && value > 0 }
const part: Rule = {
  expected: 'a number above 0, and 1 at most',
  holds: (value) => positive.holds(value) && (value as number) <= 1,
}
const signal: Rule = { expected: 'an AbortSignal', holds: (value) => value instanceof AbortSignal }
const phase: Rule = { expected: `one of ${phases.join(', ')}`, holds: isPhase }
const anyNumber = whole(1, Number.MAX_SAFE_INTEGER)

const oneOf = (...words: readonly string[]): Rule => ({
  expected: words.map((word) => JSON.stringify(word)).join(' or '),
  holds: (value) => words.includes(value as string),
})
const either = (...rules: readonly Rule[]): Rule => ({
  expected: rules.map(({ expected }) => expected).join(', or '),
  holds: (value) => rules.some((rule) => rule.holds(value)),
})
/** An object of options; each may be left out, and none may be unknown. */
const object = (fields: Readonly<Record<string, Rule>>): Rule => ({
  expected: `an object with ${Object.entries(fields)
    .map(([name, { expected }]) => `\`${name}\` (${expected})`)
    .join(', ')}`,
  holds: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([name, field]) => field === undefined || (fields[name]?.holds(field) ?? false)),
})

const throttle = either(
  off,
  object({
    latency: either(off, positive),
    replicaLag: either(off, positive),
    memory: either(off, part),
    outputBuffer: either(off, positive),
    patience: positive,
  }),
)
const bigKeys = object({ over: whole(0, Number.MAX_SAFE_INTEGER), how: oneOf('chunk', 'skip', 'copy') })
const checkpoint = either(text, {
  expected: 'an object with `key` (a non-empty text)',
  holds: (value) => typeof value === 'object' && value !== null && text.holds((value as { key?: unknown }).key),
})

const isKind = (value: unknown): boolean => typeof value === 'string' && value !== ''
const types: Rule = {
  expected: 'an object of types by family (string, list, set, zset, hash, stream)',
  holds: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (one: unknown) => isKind(one) || (Array.isArray(one) && one.length > 0 && one.every(isKind)),
    ),
}

const run = { ...chosen, report: place, onProgress: callback, signal, rate: positive }

const rules = {
  new: {
    batch: whole(1, 100_000),
    onProgress: callback,
    ...chosen,
    throttle,
    bigKeys,
    types,
    failover: anyNumber,
  },
  migrateKeys: {
    ...run,
    dryRun: flag,
    limit: anyNumber,
    match: text,
    direction: oneOf('forward', 'reverse'),
    overwrite: flag,
    prune: flag,
    ttl: flag,
    checkpoint,
    bigKeys,
  },
  verify: {
    ...run,
    sample: anyNumber,
    rounds: whole(1, 100),
    repair: either(flag, phase),
    checkpoint,
    bigKeys,
  },
  cleanupAliases: { ...run, dryRun: flag, afterMigration: flag, confirm: callback, backup: text, bigKeys },
  restore: { ...run, dryRun: flag, overwrite: flag },
  rollback: { ...run, to: phase, from: phase, dryRun: flag, setPhase: callback, bigKeys },
  analyze: { ...run, sample: anyNumber },
} satisfies Record<string, Record<string, Rule>>

/** Whose options. */
export type OptionsOf = keyof typeof rules

const shown = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : `${String(value)} (${typeof value})`

/**
 * Gives the options back when each is known and has a value it may have; undefined counts as left out.
 * An unknown one is refused: `family` for `families` would otherwise migrate everything.
 * @throws CanonicalRedisError `E_BAD_OPTION`
 */
export function checkOptions<T extends object>(whose: OptionsOf, options: T): T {
  if (typeof options !== 'object' || options === null) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `Expected the options of ${whose} to be an object, got ${shown(options)}.`,
    )
  }
  const known: Readonly<Record<string, Rule>> = rules[whose]
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined
    if (rule === undefined) {
      throw new CanonicalRedisError('E_BAD_OPTION', `${whose} has no option \`${name}\`.`, {
        hint: `It takes: ${Object.keys(known).join(', ')}.`,
      })
    }
    if (value === undefined || rule.holds(value)) continue
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected \`${name}\` to be ${rule.expected}, got ${shown(value)}.`)
  }
  return options
}

/** How families are chosen: by name, by group, or both. */
export interface Chosen {
  readonly families?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
}

/**
 * The families to work on, each once; without any list, all of them.
 * @throws CanonicalRedisError `E_UNKNOWN_FAMILY`, `E_UNKNOWN_GROUP`
 */
export function checkFamilies(schema: Schema, { families, groups }: Chosen): ReadonlySet<string> {
  if (families === undefined && groups === undefined) return new Set(schema.families.keys())
  const members = (groups ?? []).flatMap((name) => {
    const group = schema.groups.get(name)
    if (group === undefined) throw unknownName('group', name, schema.groups.keys())
    return group
  })
  const missing = families?.find((name) => !schema.families.has(name))
  if (missing !== undefined) throw unknownName('family', missing, schema.families.keys())
  return new Set([...(families ?? []), ...members])
}

/**
 * The schema, if it is one and the one that the client was wrapped with.
 * @throws CanonicalRedisError `E_BAD_OPTION`
 */
export function checkSchema(schema: Schema, wrappedWith: Schema | undefined): Schema {
  const given: Partial<Schema> | undefined = schema
  if (typeof given?.mapper?.resolve !== 'function') {
    const expected = 'Expected `schema` to be what defineSchema gives'
    throw new CanonicalRedisError('E_BAD_OPTION', `${expected}, got ${typeof given}.`, {
      hint: 'new RedisKeyMigrator(client, defineSchema({ … })).',
    })
  }
  // Phases go by family: those of another schema say nothing about this one.
  if (wrappedWith && wrappedWith.hash !== schema.hash) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `Expected the schema that the client was wrapped with ("${wrappedWith.name}"), got "${schema.name}", which maps otherwise.`,
      { hint: 'Pass redis.canonical.schema, or a client that is not wrapped.' },
    )
  }
  return schema
}

/** Without those that are undefined: they must not hide the migrator's own. */
export const defined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>

/** The options that an operation hands on to another. */
export const shared = ({ families, groups, onProgress, signal, rate }: RunOptions): RunOptions =>
  defined({ families, groups, onProgress, signal, rate })

/** @throws CanonicalRedisError `E_BAD_OPTION` for what is no glob */
export function checkPattern(pattern: unknown): void {
  if (typeof pattern !== 'string' || pattern === '') {
    const given = String(pattern)
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected the pattern to be a non-empty glob, got ${given}.`, {
      hint: "findAliasKeys('job:*'), or findAliasKeys() for all.",
    })
  }
}
