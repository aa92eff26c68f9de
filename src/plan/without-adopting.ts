/**
 * A read of a key that must stay under its alias.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { adoptedNames } from './adopting.js'
import type { Plan, Step } from './types.js'

/**
 * The same read under every name, each with an EXISTS before it, instead of COPY and read: the reply is that of the canonical
 * name if it is there, else that of the first alias that is.
 *
 * @returns undefined where this cannot be: a command that changes something, one with several keys, one that moves a queue
 */
export function withoutAdopting(plan: Plan): Plan | undefined {
  if (plan.choose) return plan
  const { located } = plan
  const op = plan.steps[plan.op] as Step
  if (located.row.special === 'watch') return notCopying(plan)
  const [key, ...more] = located.keys
  if (!plan.optimistic || key === undefined || more.length > 0) return undefined
  const under = (name: Arg): readonly Arg[] => op.argv.map((arg, i) => (i === key.index ? name : arg))
  const canonical = op.argv[key.index] as Arg
  const steps: Step[] = []
  const choose: { exists: number; reply: number }[] = []
  const look = (name: Arg, role: Step['role']): void => {
    const exists = steps.push({ role: 'look', argv: ['EXISTS', name] }) - 1
    choose.push({ exists, reply: steps.push({ role, argv: under(name) }) - 1 })
  }
  for (const [i, step] of plan.steps.entries()) {
    const adopted = adoptedNames(step)
    if (step.role === 'adopt' && adopted === undefined) return undefined
    if (adopted) look(adopted[0], 'look')
    else if (i === plan.op) look(canonical, 'op')
    else steps.push(step)
  }
  const last = choose.pop() as { exists: number; reply: number }
  return {
    ...plan,
    steps,
    op: last.reply,
    // Nothing needs to be one unit: a key only moves towards the canonical name, which is looked at last.
    atomic: false,
    choose: [last, ...choose],
  }
}

/** WATCH looks at every name as it is. */
function notCopying(plan: Plan): Plan {
  const kept = plan.steps.filter(({ role }) => role !== 'adopt')
  return { ...plan, steps: kept, op: kept.indexOf(plan.steps[plan.op] as Step) }
}

/** The plan, with what to call the aliases if one of them should answer. */
export function namingAliases(plan: Plan): Plan {
  const renames = plan.steps.flatMap((step) => {
    const [alias, canonical] = adoptedNames(step) ?? []
    const asked = plan.renames.find(({ sent }) => sent === canonical)?.asked
    return alias !== undefined && asked !== undefined ? [{ sent: alias, asked }] : []
  })
  return { ...plan, renames: [...plan.renames, ...renames] }
}

/** The reply of the name that was there. */
export function chosenReply({ choose, op }: Pick<Plan, 'choose' | 'op'>, replies: readonly unknown[]): unknown {
  const there = choose?.find(({ exists }) => Number(replies[exists]) === 1)
  return replies[there?.reply ?? op]
}
