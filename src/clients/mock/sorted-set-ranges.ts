/**
 * The commands on ranges of a sorted set, and on several of them.
 *
 * @module
 */
import {
  float,
  integer,
  isFloat,
  limitOf,
  oneOf,
  options,
  syntaxError,
  table,
  type Commands,
  type Context,
} from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { byScore, rangeOf, sortedOf, withScores, type Entry, type RangeBy } from './sorted-set.js'
import type { Database, SortedSet } from './store.js'

type Row = Parameters<typeof table>[0][string]

const limitOption = { limit: 2 } as const

const toSet = (entries: readonly Entry[]): SortedSet => new Map(entries.map((entry) => [entry.value, entry]))

function storeSet(db: Database, to: string, entries: readonly Entry[]): number {
  db.replace(to, entries.length === 0 ? undefined : toSet(entries))
  return entries.length
}

/** ZRANGE and ZRANGESTORE, which say by words what the range is about. */
function spoken(
  db: Database,
  name: string,
  start: string,
  stop: string,
  found: ReadonlyMap<string, string[]>,
): Entry[] {
  oneOf(found, 'byscore', 'bylex')
  const by: RangeBy = found.has('byscore') ? 'score' : found.has('bylex') ? 'lex' : 'rank'
  if (by === 'lex' && found.has('withscores')) {
    throw new ReplyError('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  }
  const limit = found.get('limit')
  if (limit && by === 'rank') {
    throw new ReplyError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  }
  return rangeOf(sortedOf(db, name), { by, start, stop, isReversed: found.has('rev'), limit })
}

const rangeWords = { byscore: 0, bylex: 0, rev: 0, ...limitOption } as const

function zrange({ db }: Context, name: string, start: string, stop: string, ...rest: string[]): Reply {
  const found = options(rest, { ...rangeWords, withscores: 0 })
  return shown(spoken(db, name, start, stop, found), found)
}

const shown = (entries: readonly Entry[], found: ReadonlyMap<string, unknown>): Reply =>
  found.has('withscores') ? withScores(entries) : entries.map(({ value }) => value)

/** The older commands, whose names say what the range is about. */
function named(by: RangeBy, isReversed: boolean): Row {
  return [
    3,
    -1,
    ({ db }: Context, name: string, start: string, stop: string, ...rest: string[]) => {
      const found = options(rest, by === 'rank' ? { withscores: 0 } : { withscores: 0, ...limitOption })
      return shown(rangeOf(sortedOf(db, name), { by, start, stop, isReversed, limit: found.get('limit') }), found)
    },
  ]
}

function count(by: RangeBy): Row {
  return [
    3,
    3,
    ({ db }: Context, name: string, start: string, stop: string) =>
      rangeOf(sortedOf(db, name), { by, start, stop, isReversed: false, limit: undefined }).length,
  ]
}

function remove(by: RangeBy): Row {
  return [
    3,
    3,
    ({ db }: Context, name: string, start: string, stop: string) => {
      const sorted = sortedOf(db, name)
      const gone = rangeOf(sorted, { by, start, stop, isReversed: false, limit: undefined })
      for (const { value } of gone) sorted.delete(value)
      if (gone.length > 0) db.settle(name, sorted)
      return gone.length
    },
  ]
}

// --- several sorted sets (or sets, whose members count 1)

/** Scores of a member, by the place of the source it stands in. */
type Scores = readonly (number | undefined)[]

const joins: Readonly<Record<'zunion' | 'zinter' | 'zdiff', (scores: Scores) => boolean>> = {
  zunion: () => true,
  zinter: (scores) => scores.every((score) => score !== undefined),
  zdiff: ([first, ...others]) => first !== undefined && others.every((score) => score === undefined),
}

const aggregates: Readonly<Record<string, (a: number, b: number) => number>> = {
  // inf + -inf is 0 in Redis.
  sum: (a, b) => (Number.isNaN(a + b) ? 0 : a + b),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
}

function sourceOf(db: Database, name: string): ReadonlyMap<string, number> {
  const value = db.get(name)
  if (value instanceof Set) return new Map([...value].map((member) => [member, 1]))
  return new Map([...sortedOf(db, name).values()].map((entry) => [entry.value, entry.score]))
}

function weight(text: string): number {
  if (!isFloat(text)) throw new ReplyError('ERR weight value is not a float')
  return float(text)
}

function joined(
  { db }: Context,
  kind: keyof typeof joins,
  amount: string,
  rest: string[],
  more: Record<string, number>,
) {
  const size = integer(amount)
  if (size < 1) throw new ReplyError(`ERR at least 1 input key is needed for '${kind}' command`)
  if (size > rest.length) throw syntaxError()
  const names = rest.slice(0, size)
  const found = options(rest.slice(size), kind === 'zdiff' ? more : { ...more, weights: size, aggregate: 1 })
  const aggregate = aggregates[(found.get('aggregate')?.[0] ?? 'sum').toLowerCase()]
  if (aggregate === undefined) throw syntaxError()
  const weights = found.get('weights')?.map(weight)
  const sources = names.map((name) => sourceOf(db, name))
  const entries: Entry[] = []
  for (const value of new Set(sources.flatMap((source) => [...source.keys()]))) {
    const scores = sources.map((source, at) => {
      const score = source.get(value)
      return score === undefined ? undefined : score * (weights?.[at] ?? 1)
    })
    if (!joins[kind](scores)) continue
    const present = scores.filter((score) => score !== undefined)
    entries.push({ value, score: kind === 'zdiff' ? (present[0] as number) : present.reduce(aggregate) })
  }
  return { entries: entries.sort(byScore), found }
}

const algebra = Object.fromEntries(
  (Object.keys(joins) as (keyof typeof joins)[]).flatMap((kind): [string, Row][] => [
    [
      kind,
      [
        2,
        -1,
        (context: Context, amount: string, ...rest: string[]) => {
          const { entries, found } = joined(context, kind, amount, rest, { withscores: 0 })
          return shown(entries, found)
        },
      ],
    ],
    [
      `${kind}store`,
      [
        3,
        -1,
        (context: Context, to: string, amount: string, ...rest: string[]) =>
          storeSet(context.db, to, joined(context, kind, amount, rest, {}).entries),
      ],
    ],
  ]),
)

function zintercard(context: Context, amount: string, ...rest: string[]): Reply {
  const { entries, found } = joined(context, 'zinter', amount, rest, { limit: 1 })
  return Math.min(limitOf(found), entries.length)
}

/** The commands, with the fewest and the most arguments. */
export const sortedSetRangeCommands: Commands = table({
  ...algebra,
  zintercard: [2, -1, zintercard],
  zrange: [3, -1, zrange],
  zrangestore: [
    4,
    -1,
    ({ db }, to: string, from: string, start: string, stop: string, ...rest: string[]) =>
      storeSet(db, to, spoken(db, from, start, stop, options(rest, rangeWords))),
  ],
  zrevrange: named('rank', true),
  zrangebyscore: named('score', false),
  zrevrangebyscore: named('score', true),
  zrangebylex: named('lex', false),
  zrevrangebylex: named('lex', true),
  zcount: count('score'),
  zlexcount: count('lex'),
  zremrangebyrank: remove('rank'),
  zremrangebyscore: remove('score'),
  zremrangebylex: remove('lex'),
})
