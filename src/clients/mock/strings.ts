/**
 * The commands on strings.
 *
 * @module
 */
import {
  addFloats,
  inInt64,
  int64,
  integer,
  MIN_INT64,
  oneOf,
  options,
  pairs,
  table,
  type Commands,
  type Context,
} from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'

const times: Readonly<Record<string, (amount: number) => number>> = {
  ex: (seconds) => Date.now() + seconds * 1000,
  px: (ms) => Date.now() + ms,
  exat: (seconds) => seconds * 1000,
  pxat: (ms) => ms,
}

const timeOptions = Object.fromEntries(Object.keys(times).map((name) => [name, 1]))

function expiryOf(found: ReadonlyMap<string, string[]>, command: string): number | undefined {
  for (const [name, toTime] of Object.entries(times)) {
    const amount = found.get(name)?.[0]
    if (amount === undefined) continue
    if (integer(amount) <= 0) throw new ReplyError(`ERR invalid expire time in '${command}' command`)
    return toTime(integer(amount))
  }
  return undefined
}

function set({ db }: Context, name: string, value: string, ...rest: string[]): Reply {
  const found = options(rest, { nx: 0, xx: 0, get: 0, keepttl: 0, ...timeOptions })
  oneOf(found, 'nx', 'xx')
  oneOf(found, 'keepttl', ...Object.keys(times))
  const old = found.has('get') ? (db.typed(name, 'string') ?? null) : null
  const exists = db.get(name) !== undefined
  if ((found.has('nx') && exists) || (found.has('xx') && !exists)) return old
  const expiry = found.has('keepttl') ? db.expiryOf(name) : expiryOf(found, 'set')
  db.put(name, value)
  db.setExpiry(name, expiry)
  return found.has('get') ? old : OK
}

const setUntil =
  (command: string, unit: 'ex' | 'px') =>
  ({ db }: Context, name: string, amount: string, value: string): Reply => {
    const expiry = expiryOf(new Map([[unit, [amount]]]), command)
    db.put(name, value)
    db.setExpiry(name, expiry)
    return OK
  }

function getex({ db }: Context, name: string, ...rest: string[]): Reply {
  const found = options(rest, { persist: 0, ...timeOptions })
  oneOf(found, 'persist', ...Object.keys(times))
  const value = db.typed(name, 'string')
  if (value === undefined) return null
  if (found.size > 0) db.setExpiry(name, expiryOf(found, 'getex'))
  db.get(name)
  return value
}

function add({ db }: Context, name: string, amount: bigint): bigint {
  const next = inInt64(int64(db.typed(name, 'string') ?? '0') + amount)
  db.put(name, String(next))
  return next
}

function decrby(context: Context, name: string, amount: string): bigint {
  // The smallest number has no opposite.
  if (int64(amount) === MIN_INT64) throw new ReplyError('ERR decrement would overflow')
  return add(context, name, -int64(amount))
}

function incrbyfloat({ db }: Context, name: string, amount: string): string {
  const next = addFloats(db.typed(name, 'string') ?? '0', amount)
  db.put(name, next)
  return next
}

function slice(value: string, start: string, end: string): string {
  const [from, upto] = [integer(start), integer(end)].map((at) => (at < 0 ? Math.max(0, value.length + at) : at)) as [
    number,
    number,
  ]
  // Both before the beginning: nothing, and not the first byte.
  if (integer(start) < 0 && integer(end) < 0 && integer(start) > integer(end)) return ''
  return value.slice(from, upto + 1)
}

function setrange({ db }: Context, name: string, offset: string, value: string): Reply {
  const old = db.typed(name, 'string') ?? ''
  const at = integer(offset)
  if (at < 0) throw new ReplyError('ERR offset is out of range')
  if (value === '') return old.length
  const next = old.slice(0, at).padEnd(at, '\0') + value + old.slice(at + value.length)
  db.put(name, next)
  return next.length
}

function msetnx(context: Context, ...rest: string[]): Reply {
  if (rest.length % 2 !== 0) throw new ReplyError("ERR wrong number of arguments for 'msetnx' command")
  const all = pairs(rest)
  if (all.some(([name]) => context.db.get(name) !== undefined)) return 0
  for (const [name, value] of all) set(context, name, value)
  return 1
}

function getOrNull(db: Database, name: string): Reply {
  return db.typed(name, 'string') ?? null
}

/** The commands, with the fewest and the most arguments. */
export const stringCommands: Commands = table({
  get: [1, 1, ({ db }, name: string) => getOrNull(db, name)],
  set: [2, -1, set],
  setex: [3, 3, setUntil('setex', 'ex')],
  psetex: [3, 3, setUntil('psetex', 'px')],
  setnx: [2, 2, (context, name: string, value: string) => (set(context, name, value, 'NX') === OK ? 1 : 0)],
  getset: [2, 2, (context, name: string, value: string) => set(context, name, value, 'GET')],
  getex: [1, -1, getex],
  getdel: [
    1,
    1,
    ({ db }, name: string) => {
      const value = getOrNull(db, name)
      db.remove(name)
      return value
    },
  ],
  mget: [
    1,
    -1,
    ({ db }, ...names: string[]) => {
      return names.map((name) => {
        const value = db.get(name)
        return typeof value === 'string' ? value : null
      })
    },
  ],
  mset: [
    2,
    -1,
    (context, ...rest: string[]) => {
      if (rest.length % 2 !== 0) throw new ReplyError("ERR wrong number of arguments for 'mset' command")
      for (const [name, value] of pairs(rest)) set(context, name, value)
      return OK
    },
  ],
  msetnx: [2, -1, msetnx],
  strlen: [1, 1, ({ db }, name: string) => (db.typed(name, 'string') ?? '').length],
  append: [
    2,
    2,
    ({ db }, name: string, value: string) => {
      const next = (db.typed(name, 'string') ?? '') + value
      db.put(name, next)
      return next.length
    },
  ],
  getrange: [
    3,
    3,
    ({ db }, name: string, start: string, end: string) => slice(db.typed(name, 'string') ?? '', start, end),
  ],
  substr: [
    3,
    3,
    ({ db }, name: string, start: string, end: string) => slice(db.typed(name, 'string') ?? '', start, end),
  ],
  setrange: [3, 3, setrange],
  incr: [1, 1, (context, name: string) => add(context, name, 1n)],
  decr: [1, 1, (context, name: string) => add(context, name, -1n)],
  incrby: [2, 2, (context, name: string, amount: string) => add(context, name, int64(amount))],
  decrby: [2, 2, decrby],
  incrbyfloat: [2, 2, incrbyfloat],
})
