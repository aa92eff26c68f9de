/**
 * `SET key value` under both names, the commonest write while names are mirrored: planned without taking the key apart. It says
 * what {@link plan} would say.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import { phaseTable } from '../phases/index.js'
import type { Plan, PlanContext } from './types.js'

/**
 * One MSET of both names, which is a unit without MULTI, and a quarter of the commands.
 *
 * @param argv a SET without options, which replaces the value whatever it was
 * @returns undefined where there is more to it: older spellings, another database, another slot, a phase that does not mirror
 */
export function setBoth(argv: readonly Arg[], located: Located, context: PlanContext): Plan | undefined {
  const { mapper, slotOf } = context
  const [, asked, value] = argv as readonly [Arg, Arg, Arg]
  const seen = mapper.glance(asked)
  if (!seen?.plain || seen.aliases !== 1) return undefined
  const { primary, secondary } = phaseTable[context.phaseOf(seen.family)]
  if (secondary !== 'mirror') return undefined
  const first = mapper.nameOn(primary, asked, seen)
  const second = mapper.nameOn(primary === 'alias' ? 'canonical' : 'alias', asked, seen)
  // A key that its alias cannot spell, or a name that is nobody's after all, comes back as it is on either side.
  if (first.toString() === second.toString() || (slotOf && slotOf(first) !== slotOf(second))) return undefined
  const steps = [{ role: 'both', argv: ['MSET', first, value, second, value] }] as const
  return { steps, op: 0, atomic: false, optimistic: false, located, renames: [{ sent: first, asked }] }
}
