/**
 * Commands about keys whatever they hold: existence, expiry, copying, scanning.
 *
 * @module
 */
import {
  cursorOf,
  flushesAll,
  glob,
  integer,
  options,
  syntaxError,
  table,
  type Commands,
  type Context,
} from './command.js'
import { OK, ReplyError, Status, type Reply } from './resp.js'
import { clone, typeOf, type Value } from './store.js'

type Row = Parameters<typeof table>[0][string]

const count = (args: readonly string[], each: (name: string) => boolean): number => args.filter(each).length

const remove: Row = [
  1,
  -1,
  ({ db }, ...names: string[]) => count(names, (name) => db.get(name) !== undefined && db.remove(name)),
]

/** What EXPIRE and its sisters share; `toTime` gives milliseconds since 1970. */
function expire(command: string, toTime: (amount: number) => number): Row {
  const conditions: Readonly<Record<string, (old: number | undefined, at: number) => boolean>> = {
    nx: (old) => old === undefined,
    xx: (old) => old !== undefined,
    gt: (old, at) => old !== undefined && at > old,
    lt: (old, at) => old === undefined || at < old,
  }
  const run = ({ db }: Context, name: string, amount: string, ...words: string[]): Reply => {
    const wanted = new Set(words.map((word) => word.toLowerCase()))
    const unknown = words.find((word) => !(word.toLowerCase() in conditions))
    if (unknown !== undefined) throw new ReplyError(`ERR Unsupported option ${unknown}`)
    if (wanted.has('nx') && wanted.size > 1) {
      throw new ReplyError('ERR NX and XX, GT or LT options at the same time are not compatible')
    }
    if (wanted.has('gt') && wanted.has('lt')) {
      throw new ReplyError('ERR GT and LT options at the same time are not compatible')
    }
    const at = toTime(integer(amount))
    if (Math.abs(at) >= 2 ** 63) throw new ReplyError(`ERR invalid expire time in '${command}' command`)
    if (db.get(name) === undefined) return 0
    for (const word of wanted) if (!conditions[word]?.(db.expiryOf(name), at)) return 0
    if (at <= Date.now()) db.remove(name)
    else db.setExpiry(name, at)
    return 1
  }
  return [2, -1, run]
}

/** What TTL and its sisters share. */
function left(from: (at: number) => number): Row {
  return [
    1,
    1,
    ({ db }, name: string) => {
      if (db.get(name) === undefined) return -2
      const at = db.expiryOf(name)
      return at === undefined ? -1 : from(at)
    },
  ]
}

function rename({ db }: Context, from: string, to: string): void {
  const value = db.get(from)
  if (value === undefined) throw new ReplyError('ERR no such key')
  const expiry = db.expiryOf(from)
  db.remove(from)
  db.put(to, value)
  db.setExpiry(to, expiry)
}

function copy(context: Context, from: string, to: string, ...rest: string[]): Reply {
  const found = options(rest, { replace: 0, db: 1 })
  const [other] = found.get('db') ?? []
  const target = other === undefined ? context.db : context.database(other)
  if (target === context.db && from === to) throw new ReplyError('ERR source and destination objects are the same')
  const value = context.db.get(from)
  if (value === undefined || (target.get(to) !== undefined && !found.has('replace'))) return 0
  target.put(to, clone(value))
  target.setExpiry(to, context.db.expiryOf(from))
  return 1
}

/** To another database, where nothing of that name may lie. */
function move(context: Context, name: string, index: string): Reply {
  if (!/^(?:0|-?[1-9]\d*)$/.test(index)) throw new ReplyError('ERR value is not an integer or out of range')
  const target = context.database(index)
  if (target === context.db) throw new ReplyError('ERR source and destination objects are the same')
  const value = context.db.get(name)
  if (value === undefined || target.get(name) !== undefined) return 0
  const expiry = context.db.expiryOf(name)
  context.db.remove(name)
  target.put(name, value)
  target.setExpiry(name, expiry)
  return 1
}

function scan({ db }: Context, cursor: string, ...rest: string[]): Reply {
  const found = options(rest, { match: 1, count: 1, type: 1 })
  const [pages] = found.get('count') ?? ['10']
  const [pattern = '*'] = found.get('match') ?? []
  const [type] = found.get('type') ?? []
  const matches = glob(pattern)
  if (integer(pages) < 1) throw syntaxError()
  const [next, names] = db.scan(cursorOf(cursor), integer(pages))
  const wanted = names.filter((name) => {
    return matches.test(name) && (type === undefined || typeOf(db.get(name) as Value) === type.toLowerCase())
  })
  return [String(next), wanted]
}

function now(): Reply {
  const ms = Date.now()
  return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)]
}

/** The commands, with the fewest and the most arguments. */
export const keyCommands: Commands = table({
  del: remove,
  unlink: remove,
  exists: [1, -1, ({ db }, ...names: string[]) => count(names, (name) => db.get(name) !== undefined)],
  touch: [1, -1, ({ db }, ...names: string[]) => count(names, (name) => db.get(name) !== undefined)],
  type: [
    1,
    1,
    ({ db }, name: string) => {
      const value = db.get(name)
      return new Status(value === undefined ? 'none' : typeOf(value))
    },
  ],
  expire: expire('expire', (seconds) => Date.now() + seconds * 1000),
  pexpire: expire('pexpire', (ms) => Date.now() + ms),
  expireat: expire('expireat', (seconds) => seconds * 1000),
  pexpireat: expire('pexpireat', (ms) => ms),
  ttl: left((at) => Math.round((at - Date.now()) / 1000)),
  pttl: left((at) => at - Date.now()),
  expiretime: left((at) => Math.round(at / 1000)),
  pexpiretime: left((at) => at),
  persist: [
    1,
    1,
    ({ db }, name: string) => {
      if (db.get(name) === undefined || db.expiryOf(name) === undefined) return 0
      db.setExpiry(name, undefined)
      return 1
    },
  ],
  rename: [
    2,
    2,
    (context, from: string, to: string) => {
      rename(context, from, to)
      return OK
    },
  ],
  renamenx: [
    2,
    2,
    (context, from: string, to: string) => {
      if (context.db.get(from) !== undefined && context.db.get(to) !== undefined) return 0
      rename(context, from, to)
      return 1
    },
  ],
  copy: [2, 5, copy],
  move: [2, 2, move],
  scan: [1, -1, scan],
  keys: [
    1,
    1,
    ({ db }, pattern: string) => {
      const matches = glob(pattern)
      return db.names().filter((name) => matches.test(name))
    },
  ],
  randomkey: [
    0,
    0,
    ({ db }) => {
      const names = db.names()
      return names[Math.floor(Math.random() * names.length)] ?? null
    },
  ],
  time: [0, 0, now],
  echo: [1, 1, (_context, text: string) => text],
  dbsize: [0, 0, ({ db }) => db.size],
  flushdb: [
    0,
    -1,
    ({ db }, ...words: string[]) => {
      flushesAll(words)
      db.clear()
      return OK
    },
  ],
})
