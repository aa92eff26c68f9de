/**
 * The way of one command on a name of a transform: look, work out with `up` and `down`, and act if nothing has changed since.
 *
 * A flow is a generator: it yields what is to be sent and is given the reply. So it knows no client; a model can run it step by
 * step, and the migrator on its own connections.
 *
 * @module
 */
import { proves, type Arg, type Located } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Phase } from '../../phases/index.js'
import { lacksDown, samePieces, type Group, type Part } from '../../schema/index.js'
import { actScript, CHANGED, lookScript } from './scripts.js'
import {
  allUntil,
  broken,
  dropCommands,
  expiryOf,
  fieldsAlone,
  fieldsOf,
  pieceCommands,
  readContent,
  readSeen,
  sourceCommands,
  storedPieces,
  textIn,
  type Command,
  type Content,
  type Piece,
  type Seen,
} from './state.js'
import { reshapeTable, type ReshapeRule } from './table.js'

/** What a flow asks to be sent. */
export interface Ask {
  readonly argv: readonly Arg[]
  /** The reply is for the caller: read as theirs would be. All others are read as bytes. */
  readonly final?: true
}

/** Yields what is to be sent; what goes wrong there is thrown into it. */
export type Flow<T = unknown> = Generator<Ask, T, unknown>

/** One command of the caller's. */
export interface Task {
  readonly part: Part
  readonly phase: Phase
  readonly argv: readonly Arg[]
  readonly located: Located
  readonly writes: boolean
  /** The shapes of the caller's replies. */
  readonly shapes: 2 | 3
}

/** How often a value may change under our hands; each time somebody else has got something done. */
export const MOST_TRIES = 100

/** What is logically there. */
export interface Logical {
  readonly pieces: ReadonlyMap<string, Piece>
  /** The end of the index; where the old form is kept, of everything. */
  readonly expires: number
  /** The pieces come from the old value, and are not stored. */
  readonly adopts: boolean
}

export const lookAt = ({ source, index, prefix }: Group, member = ''): Ask => ({
  argv: ['EVAL', lookScript, ...keys(source, index), prefix, member],
})

const keys = (source: string, index: string | undefined): string[] =>
  index === undefined ? ['1', source] : ['2', source, index]

/** What {@link actScript} is told. */
export interface Act {
  readonly mode: 'do' | 'keep' | 'peek' | 'try'
  readonly member?: string
  readonly shapes?: 2 | 3
  readonly key?: string
  readonly before?: readonly Command[]
  readonly op?: Command
  readonly after?: readonly Command[]
}

/** Acts on a group, if it is still what was seen. */
export function act({ source, index, prefix }: Group, { token }: Seen, how: Act): Ask {
  const { mode, member = '', shapes = 2, key = source, before = [], op, after = [] } = how
  const listed = [before, op ? [op] : [], after].flatMap((commands) => [
    String(commands.length),
    ...commands.flatMap((command) => [String(command.length), ...command]),
  ])
  return {
    argv: ['EVAL', actScript, ...keys(source, index), prefix, member, token, mode, String(shapes), key, ...listed],
  }
}

/** Tries again as long as others are quicker. @throws CanonicalRedisError `E_CONTENTION` */
export function* retried<T>({ source }: Group, attempt: () => Flow<T>): Flow<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      return yield* attempt()
    } catch (error) {
      if (!(error as Error).message.startsWith(CHANGED)) throw explained(error as Error)
    }
  }
  throw new CanonicalRedisError(
    'E_CONTENTION',
    `"${source}" was changed by others during each of ${MOST_TRIES} tries`,
    {
      hint: 'Try again. If it stays so, one user writes this value in a tight loop: look for who it is with MONITOR.',
    },
  )
}

/** PEXPIRETIME came with Redis 7.0. */
function explained(error: Error): Error {
  if (!/unknown redis command|unknown command/i.test(error.message)) return error
  return new CanonicalRedisError(
    'E_SERVER_TOO_OLD',
    'transforms need a server with PEXPIRETIME: Redis 7.0, or any Valkey',
    {
      cause: error,
    },
  )
}

/** What is logically there in a phase. */
export function logicalOf(group: Group, { primary, adopt }: ReshapeRule, seen: Seen): Logical {
  const text = textIn(seen.source, group)
  const fromSource = (adopts: boolean): Logical => {
    const expires = expiryOf(seen.source)
    const pieces = text === undefined ? new Map() : group.transform.up(group, text)
    return { pieces: allUntil(pieces, expires), expires, adopts }
  }
  if (primary === 'source') return fromSource(false)
  const pieces = storedPieces(seen, group)
  const isThere = seen.index.kind !== 'none' || pieces.size > 0
  if (!isThere && adopt && text !== undefined) {
    const up = fromSource(true)
    return up.pieces.size > 0 ? up : { ...up, adopts: false }
  }
  if (!isThere) return { pieces, expires: expiryOf(seen.source), adopts: false }
  const [one] = pieces.values()
  return { pieces, expires: group.index === undefined ? (one?.expires ?? -1) : expiryOf(seen.index), adopts: false }
}

/** Carries out one command of the caller's. */
export function* commandFlow(task: Task): Flow {
  const { part, argv, located, writes } = task
  // Pieces that are there need nobody to work anything out.
  if (!writes && part.part !== 'source' && reshapeTable[task.phase].primary === 'pieces') {
    const reply = yield { argv, final: true }
    if (proves(located, argv, reply)) return reply
  }
  return yield* retried(part.group, () => attempt(task))
}

function* attempt(task: Task): Flow {
  const { part, argv, writes, shapes } = task
  const { group, member } = part
  const rule = reshapeTable[task.phase]
  const seen = readSeen(yield lookAt(group, member), group)
  const now = logicalOf(group, rule, seen)
  if (!writes && part.part !== 'source' && now.adopts) {
    yield act(group, seen, { mode: 'do', member, after: pieceCommands(group, seen, now.pieces, now.expires) })
    return yield* attempt(task)
  }
  const key = keyOf(part)
  const before = broughtTo(task, rule, seen, now)
  const how = { member, shapes, key, before, op: argv }
  if (!writes) return yield { ...act(group, seen, { ...how, mode: before.length > 0 ? 'peek' : 'do' }), final: true }
  const then = readContent(yield act(group, seen, { ...how, mode: 'try' }), group)
  const after = follows(task, rule, seen, now, then)
  const mode = rule.pieces === 'leave' && part.part !== 'source' ? 'keep' : 'do'
  return yield { ...act(group, seen, { ...how, mode, after }), final: true }
}

const keyOf = ({ group, part, member }: Part): string =>
  part === 'source' ? group.source : part === 'index' ? (group.index ?? '') : group.prefix + member

/** The commands that give the key of the task what it logically holds. */
function broughtTo({ part }: Task, rule: ReshapeRule, seen: Seen, now: Logical): Command[] {
  const { group } = part
  if (part.part === 'source') return rule.primary === 'source' ? [] : sourceBrought(group, rule, seen, now)
  if (rule.primary === 'pieces' && !now.adopts) return []
  const key = keyOf(part)
  return pieceCommands(group, seen, now.pieces, now.expires).filter(([, name]) => name === key)
}

/** The old value as it logically is: the stored one where its pieces are these, since it may be spelled in many ways. */
function sourceBrought(group: Group, rule: ReshapeRule, seen: Seen, now: Logical): Command[] {
  const text = textIn(seen.source, group)
  if (now.adopts) return []
  if (text !== undefined && (rule.source === 'write' || rule.adopt)) {
    const isKept = isUpOf(group, text, now)
    if (isKept) return sourceCommands(group, seen, text, now.expires)
  }
  if (now.pieces.size === 0) return sourceCommands(group, seen, undefined, -1)
  return sourceCommands(group, seen, group.transform.down(group, fieldsAlone(now.pieces)), now.expires)
}

function isUpOf(group: Group, text: string, { pieces }: Logical): boolean {
  try {
    return samePieces(group.transform.up(group, text), fieldsAlone(pieces))
  } catch {
    return false
  }
}

/** The commands behind the caller's, which has made its key what `then` says. */
function follows(task: Task, rule: ReshapeRule, seen: Seen, now: Logical, then: Content): Command[] {
  const { part } = task
  const { group, member } = part
  const next = applied(task, rule, now, then)
  const real: Seen = {
    ...seen,
    ...(part.part === 'source' && { source: then }),
    ...(part.part === 'index' && { index: then }),
    ...(part.part === 'piece' && { pieces: new Map([...seen.pieces, [member, then]]) }),
  }
  // A time to live counts from another millisecond than it did in the try.
  const isExact = then.expires >= 0 && (part.part === 'source' || rule.pieces === 'write')
  const exact: Command[] = isExact ? [['PEXPIREAT', keyOf(part), String(then.expires)]] : []
  return [...exact, ...sourceSide(task, rule, real, now, next), ...pieceSide(group, rule, real, next)]
}

function pieceSide(group: Group, rule: ReshapeRule, real: Seen, next: Logical): Command[] {
  if (rule.pieces === 'write') return pieceCommands(group, real, next.pieces, next.expires)
  return rule.pieces === 'drop' ? dropCommands(group, real) : []
}

function sourceSide({ part }: Task, rule: ReshapeRule, real: Seen, now: Logical, next: Logical): Command[] {
  const { group } = part
  if (rule.source === 'drop') return sourceCommands(group, real, undefined, -1)
  if (part.part === 'source') return []
  const [before, after] = [fieldsAlone(now.pieces), fieldsAlone(next.pieces)]
  if (samePieces(before, after)) return []
  if (!group.transform.isReversible) throw lacksDown(group.transform.name)
  return sourceCommands(group, real, group.transform.down(group, after), next.expires)
}

/** What is logically there once the caller's command has made its key `then`. */
function applied({ part }: Task, rule: ReshapeRule, now: Logical, then: Content): Logical {
  const { group, member } = part
  if (part.part === 'source') {
    const text = textIn(then, group)
    const expires = expiryOf(then)
    return {
      pieces: allUntil(text === undefined ? new Map() : group.transform.up(group, text), expires),
      expires,
      adopts: false,
    }
  }
  const pieces = new Map(now.pieces)
  if (part.part === 'index') {
    if (!['none', 'set'].includes(then.kind)) throw broken(group, `its index would become a ${then.kind}`)
    for (const one of pieces.keys()) if (!then.parts.includes(one)) pieces.delete(one)
    return { ...now, pieces }
  }
  const fields = fieldsOf(then, group.prefix + member, group)
  if (fields === undefined) pieces.delete(member)
  // The old form has one end for all of it.
  else pieces.set(member, { fields, expires: rule.source === 'write' ? now.expires : expiryOf(then) })
  return { ...now, pieces }
}
