/**
 * SCAN, KEYS and RANDOMKEY: which of the names that the server gives are shown, and under which name.
 *
 * The server's keyspace holds both names of a key, or the one that the phase does not read. The caller sees each
 * logical key once, under the name that the caller's pattern asks for.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { phaseTable, queueTable } from '../phases/index.js'
import type { LogicalKey, PatternInfo, Schema } from '../schema/index.js'
import { literalPrefix, matchesGlob } from './glob.js'
import type { PlanContext } from './types.js'

/** A name that is shown, if none of `unless` exists (they would be shown in its place). */
export interface Shown {
  readonly name: Buffer
  readonly unless: readonly Buffer[]
}

/** Can a caller's pattern (none: all keys) mean managed names? Decided by the literal beginnings, so "maybe" is yes. */
export function mayMeanManaged(schema: Schema, glob: Arg | undefined): boolean {
  return overlapping(schema, glob).length > 0
}

/** The globs that together hold every name that a KEYS with this pattern can mean. */
export function globsFor(schema: Schema, glob: Arg): Arg[] {
  return [...new Set([glob, ...overlapping(schema, glob).flatMap((patterns) => patterns.map((one) => one.glob))])]
}

function overlapping(schema: Schema, glob: Arg | undefined): (readonly PatternInfo[])[] {
  const prefix = literalPrefix(glob?.toString() ?? '*')
  return [...schema.families.values()]
    .map((family) => [family.canonical, ...family.aliases])
    .filter((patterns) =>
      patterns.some((pattern) => {
        const own = literalPrefix(pattern.glob)
        return own.startsWith(prefix) || prefix.startsWith(own)
      }),
    )
}

/** What to show for one name of the server's; undefined: nothing. */
export function show(name: Buffer, glob: Arg | undefined, context: PlanContext): Shown | undefined {
  const key = context.mapper.resolve(name)
  if (key === undefined || key.aliases.length === 0) return matches(glob, name) ? { name, unless: [] } : undefined
  const rule = phaseTable[context.phaseOf(key.family)]
  const order = preference(key, context)
  const rank = order.findIndex((one) => one.equals(name))
  const primary = rule.primary === 'alias' ? (key.aliases[0]?.name ?? key.canonical) : key.canonical
  // A queue lies under one of its names, and whoever touches it next brings it to this phase's.
  const anyName = rule.adopt || (key.queue === true && queueTable[context.phaseOf(key.family)].gather)
  if (rank === -1 || (!anyName && !name.equals(primary))) return undefined
  const asked = [primary, key.canonical, ...key.aliases.map((alias) => alias.name)].find((one) => matches(glob, one))
  return asked && { name: asked, unless: anyName ? order.slice(0, rank) : [] }
}

/**
 * Which of the names that exist stands for the key. In `dual-read` a key that is adopted during a SCAN gets its
 * canonical name behind the cursor, and keeps its alias: the alias stands for it, or SCAN would miss a key that was
 * there all the time. In `retire-alias` a write takes the alias away, so there it is the canonical name.
 */
function preference(key: LogicalKey<Buffer>, context: PlanContext): Buffer[] {
  const aliases = key.aliases.map((alias) => alias.name)
  const rule = phaseTable[context.phaseOf(key.family)]
  const keepsAlias = rule.primary === 'alias' || rule.secondary === 'mirror'
  const [first, ...older] = aliases
  return keepsAlias && first && rule.adopt ? [first, key.canonical, ...older] : [key.canonical, ...aliases]
}

function matches(glob: Arg | undefined, name: Buffer): boolean {
  if (glob === undefined) return true
  const text = typeof glob === 'string' ? Buffer.from(glob).toString('latin1') : glob.toString('latin1')
  return matchesGlob(text, name.toString('latin1'))
}

/** `SCAN 0 MATCH job:* COUNT 10` in its parts; the pattern stays with us, since the server can match only one. */
export function splitScan(argv: readonly Arg[]): { glob: Arg | undefined; sent: Arg[] } {
  const sent: Arg[] = argv.slice(0, 2)
  let glob: Arg | undefined
  for (let i = 2; i < argv.length; i += 2) {
    const option = argv[i] as Arg
    const value = argv[i + 1]
    if (value !== undefined && option.toString().toLowerCase() === 'match') glob = value
    else sent.push(option, ...(value === undefined ? [] : [value]))
  }
  return { glob, sent }
}
