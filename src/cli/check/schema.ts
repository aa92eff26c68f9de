/**
 * What is proved of the schema alone, without a server.
 *
 * @module
 */
import type { FamilyInfo, Schema } from '../../schema/index.js'
import { plural } from '../text.js'
import type { Finding } from './finding.js'

/** The hash tag of a pattern: what a cluster's slot goes by. Without one it is the whole name. */
function tagOf(source: string): string {
  return /\{([^}]+)\}/.exec(source)?.[1] ?? source
}

/** Patterns whose names lie in one slot whatever stands in the holes: they have one hash tag. */
const shareSlot = (a: string, b: string): boolean => tagOf(a) === tagOf(b)

function proved({ name, hash, families, channels }: Schema): Finding {
  const aliases = [...families.values(), ...channels.values()].reduce((sum, family) => sum + family.aliases.length, 0)
  return {
    level: 'ok',
    check: 'schema',
    says:
      `The schema "${name}" (${hash}) is sound: no name belongs to two rules, no canonical name is taken for an alias, ` +
      'no two aliases merge.',
    evidence: [
      `${plural(families.size, 'key family', 'key families')}, ${plural(channels.size, 'channel')}, ${plural(aliases, 'alias', 'aliases')}`,
    ],
  }
}

function withoutAliases({ families }: Schema): Finding[] {
  const idle = [...families.values()].filter(({ aliases }) => aliases.length === 0).map(({ name }) => name)
  if (idle.length === 0) return []
  return [
    {
      level: idle.length === families.size ? 'warning' : 'note',
      check: 'aliases',
      says: `${idle.length} of ${families.size} families have no alias, so there is nothing to migrate for them.`,
      evidence: [idle.join(', ')],
      ...(idle.length === families.size && { next: "give them old names: key('step:<id>').alias('job:<id>')" }),
    },
  ]
}

/** Pairs of patterns that a cluster would put into different slots. */
export function slotPairs(families: Iterable<FamilyInfo>): string[] {
  return [...families].flatMap(({ canonical, aliases }) =>
    aliases
      .filter(({ source, db }) => db === undefined && !shareSlot(canonical.source, source))
      .map(({ source }) => `${source} → ${canonical.source}; in one slot: v2:{${source}}`),
  )
}

function slots({ families }: Schema): Finding[] {
  const apart = slotPairs(families.values())
  if (apart.length === 0) return []
  return [
    {
      level: 'note',
      check: 'slots',
      says: `On a cluster ${plural(apart.length, 'pair')} of names would lie in different slots. Without one this does not matter.`,
      evidence: apart,
    },
  ]
}

function databases({ families }: Schema): Finding[] {
  const elsewhere = [...families.values()].flatMap(({ aliases }) => aliases.filter(({ db }) => db !== undefined))
  if (elsewhere.length === 0) return []
  return [
    {
      level: 'note',
      check: 'databases',
      says: `${plural(elsewhere.length, 'alias', 'aliases')} of other databases; a cluster has none.`,
      evidence: elsewhere.map(({ source, db }) => `${source} in database ${db}`),
    },
  ]
}

/** All that can be said of a schema without a server. One that is not sound has not even been loaded. */
export const checkSchemaAlone = (schema: Schema): Finding[] => [
  proved(schema),
  ...withoutAliases(schema),
  ...slots(schema),
  ...databases(schema),
]
