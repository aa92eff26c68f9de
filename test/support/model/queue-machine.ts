/**
 * A model of one queue under two names: clients send what `plan` returns to a store of two lists, in every interleaving,
 * beside a reference that has one list only.
 *
 * The steps are the planner's own; what its scripts do to two lists is said here once more, and seen to be so on real
 * servers elsewhere.
 *
 * @module
 */
import type { Arg } from '../../../src/commands/index.js'
import { queueTable, type Phase } from '../../../src/phases/index.js'
import { plan } from '../../../src/plan/index.js'
import { gatherScript, returnScript } from '../../../src/plan/queue-scripts.js'
import { defineSchema, key } from '../../../src/schema/index.js'

/** The two names. */
export const A = 'jobs'
export const C = 'steps'

const { mapper } = defineSchema({ name: 'model', keys: { q: key(C, { queue: true }).alias(A) } })

/** What is stored; a list that is empty is not there. */
export type Store = Readonly<Record<string, readonly string[]>>

/** A client: a wrapped one in a phase, or a raw one that knows only the alias. */
export interface QueueClient {
  readonly phase: Phase | 'raw'
  readonly program: readonly (readonly string[])[]
}

interface Unit {
  /** Steps that run as one; the last of them that is the op gives the reply. */
  readonly steps: readonly (readonly Arg[])[]
  readonly op: number
  readonly asked: readonly string[]
}

/** Leaves steps out, to see that the model notices. */
export type Sabotage = (steps: readonly (readonly Arg[])[]) => readonly (readonly Arg[])[]

/** A command as one unit: commands of queues that do not wait are. */
function unitOf(asked: readonly string[], phase: Phase | 'raw', sabotage: Sabotage): Unit {
  const context = { mapper, db: 0, inTransaction: false, unknownCommands: 'refuse' } as const
  const made = phase === 'raw' ? undefined : plan(asked, { ...context, phaseOf: () => phase })
  if (made === undefined) return { steps: [asked], op: 0, asked }
  if (made.steps.length > 1 && !made.atomic) throw new Error(`${asked.join(' ')} is not one unit in ${phase}`)
  const op = made.steps[made.op]!.argv
  const steps = sabotage(made.steps.map(({ argv }) => argv))
  return { steps, op: steps.indexOf(op), asked }
}

type Reply = string | number | null

const put = (store: Store, name: string, jobs: readonly string[]): Store => {
  const others = Object.fromEntries(Object.entries(store).filter(([one]) => one !== name))
  return jobs.length === 0 ? others : { ...others, [name]: jobs }
}

/** Runs one command on a store of lists. */
export function execute(store: Store, argv: readonly Arg[]): { store: Store; reply: Reply } {
  const [command, name = '', ...rest] = argv.map(String)
  const jobs = store[name] ?? []
  switch (command) {
    case 'RPUSH':
      return { store: put(store, name, [...jobs, ...rest]), reply: jobs.length + rest.length }
    case 'LPOP':
      return { store: put(store, name, jobs.slice(1)), reply: jobs[0] ?? null }
    case 'LLEN':
      return { store, reply: jobs.length }
    case 'DEL':
      return { store: put(store, name, []), reply: jobs.length > 0 ? 1 : 0 }
    case 'EVAL':
      if (name === gatherScript) return { store: gather(store, rest), reply: 0 }
      // Lists are never lent.
      if (name === returnScript) return { store, reply: 0 }
      throw new Error('the model does not know this script')
    default:
      throw new Error(`the model does not know ${command}`)
  }
}

function gather(store: Store, [count, ...more]: readonly string[]): Store {
  const [home = '', ...others] = more.slice(0, Number(count))
  const [order] = more.slice(Number(count))
  return others.reduce((now, other) => {
    const [ours, theirs] = [now[home] ?? [], now[other] ?? []]
    return put(put(now, other, []), home, order === 'before' ? [...theirs, ...ours] : [...ours, ...theirs])
  }, store)
}

/** What is asked of a run, beside the programs. */
export interface Question {
  readonly start: Store
  /** Must every reply be that of one list? Else it is enough that no job is lost or doubled. */
  readonly exact: boolean
  /** Phases that go on when the clients are done; the last of them pops what is left. */
  readonly then: readonly Phase[]
  readonly sabotage?: Sabotage | undefined
}

/** The first thing that goes wrong in any interleaving, or undefined; and how many runs there were. */
export function explore(clients: readonly QueueClient[], question: Question): { violation?: string; runs: number } {
  const { start, exact, then, sabotage = (steps) => steps } = question
  const programs = clients.map(({ phase, program }) => program.map((argv) => unitOf(argv, phase, sabotage)))
  const pushed = [...Object.values(start).flat(), ...pushesOf(clients)]
  let runs = 0

  const step = (
    store: Store,
    one: Store,
    at: readonly number[],
    popped: readonly string[],
    trace: string,
  ): string | undefined => {
    let moved = false
    for (const [i, program] of programs.entries()) {
      const unit = program[at[i]!]
      if (unit === undefined) continue
      moved = true
      const after = run(store, unit)
      const reference = execute(one, [unit.asked[0]!, 'queue', ...unit.asked.slice(2)])
      const line = `${trace} | ${clients[i]!.phase} ${unit.asked.join(' ')} → ${after.reply}`
      if (exact && after.reply !== reference.reply) return `${line}, not ${reference.reply}`
      const taken = unit.asked[0] === 'LPOP' && after.reply !== null ? [...popped, String(after.reply)] : popped
      const next = at.map((n, j) => (j === i ? n + 1 : n))
      const violation = step(after.store, reference.store, next, taken, line)
      if (violation) return violation
    }
    if (moved) return undefined
    runs++
    return settle(store, popped, trace)
  }

  const settle = (end: Store, popped: readonly string[], trace: string): string | undefined => {
    let store = end
    const got = [...popped]
    for (const phase of then) {
      // The gate of queues: what waits under the alias is moved before the phase that does not look there.
      if (!queueTable[phase].gather && queueTable[phase].home === 'canonical')
        store = gather(store, ['2', C, A, 'before'])
      store = run(store, unitOf(['LLEN', C], phase, sabotage)).store
      if (phase !== then.at(-1)) continue
      for (let reply: Reply; ;) {
        ;({ store, reply } = run(store, unitOf(['LPOP', C], phase, sabotage)))
        if (reply === null) break
        got.push(String(reply))
      }
    }
    const [a, b] = [got, pushed].map((jobs) => [...jobs].sort().join(' '))
    return a === b ? undefined : `${trace} | then ${then.join(', ')}: served ${a}, of ${b}`
  }

  const violation = step(
    start,
    { queue: Object.values(start).flat() },
    clients.map(() => 0),
    [],
    JSON.stringify(start),
  )
  return violation === undefined ? { runs } : { violation, runs }
}

function run(store: Store, { steps, op }: Unit): { store: Store; reply: Reply } {
  let now = store
  let reply: Reply = null
  steps.forEach((argv, i) => {
    const result = execute(now, argv)
    now = result.store
    if (i === op) reply = result.reply
  })
  return { store: now, reply }
}

const pushesOf = (clients: readonly QueueClient[]): string[] =>
  clients.flatMap(({ program }) => program.flatMap(([command, , ...jobs]) => (command === 'RPUSH' ? jobs : [])))
