/**
 * Families whose names can be told from one another without the matcher: the texts around free holes are exchanged, and
 * nothing else. What is said of them here can be worked out anywhere, in a script on the server for one.
 *
 * @module
 */
import { FREE } from './constraint.js'
import type { Family, Rule } from './rule.js'
import { piecesOf, slotsOf } from './segment.js'

/** How names of one side are spelled, as bytes (latin1). */
export interface Spelling {
  /** The literal texts around the holes, one more than there are holes. */
  readonly pieces: readonly string[]
  /** Which canonical parameter stands in each hole. */
  readonly params: readonly number[]
  /** The one character that ends each hole within its segment; empty where the hole reaches to the end of it. */
  readonly ends: readonly string[]
}

/** One alias for one canonical name. */
export interface Exchange {
  readonly canonical: Spelling
  readonly alias: Spelling
  /** The other database of the alias. */
  readonly db: number | undefined
}

/**
 * The exchange that a family is; undefined where there is more to it: several aliases, a constraint, a value that is
 * renamed or left out, names that belong to a more specific rule.
 */
export function exchangeOf({ canonical, aliases }: Family): Exchange | undefined {
  const [alias] = aliases
  if (alias === undefined || aliases.length > 1) return undefined
  const [to, from] = [spellingOf(canonical), spellingOf(alias)]
  // One and the same name in two databases: nothing is exchanged.
  if (to === undefined || from === undefined || canonical.pattern.source === alias.pattern.source) return undefined
  return { canonical: to, alias: from, db: alias.db }
}

function spellingOf({ segments, sources, fixed, fillings, contested }: Rule): Spelling | undefined {
  const slots = slotsOf(segments)
  const isPlain = slots.every(({ rest, until, domain }) => !rest && until.length <= 1 && domain === FREE)
  const areKept = sources.every((source) => 'slot' in source && source.rename === undefined)
  if (contested || fixed.length > 0 || !isPlain || !areKept) return undefined
  const params = fillings.map(({ param }) => param)
  return { pieces: piecesOf(segments), params, ends: slots.map(({ until }) => until) }
}
