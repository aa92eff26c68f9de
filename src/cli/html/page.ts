/**
 * The report's page: one file that needs nothing else, no script and no network.
 *
 * @module
 */
import { analysisSection, type AnalysisReport } from './analysis.js'
import { html, Markup } from './markup.js'
import { runSection, type RunReport } from './runs.js'
import { style } from './style.js'

/** A report of either kind, as read from its file. */
export type AnyReport =
  { readonly kind: 'analysis'; readonly report: AnalysisReport } | { readonly kind: 'run'; readonly report: RunReport }

/** What all reports have. */
interface Common {
  readonly schema: string
  readonly hash: string
  readonly timestamp: string
}

/**
 * What kind of report a JSON value is; undefined for none.
 *
 * @example
 * ```ts
 * reportOf(JSON.parse(await readFile('migration_report_20260115_103000.json', 'utf8')))?.kind // 'run'
 * ```
 */
export function reportOf(value: unknown): AnyReport | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if ('migration_stats' in value && 'operation' in value) return { kind: 'run', report: value as RunReport }
  if ('impact' in value && 'families' in value) return { kind: 'analysis', report: value as AnalysisReport }
  return undefined
}

/**
 * One page from one or more reports, the oldest first.
 *
 * @param reports at least one
 */
export function page(reports: readonly AnyReport[]): string {
  const common = reports.map(({ report }) => report as unknown as Common)
  const order = [...reports].sort((a, b) => a.report.timestamp.localeCompare(b.report.timestamp))
  const names = [...new Set(common.map(({ schema }) => schema))].join(', ')
  const hashes = [...new Set(common.map(({ hash }) => hash.slice(0, 8)))]
  const warning =
    hashes.length > 1
      ? html`<p class="bad">These reports are of ${hashes.length} different schemas, which map otherwise.</p>`
      : undefined
  const sections = order.map((one) => (one.kind === 'run' ? runSection(one.report) : analysisSection(one.report)))
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Migration ${names}</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <h1>Migration ${names}</h1>
        <p class="soft">
          Schema ${hashes.join(', ')} · ${reports.length} ${reports.length === 1 ? 'report' : 'reports'}, names only,
          never values
        </p>
        ${warning} ${sections}
      </body>
    </html> `.text
}
