/**
 * Publishing under the channel names of the phase.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import { phaseTable } from '../phases/index.js'
import { argOf, bytesOf, declaredChannel, type LogicalChannel } from './channel-names.js'
import type { Plan, PlanContext, Step } from './types.js'

/**
 * PUBLISH or SPUBLISH to each name that the phase publishes to, as one unit: a subscriber that changes its name
 * between two messages then sees each message under both names or under neither, and can tell where to cut over.
 *
 * @throws {@link CanonicalRedisError} `E_CROSS_SLOT`: the two shard channels lie in different slots.
 */
export function planPublish(argv: readonly Arg[], located: Located, context: PlanContext): Plan | undefined {
  const [command, name, ...message] = argv
  if (command === undefined || name === undefined) return undefined
  const how = located.row.name === 'spublish' ? 'shard' : 'channel'
  const channel = declaredChannel(bytesOf(name), how, context)
  if (channel === undefined) return undefined
  const sides = phaseTable[context.phaseOf(channel.family)].publish
  const atomic = sides.length > 1
  if (atomic && how === 'shard') refuseTwoSlots(channel, context)
  const steps = sides.map((side): Step => ({ role: 'op', argv: [command, argOf(channel.names[side]), ...message] }))
  const plan = { steps, op: 0, atomic, optimistic: false, located, renames: [] }
  return atomic ? { ...plan, sum: steps.map((_, i) => i) } : plan
}

/** A shard channel lives in a slot as a key does, and one transaction in one slot. */
function refuseTwoSlots({ names }: LogicalChannel, { slotOf }: PlanContext): void {
  if (slotOf === undefined || slotOf(argOf(names.alias)) === slotOf(argOf(names.canonical))) return
  throw new CanonicalRedisError(
    'E_CROSS_SLOT',
    `SPUBLISH goes to "${names.alias}" and "${names.canonical}" in this phase, which lie in different slots, and both ` +
      'must get the message in one transaction',
    { hint: `give the canonical name the slot of the alias with a hash tag, such as v2:{${names.alias}}` },
  )
}
