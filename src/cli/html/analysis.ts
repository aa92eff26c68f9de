/**
 * The section of an analysis.
 *
 * @module
 */
import type { Analysis } from '../../migrate/types/index.js'
import { bytes, count, duration, percent } from '../text.js'
import { bars, ranges } from './charts.js'
import { html, type Markup } from './markup.js'
import { tableOf, tiles } from './pieces.js'

/** `redis_analysis_*.json`, as read. */
export type AnalysisReport = Omit<Analysis, 'startedAt' | 'finishedAt'> & {
  readonly timestamp: string
  readonly server?: string
}

const sizeNames = ['up to 256 B', 'up to 4 kB', 'up to 64 kB', 'up to 1 MB', 'larger']
const expiryNames = ['no expiry', 'up to 1 hour', 'up to 1 day', 'up to 7 days', 'longer']

/** What was found: how many, how large, for how long. */
export function analysisSection(report: AnalysisReport): Markup {
  const { totalKeys, managedKeys, impact, largest, unmanaged, unmanagedOmitted, lookAlikes, lookAlikesOmitted } = report
  const families = Object.entries(report.families)
  const present = families.filter(([, { sizes }]) => sizes.sampled > 0)
  return html`<section>
    <h2>Analysis</h2>
    <p class="soft">${report.timestamp} · ${report.server} · ${duration(report.durationMs)}</p>
    ${tiles([
      ['keys', count(totalKeys)],
      ['of families', count(managedKeys)],
      ['to copy', count(impact.keysToCopy)],
      ['bytes to copy', bytes(impact.bytesToCopy)],
      ['time, estimated', duration(impact.estimate.seconds * 1000)],
      ['fits into memory', impact.fits ? 'yes' : 'no', impact.fits ? 'good' : 'bad'],
    ])}
    <h3>Keys by family</h3>
    ${bars(
      'Keys by family',
      ['old names', 'new names'],
      families.map(([label, { aliasKeys, canonicalKeys }]) => ({
        label,
        parts: [aliasKeys, canonicalKeys],
        value: count(aliasKeys + canonicalKeys),
      })),
    )}
    ${
      present.length === 0
        ? undefined
        : html` <h3>Time to live</h3>
            ${bars(
              'Time to live by family',
              expiryNames,
              present.map(([label, { expiries: e }]) => ({
                label,
                parts: [e.none, e.upToHour, e.upToDay, e.upToWeek, e.longer],
                value: `${percent(e.sampled - e.none, e.sampled)} expire`,
              })),
              true,
            )}
            <h3>Size of a key</h3>
            ${bars(
              'Keys by size and family',
              sizeNames,
              present.map(([label, { sizes: s }]) => ({
                label,
                parts: [s.upTo256B, s.upTo4kB, s.upTo64kB, s.upTo1MB, s.larger],
                value: `${bytes(s.mean)} each`,
              })),
              true,
            )}
            ${ranges(
              'Size of a key by family',
              present.map(([label, { sizes }]) => ({ label, ...sizes })),
              bytes,
            )}`
    }
    ${tableOf(
      'Families',
      [
        ['family', ''],
        ['new name', 'k'],
        ['old names', 'k'],
        ['copied', 'n'],
        ['types', ''],
        ['total size', 'n'],
        ['sampled', 'n'],
      ],
      families.map(([name, family]) => [
        name,
        family.canonical,
        family.aliases.join(', '),
        percent(family.migrated.keys, family.migrated.sampled),
        Object.keys(family.types).join(', '),
        bytes(family.sizes.total),
        `${count(family.sizes.sampled)} of ${count(family.sizes.of)}`,
      ]),
    )}
    ${tableOf(
      'Groups',
      [
        ['group', ''],
        ['families', ''],
        ['old names', 'n'],
        ['new names', 'n'],
        ['total size', 'n'],
      ],
      Object.entries(report.groups ?? {}).map(([name, group]) => [
        name,
        group.families.join(', '),
        count(group.aliasKeys),
        count(group.canonicalKeys),
        bytes(group.bytes),
      ]),
    )}
    ${tableOf(
      'Largest keys',
      [
        ['key', 'k'],
        ['database', 'n'],
        ['type', ''],
        ['size', 'n'],
      ],
      largest.map(({ key, db, type, bytes: size }) => [key, db, type, bytes(size)]),
    )}
    ${tableOf(
      'Look like a slip',
      [
        ['key', 'k'],
        ['database', 'n'],
        ['family', ''],
        ['why', ''],
      ],
      lookAlikes.map(({ key, db, family, why }) => [key, db, family, why]),
      lookAlikesOmitted,
    )}
    ${tableOf(
      'Of no family',
      [
        ['shape', 'k'],
        ['database', 'n'],
        ['keys', 'n'],
        ['for example', 'k'],
      ],
      unmanaged.map(({ shape, db, keys, samples }) => [shape, db, count(keys), samples[0]]),
      unmanagedOmitted,
    )}
  </section>`
}
