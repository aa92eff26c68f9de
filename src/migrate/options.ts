/**
 * The options of the migrator, checked in one place.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Schema } from '../schema/index.js'

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
const names: Rule = {
  expected: 'a non-empty list of family names',
  holds: (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
}
const place: Rule = { expected: 'true, false or a directory', holds: (value) => flag.holds(value) || text.holds(value) }

const run = { families: names, report: place }

const rules = {
  new: { batch: whole(1, 100_000), onProgress: callback, families: names },
  migrateKeys: { ...run, dryRun: flag, limit: whole(1, Number.MAX_SAFE_INTEGER), match: text, overwrite: flag },
  verify: { ...run, sample: whole(1, Number.MAX_SAFE_INTEGER), rounds: whole(1, 100) },
  cleanupAliases: { ...run, dryRun: flag, afterMigration: flag, confirm: callback },
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

/**
 * The families to work on; without a list, all of them.
 * @throws CanonicalRedisError `E_UNKNOWN_FAMILY`
 */
export function checkFamilies(schema: Schema, wanted: readonly string[] | undefined): ReadonlySet<string> {
  for (const name of wanted ?? []) {
    if (schema.families.has(name)) continue
    throw new CanonicalRedisError('E_UNKNOWN_FAMILY', `The schema "${schema.name}" has no family "${name}".`, {
      hint: `It has: ${[...schema.families.keys()].join(', ') || 'none'}.`,
    })
  }
  return new Set(wanted ?? schema.families.keys())
}
