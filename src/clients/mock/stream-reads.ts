/**
 * XREAD and XREADGROUP: what their arguments say, and one look at the streams. Waiting (BLOCK) is up to the connection.
 *
 * @module
 */
import { integer, syntaxError, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { entryReply, idText, MAX_ID, parseId, Stream, type Group, type StreamEntry, type StreamId } from './stream.js'
import { streamOf } from './streams.js'

/** What is asked for. */
export interface StreamRead {
  readonly count: number
  /** Milliseconds; undefined: it does not wait. 0: without end. */
  readonly block: number | undefined
  readonly group: { readonly name: string; readonly consumer: string; readonly acks: boolean } | undefined
  readonly streams: readonly { readonly name: string; readonly from: StreamId | 'new' }[]
}

const LATEST = '$'
const NEW = '>'

/** Reads the arguments. `$` is the last entry by now, so a read that waits must be made once. @throws ReplyError */
export function readArguments({ db }: Context, command: 'xread' | 'xreadgroup', args: readonly string[]): StreamRead {
  let [count, block, acks] = [0, undefined as number | undefined, true]
  let owner: readonly string[] | undefined
  let at = 0
  for (; at < args.length; at++) {
    const word = (args[at] as string).toLowerCase()
    const left = args.length - at - 1
    if (word === 'block' && left > 0) {
      block = integerOr(args[++at], 'ERR timeout is not an integer or out of range')
      if (block < 0) throw new ReplyError('ERR timeout is negative')
    } else if (word === 'count' && left > 0) count = Math.max(0, integer(args[++at]))
    else if (word === 'streams' && left > 0) break
    else if (word === 'group' && left > 1) {
      if (command === 'xread') {
        throw new ReplyError('ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.')
      }
      owner = args.slice(at + 1, at + 3)
      at += 2
    } else if (word === 'noack') {
      if (command === 'xread') {
        throw new ReplyError('ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.')
      }
      acks = false
    } else throw syntaxError()
  }
  const rest = args.slice(at + 1)
  if (at >= args.length) throw syntaxError()
  if (rest.length % 2 !== 0) {
    throw new ReplyError("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
  }
  if (command === 'xreadgroup' && !owner) throw new ReplyError('ERR Missing GROUP option for XREADGROUP')
  const group = owner && { name: owner[0] as string, consumer: owner[1] as string, acks }
  const names = rest.slice(0, rest.length / 2)
  const streams = names.map((name, i) => {
    const stream = streamOf(db, name)
    if (group && !stream?.groups.has(group.name)) throw noGroupToRead(name, group.name)
    return { name, from: whereFrom(rest[names.length + i] as string, stream, group !== undefined) }
  })
  return { count: count === 0 ? Infinity : count, block, group, streams }
}

function integerOr(text: string | undefined, message: string): number {
  if (!/^-?\d+$/.test(text ?? '')) throw new ReplyError(message)
  return Number(text)
}

const noGroupToRead = (name: string, group: string): ReplyError =>
  new ReplyError(`NOGROUP No such key '${name}' or consumer group '${group}' in XREADGROUP with GROUP option`)

function whereFrom(text: string, stream: Stream | undefined, inGroup: boolean): StreamId | 'new' {
  if (text === LATEST) {
    if (!inGroup) return stream?.lastId ?? 0n
    throw new ReplyError(
      'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by ' +
        'specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
    )
  }
  if (text !== NEW) return parseId(text)
  if (inGroup) return 'new'
  throw new ReplyError(
    'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
  )
}

/** What there is to read; null if nothing. @throws ReplyError where a group is gone */
export function readNow({ db }: Context, { streams, group, count }: StreamRead): Reply {
  const found: Reply[] = []
  for (const { name, from } of streams) {
    const stream = streamOf(db, name)
    const own = group && stream?.groups.get(group.name)
    if (group && !own) throw noGroupToRead(name, group.name)
    if (stream === undefined) continue
    const entries =
      group && own
        ? readAs(stream, own, group, from, count)
        : nonEmpty(after(stream, from as StreamId, count).map(entryReply))
    if (entries === undefined) continue
    if (group) db.put(name, stream)
    found.push([name, entries])
  }
  return found.length === 0 ? null : found
}

/** Why a read that waits for a group need not: its key or its group is gone. */
export function endOf({ db }: Context, { streams, group }: StreamRead): ReplyError | undefined {
  if (group === undefined) return undefined
  for (const { name } of streams) {
    const value = db.get(name)
    if (value === undefined) return new ReplyError('UNBLOCKED the stream key no longer exists')
    if (!(value instanceof Stream))
      return new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
    if (!value.groups.has(group.name)) {
      return new ReplyError('NOGROUP the consumer group this client was blocked on no longer exists')
    }
  }
  return undefined
}

const after = (stream: Stream, id: StreamId, count: number): StreamEntry[] =>
  id === MAX_ID ? [] : stream.range(id + 1n, MAX_ID).slice(0, count)

const nonEmpty = (entries: Reply[]): Reply[] | undefined => (entries.length > 0 ? entries : undefined)

function readAs(
  stream: Stream,
  group: Group,
  { consumer, acks }: NonNullable<StreamRead['group']>,
  from: StreamId | 'new',
  count: number,
): Reply[] | undefined {
  if (from !== 'new') {
    group.consumers.set(consumer, Date.now())
    return history(stream, group, consumer, from, count)
  }
  const entries = after(stream, group.lastId, count)
  if (entries.length === 0) return undefined
  group.consumers.set(consumer, Date.now())
  for (const { id } of entries) {
    group.read = group.read !== undefined && !stream.hasHolesFrom(id) ? group.read + 1n : stream.distanceTo(id)
    group.lastId = id
    if (acks) assign(group, id, { consumer, time: Date.now(), deliveries: 1 })
  }
  return entries.map(entryReply)
}

/** Notes who has an entry now, in the order of the IDs. */
export function assign(
  group: Group,
  id: StreamId,
  pending: { consumer: string; time: number; deliveries: number },
): void {
  const isLast = [...group.pending.keys()].every((other) => other <= id)
  group.pending.set(id, pending)
  if (!isLast) group.pending = new Map([...group.pending].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What a consumer was given before, delivered again; an entry that is gone has no fields. */
function history(stream: Stream, group: Group, consumer: string, from: StreamId, count: number): Reply[] {
  const own = [...group.pending].filter(([id, one]) => one.consumer === consumer && id > from).slice(0, count)
  return own.map(([id, one]) => {
    const entry = stream.find(id)
    if (entry === undefined) return [idText(id), null]
    Object.assign(one, { time: Date.now(), deliveries: one.deliveries + 1 })
    return entryReply(entry)
  })
}
