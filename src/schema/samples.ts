/**
 * Plausible values, for the example keys in sentences and for looking into predicates.
 *
 * @module
 */
import { toText } from './bytes.js'
import { fits, piecesOf, slotsOf, type Segment, type Slot } from './segment.js'

/** Tried in this order; between them they satisfy most constraints that people write. */
const SAMPLES = [
  '1',
  '42',
  'a',
  'abc',
  'A',
  'BTC',
  'BTC-USDT',
  'user-1',
  'user_1',
  'user@example.com',
  '550e8400-e29b-41d4-a716-446655440000',
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '127.0.0.1',
  'aGVsbG8=',
  '0.5',
  'true',
  'https://example.com/',
]

/** Values that the slot accepts; all of them for a finite one. */
export const samplesFor = (slot: Slot): string[] =>
  slot.domain.values
    ? [...slot.domain.values]
    : SAMPLES.filter((sample) => fits(slot, sample) && slot.domain.accepts(sample))

/** A name of this pattern, as text; a hole that no sample fits stays `<hole>`. */
export function exampleOf(segments: readonly Segment[]): string {
  const pieces = piecesOf(segments)
  const filled = slotsOf(segments).map((slot, index) => (samplesFor(slot)[0] ?? `<${slot.name}>`) + pieces[index + 1]!)
  return toText(pieces[0]! + filled.join(''))
}
