/**
 * Pieces of what verbs print in the end.
 *
 * @module
 */
import { relative } from 'node:path'
import type { KeyError, RunResult } from '../../migrate/types/index.js'
import { inFlags } from '../wording.js'
import { count, duration, plural, table, wrap, type Column } from '../text.js'

/** A count by family: its title and its name in the result. */
export type CountColumn<K extends string> = readonly [name: K, title: string]

type CountsBy<K extends string> = Readonly<Record<string, Readonly<Record<K, number>>>>

/**
 * A table with a row for each family, and one for all of them where there are several; and another one for groups, where
 * there are any. Groups may have families in common, so they are not added up.
 */
export function familyTable<K extends string>(
  { families, groups }: { readonly families: CountsBy<K>; readonly groups: CountsBy<K> },
  columns: readonly CountColumn<K>[],
): string[] {
  const titles = (first: string): Column[] => [
    { title: first },
    ...columns.map(([, title]) => ({ title, right: true })),
  ]
  const rowsOf = (counted: CountsBy<K>): string[][] =>
    Object.entries(counted).map(([name, counts]) => [name, ...columns.map(([kind]) => count(counts[kind]))])
  const rows = rowsOf(families)
  const sums = columns.map(([name]) => count(Object.values(families).reduce((sum, counts) => sum + counts[name], 0)))
  const lines = table(titles('family'), rows.length > 1 ? [...rows, ['all', ...sums]] : rows)
  if (Object.keys(groups).length > 0) lines.push('', ...table(titles('group'), rowsOf(groups)))
  return lines
}

/** Up to so many examples of a list, and how many more there are. */
export function examples<T>(title: string, items: readonly T[], omitted: number, show: (item: T) => string): string[] {
  const most = 10
  if (items.length === 0) return []
  const more = Math.max(0, items.length - most) + omitted
  return [
    '',
    `${title}:`,
    ...items.slice(0, most).flatMap((item) => wrap(show(item), 80, '  ')),
    ...(more > 0 ? [`  … and ${count(more)} more`] : []),
  ]
}

/** Keys that failed, together with those that failed for the same reason. */
function failures(errors: readonly KeyError[], omitted: number): string[] {
  const reasons = new Map<string, KeyError[]>()
  for (const error of errors) {
    const same = reasons.get(reasonOf(error))
    if (same) same.push(error)
    else reasons.set(reasonOf(error), [error])
  }
  const shown = examples('Failed', [...reasons], 0, ([reason, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length}${omitted > 0 ? ' or more' : ''} others`
    return `${first!.key} → ${first!.canonical}${more}: ${reason}`
  })
  const isDenied = [...reasons.keys()].some((reason) => /NOPERM|can't run this command|permission/i.test(reason))
  return isDenied ? [...shown, '  Which permissions are missing: canonical-redis check'] : shown
}

/** Servers say in which line of which script it was, which is the same for all. */
const reasonOf = ({ error }: KeyError): string => error.replace(/,? ?(script: [0-9a-f]{40}.*)?$/, '')

/** What every run says in the end: how fast, notes, failures, where the report is. */
export function footer(result: RunResult, cwd: string): string[] {
  const { durationMs, scanned, notes, errors, errorsOmitted, reportFile, resumed, endedBy } = result
  // With what an earlier run had scanned the rate would be too good to be true.
  const rate = durationMs > 0 && !resumed ? `, ${count((scanned * 1000) / durationMs)}/s` : ''
  const lines = ['', `${plural(scanned, 'key')} scanned in ${duration(durationMs)}${rate}`]
  if (resumed) lines.push('Went on from the checkpoint of an earlier run; its counts are included.')
  if (endedBy === 'limit') lines.push('Ended by --limit: run it again to go on.')
  if (endedBy === 'sample') lines.push('Only a sample was looked at.')
  for (const { family, code, note } of notes) {
    lines.push(...wrap(`note: ${family ? `${family}: ` : ''}${inFlags(note)} [${code}]`, 80))
  }
  lines.push(...failures(errors, errorsOmitted))
  if (reportFile !== undefined) lines.push(`Report: ${relative(cwd, reportFile)}`)
  return lines
}

/** The next thing to type, as the last line. */
export const next = (line: string | undefined): string[] =>
  line === undefined ? [] : ['', ...wrap(`Next: ${line}`, 80)]
