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

const folder = new URL('../results/', import.meta.url)

/** `--full` measures more cases and longer. */
export const isFull = parseArgs({ options: { full: { type: 'boolean', default: false } }, strict: false }).values
  .full as boolean

/** Writes a file of results. */
export function save<Row>(name: string, rounds: number, rows: readonly Row[]): void {
  const [cpu] = cpus()
  const load = loadavg()[0]?.toFixed(1)
  const machine = `${cpus().length} x ${cpu?.model.trim()}, Node ${process.versions.node}, load ${load}`
  const results: Results<Row> = { date: new Date().toISOString().slice(0, 10), machine, rounds, rows }
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${name}.json`, folder), JSON.stringify(results, undefined, 1) + '\n')
}

/** Reads one; undefined where that benchmark has not run. */
export function load<Row>(name: string): Results<Row> | undefined {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Results<Row>
  } catch {
    return undefined
  }
}
