/**
 * Which aliases are there.
 *
 * @module
 */
import { printable } from './names.js'
import type { Run } from './run.js'
import { jobsOf, walkAll } from './scan/walker.js'

/** Canonical names with the aliases of each that a scan met. */
export async function findAliases(run: Run, pattern: string): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>()
  await walkAll(run, {
    sides: 'aliases',
    match: pattern === '*' ? undefined : pattern,
    each(names, { db }) {
      for (const { canonical, aliases, met } of jobsOf(run, names, db)) {
        if (met === -1) continue
        const name = printable(canonical)
        found.set(name, (found.get(name) ?? new Set()).add(printable(aliases[met]!.name)))
      }
      return true
    },
  })
  return new Map([...found].map(([canonical, aliases]) => [canonical, [...aliases]]))
}
