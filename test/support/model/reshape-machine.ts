/**
 * A model of one old value and its pieces: clients and the migrator run the flows of the planner, unit by unit, on a small
 * store, in every interleaving, beside a reference that has the pieces only.
 *
 * The flows are the planner's and the migrator's own; what their scripts do is said here once more, and seen to be so on real
 * servers elsewhere.
 *
 * @module
 */
import type { Arg } from '../../../src/commands/index.js'
import type { Phase } from '../../../src/phases/index.js'
import { actScript, lookScript, plan, regroupScript, type Flow } from '../../../src/plan/index.js'
import { defineSchema, key, transform } from '../../../src/schema/index.js'

/** The old name, the index, and what the names of pieces begin with. */
export const [S, I, PREFIX] = ['old:u', 'index:u', 'new:u:']

const piece = key('new:<user>:<id>')
const listed = key('index:<user>')

/** Old values are `a1 b2`: the piece `a` holds 1. */
export const schema = defineSchema({
  name: 'model',
  keys: {
    piece,
    listed,
    value: transform('old:<user>', {
      into: piece,
      index: listed,
      up: (text) =>
        text
          .split(' ')
          .filter((part) => part !== '')
          .map((part) => ({ params: { id: part[0]! }, hash: { v: part.slice(1) } })),
      down: (pieces) => pieces.map(({ params, hash }) => `${params.id}${hash['v']}`).join(' '),
    }),
  },
})

/** A string, a set (sorted, with commas) or a hash (its one field). */
type Value = { readonly kind: 'string' | 'set' | 'hash'; readonly text: string }
export type Store = Readonly<Record<string, Value>>
type Reply = unknown

/** Leaves out what a script looks at or does. */
export interface Sabotage {
  /** Acts whether or not anything has changed. */
  readonly blind?: boolean
  /** Does not drop pieces with the old value. */
  readonly keepsPieces?: boolean
}

const without = (store: Store, name: string): Store =>
  Object.fromEntries(Object.entries(store).filter(([one]) => one !== name))
const put = (store: Store, name: string, kind: Value['kind'], text: string): Store =>
  text === '' && kind !== 'string' ? without(store, name) : { ...store, [name]: { kind, text } }
const membersOf = (value: Value | undefined): string[] => (value && value.text !== '' ? value.text.split(',') : [])

const content = (store: Store, name: string): unknown[] => {
  const value = store[name]
  if (value === undefined) return ['none', -2]
  if (value.kind === 'set') return ['set', -1, ...membersOf(value)]
  return value.kind === 'hash' ? ['hash', -1, 'v', value.text] : ['string', -1, value.text]
}

function look(store: Store, asked: string): unknown[] {
  const members = membersOf(store[I])
  if (asked !== '' && !members.includes(asked)) members.push(asked)
  const state = [content(store, S), content(store, I), ...members.map((one) => [one, content(store, PREFIX + one)])]
  return [JSON.stringify(state), ...state]
}

/** Runs one command. */
export function execute(store: Store, argv: readonly Arg[], sabotage: Sabotage = {}): { store: Store; reply: Reply } {
  const [command = '', name = '', ...args] = argv.map(String)
  const value = store[name]
  const members = membersOf(value)
  switch (command) {
    case 'GET':
      return { store, reply: value?.text ?? null }
    case 'HGET':
      return { store, reply: value?.text ?? null }
    case 'SMEMBERS':
      return { store, reply: members }
    case 'SET':
      return { store: put(store, name, 'string', args[0]!), reply: 'OK' }
    case 'HSET':
      return { store: put(store, name, 'hash', args[1]!), reply: value ? 0 : 1 }
    case 'SADD': {
      const all = [...new Set([...members, ...args])].sort()
      return { store: put(store, name, 'set', all.join(',')), reply: all.length - members.length }
    }
    case 'SREM': {
      const left = members.filter((one) => !args.includes(one))
      return { store: put(store, name, 'set', left.join(',')), reply: members.length - left.length }
    }
    case 'DEL':
    case 'UNLINK':
      return { store: without(store, name), reply: value ? 1 : 0 }
    case 'EVAL': {
      const given = args.slice(1 + Number(args[0]))
      if (name === lookScript) return { store, reply: look(store, given[1]!) }
      if (name === actScript) return act(store, given, sabotage)
      if (name === regroupScript) return regroup(store, given, sabotage)
      throw new Error('the model does not know this script')
    }
    default:
      throw new Error(`the model does not know ${command}`)
  }
}

/** Errors of scripts; they have to show in the state. */
class Changed extends Error {
  constructor() {
    super('CHANGED')
  }

  toJSON(): string {
    return 'CHANGED'
  }
}

function act(given: Store, argv: readonly string[], sabotage: Sabotage): { store: Store; reply: Reply } {
  const [, asked = '', token, mode, , key = '', ...rest] = argv
  if (!sabotage.blind && look(given, asked)[0] !== token) return { store: given, reply: new Changed() }
  let store = given
  const run = (isRun = true): Reply => {
    let reply: Reply = 'OK'
    for (let left = Number(rest.shift()); left > 0; left--) {
      const command = rest.splice(0, Number(rest.shift()))
      if (isRun) ({ store, reply } = execute(store, command))
    }
    return reply
  }
  const saved = store[key]
  run()
  let reply = run()
  if (mode === 'try') reply = content(store, key)
  if (mode !== 'do') store = saved ? { ...store, [key]: saved } : without(store, key)
  run(mode === 'do' || mode === 'keep')
  return { store, reply }
}

function regroup(given: Store, argv: readonly string[], { keepsPieces }: Sabotage): { store: Store; reply: Reply } {
  const [prefix, mode = '', expected, ...pieces] = argv
  const writes = mode === 'keep' || mode === 'move'
  if (writes && given[S]?.text !== expected) return { store: given, reply: 0 }
  let store = given
  if (!keepsPieces) for (const one of membersOf(store[I])) store = without(store, `${prefix}${one}`)
  const existed = given[I] !== undefined || (mode === 'delete' && given[S] !== undefined)
  if (!keepsPieces) store = without(store, I)
  if (mode === 'delete' || mode === 'forget' || mode === 'move') store = without(store, S)
  for (let i = 0; writes && i < pieces.length; i += 4) {
    store = put(store, `${prefix}${pieces[i]}`, 'hash', pieces[i + 3]!)
    store = execute(store, ['SADD', I, pieces[i]!]).store
  }
  return { store, reply: existed ? 1 : 0 }
}

/** Who takes part: a wrapped client in a phase, a raw one, or the migrator. */
export interface Actor {
  readonly phase: Phase | 'raw' | 'migrator'
  /** A command, or a flow of the migrator's. */
  readonly does: readonly string[] | (() => Flow)
}

type Unit = readonly (readonly Arg[])[]
type Program = Generator<Unit, Reply, readonly Reply[]>

/** A command, unit by unit. A unit is given the replies to all its commands. */
function* programOf({ phase, does }: Actor): Program {
  if (typeof does === 'function') return yield* unitsOf(does())
  const context = { mapper: schema.mapper, db: 0, inTransaction: false, unknownCommands: 'refuse' } as const
  const made =
    phase === 'raw' || phase === 'migrator'
      ? undefined
      : plan(does, { ...context, phaseOf: () => phase, transforms: schema.transforms })
  if (made === undefined) return (yield [does])[0]
  if (made.flow) return yield* unitsOf(made.flow.start(2))
  return (yield made.steps.map(({ argv }) => argv))[made.op]
}

function* unitsOf(flow: Flow): Program {
  let step = flow.next()
  while (step.done !== true) {
    const [reply] = yield [step.value.argv]
    step = reply instanceof Error ? flow.throw(reply) : flow.next(reply)
  }
  return step.value
}

/** The reference: what a command does to the pieces alone, where old values are those of the pieces. */
function refer(pieces: string, argv: readonly string[]): { pieces: string; reply: Reply } {
  const [command, name = '', field = '', value = ''] = argv
  const all = new Map(pieces.split(' ').flatMap((one) => (one === '' ? [] : [[one[0]!, one.slice(1)] as const])))
  const text = (): string => [...all].sort().map((one) => one.join('')).join(' ') // prettier-ignore
  const id = name.slice(PREFIX.length)
  const had = all.has(id)
  if (name === S) {
    if (command === 'GET') return { pieces, reply: pieces }
    if (command === 'SET') return { pieces: field, reply: 'OK' }
    return { pieces: '', reply: undefined }
  }
  if (name === I) {
    if (command === 'SMEMBERS') return { pieces, reply: [...all.keys()].sort().join() }
    const reply = Number(all.delete(field))
    return { pieces: text(), reply }
  }
  if (command === 'HGET') return { pieces, reply: all.get(id) ?? '' }
  if (command === 'HSET') all.set(id, value)
  else all.delete(id)
  return { pieces: text(), reply: command === 'HSET' ? Number(!had) : Number(had) }
}

const reads = (argv: readonly string[]): boolean => ['GET', 'HGET', 'SMEMBERS'].includes(argv[0] ?? '')
const shown = (reply: Reply): string =>
  Array.isArray(reply)
    ? [...(reply as string[])].sort().join()
    : `${(reply as string | number | null | undefined) ?? ''}`

interface Running {
  /** The replies so far; a program is run again from them, since a generator cannot be copied. */
  readonly replies: readonly (readonly Reply[])[]
  /** What it does next; done when it has come to its end. */
  readonly step: IteratorResult<Unit, Reply>
  /** What the reference held at some time since it began: a read may give any of it. */
  readonly seen: readonly string[]
}

/** What {@link explore} counts. */
export interface Explored {
  readonly violation: string | undefined
  readonly runs: number
}

/** Every interleaving of the actors, each of which does one thing; stops at the first violation. */
export function explore(
  actors: readonly Actor[],
  start: { readonly store: Store; readonly pieces: string },
  epilogue: (store: Store, pieces: string) => string | undefined,
  sabotage: Sabotage = {},
): Explored {
  let runs = 0
  /** States that another order has led to already: what follows is the same. */
  const known = new Set<string>()
  const stepOf = (actor: Actor, replies: Running['replies']): IteratorResult<Unit, Reply> => {
    const program = programOf(actor)
    return replies.reduce((_, reply) => program.next(reply), program.next())
  }

  const go = (store: Store, pieces: string, running: readonly Running[], trace: string): string | undefined => {
    const state = JSON.stringify([Object.entries(store).sort(), pieces, running.map(({ replies, seen }) => [replies, [...new Set(seen)].sort()])]) // prettier-ignore
    if (known.has(state)) return undefined
    known.add(state)
    let moved = false
    for (const [i, actor] of actors.entries()) {
      const mine = running[i]!
      if (mine.step.done) continue
      moved = true
      let after = store
      const reply = mine.step.value.map((argv) => {
        const result = execute(after, argv, sabotage)
        after = result.store
        return result.reply
      })
      const replies = [...mine.replies, reply]
      const step = stepOf(actor, replies)
      const seen = [...mine.seen, pieces]
      const { does } = actor
      const line = `${trace}\n  ${actor.phase} ${typeof does === 'function' ? 'migrates' : does.join(' ')}, unit ${replies.length}`
      let now = pieces
      if (step.done && typeof does !== 'function') {
        if (reads(does)) {
          const right = [...new Set(seen)].map((one) => shown(refer(one, does).reply))
          if (!right.includes(shown(step.value))) return `${line} read ${shown(step.value)}, not ${right.join(' or ')}`
        } else {
          const reference = refer(pieces, does)
          now = reference.pieces
          if (reference.reply !== undefined && shown(reference.reply) !== shown(step.value)) {
            return `${line} replied ${shown(step.value)}, not ${shown(reference.reply)}`
          }
        }
      }
      const others = running.map((one, k) => (k === i ? { replies, step, seen: [...seen, now] } : { ...one, seen: [...one.seen, now] })) // prettier-ignore
      const violation = go(after, now, others, line)
      if (violation) return violation
    }
    if (moved) return undefined
    runs++
    const late = epilogue(store, pieces)
    return late && `${trace}\n  then ${late}`
  }

  const idle = actors.map((actor): Running => ({ replies: [], step: stepOf(actor, []), seen: [start.pieces] }))
  const violation = go(start.store, start.pieces, idle, JSON.stringify(start.store))
  return { violation, runs }
}

/** What a client in a phase reads when nothing else runs; and the store that leaves. */
export function readAlone(phase: Phase, argv: readonly string[], store: Store): { reply: string; store: Store } {
  const program = programOf({ phase, does: argv })
  let now = store
  let step = program.next()
  while (!step.done) {
    const replies = step.value.map((one) => {
      const result = execute(now, one)
      now = result.store
      return result.reply
    })
    step = program.next(replies)
  }
  return { reply: shown(step.value), store: now }
}
