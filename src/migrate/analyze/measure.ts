/**
 * Measures the keys of a sample: type, size, time to live, and whether the other name exists.
 *
 * @module
 */
import { printable, type Place } from '../names.js'
import type { Run } from '../run.js'
import { measureScript } from '../scripts/index.js'
import type { Expiries, LargeKey, Sizes } from '../types/index.js'

/** A key to be measured, and the canonical name to look for beside it. */
export interface Sample {
  readonly place: Place
  readonly canonical: Buffer
}

/** What was found of it. */
export interface Measured extends LargeKey {
  /** Milliseconds left; -1: for ever. */
  readonly ttl: number
  readonly otherExists: boolean
}

/** Measures; keys that have gone meanwhile, or are not allowed to be looked at, are left out. */
export async function measureKeys(run: Run, samples: readonly Sample[]): Promise<Measured[]> {
  const jobs = samples.map(({ place, canonical }) => ({ canonical, aliases: [place] }))
  const answers = await run.calls.run(measureScript, '', jobs)
  return answers.flatMap((answer, i) => {
    if (answer instanceof Error || answer[0] === 'none') return []
    const { name, db } = samples[i]!.place
    const [type, ttl, bytes, otherExists] = answer
    return [
      {
        key: printable(name),
        db,
        type: String(type),
        ttl: Number(ttl),
        bytes: Number(bytes),
        otherExists: otherExists === 1,
      },
    ]
  })
}

/** How many keys are listed by size. */
const LARGEST = 5

/** The largest, first. */
export const largestOf = (measured: readonly Measured[]): LargeKey[] =>
  [...measured]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST)
    .map(({ key, db, type, bytes }) => ({ key, db, type, bytes }))

const KB = 1000

/** Sizes of a sample that stands for `of` keys. */
export function sizesOf(measured: readonly Measured[], of: number): Sizes {
  const sizes = measured.map(({ bytes }) => bytes).sort((a, b) => a - b)
  const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length)
  const within = (from: number, to: number): number => sizes.filter((size) => size > from && size <= to).length
  return {
    sampled: sizes.length,
    of,
    mean: Math.round(mean),
    median: sizes[Math.floor(sizes.length / 2)] ?? 0,
    largest: sizes.at(-1) ?? 0,
    total: Math.round(mean * of),
    upTo256B: within(-1, 256),
    upTo4kB: within(256, 4 * KB),
    upTo64kB: within(4 * KB, 64 * KB),
    upTo1MB: within(64 * KB, KB * KB),
    larger: within(KB * KB, Infinity),
  }
}

const HOUR = 3_600_000

/** Times to live of a sample that stands for `of` keys. */
export function expiriesOf(measured: readonly Measured[], of: number): Expiries {
  const within = (from: number, to: number): number => measured.filter(({ ttl }) => ttl > from && ttl <= to).length
  return {
    sampled: measured.length,
    of,
    none: measured.filter(({ ttl }) => ttl < 0).length,
    upToHour: within(-1, HOUR),
    upToDay: within(HOUR, 24 * HOUR),
    upToWeek: within(24 * HOUR, 168 * HOUR),
    longer: within(168 * HOUR, Infinity),
  }
}

/** Types of a sample, by how many. */
export function typesOf(measured: readonly Measured[]): Record<string, number> {
  const types: Record<string, number> = {}
  for (const { type } of measured) types[type] = (types[type] ?? 0) + 1
  return types
}
