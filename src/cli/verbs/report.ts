/**
 * `canonical-redis report`: reports as one page.
 *
 * @module
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { CanonicalRedisError } from '../../errors.js'
import { jsonFlag, reportDirFlag } from '../flags.js'
import { page, reportOf, type AnyReport } from '../html/page.js'
import { redact } from '../io.js'
import { plural } from '../text.js'
import type { Verb } from '../verb.js'

interface Options {
  readonly reportDir: string
  readonly out?: string
}

/** The verb. */
export const report: Verb<Options> = {
  name: 'report',
  args: '[files...]',
  says: 'make one HTML page of the reports',
  more:
    'What was found, what was moved, how fast, what failed; with charts, in one file that needs no network. Without ' +
    'files: every report in the report folder.',
  flags: [
    reportDirFlag,
    { flags: '-o, --out <file>', says: 'the page (default: report.html in the report folder)' },
    jsonFlag,
  ],
  examples: [
    ['report', 'canonical-redis-reports/report.html'],
    ['report migration_report_20260115_103000.json -o monday.html', 'one report'],
  ],
  async run({ io, options, args }) {
    const folder = resolve(io.cwd, options.reportDir)
    const files = args.length > 0 ? args.map((file) => resolve(io.cwd, file)) : await reportsIn(folder)
    const reports = await Promise.all(files.map((file) => read(file)))
    const out = resolve(io.cwd, options.out ?? join(folder, 'report.html'))
    await writeFile(out, redact(page(reports)))
    return {
      exit: 'ok',
      lines: [`${plural(reports.length, 'report')} in ${relative(io.cwd, out)}`],
      result: { page: out, reports: files },
    }
  },
}

async function reportsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /^(migration_report|redis_analysis)_.*\.json$/.test(name)).sort()
  if (files.length > 0) return files.map((name) => join(folder, name))
  throw new CanonicalRedisError('E_BAD_FILE', `There are no reports in ${folder}.`, {
    hint: 'Run `canonical-redis analyze` or `canonical-redis migrate` first, or name the files.',
  })
}

/** @throws CanonicalRedisError `E_BAD_FILE` */
async function read(file: string): Promise<AnyReport> {
  const text = await readFile(file, 'utf8')
  let found: AnyReport | undefined
  try {
    found = reportOf(JSON.parse(text))
  } catch {
    // Not JSON: the same sentence as for JSON of something else.
  }
  if (found) return found
  throw new CanonicalRedisError('E_BAD_FILE', `Expected ${file} to be a report of this package, which it is not.`, {
    hint: 'Name a migration_report_*.json or a redis_analysis_*.json.',
  })
}
