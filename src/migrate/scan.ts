/**
 * Which databases to walk through, by which glob, and the walk itself.
 *
 * @module
 */
import type { Port, Reply } from '../clients/port.js'
import { escapeGlob, type Names } from './names.js'

/** One SCAN through one database. `match` undefined: everything. */
export interface Walk {
  readonly db: number
  readonly match: Buffer | undefined
}

/**
 * One walk per database. Every SCAN costs the server a walk through the whole database, whatever its MATCH; so where
 * several globs are wanted there is one walk, and names are sorted out on this side.
 */
export function planWalks(names: Names, sides: 'aliases' | 'both', match?: string): Walk[] {
  const globs = new Map<number, Set<string>>()
  const want = (db: number, glob: string): void => {
    globs.set(db, (globs.get(db) ?? new Set()).add(glob))
  }
  for (const name of names.families) {
    const family = names.schema.families.get(name)
    if (family === undefined || family.aliases.length === 0) continue
    if (sides === 'both') want(names.home, family.canonical.glob)
    for (const alias of family.aliases) want(alias.db ?? names.home, alias.glob)
  }
  const prefix = escapeGlob(names.keyPrefix)
  return [...globs].map(([db, wanted]) => {
    if (match !== undefined) return { db, match: Buffer.from(match) }
    const glob = wanted.size === 1 ? [...wanted].join() : '*'
    const whole = Buffer.concat([prefix, Buffer.from(glob)])
    return { db, match: whole.toString() === '*' ? undefined : whole }
  })
}

/** Names in batches, as SCAN gives them: each key that stays is there, and some may come twice. */
export async function* scanNames(port: Port, walk: Walk, count: number): AsyncGenerator<Buffer[]> {
  const page = (cursor: string): Promise<Reply> => {
    const match = walk.match === undefined ? [] : ['MATCH', walk.match]
    const reply = port.send(['SCAN', cursor, ...match, 'COUNT', String(count)])
    // The next page is asked for while the last is worked on. Nobody waits for it when that work fails.
    reply.catch(() => undefined)
    return reply
  }
  for (let next: Promise<Reply> | undefined = page('0'); next;) {
    const [cursor, names] = (await next) as [Buffer, Buffer[]]
    next = cursor.toString() === '0' ? undefined : page(cursor.toString())
    yield names
  }
}
