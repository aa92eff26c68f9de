/**
 * `canonical-redis analyze`: what is there, and what a migration would come to.
 *
 * @module
 */
import type { Analysis, FamilyAnalysis } from '../../migrate/types/index.js'
import { runFlags, whole, type RunFlagOptions } from '../flags.js'
import { extendReport } from '../run/record.js'
import { examples, footer, next } from '../run/show.js'
import { withMigrator } from '../run/work.js'
import { bytes, count, duration, percent, plural, table } from '../text.js'
import type { Outcome, Verb } from '../verb.js'

interface Options extends RunFlagOptions {
  readonly sample?: number
}

/** The verb. */
export const analyze: Verb<Options> = {
  name: 'analyze',
  says: 'count and measure the keys, and what a migration would take',
  more: 'Reads only. Every key is counted; sizes, types and times to live are measured on a sample.',
  flags: [
    ...runFlags,
    { flags: '--sample <keys>', says: 'keys of each family to measure (1000)', read: whole('--sample', 1, '1000') },
  ],
  examples: [
    ['analyze', 'a table here, and redis_analysis_*.json for `report`'],
    ['analyze --rate 1000 --families step', 'gently, and only one family'],
  ],
  run: (call) =>
    withMigrator(call, { what: 'Analyze' }, async (work) => {
      const { sample } = call.options
      const result = await work.migrator.analyze({ ...work.options, ...(sample !== undefined && { sample }) })
      await extendReport(work, result.reportFile, {})
      return outcomeOf(result, call.io.cwd)
    }),
}

const typesOf = ({ types }: FamilyAnalysis): string =>
  Object.entries(types)
    .sort(([, a], [, b]) => b - a)
    .map(([type]) => type)
    .join(', ')

function expiring({ expiries: { sampled, none } }: FamilyAnalysis): string {
  return sampled === 0 ? '-' : percent(sampled - none, sampled)
}

function outcomeOf(result: Analysis, cwd: string): Outcome {
  const { families, totalKeys, managedKeys, unmanaged, unmanagedOmitted, lookAlikes, lookAlikesOmitted, largest } =
    result
  const lines = [
    `${plural(totalKeys, 'key')}, ${count(managedKeys)} of families of the schema`,
    '',
    ...table(
      [
        { title: 'family' },
        { title: 'old names', right: true },
        { title: 'new', right: true },
        { title: 'copied', right: true },
        { title: 'types' },
        { title: 'median', right: true },
        { title: 'total', right: true },
        { title: 'with TTL', right: true },
      ],
      Object.entries(families).map(([name, family]) => [
        name,
        count(family.aliasKeys),
        count(family.canonicalKeys),
        percent(family.migrated.keys, family.migrated.sampled),
        typesOf(family),
        bytes(family.sizes.median),
        bytes(family.sizes.total),
        expiring(family),
      ]),
    ),
    ...groupLines(result),
    ...examples('Largest keys', largest, 0, ({ key, type, bytes: size }) => `${bytes(size)}  ${type}  ${key}`),
    ...examples(
      'Of no family',
      unmanaged,
      unmanagedOmitted,
      ({ shape, db, keys }) => `${count(keys)}  ${shape}  (database ${db})`,
    ),
    ...examples(
      'Look like a slip',
      lookAlikes,
      lookAlikesOmitted,
      ({ key, family, why }) => `${key} (${family}): ${why}`,
    ),
    ...impact(result),
    ...footer(result, cwd),
    ...next('canonical-redis migrate (a dry run); canonical-redis report (a page with charts)'),
  ]
  return { exit: result.endedBy === 'signal' ? 'interrupted' : 'ok', lines, result }
}

function groupLines({ groups }: Analysis): string[] {
  const rows = Object.entries(groups).map(([name, { aliasKeys, canonicalKeys, bytes: size }]) => [
    name,
    count(aliasKeys),
    count(canonicalKeys),
    bytes(size),
  ])
  if (rows.length === 0) return []
  const right = true
  const titles = [{ title: 'group' }, { title: 'old names', right }, { title: 'new', right }, { title: 'total', right }]
  return ['', ...table(titles, rows)]
}

function impact({
  impact: { keysToCopy, bytesToCopy, usedMemory, maxMemory, fits, bigKeys, estimate },
}: Analysis): string[] {
  const limit = maxMemory === 0 ? 'no limit is set' : `the limit is ${bytes(maxMemory)}`
  const lines = [
    '',
    `To copy: ${plural(keysToCopy, 'key')}, about ${bytes(bytesToCopy)}, about ${duration(estimate.seconds * 1000)}`,
    `Memory: ${bytes(usedMemory)} used, ${limit}${fits ? '' : ': THE COPY DOES NOT FIT'}`,
  ]
  if (bigKeys > 0) lines.push(`Big keys (above 1 MB) in the sample: ${count(bigKeys)}; they are copied in pieces`)
  return lines
}
