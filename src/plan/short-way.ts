/**
 * The short way: a command with one key, for which one name of the key is enough. Most commands are that in most phases, and
 * no plan is made for them; it says what {@link plan} would say.
 *
 * @module
 */
import type { Arg, KeyRef, KeyUse, Located } from '../commands/index.js'
import { phaseTable, type Phase } from '../phases/index.js'
import type { PlanContext } from './types.js'

/** One name, and what to do when nothing is found under it. */
export interface ShortWay {
  /** Undefined where the name goes out as the caller wrote it. */
  readonly name: Arg | undefined
  /** A read whose alias may have to be adopted, if its reply does not prove that the key exists: in this phase. */
  readonly adopts: Phase | undefined
}

// Most names are right already, and nothing is made for them.
const asItIs: ShortWay = { name: undefined, adopts: undefined }

/**
 * The name to send for a key of a command (one that {@link soleKey} knows).
 *
 * @returns undefined where it takes a plan: another name is written too, a queue, another database, a transform
 */
export function shortWay(name: Arg, use: KeyUse, context: PlanContext): ShortWay | undefined {
  const seen = context.mapper.glance(name)
  if (seen === undefined) return asItIs
  if (context.transforms?.has(seen.family)) return undefined
  if (!seen.plain) return undefined
  const phase = context.phaseOf(seen.family)
  const { primary, adopt, secondary } = phaseTable[phase]
  if (use !== 'read' && secondary !== 'leave') return undefined
  // On a cluster the names may lie in different slots, which is refused.
  if (adopt && context.slotOf) return undefined
  const isAtHome = seen.side === primary && seen.index === 0
  if (isAtHome && !adopt) return asItIs
  return { name: isAtHome ? undefined : context.mapper.nameOn(primary, name, seen), adopts: adopt ? phase : undefined }
}

/** The names of all keys, and what to do when nothing is found under some. */
export interface ShortWays {
  /** The arguments to send: the caller's own where all names go out as he wrote them. */
  readonly args: readonly Arg[]
  readonly adopts: Phase | undefined
}

/**
 * The same for a command with several keys (one that {@link severalKeys} knows).
 *
 * @param asked - its arguments, without its name
 * @returns undefined where it takes a plan; also where some of the keys may have to be adopted, and others not
 */
export function shortWays(asked: readonly Arg[], { keys }: Located, context: PlanContext): ShortWays | undefined {
  let args: Arg[] | undefined
  let adopts: Phase | undefined
  for (let i = 0; i < keys.length; i++) {
    const { index, use } = keys[i] as KeyRef
    const way = shortWay(asked[index - 1] as Arg, use, context)
    if (way === undefined || (i > 0 && way.adopts !== adopts)) return undefined
    adopts = way.adopts
    if (way.name !== undefined) (args ??= [...asked])[index - 1] = way.name
  }
  return { args: args ?? asked, adopts }
}
