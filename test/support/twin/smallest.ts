/**
 * Takes out of a failing sequence what it does not need. fast-check keeps the last element of a list and whatever came
 * with it; what is left here can be typed by hand.
 *
 * @module
 */
import type { Batch, Sequence } from './sequence.js'

/** Says what is wrong with a sequence; undefined: nothing. */
export type Attempt = (sequence: Sequence) => Promise<Error | undefined>

/** The smallest sequence that still fails, and how. */
export async function smallest(
  sequence: Sequence,
  error: Error,
  attempt: Attempt,
): Promise<{ sequence: Sequence; error: Error }> {
  let found = { sequence, error }
  for (let i = 0, tried = smaller(sequence); i < tried.length; i++) {
    const failed = await attempt(tried[i]!)
    if (failed === undefined) continue
    found = { sequence: tried[i]!, error: failed }
    tried = smaller(tried[i]!)
    i = -1
  }
  return found
}

/** Every sequence with one thing less. */
function smaller({ seeds, batches }: Sequence): Sequence[] {
  return [
    ...without(batches).map((fewer) => ({ seeds, batches: fewer })),
    ...without(seeds).map((fewer) => ({ seeds: fewer, batches })),
    ...batches.flatMap((batch, i) => smallerBatches(batch).map((one) => ({ seeds, batches: batches.with(i, one) }))),
    ...seeds.flatMap((seed, i) =>
      seed.expires ? [{ seeds: seeds.with(i, { ...seed, expires: false }), batches }] : [],
    ),
  ]
}

function smallerBatches(batch: Batch): Batch[] {
  if (!('lines' in batch)) return []
  const fewer = batch.lines.length > 1 ? without(batch.lines).map((lines) => ({ ...batch, lines })) : []
  if (batch.kind !== 'watched') return fewer
  const calmer = (['between', 'foreign'] as const).filter((when) => batch[when] !== null)
  return [...fewer, ...calmer.map((when) => ({ ...batch, [when]: null }))]
}

const without = <T>(list: readonly T[]): T[][] => list.map((_, i) => list.filter((_, j) => j !== i))
