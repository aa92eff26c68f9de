/**
 * What names come to, without a server: which family each belongs to, and what it is called from now on.
 *
 * @module
 */
import { LookAlikes } from '../../migrate/analyze/look-alike.js'
import type { Schema, Side } from '../../schema/index.js'

/** One name. */
export interface Mapped {
  readonly name: string
  /** Undefined for a name of no family, which stays as it is. */
  readonly family?: string
  readonly side?: Side
  readonly params?: Readonly<Record<string, string>>
  /** The new name; the name itself where no family has it. */
  readonly canonical: string
  /** Every old name of the same key, the current one first. */
  readonly aliases: readonly string[]
  /** Of a name of no family: what it resembles. */
  readonly why?: string
}

/** What a name was to become, and did not. */
export interface Mismatch {
  readonly name: string
  readonly expected: string
  readonly canonical: string
}

/** Old names that would become one key. */
export interface Collision {
  readonly canonical: string
  readonly names: readonly string[]
}

/** Maps names. */
export function mapNames(schema: Schema, names: readonly string[]): Mapped[] {
  const resembles = new LookAlikes(schema, schema.families.keys())
  return names.map((name) => {
    const key = schema.mapper.resolve(name)
    if (key !== undefined) {
      const { family, side, canonical, aliases } = key
      const params = schema.mapper.parse(name)?.params ?? {}
      return { name, family, side, params, canonical, aliases: aliases.map((alias) => alias.name) }
    }
    const like = resembles.find(name)
    return { name, canonical: name, aliases: [], ...(like && { why: `${like.why} (${like.family})` }) }
  })
}

/** Old names among these of which several mean one key: whichever is copied first wins, and nothing says so later. */
export function collisionsOf(mapped: readonly Mapped[]): Collision[] {
  const byCanonical = new Map<string, Set<string>>()
  for (const { name, side, canonical } of mapped) {
    if (side === 'alias') byCanonical.set(canonical, (byCanonical.get(canonical) ?? new Set()).add(name))
  }
  return [...byCanonical]
    .filter(([, names]) => names.size > 1)
    .map(([canonical, names]) => ({ canonical, names: [...names] }))
}
