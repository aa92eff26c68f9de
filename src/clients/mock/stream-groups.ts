/**
 * The commands on groups of consumers.
 *
 * @module
 */
import { integer, syntaxError, table, type Commands, type Context } from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import { entryReply, idText, parseId, Stream, type Group, type Pending, type StreamId } from './stream.js'
import { assign } from './stream-reads.js'
import { limitId, streamOf } from './streams.js'

const noGroup = (name: string, group: string): ReplyError =>
  new ReplyError(`NOGROUP No such key '${name}' or consumer group '${group}'`)

interface Found {
  readonly stream: Stream
  readonly group: Group
}

function find({ db }: Context, name: string, group: string): Found | undefined {
  const stream = streamOf(db, name)
  const found = stream?.groups.get(group)
  return stream && found && { stream, group: found }
}

function pendingOf({ pending }: Group, consumer: string): [StreamId, Pending][] {
  return [...pending].filter(([, one]) => one.consumer === consumer)
}

// --- XGROUP

type Subcommand = readonly [min: number, max: number, run: (context: Context, ...args: string[]) => Reply]

/** The group must be there, unless it is being made. */
function inGroup({ db }: Context, name: string, group: string): Found {
  const stream = streamThatIs(streamOf(db, name))
  const found = stream.groups.get(group)
  if (found === undefined) throw new ReplyError(`NOGROUP No such consumer group '${group}' for key name '${name}'`)
  return { stream, group: found }
}

function streamThatIs(stream: Stream | undefined): Stream {
  if (stream !== undefined) return stream
  throw new ReplyError(
    'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option ' +
      'to create an empty stream automatically.',
  )
}

const unknownWord = (command: string): ReplyError =>
  new ReplyError(`ERR unknown subcommand or wrong number of arguments for '${command}'. Try XGROUP HELP.`)

/** `MKSTREAM` and `ENTRIESREAD n`. */
function createOptions(rest: readonly string[], mayMake: boolean) {
  let [makes, read] = [false, undefined as bigint | undefined]
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]?.toLowerCase()
    if (word === 'mkstream' && mayMake) makes = true
    else if (word === 'entriesread' && rest[at + 1] !== undefined) {
      const count = integer(rest[++at])
      if (count < -1) throw new ReplyError('ERR value for ENTRIESREAD must be positive or -1')
      read = count === -1 ? undefined : BigInt(count)
    } else throw unknownWord(mayMake ? 'CREATE' : 'SETID')
  }
  return { makes, read }
}

const start = (text: string, stream: Stream): StreamId => (text === '$' ? stream.lastId : limitId(text, true))

const groupCommands: Readonly<Record<string, Subcommand>> = {
  create: [
    3,
    6,
    ({ db }, name = '', group = '', text = '', ...rest) => {
      const { makes, read } = createOptions(rest, true)
      const found = streamOf(db, name)
      const stream = found ?? (makes ? new Stream() : streamThatIs(found))
      const lastId = start(text, stream)
      if (stream.groups.has(group)) throw new ReplyError('BUSYGROUP Consumer Group name already exists')
      stream.groups.set(group, { lastId, read, pending: new Map(), consumers: new Map() })
      db.put(name, stream)
      return OK
    },
  ],
  setid: [
    3,
    5,
    (context, name = '', group = '', text = '', ...rest) => {
      const { read } = createOptions(rest, false)
      const found = inGroup(context, name, group)
      Object.assign(found.group, { lastId: start(text, found.stream), read })
      context.db.put(name, found.stream)
      return OK
    },
  ],
  destroy: [
    2,
    2,
    ({ db }, name = '', group = '') => {
      const stream = streamThatIs(streamOf(db, name))
      if (!stream.groups.delete(group)) return 0
      db.put(name, stream)
      return 1
    },
  ],
  createconsumer: [
    3,
    3,
    (context, name = '', group = '', consumer = '') => {
      const found = inGroup(context, name, group)
      if (found.group.consumers.has(consumer)) return 0
      found.group.consumers.set(consumer, Date.now())
      context.db.put(name, found.stream)
      return 1
    },
  ],
  delconsumer: [
    3,
    3,
    (context, name = '', group = '', consumer = '') => {
      const found = inGroup(context, name, group)
      const own = pendingOf(found.group, consumer)
      for (const [id] of own) found.group.pending.delete(id)
      if (found.group.consumers.delete(consumer)) context.db.put(name, found.stream)
      return own.length
    },
  ],
}

function xgroup(context: Context, word: string, ...args: string[]): Reply {
  const name = word.toLowerCase()
  const [min, max, run] = groupCommands[name] ?? []
  if (!run) throw new ReplyError(`ERR unknown subcommand '${word.slice(0, 128)}'. Try XGROUP HELP.`)
  if (args.length < (min as number) || args.length > (max as number)) {
    throw new ReplyError(`ERR wrong number of arguments for 'xgroup|${name}' command`)
  }
  return run(context, ...args)
}

// --- what is pending

function xack(context: Context, name: string, group: string, ...texts: string[]): Reply {
  const found = find(context, name, group)
  if (found === undefined) return 0
  const gone = texts.map((text) => parseId(text)).filter((id) => found.group.pending.delete(id)).length
  if (gone > 0) context.db.put(name, found.stream)
  return gone
}

function summary({ pending }: Group): Reply {
  const ids = [...pending.keys()]
  const [first, last] = [ids[0], ids.at(-1)]
  if (first === undefined || last === undefined) return [0, null, null, null]
  const counts = new Map<string, number>()
  for (const { consumer } of pending.values()) counts.set(consumer, (counts.get(consumer) ?? 0) + 1)
  const each = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]): Reply => [name, String(count)])
  return [ids.length, idText(first), idText(last), each]
}

function xpending(context: Context, name: string, group: string, ...rest: string[]): Reply {
  const isIdle = rest[0]?.toLowerCase() === 'idle'
  const idle = isIdle && rest.length >= 5 ? integer(rest[1]) : 0
  const [from, upto, size, consumer, ...more] = isIdle ? rest.slice(2) : rest
  const isWhole = rest.length === 0
  if (!isWhole && (size === undefined || more.length > 0)) throw syntaxError()
  const count = isWhole ? 0 : Math.max(0, integer(size))
  const [low, high] = isWhole ? [0n, 0n] : [limitId(from as string, true), limitId(upto as string, false)]
  const found = find(context, name, group)
  if (found === undefined) throw noGroup(name, group)
  if (isWhole) return summary(found.group)
  const now = Date.now()
  return [...found.group.pending]
    .filter(([id, one]) => id >= low && id <= high && (consumer === undefined || one.consumer === consumer))
    .filter(([, one]) => now - one.time >= idle)
    .slice(0, count)
    .map(([id, one]) => [idText(id), one.consumer, now - one.time, one.deliveries])
}

/** `IDLE`, `TIME`, `RETRYCOUNT`, `LASTID`, `FORCE` and `JUSTID` behind the IDs of XCLAIM. */
function claimOptions(rest: readonly string[]) {
  const given = { time: Date.now(), deliveries: undefined as number | undefined, forces: false, justIds: false }
  let lastId = 0n
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]?.toLowerCase()
    if (word === 'force') given.forces = true
    else if (word === 'justid') given.justIds = true
    else if (rest[at + 1] === undefined) throw new ReplyError(`ERR Unrecognized XCLAIM option '${rest[at]}'`)
    else if (word === 'idle') given.time = Date.now() - integer(rest[++at])
    else if (word === 'time') given.time = integer(rest[++at])
    else if (word === 'retrycount') given.deliveries = integer(rest[++at])
    else if (word === 'lastid') lastId = parseId(rest[++at] as string)
    else throw new ReplyError(`ERR Unrecognized XCLAIM option '${rest[at]}'`)
  }
  // A time to come is now.
  given.time = Math.min(given.time, Date.now())
  return { ...given, lastId }
}

function xclaim(
  context: Context,
  name: string,
  group: string,
  consumer: string,
  idle: string,
  ...rest: string[]
): Reply {
  const found = find(context, name, group)
  const firstWord = rest.findIndex((text) => !/^\d+(?:-\d+)?$/.test(text))
  const texts = firstWord === -1 ? rest : rest.slice(0, firstWord)
  if (found === undefined) throw noGroup(name, group)
  const minIdle = Math.max(0, minIdleOf(idle, 'XCLAIM'))
  const ids = texts.map((text) => parseId(text))
  const given = claimOptions(firstWord === -1 ? [] : rest.slice(firstWord))
  const { stream, group: own } = found
  if (given.lastId > own.lastId) own.lastId = given.lastId
  const claimed: Reply[] = []
  for (const id of ids) {
    const old = own.pending.get(id)
    const entry = stream.find(id)
    if (entry === undefined) {
      own.pending.delete(id)
      continue
    }
    if (old === undefined && !given.forces) continue
    if (old !== undefined && Date.now() - old.time < minIdle) continue
    const deliveries = given.deliveries ?? (old?.deliveries ?? 0) + (given.justIds ? 0 : 1)
    assign(own, id, { consumer, time: given.time, deliveries })
    own.consumers.set(consumer, Date.now())
    claimed.push(given.justIds ? idText(id) : entryReply(entry))
  }
  context.db.put(name, stream)
  return claimed
}

const ATTEMPTS_PER_ENTRY = 10

function minIdleOf(text: string, command: string): number {
  if (!/^-?\d+$/.test(text)) throw new ReplyError(`ERR Invalid min-idle-time argument for ${command}`)
  return Number(text)
}

function xautoclaim(
  context: Context,
  name: string,
  group: string,
  consumer: string,
  idle: string,
  ...rest: string[]
): Reply {
  const minIdle = Math.max(0, minIdleOf(idle, 'XAUTOCLAIM'))
  const from = limitId(rest[0] as string, true)
  let [count, justIds] = [100, false]
  for (let at = 1; at < rest.length; at++) {
    const word = rest[at]?.toLowerCase()
    if (word === 'justid') justIds = true
    else if (word === 'count' && rest[at + 1] !== undefined) {
      count = integer(rest[++at])
      if (count < 1) throw new ReplyError('ERR COUNT must be > 0')
    } else throw syntaxError()
  }
  const found = find(context, name, group)
  if (found === undefined) throw noGroup(name, group)
  const { stream, group: own } = found
  const [claimed, gone]: [Reply[], Reply[]] = [[], []]
  const candidates = [...own.pending].filter(([id]) => id >= from)
  let seen = 0
  for (const [id, old] of candidates) {
    if (claimed.length + gone.length >= count || seen >= count * ATTEMPTS_PER_ENTRY) break
    seen++
    const entry = stream.find(id)
    if (entry === undefined) {
      own.pending.delete(id)
      gone.push(idText(id))
      continue
    }
    if (Date.now() - old.time < minIdle) continue
    own.consumers.set(consumer, Date.now())
    Object.assign(old, { consumer, time: Date.now(), deliveries: old.deliveries + (justIds ? 0 : 1) })
    claimed.push(justIds ? idText(id) : entryReply(entry))
  }
  context.db.put(name, stream)
  return [idText(candidates[seen]?.[0] ?? 0n), claimed, gone]
}

/** The commands, with the fewest and the most arguments. */
export const streamGroupCommands: Commands = table({
  xgroup: [1, -1, xgroup],
  xack: [3, -1, xack],
  xpending: [2, -1, xpending],
  xclaim: [5, -1, xclaim],
  xautoclaim: [5, -1, xautoclaim],
})
