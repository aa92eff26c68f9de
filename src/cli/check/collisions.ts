/**
 * What the keys that are there say about the schema: copies that exist, aliases that would merge, slots, room.
 *
 * @module
 */
import { phases, type Phase } from '../../phases/index.js'
import { bytes, count, plural } from '../text.js'
import type { Finding } from './finding.js'
import type { Keyspace, Seen } from './keyspace.js'

const byFamily = (keys: readonly { readonly family: string }[]): string => {
  const counts = new Map<string, number>()
  for (const { family } of keys) counts.set(family, (counts.get(family) ?? 0) + 1)
  return [...counts].map(([family, keysOf]) => `${family} ${count(keysOf)}`).join(', ')
}

function looked({ scanned, total, keys }: Keyspace): Finding {
  const part =
    scanned < total ? `${count(scanned)} of ${plural(total, 'key')}, a sample` : `all ${plural(total, 'key')}`
  if (keys.length > 0) {
    return {
      level: 'ok',
      check: 'keys',
      says: `Looked at ${part}: ${count(keys.length)} of the schema.`,
      evidence: [byFamily(keys)],
    }
  }
  return {
    level: 'warning',
    check: 'keys',
    says: `Looked at ${part}: none of them is of the schema.`,
    next: 'is it the right database (--db), and do the patterns fit? See canonical-redis analyze',
  }
}

/** Two old names of one key: only the first would be copied, and the other is lost with the aliases. */
function merges(keys: readonly Seen[]): Finding {
  const merged = keys.filter(({ aliases }) => aliases.length > 1)
  if (merged.length === 0)
    return { level: 'ok', check: 'injective', says: 'No two old names that exist give the same new one.' }
  return {
    level: 'problem',
    check: 'injective',
    says: `${plural(merged.length, 'new name')} would come from two old ones: the first in the order of the schema is copied, and the other is lost.`,
    evidence: merged.map(({ canonical, aliases }) => `${aliases.join(' and ')} → ${canonical}`),
    next: 'see which is right, and remove the other; or give each a new name of its own',
  }
}

/** Before `dual-write` every canonical key is one that nobody of ours made. */
function existing(keys: readonly Seen[], current: readonly Phase[]): Finding {
  const there = keys.filter(({ hasCanonical }) => hasCanonical)
  const both = there.filter(({ aliases }) => aliases.length > 0)
  const isEarly = current.every((phase) => phases.indexOf(phase) < phases.indexOf('dual-write'))
  if (there.length === 0) return { level: 'ok', check: 'collisions', says: 'None of the new names exists yet.' }
  const says = `${plural(there.length, 'new name')} exist already, ${count(both.length)} of them beside the old one.`
  if (!isEarly) return { level: 'ok', check: 'collisions', says, evidence: [byFamily(there)] }
  return {
    level: 'warning',
    check: 'collisions',
    says: `${says} Every write in the phase "prepare" removes them.`,
    evidence: there.map(({ canonical, aliases }) =>
      aliases.length > 0 ? `${aliases[0]} and ${canonical}` : canonical,
    ),
    next:
      'if the old names are right, go on (they are removed, or migrate --overwrite replaces them); if the new ones are: ' +
      'canonical-redis migrate --direction reverse --no-prune --phase alias --live',
  }
}

function refusals({ refused }: Keyspace): Finding[] {
  if (refused.length === 0) return []
  return [
    {
      level: 'problem',
      check: 'slots',
      says: `${plural(refused.length, 'key')} cannot be migrated, or not even looked at.`,
      evidence: [...new Set(refused.map(({ family, error }) => `${family}: ${error}`))],
      next: 'on a cluster give the new name the slot of the old one, as in v2:{job:<id>}',
    },
  ]
}

/** Will the copies fit? Estimated from the sample. */
function room({ keys, scanned, total }: Keyspace, used: number, most: number): Finding {
  const scale = total / Math.max(1, scanned)
  const added = keys.reduce((sum, key) => sum + key.bytes, 0) * scale
  const says = `The copies would take about ${bytes(Math.round(added))}; ${bytes(used)} are used`
  if (most === 0) return { level: 'ok', check: 'memory', says: `${says}, and there is no maxmemory.` }
  const fits = used + added <= most * ROOM
  return {
    level: fits ? 'ok' : 'problem',
    check: 'memory',
    says: `${says} of ${bytes(most)}.`,
    ...(!fits && { next: 'raise maxmemory, or migrate some families at a time: --families <name>' }),
  }
}

/** As the throttle has it. */
const ROOM = 0.9

/** All that the keys say. */
export const checkKeys = (
  keyspace: Keyspace,
  current: readonly Phase[],
  memory: readonly [used: number, most: number],
): Finding[] => [
  looked(keyspace),
  merges(keyspace.keys),
  existing(keyspace.keys, current),
  ...refusals(keyspace),
  room(keyspace, ...memory),
]
