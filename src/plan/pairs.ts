/**
 * From the keys of a command line to the two names of each, under the phase of its family.
 *
 * @module
 */
import type { Arg, KeyUse, Located } from '../commands/index.js'
import { phaseTable, queueTable, type Phase, type PhaseRule } from '../phases/index.js'
import type { Place } from './block.js'
import type { PlanContext } from './types.js'

/** One managed key of a command line. */
export interface Pair {
  /** Position in argv. */
  readonly index: number
  readonly use: KeyUse
  readonly family: string
  readonly rule: PhaseRule
  /** Where the command goes. */
  readonly primary: Place
  /** The other name; undefined when this logical key has only a canonical name. */
  readonly secondary: Place | undefined
  readonly canonical: Place
  /** Every alias, in the order they are adopted in; the first is where legacy code keeps the key. */
  readonly aliases: readonly Place[]
  /** A queue, in a phase in which it may lie under any of its names. */
  readonly gather: boolean
}

/** The managed keys of a command line, in its order. */
export function findPairs(argv: readonly Arg[], located: Located, context: PlanContext): Pair[] {
  const pairs: Pair[] = []
  for (const { index, use } of located.keys) {
    const pair = toPair(argv[index] as Arg, index, use, context)
    if (pair) pairs.push(pair)
  }
  return pairs
}

/**
 * Do all the names of this command line stand already where its phases want them, with nothing else to do? Then it goes out
 * as it is, as most command lines do at the two ends of a migration. It is asked first because it makes nothing.
 */
export function isAtHome(argv: readonly Arg[], located: Located, context: PlanContext): boolean {
  for (const { index, use } of located.keys) {
    const seen = context.mapper.glance(argv[index] as Arg)
    if (seen === undefined) continue
    const phase = context.phaseOf(seen.family)
    const { primary, adopt, secondary } = phaseTable[phase]
    if (adopt || (use !== 'read' && secondary !== 'leave') || (seen.queue && queueTable[phase].gather)) return false
    if (seen.side !== primary || seen.index > 0 || seen.db !== undefined) return false
  }
  return true
}

function toPair(name: Arg, index: number, use: KeyUse, context: PlanContext): Pair | undefined {
  const key = context.mapper.resolve(name)
  if (key === undefined) return undefined
  const phase = context.phaseOf(key.family)
  const rule = key.queue ? ruleOfQueue(phase) : phaseTable[phase]
  const canonical: Place = { name: key.canonical, db: context.db }
  const aliases = key.aliases.map((alias): Place => ({ name: alias.name, db: alias.db ?? context.db }))
  const first = aliases[0]
  const onAlias = rule.primary === 'alias' && first !== undefined
  return {
    index,
    use,
    family: key.family,
    rule,
    primary: onAlias ? first : canonical,
    secondary: onAlias ? canonical : first,
    canonical,
    aliases,
    gather: key.queue === true && first !== undefined && queueTable[phase].gather,
  }
}

/** Nothing of a queue is adopted or mirrored: once it is at home, it is one key. */
function ruleOfQueue(phase: Phase): PhaseRule {
  const primary = queueTable[phase].home
  return { ...phaseTable[phase], primary, adopt: false, adoptInOneUnit: false, secondary: 'leave' }
}

/** One pair for each logical key: `EXISTS job:1 step:1` names one twice. A use that writes wins. */
export function distinct<P extends Pair>(pairs: readonly P[]): readonly P[] {
  if (pairs.length < 2) return pairs
  const byPlace = new Map<string, P>()
  for (const pair of pairs) {
    const id = placeId(pair.primary)
    const known = byPlace.get(id)
    if (known === undefined || (known.use === 'read' && pair.use !== 'read')) byPlace.set(id, pair)
  }
  return [...byPlace.values()]
}

function placeId(place: Place): string {
  const name = typeof place.name === 'string' ? Buffer.from(place.name) : place.name
  return `${place.db}:${name.toString('latin1')}`
}

/** The command line for the first names of its managed keys, or for the second; a key without one keeps its first. */
export function rewrite(argv: readonly Arg[], pairs: readonly Pair[], which: 'primary' | 'secondary'): Arg[] {
  const out = [...argv]
  for (const pair of pairs) out[pair.index] = (pair[which] ?? pair.primary).name
  return out
}
