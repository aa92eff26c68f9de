/**
 * What a look at the keys of one old value showed, and the commands from there to what is wanted.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import { samePieces, type Group, type PieceFields, type Pieces } from '../../schema/index.js'

/** What one key holds. */
export interface Content {
  /** As TYPE says; `none`: nothing. */
  readonly kind: string
  /** Milliseconds since 1970; negative: it stays. */
  readonly expires: number
  /** The value of a string; the members of a set; fields and values of a hash, one after the other. */
  readonly parts: readonly string[]
}

/** What a look showed. */
export interface Seen {
  /** A digest of all of it. */
  readonly token: string
  readonly source: Content
  readonly index: Content
  /** What the index lists, there or not, and the piece that was asked about. */
  readonly pieces: ReadonlyMap<string, Content>
}

/** One command of a script. */
export type Command = readonly Arg[]

export const NOTHING: Content = { kind: 'none', expires: -2, parts: [] }

/** The expiry of something new: what stays is -1. */
export const expiryOf = ({ expires }: Content): number => Math.max(expires, -1)

const textOf = (part: unknown, group: Group): string => {
  if (typeof part === 'string') return part
  if (Buffer.isBuffer(part) && isUtf8(part)) return part.toString()
  throw broken(group, 'a name, a field or a value is not UTF-8, which `up` and `down` cannot be given')
}

/** Reads what a script says of one key. */
export function readContent(reply: unknown, group: Group): Content {
  const [kind, expires, ...parts] = reply as [unknown, unknown, ...unknown[]]
  return { kind: String(kind), expires: Number(expires), parts: parts.map((part) => textOf(part, group)) }
}

/** Reads the reply of {@link lookScript}. */
export function readSeen(reply: unknown, group: Group): Seen {
  const [token, source, index, ...pieces] = reply as [unknown, unknown, unknown, ...[unknown, unknown][]]
  return {
    token: String(token),
    source: readContent(source, group),
    index: readContent(index, group),
    pieces: new Map(pieces.map(([member, content]) => [textOf(member, group), readContent(content, group)])),
  }
}

/** `E_TRANSFORM`, for what is stored and should not be. */
export function broken({ transform, source }: Group, why: string): CanonicalRedisError {
  return new CanonicalRedisError('E_TRANSFORM', `the transform "${transform.name}" cannot read "${source}": ${why}`, {
    hint: 'Look at its keys. Nothing was changed.',
  })
}

/** The fields of a piece; undefined where there is none. */
export function fieldsOf({ kind, parts }: Content, name: string, group: Group): PieceFields | undefined {
  if (kind === 'none') return undefined
  if (kind !== 'hash') throw broken(group, `"${name}" is a ${kind}, and should be a hash`)
  const fields = new Map<string, string>()
  for (let i = 0; i < parts.length; i += 2) fields.set(parts[i]!, parts[i + 1]!)
  return fields
}

/** The text of the old value; undefined where there is none. */
export function textIn({ kind, parts }: Content, group: Group): string | undefined {
  if (kind === 'none') return undefined
  if (kind !== 'string') throw broken(group, `"${group.source}" is a ${kind}, and should be a string`)
  return parts[0]
}

/** One piece, and when it ends. */
export interface Piece {
  readonly fields: PieceFields
  readonly expires: number
}

/** The pieces that are stored. */
export function storedPieces(seen: Seen, group: Group): Map<string, Piece> {
  if (!['none', 'set'].includes(seen.index.kind)) {
    throw broken(group, `"${group.index}" is a ${seen.index.kind}, and should be a set`)
  }
  const pieces = new Map<string, Piece>()
  for (const [member, content] of seen.pieces) {
    const fields = fieldsOf(content, group.prefix + member, group)
    if (fields) pieces.set(member, { fields, expires: expiryOf(content) })
  }
  return pieces
}

/** Pieces that all end at one time. */
export const allUntil = (pieces: Pieces, expires: number): Map<string, Piece> =>
  new Map([...pieces].map(([member, fields]) => [member, { fields, expires }]))

/** Pieces without their ends. */
export const fieldsAlone = (pieces: ReadonlyMap<string, Piece>): Pieces =>
  new Map([...pieces].map(([member, { fields }]) => [member, fields]))

const AT_ONCE = 1000

/** A hash that is not there yet. */
export function hashCommands(key: string, { fields, expires }: Piece): Command[] {
  const flat = [...fields].flat()
  const commands: Command[] = []
  for (let i = 0; i < flat.length; i += AT_ONCE) commands.push(['HSET', key, ...flat.slice(i, i + AT_ONCE)])
  if (expires >= 0) commands.push(['PEXPIREAT', key, String(expires)])
  return commands
}

function expiryCommands(key: string, from: number, to: number): Command[] {
  if (Math.max(from, -1) === Math.max(to, -1)) return []
  return [to < 0 ? ['PERSIST', key] : ['PEXPIREAT', key, String(to)]]
}

/** The commands that make the pieces, and their index, what is wanted. */
export function pieceCommands(
  group: Group,
  seen: Seen,
  wanted: ReadonlyMap<string, Piece>,
  indexExpires: number,
): Command[] {
  const commands: Command[] = []
  for (const [member, piece] of wanted) {
    const key = group.prefix + member
    const content = seen.pieces.get(member) ?? NOTHING
    const fields = content.kind === 'hash' ? fieldsOf(content, key, group) : undefined
    if (fields && samePieces(new Map([['', fields]]), new Map([['', piece.fields]]))) {
      commands.push(...expiryCommands(key, content.expires, piece.expires))
    } else {
      if (content.kind !== 'none') commands.push(['UNLINK', key])
      commands.push(...hashCommands(key, piece))
    }
  }
  for (const [member, { kind }] of seen.pieces) {
    if (kind !== 'none' && !wanted.has(member)) commands.push(['UNLINK', group.prefix + member])
  }
  return group.index === undefined ? commands : [...commands, ...indexCommands(group.index, seen, wanted, indexExpires)]
}

function indexCommands(
  index: string,
  { index: { parts, expires } }: Seen,
  wanted: ReadonlyMap<string, Piece>,
  until: number,
): Command[] {
  const commands: Command[] = []
  const missing = [...wanted.keys()].filter((member) => !parts.includes(member))
  const gone = parts.filter((member) => !wanted.has(member))
  for (let i = 0; i < missing.length; i += AT_ONCE) commands.push(['SADD', index, ...missing.slice(i, i + AT_ONCE)])
  for (let i = 0; i < gone.length; i += AT_ONCE) commands.push(['SREM', index, ...gone.slice(i, i + AT_ONCE)])
  return wanted.size === 0 ? commands : [...commands, ...expiryCommands(index, expires, until)]
}

/** All pieces go, and their index. */
export function dropCommands(group: Group, seen: Seen): Command[] {
  return pieceCommands(group, seen, new Map(), -1)
}

/** The command that makes the old value what is wanted. */
export function sourceCommands(group: Group, seen: Seen, text: string | undefined, expires: number): Command[] {
  if (text === undefined) return seen.source.kind === 'none' ? [] : [['UNLINK', group.source]]
  if (seen.source.kind === 'string' && seen.source.parts[0] === text) {
    return expiryCommands(group.source, seen.source.expires, expires)
  }
  return [['SET', group.source, text, ...(expires >= 0 ? ['PXAT', String(expires)] : [])]]
}
