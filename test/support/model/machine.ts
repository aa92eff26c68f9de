/**
 * A model of one logical key under two names: clients send what `plan` returns to a store of two cells, in every
 * interleaving, beside a reference that has one cell only.
 *
 * The model does not copy the recipes. It runs the steps of the planner, so that a changed recipe is proved again.
 *
 * @module
 */
import { locate, proves, type Arg } from '../../../src/commands/index.js'
import type { Phase } from '../../../src/phases/index.js'
import { plan as planCommand, type Plan, type Step } from '../../../src/plan/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import type { Sabotage } from '../mistakes/plans.js'

/** The two names. */
export const A = 'job:1'
export const C = 'step:1'

const schema = defineSchema({ name: 'model', keys: { step: key('step:<id>').alias('job:<id>') } })

/** What is stored; a name that is missing does not exist. */
export type Store = Readonly<Record<string, string>>

/** A client: a wrapped one in a phase, or a raw one that knows only the alias. */
export interface ModelClient {
  readonly phase: Phase | 'raw'
  readonly program: readonly (readonly string[])[]
}

/** Steps that run as one. */
type Unit = readonly Step[]

interface Planned {
  readonly argv: readonly string[]
  readonly writes: boolean
  /** What is sent first, and what after it when the reply of a read proves nothing. */
  readonly first: readonly Unit[]
  readonly again: readonly Unit[]
  readonly op: Step
  readonly plan: Plan | undefined
}

const writing = new Set(['SET', 'SETNX', 'APPEND', 'DEL'])

/** The units of one command. */
export function unitsOf(argv: readonly string[], phase: Phase | 'raw', sabotage: Sabotage = (plan) => plan): Planned {
  const writes = writing.has(argv[0] ?? '')
  const asIs: Step = { role: 'op', argv }
  const none = { argv, writes, first: [[asIs]], again: [], op: asIs, plan: undefined }
  if (phase === 'raw') return none
  const context = { mapper: schema.mapper, phaseOf: () => phase, db: 0, inTransaction: false }
  const made = planCommand(argv, { ...context, unknownCommands: 'refuse' })
  if (made === undefined) return none
  const plan = sabotage(made, argv)
  const op = plan.steps[plan.op] as Step
  const units = plan.atomic ? [plan.steps] : plan.steps.map((step) => [step])
  const common = { argv, writes, op, plan }
  return plan.optimistic ? { ...common, first: [[op]], again: units } : { ...common, first: units, again: [] }
}

/** Runs one command on a store of any names. */
export function execute(store: Store, argv: readonly Arg[]): { store: Store; reply: string | number | null } {
  const [command, name = '', other = ''] = argv.map(String)
  const value = store[name]
  const without = (gone: string): Store => Object.fromEntries(Object.entries(store).filter(([one]) => one !== gone))
  switch (command) {
    case 'GET':
      return { store, reply: value ?? null }
    case 'SET':
      return { store: { ...store, [name]: other }, reply: 'OK' }
    case 'MSET': {
      const names = argv.map(String).slice(1)
      const pairs = names.flatMap((one, i) => (i % 2 === 0 ? [[one, names[i + 1]] as const] : []))
      return { store: { ...store, ...Object.fromEntries(pairs) } as Store, reply: 'OK' }
    }
    case 'SETNX':
      return value === undefined ? { store: { ...store, [name]: other }, reply: 1 } : { store, reply: 0 }
    case 'APPEND': {
      const longer = (value ?? '') + other
      return { store: { ...store, [name]: longer }, reply: longer.length }
    }
    case 'DEL':
    case 'UNLINK':
      return { store: without(name), reply: value === undefined ? 0 : 1 }
    case 'COPY': {
      const taken = other in store && !argv.includes('REPLACE')
      if (value === undefined || taken) return { store, reply: 0 }
      return { store: { ...store, [other]: value }, reply: 1 }
    }
    default:
      throw new Error(`the model does not know ${command}`)
  }
}

interface Running {
  /** Which command of the program. */
  readonly at: number
  readonly queue: readonly Unit[]
  readonly asked: boolean
  readonly reply: string | number | null
  /** What the reference held at some time since the command began: a read may give any of it. */
  readonly seen: readonly (string | undefined)[]
}

/** A violation, as a sentence. */
export type Violation = string

/** What {@link explore} counts. */
export interface Explored {
  readonly violation: Violation | undefined
  readonly runs: number
}

/** What follows when all the clients are done: it gets the store and the value that the key must have. */
export type Epilogue = (store: Store, expected: string | undefined) => Violation | undefined

/** Every interleaving of two clients, from one store; stops at the first violation. */
export function explore(
  clients: readonly ModelClient[],
  start: { readonly store: Store; readonly value: string | undefined },
  epilogue: Epilogue,
  sabotage?: Sabotage,
): Explored {
  const programs = clients.map((client) => client.program.map((argv) => unitsOf(argv, client.phase, sabotage)))
  let runs = 0
  const idle: Running = { at: -1, queue: [], asked: false, reply: null, seen: [] }

  const step = (
    store: Store,
    value: string | undefined,
    running: readonly Running[],
    trace: string,
  ): Violation | undefined => {
    let moved = false
    for (let i = 0; i < clients.length; i++) {
      const next = begin(running[i] as Running, programs[i] as Planned[], value)
      if (next === undefined) continue
      moved = true
      const planned = programs[i]?.[next.at] as Planned
      const [unit = [], ...rest] = next.queue
      const after = runUnit(store, unit, planned.op)
      const line = `${trace} | ${clients[i]?.phase}: ${unit.map(({ argv }) => argv.join(' ')).join(', ')}`
      let now = value
      let reply = next.reply
      if (after.hasOp) {
        reply = after.reply
        if (planned.writes) {
          const reference = execute(value === undefined ? {} : { key: value }, renamed(planned.argv))
          now = reference.store.key
          if (reply !== reference.reply) return `${line} replied ${reply}, not ${reference.reply}`
        }
      }
      const others = running.map((one) => (now === value ? one : { ...one, seen: [...one.seen, now] }))
      const ask = rest.length === 0 && !next.asked && planned.again.length > 0 && !isProved(planned, reply)
      const queue = ask ? planned.again : rest
      if (queue.length === 0 && !planned.writes) {
        const seen = next.seen.map((one) => one ?? null)
        if (!seen.includes(reply as string | null))
          return `${line} read ${reply}, not ${[...new Set(seen)].map(String).join(' or ')}`
      }
      others[i] = { ...next, queue, reply, asked: next.asked || ask, seen: [...next.seen, now] }
      const violation = step(after.store, now, others, line)
      if (violation) return violation
    }
    if (moved) return undefined
    runs++
    const late = epilogue(store, value)
    return late && `${trace} | then ${late}`
  }

  const violation = step(
    start.store,
    start.value,
    clients.map(() => idle),
    JSON.stringify(start.store),
  )
  return { violation, runs }
}

/** The command that a client is in, or the next; undefined when it is done. */
function begin(running: Running, program: readonly Planned[], value: string | undefined): Running | undefined {
  if (running.queue.length > 0) return running
  const at = running.at + 1
  const next = program[at]
  return next && { at, queue: next.first, asked: false, reply: null, seen: [value] }
}

function runUnit(store: Store, unit: Unit, op: Step): { store: Store; reply: string | number | null; hasOp: boolean } {
  let now = store
  let reply: string | number | null = null
  for (const step of unit) {
    const result = execute(now, step.argv)
    now = result.store
    if (step === op) reply = result.reply
  }
  return { store: now, reply, hasOp: unit.includes(op) }
}

function renamed([command = '', , ...rest]: readonly string[]): string[] {
  return [command, 'key', ...rest]
}

function isProved(planned: Planned, reply: unknown): boolean {
  const located = locate(planned.op.argv)
  return located !== undefined && proves(located, planned.op.argv, reply)
}

/** What a client in a phase reads when nothing else runs. */
export function readIn(phase: Phase | 'raw', store: Store): { value: string | null; store: Store } {
  const planned = unitsOf(['GET', A], phase)
  let now = store
  let reply: unknown = null
  const run = (units: readonly Unit[]): void => {
    for (const unit of units) {
      const after = runUnit(now, unit, planned.op)
      now = after.store
      if (after.hasOp) reply = after.reply
    }
  }
  run(planned.first)
  if (planned.again.length > 0 && !isProved(planned, reply)) run(planned.again)
  return { value: reply as string | null, store: now }
}
