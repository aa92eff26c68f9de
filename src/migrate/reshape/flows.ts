/**
 * What the migrator does to one old value and its pieces. Each looks, works out, and acts if nothing has changed since.
 *
 * @module
 */
import {
  act,
  dropCommands,
  fieldsAlone,
  lookAt,
  pieceCommands,
  readSeen,
  retried,
  sourceCommands,
  storedPieces,
  textIn,
  type Flow,
  type Piece,
  type Seen,
} from '../../plan/index.js'
import { difference, type Group, type Pieces } from '../../schema/index.js'

/** One old value, and whatever else it was met by. */
export interface Subject {
  readonly group: Group
  /** A piece that it was met by. */
  readonly member?: string | undefined
}

/** Both sides of one old value. */
interface Sides {
  readonly seen: Seen
  /** The pieces of the old value; undefined where there is none. */
  readonly up: Pieces | undefined
  readonly stored: ReadonlyMap<string, Piece>
  readonly isThere: boolean
}

function* sidesOf({ group, member }: Subject): Flow<Sides> {
  const seen = readSeen(yield lookAt(group, member), group)
  const text = textIn(seen.source, group)
  const stored = storedPieces(seen, group)
  return {
    seen,
    up: text === undefined ? undefined : group.transform.up(group, text),
    stored,
    isThere: stored.size > 0 || seen.index.kind !== 'none',
  }
}

/** What came of a try to migrate. */
export type Moved = 'migrated' | 'skipped' | 'vanished' | 'removed'

/** How to migrate. */
export interface MoveOptions {
  readonly dryRun: boolean
  /** The side that is copied from wins over what is there. */
  readonly overwrite: boolean
}

/** Makes the pieces of an old value, where there are none; with `overwrite` in the place of those that differ. */
export const takeUp = (subject: Subject, { dryRun, overwrite }: MoveOptions): Flow<Moved> =>
  retried(subject.group, function* () {
    const { group, member } = subject
    const { seen, up, stored, isThere } = yield* sidesOf(subject)
    if (up === undefined) return 'vanished'
    if (isThere && !overwrite) return 'skipped'
    const wanted = new Map([...up].map(([one, fields]) => [one, { fields, expires: seen.source.expires }]))
    const commands = pieceCommands(group, seen, wanted, seen.source.expires)
    if (commands.length === 0) return 'skipped'
    if (stored.size === 0 && up.size === 0 && !overwrite) return 'skipped'
    if (!dryRun) yield act(group, seen, { mode: 'do', ...(member && { member }), after: commands })
    return 'migrated'
  })

/** Removes pieces of which there is no old value. */
export const dropPieces = (subject: Subject, dryRun: boolean): Flow<Moved> =>
  retried(subject.group, function* () {
    const { group, member } = subject
    const { seen, up } = yield* sidesOf(subject)
    const isWanted = up !== undefined && (member === undefined || seen.index.parts.includes(member) || up.has(member))
    if (isWanted) return 'skipped'
    const commands = up === undefined ? dropCommands(group, seen) : [['UNLINK', group.prefix + (member ?? '')]]
    if (commands.length === 0) return 'vanished'
    if (!dryRun) yield act(group, seen, { mode: 'do', ...(member && { member }), after: commands })
    return 'removed'
  })

/** Makes the old value of pieces, in the place of one that differs. */
export const giveBack = ({ group }: Subject, { dryRun }: Pick<MoveOptions, 'dryRun'>): Flow<Moved> =>
  retried(group, function* () {
    const seen = readSeen(yield lookAt(group), group)
    const stored = storedPieces(seen, group)
    if (stored.size === 0) return 'vanished'
    const pieces = fieldsAlone(stored)
    const expires = commonEnd(group, seen, stored)
    const text = textIn(seen.source, group)
    const isSame = text !== undefined && isUp(group, text, pieces)
    const commands = sourceCommands(group, seen, isSame ? text : group.transform.down(group, pieces), expires)
    if (commands.length === 0) return 'skipped'
    if (!dryRun) yield act(group, seen, { mode: 'do', after: commands })
    return 'migrated'
  })

/** Removes an old value that has no pieces; one that stands for none stays. */
export const dropSource = (subject: Subject, dryRun: boolean): Flow<Moved> =>
  retried(subject.group, function* () {
    const { seen, up, isThere } = yield* sidesOf(subject)
    if (up === undefined) return 'vanished'
    if (isThere || up.size === 0) return 'skipped'
    if (!dryRun) yield act(subject.group, seen, { mode: 'do', after: [['UNLINK', subject.group.source]] })
    return 'removed'
  })

/** How the two sides compare. `vanished`: neither is there. */
export interface Comparison {
  readonly state: 'equal' | 'missing' | 'orphan' | 'value' | 'ttl' | 'vanished'
  readonly why?: string
}

/** Compares an old value with its pieces. */
export function* compare(subject: Subject): Flow<Comparison> {
  const { seen, up, stored, isThere } = yield* sidesOf(subject)
  const { member } = subject
  if (up === undefined) return { state: stored.size > 0 ? 'orphan' : 'vanished' }
  const unlisted = member !== undefined && stored.has(member) && !seen.index.parts.includes(member)
  if (unlisted) return { state: 'orphan', why: 'the index does not list it' }
  if (!isThere) return { state: up.size === 0 ? 'equal' : 'missing' }
  const why = difference(up, fieldsAlone(stored)) ?? dangling(seen)
  if (why !== undefined) return { state: 'value', why }
  const ends = [...stored.values()].map(({ expires }) => expires)
  if (subject.group.index !== undefined) ends.push(seen.index.expires)
  return { state: ends.every((end) => end === Math.max(seen.source.expires, -1)) ? 'equal' : 'ttl' }
}

function dangling({ pieces }: Seen): string | undefined {
  const [gone] = [...pieces].find(([member, { kind }]) => member !== '' && kind === 'none') ?? []
  return gone === undefined ? undefined : `the index lists ${JSON.stringify(gone)}, which is not there`
}

/** Removes an old value whose pieces are equal at that moment. */
export const sweepSource = (subject: Subject, dryRun: boolean): Flow<'deleted' | 'differs' | 'gone'> =>
  retried(subject.group, function* () {
    const { seen, up, stored } = yield* sidesOf(subject)
    if (up === undefined) return 'gone'
    if (difference(up, fieldsAlone(stored)) !== undefined) return 'differs'
    if (!dryRun) yield act(subject.group, seen, { mode: 'do', after: [['UNLINK', subject.group.source]] })
    return 'deleted'
  })

function isUp(group: Group, text: string, pieces: Pieces): boolean {
  try {
    return difference(group.transform.up(group, text), pieces) === undefined
  } catch {
    return false
  }
}

/** The old form has one end for all. */
function commonEnd(group: Group, { index }: Seen, stored: ReadonlyMap<string, Piece>): number {
  const ends = new Set([...stored.values()].map(({ expires }) => expires))
  if (group.index !== undefined) ends.add(Math.max(index.expires, -1))
  const [end = -1, ...others] = ends
  if (others.length > 0) throw new Error('its pieces end at different times, which the old form cannot say')
  return end
}
