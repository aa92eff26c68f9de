/**
 * The commands on strings, hashes, sets and sorted sets that the library and the demo live on. The mock's own copy the
 * whole value for each call, sort a whole sorted set to pop one member, and leave empty collections behind.
 *
 * @module
 */
import { float, integer, options, pairs, range, syntaxError, table, type Commands, type Context } from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import type { Database, Hash, SortedSet } from './store.js'

// --- strings

function set({ db }: Context, name: string, value: string, ...rest: string[]): Reply {
  const found = options(rest, { nx: 0, xx: 0, get: 0, keepttl: 0, ex: 1, px: 1, exat: 1, pxat: 1 })
  const old = found.has('get') ? (db.typed(name, 'string') ?? null) : null
  const exists = db.get(name) !== undefined
  if ((found.has('nx') && exists) || (found.has('xx') && !exists)) return old
  const expiry = found.has('keepttl') ? db.expiryOf(name) : expiryOf(found)
  db.put(name, value)
  db.setExpiry(name, expiry)
  return found.has('get') ? old : OK
}

function expiryOf(found: ReadonlyMap<string, string[]>): number | undefined {
  const times: Record<string, (amount: number) => number> = {
    ex: (seconds) => Date.now() + seconds * 1000,
    px: (ms) => Date.now() + ms,
    exat: (seconds) => seconds * 1000,
    pxat: (ms) => ms,
  }
  for (const [name, toTime] of Object.entries(times)) {
    const amount = found.get(name)?.[0]
    if (amount === undefined) continue
    if (integer(amount) <= 0) throw new ReplyError("ERR invalid expire time in 'set' command")
    return toTime(integer(amount))
  }
  return undefined
}

function add({ db }: Context, name: string, amount: number): number {
  const next = integer(db.typed(name, 'string') ?? '0') + amount
  db.put(name, String(next))
  return next
}

// --- hashes

const hashOf = (db: Database, name: string): Hash => db.typed(name, 'hash') ?? (Object.create(null) as Hash)

function hset({ db }: Context, name: string, ...rest: string[]): number {
  const hash = hashOf(db, name)
  let added = 0
  for (const [field, value] of pairs(rest)) {
    if (!(field in hash)) added++
    hash[field] = value
  }
  db.put(name, hash)
  return added
}

function hincrby({ db }: Context, name: string, field: string, amount: string): number {
  const hash = hashOf(db, name)
  const next = integer(hash[field] ?? '0') + integer(amount)
  hash[field] = String(next)
  db.put(name, hash)
  return next
}

// --- lists (the mock has the others)

function lrange({ db }: Context, name: string, start: string, stop: string): Reply {
  return range((db.typed(name, 'list') ?? []) as string[], start, stop)
}

// --- sets

const setOf = (db: Database, name: string): Set<string> => db.typed(name, 'set') ?? new Set<string>()

function sadd({ db }: Context, name: string, ...members: string[]): number {
  const found = setOf(db, name)
  const before = found.size
  for (const member of members) found.add(member)
  db.put(name, found)
  return found.size - before
}

function srem({ db }: Context, name: string, ...members: string[]): number {
  const found = setOf(db, name)
  const removed = members.filter((member) => found.delete(member)).length
  if (removed > 0) db.settle(name, found)
  return removed
}

function spop({ db }: Context, name: string, amount?: string): Reply {
  const found = setOf(db, name)
  const picked: string[] = []
  for (let left = amount === undefined ? 1 : integer(amount); left > 0 && found.size > 0; left--) {
    const member = [...found][Math.floor(Math.random() * found.size)] as string
    found.delete(member)
    picked.push(member)
  }
  if (picked.length > 0) db.settle(name, found)
  return amount === undefined ? (picked[0] ?? null) : picked
}

// --- sorted sets

const sortedOf = (db: Database, name: string): SortedSet => db.typed(name, 'zset') ?? new Map<string, never>()

type Entry = SortedSet extends Map<string, infer E> ? E : never

/** By score, then by bytes, as Redis orders them. */
const order = (a: Entry, b: Entry): number => a.score - b.score || (a.value < b.value ? -1 : 1)

const scoreText = (score: number): string => (Number.isFinite(score) ? String(score) : score > 0 ? 'inf' : '-inf')

function zadd({ db }: Context, name: string, ...rest: string[]): Reply {
  const flags = new Set<string>()
  while (/^(nx|xx|gt|lt|ch|incr)$/i.test(rest[0] ?? '')) flags.add((rest.shift() as string).toLowerCase())
  if (rest.length === 0 || (flags.has('incr') && rest.length > 2)) throw syntaxError()
  const sorted = sortedOf(db, name)
  let added = 0
  let changed = 0
  let score: number | undefined
  for (const [amount, value] of pairs(rest)) {
    const old = sorted.get(value)
    const next = float(amount) + (flags.has('incr') ? (old?.score ?? 0) : 0)
    if (old ? flags.has('nx') : flags.has('xx')) continue
    if (old && ((flags.has('gt') && next <= old.score) || (flags.has('lt') && next >= old.score))) continue
    score = next
    if (old === undefined) added++
    else if (old.score !== next) changed++
    sorted.set(value, { score: next, value })
  }
  db.settle(name, sorted)
  if (flags.has('incr')) return score === undefined ? null : scoreText(score)
  return flags.has('ch') ? added + changed : added
}

/** The least member by `before`, without sorting the rest: a queue of thousands is popped for every job. */
function pop({ db }: Context, name: string, amount: string | undefined, before: (a: Entry, b: Entry) => number): Reply {
  const sorted = sortedOf(db, name)
  const picked: string[] = []
  for (let left = amount === undefined ? 1 : integer(amount); left > 0 && sorted.size > 0; left--) {
    let best: Entry | undefined
    for (const entry of sorted.values()) if (best === undefined || before(entry, best) < 0) best = entry
    if (best === undefined) break
    sorted.delete(best.value)
    picked.push(best.value, scoreText(best.score))
  }
  if (picked.length > 0) db.settle(name, sorted)
  return picked
}

function zrem({ db }: Context, name: string, ...members: string[]): number {
  const sorted = sortedOf(db, name)
  const removed = members.filter((member) => sorted.delete(member)).length
  if (removed > 0) db.settle(name, sorted)
  return removed
}

function zrange({ db }: Context, name: string, start: string, stop: string, ...rest: string[]): Reply {
  if (rest.some((word) => /^(byscore|bylex|limit)$/i.test(word))) {
    throw new ReplyError('ERR the embedded server has no ZRANGE with BYSCORE, BYLEX or LIMIT')
  }
  const found = options(rest, { rev: 0, withscores: 0 })
  const all = [...sortedOf(db, name).values()].sort(order)
  if (found.has('rev')) all.reverse()
  const picked = range(all, start, stop)
  return picked.flatMap(({ value, score }) => (found.has('withscores') ? [value, scoreText(score)] : [value]))
}

function zrank(db: Database, name: string, member: string, turned: boolean): Reply {
  const all = [...sortedOf(db, name).values()].sort(order)
  if (turned) all.reverse()
  const rank = all.findIndex((entry) => entry.value === member)
  return rank === -1 ? null : rank
}

function zincrby({ db }: Context, name: string, amount: string, value: string): string {
  const sorted = sortedOf(db, name)
  const score = (sorted.get(value)?.score ?? 0) + float(amount)
  sorted.set(value, { score, value })
  db.put(name, sorted)
  return scoreText(score)
}

/** The commands, with the fewest and the most arguments. */
export const valueCommands: Commands = table({
  get: [1, 1, ({ db }, name: string) => db.typed(name, 'string') ?? null],
  set: [2, -1, set],
  setex: [3, 3, (context, name: string, seconds: string, value: string) => set(context, name, value, 'EX', seconds)],
  psetex: [3, 3, (context, name: string, ms: string, value: string) => set(context, name, value, 'PX', ms)],
  setnx: [2, 2, (context, name: string, value: string) => (set(context, name, value, 'NX') === OK ? 1 : 0)],
  getdel: [
    1,
    1,
    ({ db }, name: string) => {
      const value = db.typed(name, 'string') ?? null
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
      for (const [name, value] of pairs(rest)) set(context, name, value)
      return OK
    },
  ],
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
  incr: [1, 1, (context, name: string) => add(context, name, 1)],
  decr: [1, 1, (context, name: string) => add(context, name, -1)],
  incrby: [2, 2, (context, name: string, amount: string) => add(context, name, integer(amount))],
  decrby: [2, 2, (context, name: string, amount: string) => add(context, name, -integer(amount))],

  hset: [3, -1, hset],
  hmset: [
    3,
    -1,
    (context, name: string, ...rest: string[]) => {
      hset(context, name, ...rest)
      return OK
    },
  ],
  hsetnx: [
    3,
    3,
    (context, name: string, field: string, value: string) =>
      field in hashOf(context.db, name) ? 0 : hset(context, name, field, value),
  ],
  hget: [2, 2, ({ db }, name: string, field: string) => hashOf(db, name)[field] ?? null],
  hmget: [
    2,
    -1,
    ({ db }, name: string, ...fields: string[]) => {
      const hash = hashOf(db, name)
      return fields.map((field) => hash[field] ?? null)
    },
  ],
  hgetall: [1, 1, ({ db }, name: string) => Object.entries(hashOf(db, name)).flat()],
  hkeys: [1, 1, ({ db }, name: string) => Object.keys(hashOf(db, name))],
  hvals: [1, 1, ({ db }, name: string) => Object.values(hashOf(db, name))],
  hlen: [1, 1, ({ db }, name: string) => Object.keys(hashOf(db, name)).length],
  hexists: [2, 2, ({ db }, name: string, field: string) => (field in hashOf(db, name) ? 1 : 0)],
  hstrlen: [2, 2, ({ db }, name: string, field: string) => (hashOf(db, name)[field] ?? '').length],
  hincrby: [3, 3, hincrby],
  hdel: [
    2,
    -1,
    ({ db }, name: string, ...fields: string[]) => {
      const hash = hashOf(db, name)
      const removed = fields.filter((field) => field in hash && delete hash[field]).length
      if (removed > 0) db.settle(name, hash)
      return removed
    },
  ],

  lrange: [3, 3, lrange],

  sadd: [2, -1, sadd],
  srem: [2, -1, srem],
  spop: [1, 2, spop],
  scard: [1, 1, ({ db }, name: string) => setOf(db, name).size],
  smembers: [1, 1, ({ db }, name: string) => [...setOf(db, name)]],
  sismember: [2, 2, ({ db }, name: string, member: string) => (setOf(db, name).has(member) ? 1 : 0)],
  smismember: [
    2,
    -1,
    ({ db }, name: string, ...members: string[]) => {
      const found = setOf(db, name)
      return members.map((member) => (found.has(member) ? 1 : 0))
    },
  ],

  zadd: [3, -1, zadd],
  zrem: [2, -1, zrem],
  zcard: [1, 1, ({ db }, name: string) => sortedOf(db, name).size],
  zscore: [
    2,
    2,
    ({ db }, name: string, member: string) => {
      const entry = sortedOf(db, name).get(member)
      return entry ? scoreText(entry.score) : null
    },
  ],
  zincrby: [3, 3, zincrby],
  zpopmin: [1, 2, (context, name: string, amount?: string) => pop(context, name, amount, order)],
  zpopmax: [1, 2, (context, name: string, amount?: string) => pop(context, name, amount, (a, b) => order(b, a))],
  zrange: [3, -1, zrange],
  zrank: [2, 2, ({ db }, name: string, member: string) => zrank(db, name, member, false)],
  zrevrank: [2, 2, ({ db }, name: string, member: string) => zrank(db, name, member, true)],
})
