/**
 * The commands on lists.
 *
 * @module
 */
import {
  integer,
  isInt64,
  options,
  popArguments,
  range,
  syntaxError,
  table,
  type Commands,
  type Context,
} from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'

type Row = Parameters<typeof table>[0][string]
type End = 'left' | 'right'

const listOf = (db: Database, name: string): string[] => (db.typed(name, 'list') ?? []) as string[]

const put = (list: string[], end: End, value: string): unknown =>
  end === 'left' ? list.unshift(value) : list.push(value)
const take = (list: string[], end: End): string | undefined => (end === 'left' ? list.shift() : list.pop())

function push(end: End, mustExist: boolean): Row {
  return [
    2,
    -1,
    ({ db }: Context, name: string, ...values: string[]) => {
      const list = listOf(db, name)
      if (mustExist && list.length === 0) return 0
      for (const value of values) put(list, end, value)
      db.put(name, list)
      return list.length
    },
  ]
}

export function popSome(db: Database, name: string, end: End, count: number): string[] {
  const list = listOf(db, name)
  const taken: string[] = []
  while (taken.length < count && list.length > 0) taken.push(take(list, end) as string)
  if (taken.length > 0) db.settle(name, list)
  return taken
}

function pop(end: End): Row {
  return [
    1,
    2,
    ({ db }: Context, name: string, amount?: string) => {
      const count = amount === undefined ? 1 : isInt64(amount) ? integer(amount) : -1
      if (count < 0) throw new ReplyError('ERR value is out of range, must be positive')
      if (listOf(db, name).length === 0) return null
      const taken = popSome(db, name, end, count)
      return amount === undefined ? (taken[0] ?? null) : taken
    },
  ]
}

export function endNamed(word: string | undefined): End {
  const end = word?.toLowerCase()
  if (end !== 'left' && end !== 'right') throw syntaxError()
  return end
}

export function move({ db }: Context, from: string, to: string, source: End, target: End): Reply {
  const list = listOf(db, from)
  // Where there is nothing to move, nobody looks where it would go to.
  if (list.length === 0) return null
  const into = from === to ? list : listOf(db, to)
  const value = take(list, source) as string
  put(into, target, value)
  db.settle(from, list)
  db.put(to, into)
  return value
}

export function lmpop({ db }: Context, count: string, ...rest: string[]): Reply {
  const { names, where, size } = popArguments(count, rest)
  const end = endNamed(where)
  const name = names.find((one) => listOf(db, one).length > 0)
  return name === undefined ? null : [name, popSome(db, name, end, size)]
}

function lpos({ db }: Context, name: string, value: string, ...rest: string[]): Reply {
  const found = options(rest, { rank: 1, count: 1, maxlen: 1 })
  const rank = integer(found.get('rank')?.[0] ?? '1')
  if (rank === 0) {
    throw new ReplyError(
      "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from " +
        'the end of the list',
    )
  }
  for (const word of ['count', 'maxlen']) {
    if (integer(found.get(word)?.[0] ?? '0') < 0) throw new ReplyError(`ERR ${word.toUpperCase()} can't be negative`)
  }
  const list = listOf(db, name)
  const limit = integer(found.get('maxlen')?.[0] ?? '0') || list.length
  const order = [...list.keys()]
  if (rank < 0) order.reverse()
  const places = order
    .slice(0, limit)
    .filter((place) => list[place] === value)
    .slice(Math.abs(rank) - 1)
  const count = found.get('count')?.[0]
  if (count === undefined) return places[0] ?? null
  return integer(count) === 0 ? places : places.slice(0, integer(count))
}

function lrem({ db }: Context, name: string, count: string, value: string): Reply {
  const list = listOf(db, name)
  const limit = Math.abs(integer(count)) || list.length
  const places = [...list.keys()].filter((place) => list[place] === value)
  const gone = new Set(integer(count) < 0 ? places.slice(-limit) : places.slice(0, limit))
  if (gone.size > 0)
    db.settle(
      name,
      list.filter((_, place) => !gone.has(place)),
    )
  return gone.size
}

function placeIn(list: readonly string[], index: string): number {
  const place = integer(index)
  return place < 0 ? list.length + place : place
}

function linsert({ db }: Context, name: string, where: string, pivot: string, value: string): Reply {
  const side = where.toLowerCase()
  if (side !== 'before' && side !== 'after') throw syntaxError()
  const list = listOf(db, name)
  if (list.length === 0) return 0
  const place = list.indexOf(pivot)
  if (place === -1) return -1
  list.splice(side === 'before' ? place : place + 1, 0, value)
  db.put(name, list)
  return list.length
}

function lset({ db }: Context, name: string, index: string, value: string): Reply {
  const list = listOf(db, name)
  if (list.length === 0) throw new ReplyError('ERR no such key')
  const place = placeIn(list, index)
  if (list[place] === undefined) throw new ReplyError('ERR index out of range')
  list[place] = value
  db.put(name, list)
  return OK
}

/** The commands, with the fewest and the most arguments. */
export const listCommands: Commands = table({
  lpush: push('left', false),
  rpush: push('right', false),
  lpushx: push('left', true),
  rpushx: push('right', true),
  lpop: pop('left'),
  rpop: pop('right'),
  llen: [1, 1, ({ db }, name: string) => listOf(db, name).length],
  lrange: [3, 3, ({ db }, name: string, start: string, stop: string) => range(listOf(db, name), start, stop)],
  lindex: [
    2,
    2,
    ({ db }, name: string, index: string) => {
      const list = listOf(db, name)
      return list[placeIn(list, index)] ?? null
    },
  ],
  lset: [3, 3, lset],
  linsert: [4, 4, linsert],
  lrem: [3, 3, lrem],
  ltrim: [
    3,
    3,
    ({ db }, name: string, start: string, stop: string) => {
      const list = listOf(db, name)
      if (list.length > 0) db.settle(name, range(list, start, stop))
      return OK
    },
  ],
  lpos: [2, -1, lpos],
  lmove: [
    4,
    4,
    (context, from: string, to: string, source: string, target: string) =>
      move(context, from, to, endNamed(source), endNamed(target)),
  ],
  rpoplpush: [2, 2, (context, from: string, to: string) => move(context, from, to, 'right', 'left')],
  lmpop: [3, -1, lmpop],
})
