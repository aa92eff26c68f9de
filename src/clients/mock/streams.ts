/**
 * The commands on streams, but for groups.
 *
 * @module
 */
import { integer, syntaxError, table, type Commands, type Context } from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'
import { entryReply, idOf, idText, MAX_HALF, MAX_ID, msOf, parseId, Stream, type StreamId } from './stream.js'

const wrongNumber = (name: string): ReplyError => new ReplyError(`ERR wrong number of arguments for '${name}' command`)

export const streamOf = (db: Database, name: string): Stream | undefined => db.typed(name, 'stream')

/** How much to leave of a stream. */
interface Trim {
  readonly by: 'maxlen' | 'minid'
  readonly isRough: boolean
  readonly limit: string
}

/** Redis trims roughly (`~`) by whole nodes, of which a hundred small entries fill one. */
const NODE = 100

/** Reads `MAXLEN ~ 10 LIMIT 5`, and gives what is left of the arguments. */
function readTrim(args: readonly string[], more: readonly string[]) {
  const rest = [...args]
  const words = new Set<string>()
  let trim: Trim | undefined
  let hasLimit = false
  for (let word = rest[0]?.toLowerCase(); word !== undefined; word = rest[0]?.toLowerCase()) {
    if (word === 'maxlen' || word === 'minid') {
      if (rest.length < 2) break
      rest.shift()
      if (trim && trim.by !== word) {
        throw new ReplyError('ERR syntax error, MAXLEN and MINID options at the same time are not compatible')
      }
      const sign = /^[~=]$/.test(rest[0] ?? '') && rest.length > 1 ? rest.shift() : '='
      trim = { by: word, isRough: sign === '~', limit: rest.shift() as string }
      if (word === 'minid') parseId(trim.limit)
      else if (integer(trim.limit) < 0) throw new ReplyError('ERR The MAXLEN argument must be >= 0.')
    } else if (word === 'limit' && rest.length > 1) {
      rest.shift()
      if (integer(rest.shift()) < 0) throw new ReplyError('ERR The LIMIT argument must be >= 0.')
      hasLimit = true
    } else if (more.includes(word)) words.add(rest.shift()?.toLowerCase() as string)
    else break
  }
  if (hasLimit && !trim?.isRough) {
    throw new ReplyError(
      trim
        ? 'ERR syntax error, LIMIT cannot be used without the special ~ option'
        : 'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy',
    )
  }
  return { trim, words, rest }
}

function trimTo(stream: Stream, { by, isRough, limit }: Trim): number {
  const excess = by === 'maxlen' ? stream.entries.length - integer(limit) : stream.place(parseId(limit))
  const isAll = excess >= stream.entries.length
  return stream.dropFirst(isRough && !isAll ? Math.floor(excess / NODE) * NODE : excess)
}

/** The ID of a new entry: as given, or made of the time. */
function nextId(text: string, stream: Stream): StreamId {
  if (text === '*') {
    const now = BigInt(Date.now())
    return now > msOf(stream.lastId) ? idOf(now, 0n) : stream.lastId + 1n
  }
  const open = /^(\d+)-\*$/.exec(text)
  if (!open) return parseId(text)
  const first = parseId(open[1] as string)
  return msOf(first) === msOf(stream.lastId) ? stream.lastId + 1n : first
}

function xadd({ db }: Context, name: string, ...args: string[]): Reply {
  const { trim, words, rest } = readTrim(args, ['nomkstream'])
  const [given = '', ...fields] = rest
  const whole = /^(\*|\d+-\*)$/.test(given) ? undefined : parseId(given)
  if (fields.length === 0 || fields.length % 2 !== 0) throw wrongNumber('xadd')
  if (whole === 0n) throw new ReplyError('ERR The ID specified in XADD must be greater than 0-0')
  const found = streamOf(db, name)
  if (found === undefined && words.has('nomkstream')) return null
  const stream = found ?? new Stream()
  if (stream.lastId === MAX_ID) {
    throw new ReplyError('ERR The stream has exhausted the last possible ID, unable to add more items')
  }
  const id = nextId(given, stream)
  if (id <= stream.lastId) {
    throw new ReplyError('ERR The ID specified in XADD is equal or smaller than the target stream top item')
  }
  stream.add(id, fields)
  if (trim) trimTo(stream, trim)
  db.put(name, stream)
  return idText(id)
}

function xtrim({ db }: Context, name: string, ...args: string[]): Reply {
  const { trim, rest } = readTrim(args, [])
  if (rest.length > 0) throw syntaxError()
  if (trim === undefined) throw new ReplyError('ERR syntax error, XTRIM must be called with MAXLEN or MINID')
  const stream = streamOf(db, name)
  if (stream === undefined) return 0
  const gone = trimTo(stream, trim)
  if (gone > 0) db.put(name, stream)
  return gone
}

function xdel({ db }: Context, name: string, ...texts: string[]): Reply {
  const stream = streamOf(db, name)
  if (stream === undefined) return 0
  const gone = texts.map((text) => parseId(text)).filter((id) => stream.delete(id)).length
  if (gone > 0) db.put(name, stream)
  return gone
}

/** One end of a range: `-`, `+`, an ID, or an ID after `(` that does not belong to it. */
export function limitId(text: string, isStart: boolean): StreamId {
  if (text === '-') return 0n
  if (text === '+') return MAX_ID
  const isOpen = text.startsWith('(')
  const id = parseId(isOpen ? text.slice(1) : text, isStart ? 0n : MAX_HALF)
  if (!isOpen) return id
  if (id === (isStart ? MAX_ID : 0n)) {
    throw new ReplyError(`ERR invalid ${isStart ? 'start' : 'end'} ID for the interval`)
  }
  return isStart ? id + 1n : id - 1n
}

function xrange({ db }: Context, isReversed: boolean, name: string, one: string, other: string, rest: string[]): Reply {
  const [start, end] = isReversed ? [other, one] : [one, other]
  const [from, upto] = [limitId(start, true), limitId(end, false)]
  let count = Infinity
  for (let at = 0; at < rest.length; at += 2) {
    if (rest[at]?.toLowerCase() !== 'count' || rest[at + 1] === undefined) throw syntaxError()
    count = Math.max(0, integer(rest[at + 1]))
  }
  const stream = streamOf(db, name)
  if (stream === undefined) return []
  if (count === 0) return null
  const found = stream.range(from, upto)
  return (isReversed ? found.reverse() : found).slice(0, count).map(entryReply)
}

function xsetid({ db }: Context, name: string, text: string, ...rest: string[]): Reply {
  const id = parseId(text)
  let [added, maxDeleted]: [number | undefined, StreamId | undefined] = [undefined, undefined]
  for (let at = 0; at < rest.length; at += 2) {
    const [word, value] = [rest[at]?.toLowerCase(), rest[at + 1]]
    if (value === undefined || (word !== 'entriesadded' && word !== 'maxdeletedid')) throw syntaxError()
    if (word === 'entriesadded') added = integer(value)
    else maxDeleted = parseId(value)
    if (added !== undefined && added < 0) throw new ReplyError('ERR entries_added must be positive')
    if (maxDeleted !== undefined && id < maxDeleted) {
      throw new ReplyError('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id')
    }
  }
  if (db.get(name) === undefined) throw new ReplyError('ERR no such key')
  const stream = streamOf(db, name) as Stream
  if (id < stream.maxDeleted) {
    throw new ReplyError('ERR The ID specified in XSETID is smaller than current max_deleted_entry_id')
  }
  const last = stream.entries.at(-1)
  if (last !== undefined) {
    if (id < last.id) throw new ReplyError('ERR The ID specified in XSETID is smaller than the target stream top item')
    if (added !== undefined && added < stream.entries.length) {
      throw new ReplyError('ERR The entries_added specified in XSETID is smaller than the target stream length')
    }
  }
  stream.lastId = id
  if (added !== undefined) stream.added = BigInt(added)
  if (maxDeleted !== undefined && maxDeleted > 0n) stream.maxDeleted = maxDeleted
  db.put(name, stream)
  return OK
}

/** The commands, with the fewest and the most arguments. */
export const streamCommands: Commands = table({
  xadd: [4, -1, xadd],
  xtrim: [3, -1, xtrim],
  xdel: [2, -1, xdel],
  xlen: [1, 1, ({ db }, name: string) => streamOf(db, name)?.entries.length ?? 0],
  xrange: [
    3,
    -1,
    (context, name: string, start: string, end: string, ...rest: string[]) =>
      xrange(context, false, name, start, end, rest),
  ],
  xrevrange: [
    3,
    -1,
    (context, name: string, end: string, start: string, ...rest: string[]) =>
      xrange(context, true, name, end, start, rest),
  ],
  xsetid: [2, -1, xsetid],
})
