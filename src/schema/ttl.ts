/**
 * Times to live that a family gives its keys as they are migrated.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'

/**
 * Which keys get the time of the rule, and which keep theirs:
 * - `missing`: those that would live for ever; nothing that the application set is touched;
 * - `shorter`: also those that would live longer; a shorter time stays;
 * - `always`: all of them, whatever they had.
 */
export type TtlWhen = 'missing' | 'shorter' | 'always'

/** What `.ttl()` takes. */
export interface TtlRule {
  /** From the moment of the migration, in seconds. */
  readonly seconds: number
  /** Default `missing`. */
  readonly when?: TtlWhen
}

const whens: readonly TtlWhen[] = ['missing', 'shorter', 'always']

/** Some three hundred years: beyond that a server's milliseconds are no better than "for ever". */
const MOST_SECONDS = 10_000_000_000

/**
 * Checks what was given to `.ttl()`.
 *
 * @throws CanonicalRedisError `E_BAD_OPTION`
 */
export function ttlOf(pattern: string, rule: TtlRule): Required<TtlRule> {
  const { seconds, when = 'missing', ...others } = (rule ?? {}) as Partial<TtlRule>
  const isTime = Number.isInteger(seconds) && seconds! >= 1 && seconds! <= MOST_SECONDS
  if (isTime && whens.includes(when) && Object.keys(others).length === 0) {
    return Object.freeze({ seconds: seconds!, when })
  }
  throw new CanonicalRedisError(
    'E_BAD_OPTION',
    `.ttl() of ${JSON.stringify(pattern)}: expected { seconds, when }, with a whole number of seconds from 1 on and one of ` +
      `${whens.map((word) => `"${word}"`).join(', ')}, got ${JSON.stringify(rule)}.`,
    { hint: '.ttl({ seconds: 86_400 }) gives a day to keys that have no time to live; see docs/schema.md.' },
  )
}
