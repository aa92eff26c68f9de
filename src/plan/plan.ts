/**
 * The heart: a pure function from a command and the phases to the commands to send.
 *
 * It knows no client and no socket, so it can be tested by the million, printed, and used by every client.
 *
 * @module
 */
import { locate, type Arg, type Located } from '../commands/index.js'
import { Block, type Place } from './block.js'
import { planPublish } from './channels.js'
import { afterOp, beforeOp, chooseMirror, opFor, settle, supersede } from './mirror.js'
import { distinct, findPairs, isAtHome, rewrite, type Pair } from './pairs.js'
import { withQueues } from './queue.js'
import { planReshaped } from './reshape/index.js'
import {
  blocks,
  refuseBlocking,
  refuseCrossSlot,
  refuseMixedDatabases,
  refuseUncopyable,
  refuseUnknown,
} from './refuse.js'
import { setBoth } from './set-both.js'
import type { Plan, PlanContext, Rename, Step } from './types.js'

/**
 * The steps for one command line, or undefined when it goes out as it is.
 *
 * @param argv the command's name and its arguments, as they would go to the server
 * @param located its keys, where the caller has found them already
 * @throws {@link CanonicalRedisError} `E_UNKNOWN_COMMAND`, `E_BLOCKING_MIRRORED`, `E_CROSS_DATABASE`,
 * `E_UNSUPPORTED`; nothing has been sent then.
 * @example
 * ```ts
 * plan(['HSET', 'job:42', 'status', 'done'], { mapper, phaseOf: () => 'prepare', db: 0, … })
 * // steps: HSET job:42 status done · UNLINK step:42 — atomic
 * ```
 */
export function plan(
  argv: readonly Arg[],
  context: PlanContext,
  located: Located | undefined = locate(argv),
): Plan | undefined {
  if (located === undefined) return refuseUnknown(argv, context)
  if (located.row.special === 'publish') return planPublish(argv, located, context)
  if (located.keys.length === 0) return undefined
  const reshaped = context.transforms && planReshaped(argv, located, context)
  if (reshaped) return reshaped
  const both = overwritesUnread(argv) && setBoth(argv, located, context)
  if (both) return both
  if (located.row.special !== 'watch' && isAtHome(argv, located, context)) return undefined
  const pairs = findPairs(argv, located, context)
  if (pairs.length === 0) return undefined
  if (pairs.some(({ gather }) => gather)) return planQueues(argv, located, pairs, context)
  if (located.row.special === 'watch') return planWatch(argv, located, pairs, context)
  if (pairs.every((pair) => onlyRenames(pair, context))) return planRenamed(argv, located, pairs)
  return planKeyed(argv, located, pairs, context)
}

function planQueues(argv: readonly Arg[], located: Located, pairs: readonly Pair[], context: PlanContext): Plan {
  const planned = located.row.special === 'watch' ? planWatch : planKeyed
  return withQueues(planned(argv, located, pairs, context), argv, pairs, context)
}

function onlyRenames({ rule, use, primary }: Pair, context: PlanContext): boolean {
  return !rule.adopt && (use === 'read' || rule.secondary === 'leave') && primary.db === context.db
}

function usesBothNames({ rule, use }: Pair): boolean {
  return rule.adopt || (use !== 'read' && rule.secondary !== 'leave')
}

/** One command under other names, or as it is where the names are right already: what most commands come to. */
function planRenamed(argv: readonly Arg[], located: Located, pairs: readonly Pair[]): Plan | undefined {
  if (pairs.every((pair) => pair.primary.name === argv[pair.index])) return undefined
  const steps = [{ role: 'op', argv: rewrite(argv, pairs, 'primary') }] as const
  return { steps, op: 0, atomic: false, optimistic: false, located, renames: renamesOf(argv, pairs) }
}

function planKeyed(argv: readonly Arg[], located: Located, pairs: readonly Pair[], context: PlanContext): Plan {
  refuseUncopyable(located, pairs)
  if (context.slotOf) refuseCrossSlot(pairs.filter(usesBothNames), context)
  const opDb = refuseMixedDatabases(argv, located, pairs, context)
  const block = new Block(context.db)
  const each = distinct(pairs)
  if (!overwritesUnread(argv)) for (const pair of each) if (pair.rule.adopt) adopt(block, pair)
  const adopts = block.steps.length > 0
  const written = each.filter((pair) => pair.use !== 'read')
  const write = { argv, located, pairs, context }
  const mirroring = chooseMirror(write)
  beforeOp(block, mirroring, written)
  for (const pair of written) supersede(block, pair)
  const op = block.add('op', opDb, opFor(mirroring, write))
  afterOp(block, mirroring, write)
  for (const pair of written) settle(block, pair, mirroring, context)
  const steps = together(block.end())
  const atomic = steps.some(({ role }) => role !== 'op' && role !== 'adopt' && role !== 'both')
  const reads = located.keys.every((key) => key.use === 'read')
  const waits = blocks(argv, located) && !context.inTransaction
  if (waits && (atomic || (adopts && !reads))) refuseBlocking(argv, pairs)
  const inOne = adopts && !waits && (!reads || each.some((pair) => pair.rule.adoptInOneUnit))
  return {
    steps,
    op,
    // A command that changes something is never sent twice, and what it reads is adopted in the same unit.
    atomic: atomic || inOne,
    optimistic: adopts && reads && !waits,
    located,
    renames: renamesOf(argv, pairs),
  }
}

/** COPY without REPLACE: safe at any moment, also twice. Older spellings come last, so the newest wins. */
function adopt(block: Block, pair: Pair): void {
  for (const alias of pair.aliases) block.copy('adopt', alias, pair.canonical)
}

/** `SET key value` replaces the value whatever it was and cannot fail once queued, so there is nothing to adopt. */
function overwritesUnread(argv: readonly Arg[]): boolean {
  return argv.length === 3 && isName(argv[0], 'set')
}

function isName(arg: Arg | undefined, name: string): boolean {
  return arg !== undefined && arg.length === name.length && arg.toString().toLowerCase() === name
}

/** SET or MSET of both names is one MSET: a quarter of the commands, and a unit without MULTI. */
function together(steps: readonly Step[]): readonly Step[] {
  const [op, mirror, ...more] = steps
  if (op?.role !== 'op' || mirror?.role !== 'mirror' || more.length > 0) return steps
  const both = [op.argv, mirror.argv]
  if (!both.every(overwritesUnread) && !both.every(([name]) => isName(name, 'mset'))) return steps
  return [{ role: 'both', argv: ['MSET', ...op.argv.slice(1), ...mirror.argv.slice(1)] }]
}

/** WATCH looks at every name: another client may still write the one that this phase does not read. */
function planWatch(argv: readonly Arg[], located: Located, pairs: readonly Pair[], context: PlanContext): Plan {
  if (context.inTransaction) return planAsIs(argv, located, pairs, context)
  const each = distinct(pairs)
  const inPairs = each.filter(({ rule }) => rule.secondary !== 'leave')
  refuseCrossSlot(inPairs, context)
  const block = new Block(context.db)
  // Adopted first: a COPY into a watched key by the same connection would make EXEC fail.
  for (const pair of each) if (pair.rule.adopt) adopt(block, pair)
  const managed = new Set(pairs.map((pair) => pair.index))
  // Neighbours of `alias` and `canonical` write the other name too, but on a cluster it may be out of reach.
  const watched = (pair: Pair): readonly Place[] =>
    context.slotOf && !inPairs.includes(pair) && !pair.gather ? [pair.primary] : [pair.canonical, ...pair.aliases]
  const places = each.flatMap(watched)
  for (const { index } of located.keys) {
    if (!managed.has(index)) places.push({ name: argv[index] as Arg, db: context.db })
  }
  let op = 0
  for (const [db, group] of groupByDb(places)) op = block.add('op', db, ['WATCH', ...group.map((place) => place.name)])
  return { steps: block.end(), op, atomic: false, optimistic: false, located, renames: [] }
}

function groupByDb(places: readonly Place[]): Map<number, Place[]> {
  const groups = new Map<number, Place[]>()
  for (const place of places) {
    const group = groups.get(place.db)
    if (group) group.push(place)
    else groups.set(place.db, [place])
  }
  return groups
}

/** WATCH inside MULTI is the server's error to give; only the names are changed. */
function planAsIs(argv: readonly Arg[], located: Located, pairs: readonly Pair[], context: PlanContext): Plan {
  const block = new Block(context.db)
  const op = block.add('op', context.db, rewrite(argv, pairs, 'primary'))
  return { steps: block.end(), op, atomic: false, optimistic: false, located, renames: [] }
}

function renamesOf(argv: readonly Arg[], pairs: readonly Pair[]): Rename[] {
  return pairs.map((pair) => ({ sent: pair.primary.name, asked: argv[pair.index] as Arg }))
}
