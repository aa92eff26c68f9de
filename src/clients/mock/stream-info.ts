/**
 * XINFO. The nodes of the tree that Redis keeps a stream in are told as those of a small stream: 1 and 2.
 *
 * @module
 */
import { integer, options, table, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { entryReply, idText, type Group, type Stream } from './stream.js'
import { streamOf } from './streams.js'

const toNumber = (count: bigint | undefined): number | null => (count === undefined ? null : Number(count))

function there({ db }: Context, name: string): Stream {
  if (db.get(name) === undefined) throw new ReplyError('ERR no such key')
  return streamOf(db, name) as Stream
}

const common = (stream: Stream): Reply[] =>
  [
    ['length', stream.entries.length],
    ['radix-tree-keys', stream.entries.length > 0 ? 1 : 0],
    ['radix-tree-nodes', stream.entries.length > 0 ? 2 : 1],
    ['last-generated-id', idText(stream.lastId)],
    ['max-deleted-entry-id', idText(stream.maxDeleted)],
    ['entries-added', Number(stream.added)],
    ['recorded-first-entry-id', idText(stream.firstId)],
  ].flat()

const byName = <T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

function fullGroup(stream: Stream, [name, group]: readonly [string, Group], count: number): Reply {
  const pending = [...group.pending]
  const consumers = byName(group.consumers).map(([consumer, seen]): Reply => {
    const own = pending.filter(([, one]) => one.consumer === consumer)
    const shown = own.slice(0, count).map(([id, one]): Reply => [idText(id), one.time, one.deliveries])
    return ['name', consumer, 'seen-time', seen, 'pel-count', own.length, 'pending', shown]
  })
  const all = pending.slice(0, count).map(([id, one]): Reply => [idText(id), one.consumer, one.time, one.deliveries])
  return [
    ['name', name],
    ['last-delivered-id', idText(group.lastId)],
    ['entries-read', toNumber(group.read)],
    ['lag', stream.lagOf(group)],
    ['pel-count', pending.length],
    ['pending', all],
    ['consumers', consumers],
  ].flat(1)
}

function ofStream(context: Context, name: string, ...rest: string[]): Reply {
  const isFull = rest[0]?.toLowerCase() === 'full'
  const stream = there(context, name)
  if (rest.length > 0 && !isFull) {
    throw new ReplyError("ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.")
  }
  const asked = integer(options(rest.slice(1), { count: 1 }).get('count')?.[0] ?? '10')
  const count = asked === 0 ? Infinity : asked < 0 ? 10 : asked
  if (isFull) {
    const groups = byName(stream.groups).map((group) => fullGroup(stream, group, count))
    return [...common(stream), 'entries', stream.entries.slice(0, count).map(entryReply), 'groups', groups]
  }
  const ends = [stream.entries[0], stream.entries.at(-1)].map((entry) => (entry ? entryReply(entry) : null))
  return [
    ...common(stream),
    'groups',
    stream.groups.size,
    'first-entry',
    ends[0] as Reply,
    'last-entry',
    ends[1] as Reply,
  ]
}

function ofGroups(context: Context, name: string): Reply {
  const stream = there(context, name)
  return byName(stream.groups).map(([group, one]) => [
    ...['name', group, 'consumers', one.consumers.size, 'pending', one.pending.size],
    ...['last-delivered-id', idText(one.lastId), 'entries-read', toNumber(one.read), 'lag', stream.lagOf(one)],
  ])
}

function ofConsumers(context: Context, name: string, group: string): Reply {
  const found = there(context, name).groups.get(group)
  if (found === undefined) throw new ReplyError(`NOGROUP No such consumer group '${group}' for key name '${name}'`)
  return byName(found.consumers).map(([consumer, seen]) => {
    const own = [...found.pending.values()].filter((one) => one.consumer === consumer)
    return ['name', consumer, 'pending', own.length, 'idle', Date.now() - seen]
  })
}

const about: Readonly<
  Record<string, readonly [min: number, max: number, (context: Context, ...args: string[]) => Reply]>
> = {
  stream: [1, 4, (context, name = '', ...rest) => ofStream(context, name, ...rest)],
  groups: [1, 1, (context, name = '') => ofGroups(context, name)],
  consumers: [2, 2, (context, name = '', group = '') => ofConsumers(context, name, group)],
}

function xinfo(context: Context, word: string, ...args: string[]): Reply {
  const name = word.toLowerCase()
  const [min = 0, max = 0, run] = about[name] ?? []
  if (!run) throw new ReplyError(`ERR unknown subcommand '${word.slice(0, 128)}'. Try XINFO HELP.`)
  if (args.length < min || args.length > max) {
    throw new ReplyError(`ERR wrong number of arguments for 'xinfo|${name}' command`)
  }
  return run(context, ...args)
}

/** The commands, with the fewest and the most arguments. */
export const streamInfoCommands: Commands = table({ xinfo: [1, -1, xinfo] })
