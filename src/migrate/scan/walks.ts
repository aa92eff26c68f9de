/**
 * Which databases to walk through, by which glob.
 *
 * @module
 */
import { escapeGlob, type Names } from '../names.js'

/** One SCAN through one database. `match` undefined: everything. */
export interface Walk {
  readonly db: number
  readonly match: Buffer | undefined
}

/** Whose names are looked for. */
export type Sides = 'aliases' | 'canonical' | 'both' | 'everything'

/**
 * One walk per database. Every SCAN costs the server a walk through the whole database, whatever its MATCH; so where
 * several globs are wanted there is one walk, and names are sorted out on this side.
 */
export function planWalks(names: Names, sides: Sides, match?: string): Walk[] {
  const globs = new Map<number, Set<string>>()
  const want = (db: number, glob: string): void => {
    globs.set(db, (globs.get(db) ?? new Set()).add(glob))
  }
  for (const name of names.families) {
    const family = names.schema.families.get(name)
    if (family === undefined || family.aliases.length === 0) continue
    if (sides !== 'aliases') want(names.home, family.canonical.glob)
    if (sides === 'canonical') continue
    for (const { db = names.home, glob } of family.aliases) if (db === names.home || !names.isCluster) want(db, glob)
  }
  const prefix = escapeGlob(names.keyPrefix)
  return [...globs].map(([db, wanted]) => {
    if (match !== undefined) return { db, match: Buffer.from(match) }
    const glob = wanted.size === 1 && sides !== 'everything' ? [...wanted].join() : '*'
    const whole = Buffer.concat([prefix, Buffer.from(glob)])
    return { db, match: whole.toString() === '*' ? undefined : whole }
  })
}
