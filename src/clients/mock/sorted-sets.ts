/**
 * The commands on one sorted set.
 *
 * @module
 */
import {
  draw,
  float,
  integer,
  popArguments,
  page,
  pairs,
  syntaxError,
  table,
  type Commands,
  type Context,
} from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { byScore, scoreText, sortedOf, withScores, type Entry } from './sorted-set.js'
import type { Database, SortedSet } from './store.js'

function refuseTogether(flags: ReadonlySet<string>): void {
  if (flags.has('nx') && flags.has('xx')) {
    throw new ReplyError('ERR XX and NX options at the same time are not compatible')
  }
  if (['nx', 'gt', 'lt'].filter((flag) => flags.has(flag)).length > 1) {
    throw new ReplyError('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
}

function zadd({ db }: Context, name: string, ...rest: string[]): Reply {
  const flags = new Set<string>()
  while (/^(nx|xx|gt|lt|ch|incr)$/i.test(rest[0] ?? '')) flags.add((rest.shift() as string).toLowerCase())
  if (rest.length === 0 || rest.length % 2 !== 0) throw syntaxError()
  refuseTogether(flags)
  if (flags.has('incr') && rest.length > 2) {
    throw new ReplyError('ERR INCR option supports a single increment-element pair')
  }
  const sorted = sortedOf(db, name)
  const entries = pairs(rest).map(([amount, value]) => [float(amount), value] as const)
  let added = 0
  let changed = 0
  let score: number | undefined
  for (const [amount, value] of entries) {
    const old = sorted.get(value)
    const next = amount + (flags.has('incr') ? (old?.score ?? 0) : 0)
    if (old ? flags.has('nx') : flags.has('xx')) continue
    if (Number.isNaN(next)) throw new ReplyError('ERR resulting score is not a number (NaN)')
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

export type Before = (a: Entry, b: Entry) => number

/** The least members by `before`, without sorting the rest: a queue of thousands is popped for every job. */
export function popEntries(db: Database, name: string, count: number, before: Before): Entry[] {
  const sorted = sortedOf(db, name)
  const picked: Entry[] = []
  while (picked.length < count && sorted.size > 0) {
    let best: Entry | undefined
    for (const entry of sorted.values()) if (best === undefined || before(entry, best) < 0) best = entry
    if (best === undefined) break
    sorted.delete(best.value)
    picked.push(best)
  }
  if (picked.length > 0) db.settle(name, sorted)
  return picked
}

export const least: Before = byScore
export const greatest: Before = (a, b) => byScore(b, a)

function pop({ db }: Context, name: string, amount: string | undefined, before: Before): Reply {
  const count = amount === undefined ? 1 : integer(amount)
  if (count < 0) throw new ReplyError('ERR value is out of range, must be positive')
  return withScores(popEntries(db, name, count, before))
}

export function zmpop({ db }: Context, count: string, ...rest: string[]): Reply {
  const { names, where, size } = popArguments(count, rest)
  const before = { min: least, max: greatest }[where.toLowerCase()]
  if (before === undefined) throw syntaxError()
  const name = names.find((one) => sortedOf(db, one).size > 0)
  if (name === undefined) return null
  return [name, popEntries(db, name, size, before).map(({ value, score }) => [value, scoreText(score)])]
}

function zrem({ db }: Context, name: string, ...members: string[]): number {
  const sorted = sortedOf(db, name)
  const removed = members.filter((member) => sorted.delete(member)).length
  if (removed > 0) db.settle(name, sorted)
  return removed
}

function zrank(db: Database, name: string, member: string, turned: boolean): Reply {
  const all = [...sortedOf(db, name).values()].sort(byScore)
  if (turned) all.reverse()
  const rank = all.findIndex((entry) => entry.value === member)
  return rank === -1 ? null : rank
}

function zincrby({ db }: Context, name: string, amount: string, value: string): string {
  const sorted = sortedOf(db, name)
  const score = (sorted.get(value)?.score ?? 0) + float(amount)
  if (Number.isNaN(score)) throw new ReplyError('ERR resulting score is not a number (NaN)')
  sorted.set(value, { score, value })
  db.put(name, sorted)
  return scoreText(score)
}

function zrandmember({ db }: Context, name: string, amount?: string, word?: string): Reply {
  const all = [...sortedOf(db, name).values()]
  if (amount === undefined) return draw(all, 1)[0]?.value ?? null
  if (word !== undefined && word.toLowerCase() !== 'withscores') throw syntaxError()
  const picked = draw(all, integer(amount))
  return word === undefined ? picked.map(({ value }) => value) : withScores(picked)
}

const scoreOf = (sorted: SortedSet, member: string): Reply => {
  const entry = sorted.get(member)
  return entry ? scoreText(entry.score) : null
}

/** The commands, with the fewest and the most arguments. */
export const sortedSetCommands: Commands = table({
  zadd: [3, -1, zadd],
  zrem: [2, -1, zrem],
  zcard: [1, 1, ({ db }, name: string) => sortedOf(db, name).size],
  zscore: [2, 2, ({ db }, name: string, member: string) => scoreOf(sortedOf(db, name), member)],
  zmscore: [
    2,
    -1,
    ({ db }, name: string, ...members: string[]) => members.map((member) => scoreOf(sortedOf(db, name), member)),
  ],
  zincrby: [3, 3, zincrby],
  zpopmin: [1, 2, (context, name: string, amount?: string) => pop(context, name, amount, least)],
  zpopmax: [1, 2, (context, name: string, amount?: string) => pop(context, name, amount, greatest)],
  zmpop: [3, -1, zmpop],
  zrank: [2, 2, ({ db }, name: string, member: string) => zrank(db, name, member, false)],
  zrevrank: [2, 2, ({ db }, name: string, member: string) => zrank(db, name, member, true)],
  zrandmember: [1, 3, zrandmember],
  zscan: [
    2,
    -1,
    ({ db }, name: string, cursor: string, ...rest: string[]) =>
      page(
        [...sortedOf(db, name).values()].sort(byScore).map(({ value, score }) => [value, scoreText(score)] as const),
        cursor,
        rest,
        ([member]) => member,
      ),
  ],
})
