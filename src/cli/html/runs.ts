/**
 * The section of a run that went through the keys: a backfill, a verification, a cleanup, a restore.
 *
 * @module
 */
import type { BigKey, Difference, KeyError, Note, RollbackStep } from '../../migrate/types/index.js'
import type { Moment, Wait } from '../run/timeline.js'
import { bytes, count, duration, percent } from '../text.js'
import { bars, line, type Bar, type Point } from './charts.js'
import { html, type Markup } from './markup.js'
import { tableOf, tiles } from './pieces.js'

/** `migration_report_*.json`, as read. What the command line added may be missing. */
export interface RunReport {
  readonly operation: string
  readonly dry_run: boolean
  readonly timestamp: string
  readonly duration_ms: number
  readonly scanned: number
  readonly ended_by: string
  readonly migration_stats: Readonly<Record<string, number>>
  readonly families: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Missing in reports of earlier versions. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly migrated_keys: readonly { readonly old_key: string; readonly new_key: string }[]
  readonly migrated_keys_omitted: number
  readonly error_keys: readonly {
    readonly old_key: string
    readonly new_key: string
    readonly family: string
    readonly error: string
  }[]
  readonly error_keys_omitted: number
  readonly server?: string
  readonly timeline?: readonly Moment[]
  readonly waits?: readonly Wait[]
  readonly notes?: readonly Note[]
  readonly big?: readonly BigKey[]
  readonly bigOmitted?: number
  readonly details?: readonly Difference[]
  readonly detailsOmitted?: number
  readonly failed?: readonly KeyError[]
  /** Of a rollback. */
  readonly steps?: readonly RollbackStep[]
}

/** Titles, and which counts make the bars, by operation. */
const shapes: Readonly<Record<string, { title: string; done: string; parts: readonly string[] }>> = {
  migrate: { title: 'Migration', done: 'copied', parts: ['migrated', 'skipped', 'vanished', 'failed'] },
  verify: { title: 'Verification', done: 'equal', parts: ['equal', 'missing', 'different', 'failed', 'orphans'] },
  cleanup: { title: 'Cleanup', done: 'removed', parts: ['deleted', 'kept', 'failed'] },
  rollback: { title: 'Rollback', done: 'copied', parts: ['migrated', 'skipped', 'vanished', 'removed', 'failed'] },
  restore: { title: 'Restore', done: 'restored', parts: ['restored', 'skipped', 'expired', 'failed'] },
}

/** Of a verification, what is equal is what is left. */
function withEqual(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const { compared = 0, missing = 0, different = 0, failed = 0 } = counts
  return { ...counts, equal: Math.max(0, compared - missing - different - failed) }
}

/** Keys a second, between one moment and the next. */
export function speeds(moments: readonly Moment[]): Point[] {
  return moments.slice(1).map((moment, i): Point => {
    const before = moments[i]!
    return [moment.ms / 1000, ((moment.scanned - before.scanned) * 1000) / Math.max(1, moment.ms - before.ms)]
  })
}

/** What was done, how fast, and what failed. */
export function runSection(report: RunReport): Markup {
  const shape = shapes[report.operation] ?? { title: report.operation, done: 'done', parts: [] }
  const {
    total_keys_found: found = 0,
    migrated_successfully: done = 0,
    migration_errors: errors = 0,
  } = report.migration_stats
  const isDry = report.dry_run && report.operation !== 'verify'
  const rowsOf = (counted: RunReport['families'] = {}): Bar[] =>
    Object.entries(counted).map(([label, counts]) => {
      const all = withEqual(counts)
      const parts = shape.parts.map((part) => all[part] ?? 0)
      return { label, parts, value: count(parts.reduce((sum, part) => sum + part, 0)) }
    })
  const groups = rowsOf(report.groups)
  const points = speeds(report.timeline ?? [])
  return html`<section>
    <h2>${shape.title}${isDry ? ' (dry run: nothing was changed)' : ''}</h2>
    <p class="soft">
      ${report.timestamp} · ${report.server}${report.ended_by === 'done' ? '' : ` · ended early: ${report.ended_by}`}
    </p>
    ${tiles([
      ['found', count(found)],
      [`${isDry ? 'to be ' : ''}${shape.done}, ${percent(done, found)}`, count(done)],
      [report.operation === 'verify' ? 'differ or failed' : 'failed', count(errors), errors > 0 ? 'bad' : 'good'],
      ['keys scanned', count(report.scanned)],
      ['time', duration(report.duration_ms)],
      ['scanned a second', count((report.scanned * 1000) / Math.max(1, report.duration_ms))],
    ])}
    <h3>By family</h3>
    ${bars('Outcome by family', shape.parts, rowsOf(report.families))}
    ${
      groups.length > 0
        ? html`<h3>By group</h3>
            ${bars('Outcome by group', shape.parts, groups)}`
        : undefined
    }
    ${
      points.length > 1
        ? html`<h3>Speed, keys scanned a second</h3>
            ${line('Keys scanned a second, over time', points, count)}`
        : undefined
    }
    ${details(report)}
  </section>`
}

function details(report: RunReport): (Markup | undefined)[] {
  return [
    tableOf(
      'Steps',
      [
        ['step', ''],
        ['in phase', ''],
        ['why', ''],
      ],
      (report.steps ?? []).map(({ what, phase, why }) => [what === 'phase' ? 'move the fleet' : what, phase, why]),
    ),
    tableOf(
      'Waited for',
      [
        ['reason', ''],
        ['times', 'n'],
        ['in all', 'n'],
      ],
      (report.waits ?? []).map(({ reason, times, ms }) => [reason, count(times), duration(ms)]),
    ),
    // The differences of a verification are listed below, with what was found.
    tableOf(
      'Failed',
      [
        ['old name', 'k'],
        ['new name', 'k'],
        ['family', ''],
        ['why', ''],
      ],
      report.details
        ? (report.failed ?? []).map(({ key, canonical, family, error }) => [key, canonical, family, error])
        : errorRows(report),
      report.details ? 0 : report.error_keys_omitted,
    ),
    tableOf(
      'Differences',
      [
        ['old name', 'k'],
        ['new name', 'k'],
        ['family', ''],
        ['what', ''],
        ['found', ''],
      ],
      (report.details ?? []).map(({ alias, canonical, family, problem, found, repaired }) => [
        alias,
        canonical,
        family,
        `${problem}${repaired ? ', repaired' : ''}`,
        found && `${found.alias} and ${found.canonical}`,
      ]),
      report.detailsOmitted,
    ),
    tableOf(
      'Big keys',
      [
        ['key', 'k'],
        ['size', 'n'],
        ['outcome', ''],
      ],
      (report.big ?? []).map(({ key, bytes: size, outcome }) => [key, bytes(size), outcome]),
      report.bigOmitted,
    ),
    tableOf(
      'Notes',
      [
        ['family', ''],
        ['note', ''],
      ],
      (report.notes ?? []).map(({ family, note }) => [family ?? '', note]),
    ),
    tableOf(
      'Keys (the first of them)',
      [
        ['old name', 'k'],
        ['new name', 'k'],
      ],
      report.migrated_keys.slice(0, SHOWN).map(({ old_key, new_key }) => [old_key, new_key]),
      Math.max(0, report.migrated_keys.length - SHOWN) + report.migrated_keys_omitted,
    ),
  ]
}

const errorRows = ({ error_keys }: RunReport): string[][] =>
  error_keys.map(({ old_key, new_key, family, error }) => [old_key, new_key, family, error])

const SHOWN = 20
