/**
 * What can be wrong between two rules.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { toText } from './bytes.js'
import { Overlaps, type Overlap } from './overlap.js'
import { describeRule, type Family, type Rule } from './rule.js'
import { compareRank } from './segment.js'

const nameIn = (overlap: Overlap, rule: Rule): string =>
  // A guess that a predicate may refuse would be a wrong example; the pattern itself is not.
  overlap.certain
    ? `the name ${JSON.stringify(toText(overlap.text))}`
    : `a name like ${JSON.stringify(rule.pattern.source)}`

const capitalised = (sentence: string): string => sentence[0]!.toUpperCase() + sentence.slice(1)

function refuseTie(a: Rule, b: Rule, overlap: Overlap): never {
  throw new CanonicalRedisError(
    'E_AMBIGUOUS_RULES',
    `${capitalised(nameIn(overlap, a))} belongs to two rules and neither is more specific: ` +
      `${describeRule(a)} and ${describeRule(b)}.`,
    { hint: 'Change one pattern, or constrain a hole of one of them with z.enum([...]) so that they part.' },
  )
}

function refuseLostCanonical(canonical: Rule, alias: Rule, overlap: Overlap): never {
  throw new CanonicalRedisError(
    'E_NOT_IDEMPOTENT',
    `${capitalised(nameIn(overlap, canonical))} is a name of ${describeRule(canonical)}, but ${describeRule(alias)} ` +
      `is more specific and would take it for an alias.`,
    { hint: 'Change one of the two patterns: a canonical name has to map to itself.' },
  )
}

/** Two rules at one place of the trie. Fine for one family that kept its names and only moved between databases. */
function checkSamePlace(a: Rule, b: Rule, overlap: Overlap): void {
  if (a.family !== b.family || a.meaning !== b.meaning) refuseTie(a, b, overlap)
  if (a.db !== b.db) return
  throw new CanonicalRedisError(
    'E_BAD_ALIAS',
    `Family "${a.family}": ${describeRule(b)} gives the names that ${describeRule(a)} gives already: ` +
      `${nameIn(overlap, a)} is one.`,
    { hint: 'Remove the alias, or say in which database it lives: { db: 2 }.' },
  )
}

/** The rank of the first segment in which the two part decides, as it does in the trie. */
function compare(a: Rule, b: Rule): number | 'same place' {
  for (let i = 0; i < a.segments.length || i < b.segments.length; i++) {
    const left = a.segments[i]
    const right = b.segments[i]
    if (left === undefined || right === undefined) return 0
    if (left.id !== right.id) return compareRank(left, right)
  }
  return 'same place'
}

function checkPair(a: Rule, b: Rule, overlaps: Overlaps): void {
  const overlap = overlaps.between(a.segments, b.segments)
  if (overlap === undefined) return
  const order = compare(a, b)
  if (order === 'same place') return checkSamePlace(a, b, overlap)
  if (order === 0) refuseTie(a, b, overlap)
  const [winner, loser] = order < 0 ? [a, b] : [b, a]
  if (winner.side === 'alias' && loser.side === 'canonical') refuseLostCanonical(loser, winner, overlap)
  loser.contested = true
}

/** Every rule, the canonical ones first: they claim a place that an alias in another database shares. */
export const rulesOf = (families: Iterable<Family>): Rule[] => {
  const all = [...families]
  return [...all.map((family) => family.canonical), ...all.flatMap((family) => family.aliases)]
}

/**
 * Refuses rules that do not go together, and marks those that lose some names to a more specific rule.
 *
 * @throws CanonicalRedisError `E_AMBIGUOUS_RULES`, `E_NOT_IDEMPOTENT` or `E_BAD_ALIAS`, naming both rules and an
 * example.
 */
export function checkRules(families: Iterable<Family>): void {
  const rules = rulesOf(families)
  const overlaps = new Overlaps()
  rules.forEach((a, index) => {
    for (let i = index + 1; i < rules.length; i++) checkPair(a, rules[i]!, overlaps)
  })
}
