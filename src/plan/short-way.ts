/**
 * The short way: a command with one key, for which one name of the key is enough. Most commands are that in most phases, and
 * no plan is made for them; it says what {@link plan} would say.
 *
 * @module
 */
import type { Arg, KeyUse } from '../commands/index.js'
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
