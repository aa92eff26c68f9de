/**
 * The exchange of names as Lua can do it: one `gsub` says whether a name belongs to a family, and gives its other name.
 *
 * It may take too few names for its own, which the mapper then finds; it must never take one too many.
 *
 * @module
 */
import type { Exchange, Spelling } from '../../schema/index.js'

/** Lua: `name:gsub(from, to)` makes one replacement where the name is of this kind, and none elsewhere. Bytes as latin1. */
export interface Replacement {
  readonly from: string
  readonly to: string
}

/** `gsub` numbers captures with one digit. */
const MOST_HOLES = 9

const escapedPattern = (text: string): string => text.replace(/[\^$()%.[\]*+\-?]/g, '%$&')
const escapedReplacement = (text: string): string => text.replaceAll('%', '%%')

/**
 * From the names of one side to those of the other; undefined where Lua cannot say it.
 *
 * @param prefix What stands before every name as stored.
 */
export function replacementOf(prefix: string, from: Spelling, to: Spelling): Replacement | undefined {
  // A pattern of Lua 5.1 ends at a zero byte.
  if (from.params.length > MOST_HOLES || [prefix, ...from.pieces, ...from.ends].some((text) => text.includes('\0'))) {
    return undefined
  }
  const endIn = (spelling: Spelling, param: number): string => spelling.ends[spelling.params.indexOf(param)]!
  // A value that holds what ends the hole, on either side, is left to the mapper.
  const holes = from.params.map((param) => `([^:${escapedPattern(endIn(from, param) + endIn(to, param))}]+)`)
  const [first = '', ...pieces] = from.pieces
  const [begin = '', ...others] = to.pieces
  return {
    from: `^${escapedPattern(prefix + first)}${pieces.map((text, i) => holes[i]! + escapedPattern(text)).join('')}$`,
    to:
      escapedReplacement(prefix + begin) +
      others.map((text, i) => `%${from.params.indexOf(to.params[i]!) + 1}${escapedReplacement(text)}`).join(''),
  }
}

/** Both ways of a family. */
export function replacementsOf(
  prefix: string,
  { alias, canonical }: Exchange,
): Record<'a' | 'c', Replacement> | undefined {
  const [a, c] = [replacementOf(prefix, alias, canonical), replacementOf(prefix, canonical, alias)]
  return a && c && { a, c }
}
