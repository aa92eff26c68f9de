/**
 * Do two patterns have a name in common, and which one? Colons cut both patterns into segments that can be compared
 * one by one; from a rest hole on, the tails are compared as a whole.
 *
 * @module
 */
import { commonText, type Choose } from './automaton.js'
import { samplesFor } from './samples.js'
import { matchSegment, suffixOf, type Segment } from './segment.js'

/** A name, or part of one, that two patterns have in common. */
export interface Overlap {
  /** As bytes. Only a guess where `certain` is false. */
  readonly text: string
  /**
   * False: a predicate stands in the way, none of the samples satisfies both sides, and nothing proves that no
   * other text does. Such an overlap has to be taken for real.
   */
  readonly certain: boolean
}

/** The texts of a segment whose texts can be listed. */
function textsOf(segment: Segment): Iterable<string> | undefined {
  if (segment.slots.length === 0) return [segment.prefix]
  const [slot] = segment.slots
  const whole = segment.slots.length === 1 && segment.prefix === '' && slot!.until === ''
  return whole ? slot!.domain.values : undefined
}

const accepts = (segment: Segment, text: string): boolean => matchSegment(segment, text, [])

const isPredicate = (segments: readonly Segment[]): boolean =>
  segments.some((segment) => segment.slots.some((slot) => slot.domain.kind === 'predicate'))

const listedOnly: Choose = (slot) => slot.domain.values
const withSamples: Choose = (slot) => (slot.domain.kind === 'predicate' ? samplesFor(slot) : slot.domain.values)

function overlapOfTails(a: readonly Segment[], b: readonly Segment[]): Overlap | undefined {
  const predicates = isPredicate(a) || isPredicate(b)
  // Samples prove an overlap; taking a predicate for any text can only disprove one.
  const sampled = predicates ? commonText(a, b, withSamples) : undefined
  if (sampled !== undefined) return { text: sampled, certain: true }
  const text = commonText(a, b, listedOnly)
  return text === undefined ? undefined : { text, certain: !predicates }
}

function overlapOfListed(texts: Iterable<string>, segment: Segment): Overlap | undefined {
  for (const text of texts) if (accepts(segment, text)) return { text, certain: true }
  return undefined
}

/** Compares patterns; remembers segments, which schemas repeat in pattern after pattern. */
export class Overlaps {
  readonly #segments = new Map<Segment['id'], Map<Segment['id'], Overlap | undefined>>()

  /** What two patterns have in common, if anything. */
  between(a: readonly Segment[], b: readonly Segment[]): Overlap | undefined {
    if (differInLiterals(a, b)) return undefined
    const parts: Overlap[] = []
    for (let i = 0; i < a.length; i++) {
      const left = a[i]!
      const right = b[i]!
      const tails = left.rest || right.rest
      const part = tails ? overlapOfTails(a.slice(i), b.slice(i)) : this.#ofSegments(left, right)
      if (part === undefined) return undefined
      parts.push(part)
      if (tails) break
    }
    return { text: parts.map(({ text }) => text).join(':'), certain: parts.every(({ certain }) => certain) }
  }

  #ofSegments(a: Segment, b: Segment): Overlap | undefined {
    const row = this.#segments.get(a.id) ?? new Map<string, Overlap | undefined>()
    this.#segments.set(a.id, row)
    if (!row.has(b.id)) row.set(b.id, compareSegments(a, b))
    return row.get(b.id)
  }
}

/** The quick no for almost every pair of a large schema: other literals at one place, or another number of segments. */
function differInLiterals(a: readonly Segment[], b: readonly Segment[]): boolean {
  for (let i = 0; i < a.length || i < b.length; i++) {
    const left = a[i]
    const right = b[i]
    if (left === undefined || right === undefined) return true
    if (left.rest || right.rest) return false
    if (differAtEnds(left, right)) return true
  }
  return false
}

function differAtEnds(a: Segment, b: Segment): boolean {
  const [short, long] = a.prefix.length <= b.prefix.length ? [a, b] : [b, a]
  if (short.slots.length === 0) return long.slots.length > 0 || short.prefix !== long.prefix
  if (!long.prefix.startsWith(short.prefix)) return true
  if (long.slots.length === 0) return !long.prefix.endsWith(suffixOf(short))
  const [left, right] = [suffixOf(a), suffixOf(b)]
  return left.length <= right.length ? !right.endsWith(left) : !left.endsWith(right)
}

function compareSegments(a: Segment, b: Segment): Overlap | undefined {
  const left = textsOf(a)
  if (left) return overlapOfListed(left, b)
  const right = textsOf(b)
  return right ? overlapOfListed(right, a) : overlapOfTails([a], [b])
}
