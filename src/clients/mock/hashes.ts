/**
 * The commands on hashes. Fields do not expire here.
 *
 * @module
 */
import {
  addFloats,
  draw,
  float,
  inInt64,
  int64,
  integer,
  isFloat,
  isInt64,
  page,
  pairs,
  syntaxError,
  table,
  type Commands,
  type Context,
} from './command.js'
import { OK, ReplyError, type Reply } from './resp.js'
import type { Database, Hash } from './store.js'

const hashOf = (db: Database, name: string): Hash => db.typed(name, 'hash') ?? (Object.create(null) as Hash)

function hset({ db }: Context, name: string, ...rest: string[]): number {
  if (rest.length % 2 !== 0) throw new ReplyError("ERR wrong number of arguments for 'hset' command")
  const hash = hashOf(db, name)
  let added = 0
  for (const [field, value] of pairs(rest)) {
    if (!(field in hash)) added++
    hash[field] = value
  }
  db.put(name, hash)
  return added
}

function hincrby({ db }: Context, name: string, field: string, amount: string): bigint {
  const hash = hashOf(db, name)
  const step = int64(amount)
  if (!isInt64(hash[field] ?? '0')) throw new ReplyError('ERR hash value is not an integer')
  const next = inInt64(int64(hash[field] ?? '0') + step)
  hash[field] = String(next)
  db.put(name, hash)
  return next
}

function hincrbyfloat({ db }: Context, name: string, field: string, amount: string): string {
  const hash = hashOf(db, name)
  float(amount)
  if (!isFloat(hash[field] ?? '0')) throw new ReplyError('ERR hash value is not a float')
  const next = addFloats(hash[field] ?? '0', amount)
  hash[field] = next
  db.put(name, hash)
  return next
}

function hrandfield({ db }: Context, name: string, amount?: string, word?: string): Reply {
  const hash = hashOf(db, name)
  const fields = Object.keys(hash)
  if (amount === undefined) return draw(fields, 1)[0] ?? null
  if (word !== undefined && word.toLowerCase() !== 'withvalues') throw syntaxError()
  const picked = draw(fields, integer(amount))
  return word === undefined ? picked : picked.flatMap((field) => [field, hash[field] as string])
}

function hdel({ db }: Context, name: string, ...fields: string[]): Reply {
  const hash = hashOf(db, name)
  const removed = fields.filter((field) => field in hash && delete hash[field]).length
  if (removed > 0) db.settle(name, hash)
  return removed
}

/** The commands, with the fewest and the most arguments. */
export const hashCommands: Commands = table({
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
  hincrbyfloat: [3, 3, hincrbyfloat],
  hrandfield: [1, 3, hrandfield],
  hscan: [
    2,
    -1,
    ({ db }, name: string, cursor: string, ...rest: string[]) =>
      page(Object.entries(hashOf(db, name)), cursor, rest, ([field]) => field),
  ],
  hdel: [2, -1, hdel],
})
