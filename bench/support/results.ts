/**
 * What the benchmarks found, as JSON under bench/results: one file each, with the machine and the day.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'

/** One result file. Rows are flat, so that a table can be made of them. */
export interface Results<Row> {
  readonly date: string
  readonly machine: string
  readonly rounds: number
  readonly rows: readonly Row[]
}

/** `full` gives the figures of the documentation, `short` some of them, and `smoke` only shows that everything starts. */
export type Mode = 'full' | 'short' | 'smoke'

const { values: flags } = parseArgs({
  options: { full: { type: 'boolean' }, smoke: { type: 'boolean' } },
  strict: false,
})

/** `--full`, `--smoke`, or neither. */
export const mode: Mode = flags.full ? 'full' : flags.smoke ? 'smoke' : 'short'

/** The one of three that this run asks for. */
export const byMode = <T>(of: Readonly<Record<Mode, T>>): T => of[mode]

const folder = new URL('../results/', import.meta.url)

/** Only the files of full runs are kept in the repository: the pages are made of them. */
export const resultFile = (name: string, of: Mode = mode): URL =>
  new URL(`${of === 'full' ? '' : `${of}-`}${name}.json`, folder)

/** Writes a file of results. */
export function save<Row>(name: string, rounds: number, rows: readonly Row[]): void {
  const [cpu] = cpus()
  const load = loadavg()[0]?.toFixed(1)
  const machine = `${cpus().length} x ${cpu?.model.trim()}, Node ${process.versions.node}, load ${load}`
  const results: Results<Row> = { date: new Date().toISOString().slice(0, 10), machine, rounds, rows }
  mkdirSync(folder, { recursive: true })
  writeFileSync(resultFile(name), JSON.stringify(results, fourDigits, 1) + '\n')
}

// More digits than four only make the files differ.
const fourDigits = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value

/** Reads one; undefined where that benchmark has not run. */
export function load<T>(name: string, of: Mode = 'full'): T | undefined {
  try {
    return JSON.parse(readFileSync(resultFile(name, of), 'utf8')) as T
  } catch {
    return undefined
  }
}
