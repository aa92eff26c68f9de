/**
 * Mistakes that code like ours is known to make, as switches: each changes plans before they are carried out. The suite must
 * notice every one; test/integration/mistakes.test.ts says which judge does.
 *
 * @module
 */
import type { Arg } from '../../../src/commands/index.js'
import type { Phase } from '../../../src/phases/index.js'
import type { Plan, Step } from '../../../src/plan/index.js'

/** Changes a plan for the command `argv`. */
export type Sabotage = (plan: Plan, argv: readonly Arg[]) => Plan

/** One switch. */
export interface Mistake {
  readonly name: string
  /** Two phases side by side in which it does harm. */
  readonly pair: readonly [Phase, Phase]
  readonly sabotage: Sabotage
  /** It shows only when two clients run at the very same time, which the twin test does not do. */
  readonly concurrent?: true
  /** Why the model, with its one alias, its strings and no clock, cannot show it. */
  readonly beyondModel?: string
}

/** The same steps in another order, or others; the op stays the op. */
function arranged(plan: Plan, arrange: (steps: readonly Step[], op: Step) => readonly Step[]): Plan {
  const op = plan.steps[plan.op]
  if (op === undefined) return plan
  const steps = arrange(plan.steps, op)
  return { ...plan, steps, op: steps.indexOf(op) }
}

const without = (plan: Plan, what: (step: Step) => boolean): Plan =>
  arranged(plan, (steps, op) => steps.filter((step) => step === op || !what(step)))

const withoutRole =
  (...roles: readonly string[]): Sabotage =>
  (plan) =>
    without(plan, ({ role }) => roles.includes(role))

const isCopy = ({ role, argv }: Step): boolean => role === 'mirror' && argv[0] === 'COPY'
const isMirror = ({ role }: Step): boolean => role === 'mirror'
const isBehind = (steps: readonly Step[], step: Step, op: Step): boolean => steps.indexOf(step) > steps.indexOf(op)
const named = (argv: readonly Arg[], ...names: readonly string[]): boolean =>
  names.includes(String(argv[0]).toUpperCase())

const both: readonly [Phase, Phase] = ['dual-write', 'dual-read']

/** In the order of the design's list, then others. */
export const mistakes: readonly Mistake[] = [
  {
    name: 'two commands without MULTI',
    concurrent: true,
    pair: both,
    sabotage: (plan) => ({ ...plan, atomic: false }),
  },
  {
    name: 'a replay without the COPY in front',
    pair: both,
    sabotage: (plan) =>
      arranged(plan, (steps, op) => steps.filter((step) => !isCopy(step) || isBehind(steps, step, op))),
  },
  {
    name: 'a replay with the COPY behind',
    pair: both,
    sabotage: (plan) =>
      arranged(plan, (steps) => [...steps.filter((step) => !isCopy(step)), ...steps.filter((step) => isCopy(step))]),
  },
  {
    name: 'a replay on the first name alone',
    pair: both,
    sabotage: (plan, argv) => (named(argv, 'APPEND') ? without(plan, (step) => isMirror(step) && !isCopy(step)) : plan),
  },
  {
    name: 'a mirror by COPY REPLACE alone',
    pair: both,
    sabotage: (plan) =>
      arranged(plan, (steps, op) => {
        const at = steps.indexOf(op)
        const kept = steps.filter((step, i) => i <= at || !isMirror(step))
        const [from, to] = mirroredNames(plan)
        if (from === undefined || to === undefined) return steps
        return [...kept, { role: 'mirror', argv: ['COPY', from, to, 'REPLACE'] }]
      }),
  },
  {
    name: 'an adopt that copies the value and not its time to live (GET and SETNX)',
    pair: ['dual-read', 'dual-read'],
    beyondModel: 'keys there do not expire',
    sabotage: (plan) =>
      arranged(plan, (steps) =>
        steps.map((step) => {
          const [, from, to] = step.argv
          if (step.role !== 'adopt' || step.argv.length !== 3 || from === undefined || to === undefined) return step
          return { role: 'adopt', argv: ['EVAL', copiedByHand, '2', from, to] }
        }),
      ),
  },
  {
    name: 'an adopt with REPLACE',
    pair: ['dual-read', 'retire-alias'],
    beyondModel: 'it does harm to older spellings, and there is one alias',
    sabotage: (plan) =>
      arranged(plan, (steps) =>
        steps.map((step) => (step.role === 'adopt' ? { ...step, argv: [...step.argv, 'REPLACE'] } : step)),
      ),
  },
  { name: 'a write that does not adopt', pair: ['dual-read', 'dual-read'], sabotage: withoutRole('adopt') },
  {
    name: 'a read that does not adopt',
    pair: ['dual-read', 'dual-read'],
    sabotage: (plan) => ({ ...plan, optimistic: false, steps: [plan.steps[plan.op]!], op: 0 }),
  },
  {
    name: 'a read that adopts in two units',
    concurrent: true,
    pair: ['prepare', 'dual-read'],
    sabotage: (plan) => ({ ...plan, atomic: plan.atomic && !plan.optimistic }),
  },
  { name: 'no mirror', pair: both, sabotage: withoutRole('mirror') },
  { name: 'prepare leaves the canonical name', pair: ['prepare', 'dual-write'], sabotage: withoutRole('drop') },
  { name: 'retire-alias leaves the alias', pair: ['retire-alias', 'dual-read'], sabotage: withoutRole('drop') },
  {
    name: 'a delete of the canonical name alone',
    pair: ['dual-read', 'retire-alias'],
    sabotage: (plan, argv) => (named(argv, 'DEL', 'UNLINK') ? withoutRole('mirror', 'drop')(plan, argv) : plan),
  },
  {
    name: 'an older spelling that a write leaves behind',
    pair: ['retire-alias', 'retire-alias'],
    beyondModel: 'there is one alias',
    sabotage: (plan) =>
      arranged(plan, (steps) => {
        const drops = steps.filter(({ role }) => role === 'drop')
        return steps.filter((step) => step.role !== 'drop' || step === drops[0])
      }),
  },
  {
    name: 'replies under the names that were sent',
    pair: both,
    beyondModel: 'its replies carry no names',
    sabotage: (plan) => ({ ...plan, renames: [] }),
  },
  {
    name: 'a WATCH of one name',
    pair: both,
    beyondModel: 'it has no transactions of the caller',
    sabotage: (plan, argv) =>
      named(argv, 'WATCH')
        ? {
            ...plan,
            steps: plan.steps.map((step) => (step.role === 'op' ? { ...step, argv: step.argv.slice(0, 2) } : step)),
          }
        : plan,
  },
]

/** What `GET` then `SETNX` in the application comes to; for other types the naive code does nothing at all. */
const copiedByHand = [
  "if redis.call('TYPE', KEYS[1]).ok ~= 'string' then return redis.call('COPY', KEYS[1], KEYS[2]) end",
  "return redis.call('SETNX', KEYS[2], redis.call('GET', KEYS[1]))",
].join('\n')

/** The two names of the key that a plan with one key mirrors. */
function mirroredNames({ steps, op, located }: Plan): [Arg | undefined, Arg | undefined] {
  const [key, ...more] = located.keys
  const mirror = steps.find(isMirror)
  if (key === undefined || mirror === undefined || more.length > 0) return [undefined, undefined]
  const at: Readonly<Record<string, number>> = { COPY: 2, EVAL: 4 }
  return [steps[op]?.argv[key.index], mirror.argv[at[String(mirror.argv[0])] ?? 1]]
}
