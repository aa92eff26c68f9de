/**
 * A pattern, compiled: segments between colons, which match, fill and say which of two is more specific.
 *
 * A hole is matched up to the first occurrence of the literal that follows it in its segment, and never beyond a
 * colon. So every text has at most one reading, and no backtracking happens inside a segment.
 *
 * @module
 */
import { toBytes } from './bytes.js'
import type { Domain } from './constraint.js'
import type { Token } from './pattern.js'

/** A hole at its place. */
export interface Slot {
  readonly name: string
  readonly rest: boolean
  readonly domain: Domain
  /** The literal that follows it in its segment; empty: the hole reaches to the end of the segment. */
  readonly until: string
}

/** What stands between two colons; one with a rest hole takes everything from there on. */
export interface Segment {
  readonly prefix: string
  readonly slots: readonly Slot[]
  readonly rest: boolean
  /** Two segments with one id accept the same texts. */
  readonly id: string
  /** The smaller, the more specific; see {@link compareRank}. */
  readonly rank: readonly number[]
}

const DOMAIN_RANK = { finite: 0, predicate: 1, free: 2 } as const

/** Literal, then holes (longer prefix, more literal characters, finite, predicate, free), then rest. */
function rankOf(prefix: string, slots: readonly Slot[], rest: boolean): number[] {
  if (slots.length === 0) return [0]
  const literals = slots.reduce((sum, slot) => sum + slot.until.length, prefix.length)
  return [rest ? 2 : 1, -prefix.length, -literals, ...slots.map((slot) => DOMAIN_RANK[slot.domain.kind])]
}

/** Negative: `a` is more specific; zero: neither is. */
export function compareRank(a: Segment, b: Segment): number {
  const length = Math.min(a.rank.length, b.rank.length)
  for (let i = 0; i < length; i++) {
    const difference = a.rank[i]! - b.rank[i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** The literal at the end of a segment that has holes. */
export const suffixOf = ({ slots }: Segment): string => slots.at(-1)?.until ?? ''

function finish(prefix: string, slots: readonly Slot[]): Segment {
  const rest = slots.at(-1)?.rest ?? false
  const id = JSON.stringify([prefix, rest, ...slots.flatMap((slot) => [slot.domain.id, slot.until])])
  return { prefix, slots, rest, id, rank: rankOf(prefix, slots, rest) }
}

/** Cuts the tokens of a pattern at its colons. */
export function compileSegments(tokens: readonly Token[], domainFor: (hole: string) => Domain): Segment[] {
  const segments: Segment[] = []
  let prefix = ''
  let slots: Slot[] = []
  for (const token of tokens) {
    if (token.kind === 'hole') {
      slots.push({ name: token.name, rest: token.rest, domain: domainFor(token.name), until: '' })
      continue
    }
    toBytes(token.text)
      .split(':')
      .forEach((text, index) => {
        if (index > 0) {
          segments.push(finish(prefix, slots))
          prefix = ''
          slots = []
        }
        const last = slots.at(-1)
        if (last === undefined) prefix = text
        else slots[slots.length - 1] = { ...last, until: text }
      })
  }
  segments.push(finish(prefix, slots))
  return segments
}

/** Can the value stand in the slot so that matching gives it back? The domain is not asked. */
export function fits(slot: Slot, value: string): boolean {
  if (value === '' || (!slot.rest && value.includes(':'))) return false
  return slot.until === '' || (value + slot.until).indexOf(slot.until) === value.length
}

/** Does the text fill the segment? Captured values are pushed; on a mismatch the caller drops them again. */
export function matchSegment(segment: Segment, text: string, captures: string[]): boolean {
  if (!text.startsWith(segment.prefix)) return false
  let position = segment.prefix.length
  for (const slot of segment.slots) {
    const end = slot.until === '' ? text.length : text.indexOf(slot.until, position)
    if (end <= position) return false
    const value = text.slice(position, end)
    // Only a segment that ends in a rest hole is given a text with colons.
    if (segment.rest && !slot.rest && value.includes(':')) return false
    if (!slot.domain.accepts(value)) return false
    captures.push(value)
    position = end + slot.until.length
  }
  return position === text.length
}

/** The slots of all segments, in the order of the pattern. */
export const slotsOf = (segments: readonly Segment[]): Slot[] => segments.flatMap((segment) => segment.slots)

/** The literal texts around the slots, one more than there are slots. */
export function piecesOf(segments: readonly Segment[]): string[] {
  const pieces: string[] = ['']
  segments.forEach((segment, index) => {
    pieces[pieces.length - 1] += (index > 0 ? ':' : '') + segment.prefix
    for (const slot of segment.slots) pieces.push(slot.until)
  })
  return pieces
}
