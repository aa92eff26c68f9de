/**
 * Publishing under the channel names of the phase.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import { phaseTable } from '../phases/index.js'
import type { Plan, PlanContext, Step } from './types.js'

/**
 * PUBLISH to each name that the phase publishes to, as one unit: a subscriber that changes its name between two
 * messages then sees each message under both names or under neither, and can tell where to cut over.
 */
export function planPublish(argv: readonly Arg[], located: Located, context: PlanContext): Plan | undefined {
  const [command, channel, ...message] = argv
  if (command === undefined || channel === undefined) return undefined
  const key = context.mapper.resolveChannel(channel)
  const alias = key?.aliases[0]?.name
  if (key === undefined || alias === undefined) return undefined
  const sides = phaseTable[context.phaseOf(key.family)].publish
  const steps = sides.map((side): Step => {
    return { role: 'op', argv: [command, side === 'alias' ? alias : key.canonical, ...message] }
  })
  const atomic = steps.length > 1
  const plan = { steps, op: 0, atomic, optimistic: false, located, renames: [] }
  return atomic ? { ...plan, sum: steps.map((_, i) => i) } : plan
}
