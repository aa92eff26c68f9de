/**
 * One short word for everything that a schema maps.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { toText } from './bytes.js'
import type { TransformParts } from './reshape.js'
import type { Family, Rule } from './rule.js'
import { slotsOf } from './segment.js'

/** Sorted by code unit, so that no locale and no declaration order shows. */
const sorted = <T>(entries: Iterable<readonly [string, T]>): [string, T][] =>
  [...entries].map(([name, value]): [string, T] => [name, value]).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** Bytes are written as text: a hash that showed our inner form would change with it. */
const sourcesOf = (rule: Rule, canonical: Rule): unknown =>
  sorted<unknown>(
    rule.sources.map((source, index): readonly [string, unknown] => {
      const hole = canonical.pattern.holes[index]!
      if ('value' in source) return [hole, { default: toText(source.value) }]
      const renamed = sorted([...(source.rename ?? [])].filter(([from, to]) => from !== to))
      return [hole, { rename: renamed.map(([from, to]) => [toText(from), toText(to)]) }]
    }),
  )

const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(sorted(Object.entries(part)))
      : part,
  )

const factsOf = ({ canonical, aliases, queue, ttl }: Family): unknown => ({
  pattern: canonical.pattern.source,
  // Two services of which one moves the keys and the other mirrors them would double jobs.
  ...(queue && { queue }),
  // Two migrators of which one gives keys an end would not agree what is equal. Fields and groups change no key.
  ...(ttl && { ttl }),
  constraints: sorted(
    slotsOf(canonical.segments).flatMap((slot) =>
      slot.domain.kind === 'free' ? [] : [[slot.name, slot.domain.fingerprint] as const],
    ),
  ),
  // In their order: the first alias is the one that legacy code writes.
  aliases: aliases.map((rule) => ({
    pattern: rule.pattern.source,
    db: rule.db ?? null,
    sources: sourcesOf(rule, canonical),
  })),
})

/**
 * A hash of the rules: 16 hex characters of a SHA-256. The same whatever the order of the families or of the values
 * of an enum; another one as soon as any name maps differently. Of a predicate only its kind counts (type, format,
 * lengths, a pattern of the user's own): code cannot be hashed.
 */
export function hashOf(
  keys: Iterable<Family>,
  channels: Iterable<Family>,
  transforms: readonly Pick<TransformParts, 'name' | 'into' | 'index'>[] = [],
): string {
  const facts: unknown[] = [keys, channels].map((families) =>
    sorted([...families].map((family) => [family.name, factsOf(family)] as const)),
  )
  // `up` and `down` are code, and do not count.
  if (transforms.length > 0) facts.push(sorted(transforms.map(({ name, into, index }) => [name, { into, index }])))
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 16)
}
