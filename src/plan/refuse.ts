/**
 * What a plan cannot be made for, and the sentence that says so. Nothing has been sent when these throw.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import type { Pair } from './pairs.js'
import type { PlanContext } from './types.js'

/**
 * A command without a row may name keys anywhere, and sending it unread would write under the old name only.
 * Without arguments it names none.
 */
export function refuseUnknown(argv: readonly Arg[], context: PlanContext): undefined {
  if (context.unknownCommands === 'pass' || argv.length < 2) return undefined
  throw new CanonicalRedisError(
    'E_UNKNOWN_COMMAND',
    `the command ${String(argv[0]).toUpperCase()} has no row in the command table, so the keys it names cannot be found`,
    {
      hint: "if it names no managed key, pass { unknownCommands: 'pass' } or send it through a client that is not wrapped",
    },
  )
}

/** Does this command line wait on the server? XREAD does only with BLOCK. */
export function blocks(argv: readonly Arg[], located: Located): boolean {
  if (!located.row.flags.includes('blocking')) return false
  if (!located.row.name.startsWith('xread')) return true
  const end = located.keys[0]?.index ?? argv.length
  return argv.slice(1, end).some((arg) => arg.length === 5 && arg.toString().toLowerCase() === 'block')
}

/** Inside MULTI nothing waits, and outside it a write would not be one unit. */
export function refuseBlocking(argv: readonly Arg[], pairs: readonly Pair[]): never {
  const pair = pairs.find(({ use }) => use !== 'read') ?? pairs[0]
  const command = String(argv[0]).toUpperCase()
  throw new CanonicalRedisError(
    'E_BLOCKING_MIRRORED',
    `${command} waits on the server, and in this phase the family "${pair?.family}" needs a transaction, where nothing ` +
      'can wait',
    {
      hint:
        `if its elements are jobs, declare it a queue: key('…', { queue: true }), and ${command} works in every phase; else ` +
        `use the form that does not wait (${waitFree[command] ?? 'without BLOCK'}) until the family is in "canonical"`,
    },
  )
}

const waitFree: Readonly<Record<string, string>> = {
  BLPOP: 'LPOP',
  BRPOP: 'RPOP',
  BLMOVE: 'LMOVE',
  BLMOVEM: 'LMOVEM',
  BRPOPLPUSH: 'LMOVE',
  BLMPOP: 'LMPOP',
  BZPOPMIN: 'ZPOPMIN',
  BZPOPMAX: 'ZPOPMAX',
  BZMPOP: 'ZMPOP',
}

/**
 * Some values of modules (vector sets, RedisBloom) have no COPY: `ERR not supported for this module key`, while the rest of
 * the transaction runs. Nothing of theirs can be adopted or mirrored, and removing the other name would lose it.
 */
export function refuseUncopyable(located: Located, pairs: readonly Pair[]): void {
  if (!located.row.uncopyable) return
  const pair = pairs.find(({ rule, use }) => rule.adopt || (use !== 'read' && rule.secondary === 'mirror'))
  if (pair === undefined) return
  throw new CanonicalRedisError(
    'E_UNSUPPORTED',
    `${located.row.name.toUpperCase()} works on a type of value that the server cannot COPY, and in this phase the family ` +
      `"${pair.family}" needs copies`,
    { hint: 'keep such keys out of the family: they cannot be migrated by copying; go back to "prepare" or "alias"' },
  )
}

/** On a cluster the names of a key that are used together must lie in one slot, and there is only one database. */
export function refuseCrossSlot(pairs: readonly Pair[], context: PlanContext): void {
  const { slotOf } = context
  if (slotOf === undefined) return
  for (const { family, canonical, aliases } of pairs) {
    for (const alias of aliases) {
      if (alias.db !== context.db) {
        throw new CanonicalRedisError(
          'E_CROSS_DATABASE',
          `the family "${family}" has an alias in database ${alias.db}, and a cluster has only one database`,
          { hint: 'move the keys out of that database first, on the old server' },
        )
      }
      if (slotOf(alias.name) === slotOf(canonical.name)) continue
      throw new CanonicalRedisError(
        'E_CROSS_SLOT',
        `the names "${alias.name.toString()}" and "${canonical.name.toString()}" of family "${family}" lie in different ` +
          'slots, and in this phase both must change in one transaction',
        { hint: 'give the canonical name the slot of the alias with a hash tag, such as v2:{job:<id>} for job:<id>' },
      )
    }
  }
}

/** The database that the command runs in; refused where its keys lie in two. */
export function refuseMixedDatabases(
  argv: readonly Arg[],
  located: Located,
  pairs: readonly Pair[],
  context: PlanContext,
): number {
  const db = pairs[0]?.primary.db ?? context.db
  const isHere = pairs.length === located.keys.length || db === context.db
  if (isHere && pairs.every(({ primary }) => primary.db === db)) return db
  const dbs = new Set(pairs.map(({ primary }) => primary.db))
  if (pairs.length < located.keys.length) dbs.add(context.db)
  throw new CanonicalRedisError(
    'E_CROSS_DATABASE',
    `${String(argv[0]).toUpperCase()} names keys that lie in different databases in this phase ` +
      `(${[...dbs].join(' and ')}), and one command runs in one database`,
    { hint: 'split the command, or move these families to "dual-read" together: from there on all are read from here' },
  )
}
