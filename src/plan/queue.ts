/**
 * Queues: lists, sorted sets and streams whose elements are jobs.
 *
 * A queue lies under one name at a time. Between `alias` and `canonical` each command brings it home first, in one unit
 * with itself, and is then the bare command on one key: its reply, its order and its conditions are those of the server. A
 * command that waits cannot be a part of a unit; it waits for every name, or in turns.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import { distinct, type Pair } from './pairs.js'
import { gatherScript, returnScript } from './queue-scripts.js'
import { blocks, refuseCrossSlot } from './refuse.js'
import type { Plan, PlanContext, Rename, Step } from './types.js'

/** Commands that take their jobs from the right, and pushes to lists that are served from there. */
const fromTheRight: ReadonlySet<string> = new Set(['rpop', 'brpop', 'rpoplpush', 'brpoplpush', 'lpush', 'lpushx'])

/** Commands that say in an argument where they take from. */
const fromSomewhere: ReadonlySet<string> = new Set(['lmove', 'blmove', 'lmpop', 'blmpop'])

/** Commands of lists and sorted sets: what they find under another name is no stream, so nothing is lent. */
const noStream = /^(b?l(?!cs)|b?z|b?rpop|rpush)/

/**
 * How a command waits on a queue. `names`: it has a list of keys, of which it serves the first that has something, so it
 * gets every name. `streams`: the same, and each key has an ID. `group`: one key, under which the group must be there.
 * `turns`: it takes from one key only.
 */
type Way = 'names' | 'streams' | 'group' | 'turns'

/** Of a command that is not here nobody knows how it waits: it is refused. */
const waiting: Readonly<Record<string, Way>> = {
  blpop: 'names',
  brpop: 'names',
  bzpopmin: 'names',
  bzpopmax: 'names',
  blmpop: 'names',
  bzmpop: 'names',
  xread: 'streams',
  xreadgroup: 'group',
  blmove: 'turns',
  brpoplpush: 'turns',
}

/** Those that say how many keys they have, in front of them. */
const countsKeys: ReadonlySet<string> = new Set(['blmpop', 'bzmpop'])

/** How long one turn lasts, in seconds. So long may a job wait that a neighbour pushes under the other name. */
export const TURN_SECONDS = 1

/**
 * The plan of a command that names queues, from the plan that it would have if each of them were one key.
 *
 * @param plan the command under the names of the phase
 * @throws {@link CanonicalRedisError} `E_UNSUPPORTED`, `E_CROSS_SLOT`; nothing has been sent then.
 */
export function withQueues(plan: Plan, argv: readonly Arg[], pairs: readonly Pair[], context: PlanContext): Plan {
  const queues = pairs.filter((pair) => pair.gather)
  refuseCrossSlot(queues, context)
  const { row } = plan.located
  // The server's error to give, as in any transaction.
  if (row.special === 'watch' && context.inTransaction) return plan
  if (blocks(argv, plan.located) && !context.inTransaction) return planWaiting(plan, argv, queues)
  // Brought for good before WATCH: lending it to each of the reads that follow would change what is watched.
  const isWatch = row.special === 'watch'
  const lends = !isWatch && !noStream.test(row.name)
  const gathering = distinct(queues).map((pair) => gather(pair, plan, lends && pair.rule.primary === 'alias'))
  const returning = lends ? distinct(queues).flatMap((pair) => giveBack(pair)) : []
  return { ...behind(gathering, plan), steps: [...gathering, ...plan.steps, ...returning], atomic: !isWatch }
}

/** The steps, and then the plan. */
function behind(steps: readonly Step[], plan: Plan): Plan {
  return {
    ...plan,
    steps: [...steps, ...plan.steps],
    op: plan.op + steps.length,
    ...(plan.sum && { sum: plan.sum.map((at) => at + steps.length) }),
    optimistic: false,
  }
}

function gather({ rule, canonical, aliases, primary }: Pair, plan: Plan, lends: boolean): Step {
  // What lies under an alias was pushed before what lies under the canonical name.
  const [order, others] =
    rule.primary === 'alias' ? ['after', [...aliases.slice(1), canonical]] : ['before', [...aliases].reverse()]
  const names = [primary, ...others].map(({ name }) => name)
  const op = plan.steps[plan.op]?.argv ?? []
  const how = [order, isTakenFromRight(op, plan.located) ? 'right' : 'left', lends ? 'lend' : 'move']
  return { role: 'adopt', argv: ['EVAL', gatherScript, String(names.length), ...names, ...how] }
}

/** Only where two parts of a list meet does it matter, so that jobs of the alias are served first. */
function isTakenFromRight(argv: readonly Arg[], { row }: Located): boolean {
  if (fromTheRight.has(row.name)) return true
  if (!fromSomewhere.has(row.name)) return false
  const word = argv.find((arg) => /^(left|right)$/i.test(arg.toString()))
  return word?.toString().toLowerCase() === 'right'
}

function giveBack({ rule, canonical, aliases, primary }: Pair): Step[] {
  if (rule.primary !== 'alias') return []
  const names = [primary, ...aliases.slice(1), canonical].map(({ name }) => name)
  return [{ role: 'return', argv: ['EVAL', returnScript, String(names.length), ...names] }]
}

function planWaiting(plan: Plan, argv: readonly Arg[], queues: readonly Pair[]): Plan {
  const way = waiting[plan.located.row.name]
  if (way === undefined) return refuseWaiting(argv, queues)
  return ways[way](plan, argv, queues)
}

const ways: Readonly<Record<Way, (plan: Plan, argv: readonly Arg[], queues: readonly Pair[]) => Plan>> = {
  names: (plan, argv, queues) => behind(gatherAll(plan, queues), underAllNames(plan, argv, queues)),
  streams: underAllNames,
  // A stream that is moved to wait for it is moved away from those who wait for it there.
  group: (plan, argv, queues) =>
    queues[0]?.rule.primary === 'alias'
      ? whereItIs(plan, argv, queues)
      : onceMore(behind(gatherAll(plan, queues), plan)),
  turns: (plan, _argv, queues) => behind(gatherAll(plan, queues), inTurns(plan, queues)),
}

function gatherAll(plan: Plan, queues: readonly Pair[]): Step[] {
  return distinct(queues).map((pair) => gather(pair, plan, false))
}

/** Every name in the place of the one: `BLPOP jobs:pending steps:pending 0`. */
function underAllNames(plan: Plan, argv: readonly Arg[], queues: readonly Pair[]): Plan {
  const op = plan.steps[plan.op]?.argv ?? []
  const { keys, row } = plan.located
  const first = keys[0]?.index ?? 0
  const namesOf = (index: number): readonly Arg[] => {
    const queue = queues.find((pair) => pair.index === index)
    return queue ? allNames(queue) : [op[index] as Arg]
  }
  const head = op.slice(0, first)
  const names = keys.flatMap(({ index }) => namesOf(index))
  if (countsKeys.has(row.name)) head[first - 1] = String(names.length)
  const tail = [...op.slice(first + keys.length)]
  // Each stream has its ID.
  const ids = waiting[row.name] === 'streams' ? tail.splice(0, keys.length) : []
  const sent = [...head, ...names, ...ids.flatMap((id, i) => namesOf(first + i).map(() => id)), ...tail]
  const others = queues.flatMap((pair) =>
    allNames(pair).map((name): Rename => ({ sent: name, asked: argv[pair.index] as Arg })),
  )
  const renames = [...plan.renames.filter(({ sent: name }) => !others.some((one) => one.sent === name)), ...others]
  return { ...withOp(plan, sent), renames }
}

/** As it is served: what lies under an alias was pushed before. */
function allNames({ aliases, canonical }: Pair): Arg[] {
  return [...aliases, canonical].map(({ name }) => name)
}

/** The migrator may have moved the stream back under another name meanwhile. */
const onceMore = (plan: Plan): Plan => ({ ...plan, instead: plan })

/**
 * Where its group is found: the server refuses to wait for a group that is not there. The first name comes once more at
 * the end, since the stream may move while it is waited for.
 */
function whereItIs(plan: Plan, argv: readonly Arg[], queues: readonly Pair[]): Plan {
  const [queue, second] = queues
  if (queue === undefined || second !== undefined) return refuseWaiting(argv, queues)
  const names = allNames(queue)
  const renames = names.map((sent): Rename => ({ sent, asked: argv[queue.index] as Arg }))
  const under = (name: Arg): Plan => {
    const op = [...(plan.steps[plan.op]?.argv ?? [])]
    op[queue.index] = name
    return { ...withOp(plan, op), renames }
  }
  return [...names, ...names.slice(0, 1)].map(under).reduceRight((later, earlier) => ({ ...earlier, instead: later }))
}

/** It can wait under one name only, and looks under the others after each turn. */
function inTurns(plan: Plan, queues: readonly Pair[]): Plan {
  const op = [...(plan.steps[plan.op]?.argv ?? [])]
  const at = op.length - 1
  const source = plan.located.keys[0]?.index
  const seconds = Number(op[at])
  // What is no time is the server's to refuse.
  if (!queues.some(({ index }) => index === source) || !(seconds >= 0)) return plan
  op[at] = String(seconds === 0 ? TURN_SECONDS : Math.min(seconds, TURN_SECONDS))
  return { ...withOp(plan, op), turns: { timeout: at } }
}

function withOp(plan: Plan, argv: readonly Arg[]): Plan {
  return { ...plan, steps: plan.steps.map((step, i) => (i === plan.op ? { ...step, argv } : step)) }
}

function refuseWaiting(argv: readonly Arg[], queues: readonly Pair[]): never {
  throw new CanonicalRedisError(
    'E_UNSUPPORTED',
    `${String(argv[0]).toUpperCase()} waits on the server, and in this phase the queue "${queues[0]?.family}" may lie under ` +
      'either of its names, where this command cannot wait for it',
    { hint: 'wait for one queue at a time, or use the form that does not wait, until the family is in "canonical"' },
  )
}
