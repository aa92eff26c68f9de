/**
 * Sorted sets: their order, and ranges of them by rank, score or bytes.
 *
 * @module
 */
import { float, integer, range } from './command.js'
import { ReplyError } from './resp.js'
import type { Database, SortedSet } from './store.js'

/** One member. */
export type Entry = SortedSet extends Map<string, infer E> ? E : never

/** What lies under a name; empty if nothing does. */
export const sortedOf = (db: Database, name: string): SortedSet => db.typed(name, 'zset') ?? new Map<string, never>()

/** By score, then by bytes, as Redis orders them. */
export const byScore = (a: Entry, b: Entry): number => a.score - b.score || (a.value < b.value ? -1 : 1)

/** Integers up to here are written in full. */
const PLAIN = 2 ** 62

/** A score as Redis 7.2 and Valkey write it, in the fewest digits that mean it; 7.0 writes 17 of them. */
export function scoreText(score: number): string {
  if (!Number.isFinite(score)) return score > 0 ? 'inf' : '-inf'
  if (Number.isInteger(score) && Math.abs(score) < PLAIN) return BigInt(score).toString()
  const [, sign = '', digits = '', power = ''] = /^(-?)([\d.]+)e(.*)$/.exec(score.toExponential()) ?? []
  const exponent = Number(power)
  const count = digits.replace('.', '').length
  const last = exponent - count + 1
  if (last >= 0 && exponent < count + 7) return `${sign}${digits.replace('.', '')}${'0'.repeat(last)}`
  if (last < 0 && (last > -7 || Math.abs(exponent) < 4)) {
    return `${sign}${Math.abs(score).toFixed(-last)}`
  }
  return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

/** Members and scores in turn. */
export const withScores = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ value, score }) => [value, scoreText(score)])

/** What two limits of a range are about. */
export type RangeBy = 'rank' | 'score' | 'lex'

/** A range as a command asks for it. `start` and `stop` stand in the order of the result. */
export interface RangeAsked {
  readonly by: RangeBy
  readonly start: string
  readonly stop: string
  readonly isReversed: boolean
  readonly limit: readonly string[] | undefined
}

/** The members of a range, in order. @throws ReplyError */
export function rangeOf(sorted: SortedSet, { by, start, stop, isReversed, limit }: RangeAsked): Entry[] {
  const all = [...sorted.values()].sort(byScore)
  if (isReversed) all.reverse()
  if (by === 'rank') return range(all, start, stop)
  const [low, high] = isReversed ? [stop, start] : [start, stop]
  const isInside = by === 'score' ? insideScores(low, high) : insideBytes(low, high)
  const found = all.filter(isInside)
  if (limit === undefined) return found
  const [offset, count] = limit.map(integer) as [number, number]
  if (offset < 0) return []
  return count < 0 ? found.slice(offset) : found.slice(offset, offset + count)
}

function insideScores(low: string, high: string): (entry: Entry) => boolean {
  const [min, max] = [low, high].map((text) => {
    try {
      return { score: float(text.replace(/^\(/, '')), isOpen: text.startsWith('(') }
    } catch {
      throw new ReplyError('ERR min or max is not a float')
    }
  }) as [{ score: number; isOpen: boolean }, { score: number; isOpen: boolean }]
  return ({ score }) =>
    (min.isOpen ? score > min.score : score >= min.score) && (max.isOpen ? score < max.score : score <= max.score)
}

function insideBytes(low: string, high: string): (entry: Entry) => boolean {
  for (const limit of [low, high]) {
    if (!/^(?:[-+]$|[[(])/.test(limit)) throw new ReplyError('ERR min or max not valid string range item')
  }
  const above = (value: string): boolean =>
    low === '-' || (low !== '+' && (low.startsWith('(') ? value > low.slice(1) : value >= low.slice(1)))
  const below = (value: string): boolean =>
    high === '+' || (high !== '-' && (high.startsWith('(') ? value < high.slice(1) : value <= high.slice(1)))
  return ({ value }) => above(value) && below(value)
}
