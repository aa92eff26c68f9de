/**
 * Phases of a running twin: where a sequence may start with keys, and how one of its two clients changes phase.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import { mayCoexist, phases, type Phase } from '../../../src/phases/index.js'
import type { Schema } from '../../../src/schema/index.js'
import { logical } from './keys.js'
import type { TwinClient } from './send.js'

/**
 * Where keys may lie before the first command, by the phases of the clients: under the first alias alone, under both
 * names, under the canonical name alone, or (with or without the first alias) under an older spelling.
 */
export const places: Readonly<Record<Place, readonly Phase[]>> = {
  alias: ['alias', 'prepare', 'dual-write', 'dual-read', 'retire-alias'],
  filled: ['dual-write', 'dual-read', 'canonical-primary', 'retire-alias'],
  canonical: ['retire-alias', 'canonical'],
  // A phase that reads A does not look at older spellings at all.
  older: ['dual-read', 'retire-alias'],
  overtaken: ['dual-read', 'retire-alias'],
}

/** See {@link places}. */
export type Place = 'alias' | 'filled' | 'canonical' | 'older' | 'overtaken'

const between = phases.filter((phase) => phase !== 'alias' && phase !== 'canonical')

/** The same for queues, which lie under one name. In the phases between the first and the last it may be any. */
const queuePlaces: typeof places = {
  alias: ['alias', ...between],
  filled: [],
  canonical: [...between, 'canonical'],
  older: [...between],
  overtaken: [],
}

/** Where a sequence under these two phases may put its first keys. */
export function placesFor(pair: readonly [Phase, Phase], queues: boolean): Place[] {
  const allowed = queues ? queuePlaces : places
  return (Object.keys(allowed) as Place[]).filter((place) => pair.every((phase) => allowed[place].includes(phase)))
}

/** One client that changes phase beside another. */
export interface Stepping {
  readonly side: { readonly facade: TwinClient; readonly schema: Schema }
  readonly from: Phase
  readonly other: Phase
  /** A connection of no phase, to the same database. */
  readonly raw: Redis
  /** Did the sequence start with keys under older spellings? */
  readonly older: boolean
}

/** The phase that lies so many steps on, where the other client and the keys allow it. */
export function nextPhase({ from, other, older }: Omit<Stepping, 'side' | 'raw'>, by: 1 | -1): Phase | undefined {
  const to = phases[phases.indexOf(from) + by]
  if (to === undefined || !mayCoexist(to, other)) return undefined
  // Beside "canonical", "canonical-primary" leaves aliases whose key was deleted: "retire-alias" would adopt them.
  if (from === 'canonical' || (from === 'canonical-primary' && to === 'retire-alias' && other === 'canonical')) {
    return undefined
  }
  if (from === 'retire-alias' && by === -1 && other === 'canonical') return undefined
  // What was adopted from an older spelling and never written has no first alias, which is what these phases read.
  if (older && phases.indexOf(to) < phases.indexOf('dual-read')) return undefined
  return to
}

/** The migrator that an operator would use beside this client. */
export const migratorOf = ({ facade, schema }: Stepping['side'], raw: Redis): RedisKeyMigrator =>
  new RedisKeyMigrator(facade.forMigrator ?? raw, schema)

/** What the operator does at this step, before the client is in the new phase. */
export async function prepareStep({ side, from, raw }: Stepping, to: Phase): Promise<void> {
  if (side.schema.families.get('one')?.queue)
    return to === 'canonical' ? bring(raw, 1) : to === 'alias' ? bring(raw, 0) : undefined
  const migrator = migratorOf(side, raw)
  const managed = logical.filter((key) => key.managed)
  if (from === 'alias') {
    // --existing keep-alias: writes in "alias" leave canonical keys of an earlier attempt behind.
    await raw.unlink(...managed.map((key) => key.names[1]))
  } else if (from === 'dual-read' && to === 'canonical-primary') {
    await migrator.migrateKeys({ dryRun: false })
  } else if (from === 'retire-alias') {
    await migrator.migrateKeys({ dryRun: false })
    if (to === 'canonical') await migrator.cleanupAliases({ dryRun: false })
    else await reverseBackfill(raw)
  }
}

/** What the gate of queues asks for: before a phase that looks under one name, nothing lies under another. */
async function bring(raw: Redis, home: 0 | 1): Promise<void> {
  for (const { managed, names } of logical) {
    const other = managed ? names.filter((name) => name !== names[home]) : []
    for (const name of other) if (await raw.exists(name)) await raw.rename(name, names[home])
  }
}

/** The way back from "retire-alias": every alias becomes what its canonical name is, or goes with it. */
async function reverseBackfill(raw: Redis): Promise<void> {
  for (const { managed, names } of logical) {
    const [alias, canonical] = names
    if (managed && (await raw.copy(canonical, alias, 'REPLACE')) === 0) await raw.unlink(alias)
  }
}

/** The backfill may run at any moment in these phases. */
export const backfills = (pair: readonly Phase[]): boolean =>
  pair.every((phase) => phase !== 'alias' && phase !== 'canonical')
