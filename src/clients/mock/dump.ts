/**
 * DUMP and RESTORE. The payload is not that of Redis: equal for equal values, and restored by this server alone.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { integer, options, table, type Commands, type Context } from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import { typeOf, type Hash, type TypeName, type Value } from './store.js'
import { idText, parseId, Stream } from './stream.js'

type Entries = readonly (readonly [string, string])[]

interface PlainStream {
  readonly ids: readonly [last: string, maxDeleted: string, added: string]
  readonly entries: readonly (readonly [id: string, fields: string[]])[]
  readonly groups: readonly {
    readonly name: string
    readonly lastId: string
    readonly read: string | null
    readonly pending: readonly (readonly [id: string, consumer: string, time: number, deliveries: number])[]
    readonly consumers: readonly (readonly [string, number])[]
  }[]
}

/** Values without an order of their own are put into one, so that equal ones give equal bytes. */
const plain: { readonly [T in TypeName]: (value: never) => unknown } = {
  string: (value: string) => value,
  list: (value: string[]) => value,
  set: (value: Set<string>) => [...value].sort(),
  zset: (value: Map<string, { score: number }>) =>
    [...value].map(([member, { score }]) => [member, String(score)]).sort(),
  hash: (value: Hash) => Object.entries(value).sort(),
  stream: plainStream,
}

const fromPlain: { readonly [T in TypeName]: (made: never) => Value } = {
  string: (made: string) => made,
  list: (made: string[]) => made,
  set: (made: string[]) => new Set(made),
  zset: (made: Entries) => new Map(made.map(([value, score]) => [value, { value, score: Number(score) }])),
  hash: (made: Entries) => Object.assign(Object.create(null) as Hash, Object.fromEntries(made)),
  stream: streamFrom,
}

function plainStream(stream: Stream): PlainStream {
  return {
    ids: [idText(stream.lastId), idText(stream.maxDeleted), String(stream.added)],
    entries: stream.entries.map(({ id, fields }) => [idText(id), [...fields]]),
    groups: [...stream.groups].sort().map(([name, { lastId, read, pending, consumers }]) => ({
      name,
      lastId: idText(lastId),
      read: read === undefined ? null : String(read),
      pending: [...pending].map(([id, one]) => [idText(id), one.consumer, one.time, one.deliveries]),
      consumers: [...consumers].sort(),
    })),
  }
}

function streamFrom({ ids, entries, groups }: PlainStream): Stream {
  const stream = new Stream()
  stream.entries = entries.map(([id, fields]) => ({ id: parseId(id), fields }))
  Object.assign(stream, { lastId: parseId(ids[0]), maxDeleted: parseId(ids[1]), added: BigInt(ids[2]) })
  for (const { name, lastId, read, pending, consumers } of groups) {
    stream.groups.set(name, {
      lastId: parseId(lastId),
      read: read === null ? undefined : BigInt(read),
      pending: new Map(
        pending.map(([id, consumer, time, deliveries]) => [parseId(id), { consumer, time, deliveries }]),
      ),
      consumers: new Map(consumers),
    })
  }
  return stream
}

const MARK = 'mock:'
const sumOf = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex').slice(0, 16)

function dump({ db }: Context, name: string): Reply {
  const value = db.get(name)
  if (value === undefined) return null
  const type = typeOf(value)
  const text = JSON.stringify([type, plain[type](value as never)])
  return `${MARK}${sumOf(text)}:${text}`
}

/** @throws ReplyError for what DUMP of this server has not given */
function valueIn(payload: string): Value {
  const [, sum, text = ''] = /^mock:([0-9a-f]{16}):([^]*)$/.exec(payload) ?? []
  if (sum !== sumOf(text)) throw new ReplyError('ERR DUMP payload version or checksum are wrong')
  const [type, made] = JSON.parse(text) as [TypeName, unknown]
  return fromPlain[type](made as never)
}

function restore({ db }: Context, name: string, ttl: string, payload: string, ...rest: string[]): Reply {
  const found = options(rest, { replace: 0, absttl: 0, idletime: 1, freq: 1 })
  if (!found.has('replace') && db.get(name) !== undefined)
    throw new ReplyError('BUSYKEY Target key name already exists.')
  const left = integer(ttl)
  if (left < 0) throw new ReplyError('ERR Invalid TTL value, must be >= 0')
  const value = valueIn(payload)
  db.replace(name, value)
  if (left > 0) db.setExpiry(name, found.has('absttl') ? left : Date.now() + left)
  db.get(name)
  return OK
}

/** The commands, with the fewest and the most arguments. */
export const dumpCommands: Commands = table({
  dump: [1, 1, dump],
  restore: [3, -1, restore],
  'restore-asking': [3, -1, restore],
})
