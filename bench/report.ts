/**
 * Writes the tables and charts of docs/performance.md from bench/results: `npm run bench:report`. Between the marks
 * `<!-- bench:… -->` and `<!-- /bench -->` it writes all; what stands outside them is written by hand.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { phases } from '../src/index.js'
import type { ClientRow } from './client.js'
import type { MapperRow } from './mapper.js'
import { bars, lines } from './support/charts.js'
import { load, type Results } from './support/results.js'

const page = new URL('../docs/performance.md', import.meta.url)
const chart = (name: string, svg: string): void =>
  writeFileSync(new URL(`../docs/performance/${name}.svg`, import.meta.url), svg)

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const measured = ({ date, machine, rounds }: Results<unknown>): string =>
  `Measured on ${date}: ${machine}; medians of ${rounds} rounds.`

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** Ratios of one client, one way: a line for each operation and name, a column for each phase. */
function ratios(rows: readonly ClientRow[]): string {
  const lines = unique(rows.map(({ operation, naming }) => `${operation}, ${naming}`))
  const at = (line: string, phase: string): string =>
    rows.find((row) => row.phase === phase && `${row.operation}, ${row.naming}` === line)?.throughput.toFixed(2) ?? ''
  const columns = phases.filter((phase) => rows.some((row) => row.phase === phase))
  return table(
    ['', ...columns.map((phase) => `\`${phase}\``)],
    lines.map((line) => [line, ...columns.map((phase) => at(line, phase))]),
  )
}

function client(results: Results<ClientRow>): string {
  const byHand = results.rows.filter(({ operation }) => operation.startsWith('SET beside'))
  const main = results.rows.filter(
    (row) => row.client === 'ioredis 5' && row.way === 'pipelined' && !byHand.includes(row),
  )
  const gets = main.filter(({ operation, naming }) => operation === 'GET' && naming !== 'unmanaged')
  chart(
    'reads',
    bars(
      'GET through ioredis, pipelined by 100; raw client = 1',
      gets.map(({ phase, naming, throughput }) => ({ label: `${phase}, ${naming}`, value: throughput })),
    ),
  )
  const others = unique(results.rows.map((row) => `${row.client}, ${row.way}`)).filter(
    (one) => one !== 'ioredis 5, pipelined',
  )
  return [
    measured(results),
    'ioredis 5, pipelined by 100:',
    ratios(main),
    '![Reads by phase](performance/reads.svg)',
    'SET of both names, beside `MULTI, SET, SET, EXEC` written by hand on the raw client (= 1):',
    table(
      byHand.map(({ phase }) => `\`${phase}\``),
      [byHand.map(({ throughput }) => throughput.toFixed(2))],
    ),
    ...others.flatMap((one) => [`${one}:`, ratios(results.rows.filter((row) => `${row.client}, ${row.way}` === one))]),
  ].join('\n\n')
}

function mapper(results: Results<MapperRow>): string {
  const sizes = unique(results.rows.map(({ families }) => families))
  const whats = unique(results.rows.map(({ what }) => what))
  const of = (what: string, name: string): number[] =>
    sizes.map((size) => results.rows.find((r) => r.what === what && r.name === name && r.families === size)?.ns ?? NaN)
  const hits = whats
    .filter((what) => !what.startsWith('list'))
    .map((what) => ({ label: what, values: of(what, 'a hit') }))
  chart('mapper', lines('Nanoseconds for a hit, by families', sizes.map(String), hits))
  const cells = (what: string) => ['a hit', 'a miss'].flatMap((name) => of(what, name).map((ns) => ns.toFixed(0)))
  return [
    measured(results),
    'Nanoseconds for one name, by the number of families:',
    table(
      ['', ...['hit', 'miss'].flatMap((name) => sizes.map((size) => `${name}, ${size}`))],
      whats.map((what) => [what, ...cells(what)]),
    ),
    '![The mapper by families](performance/mapper.svg)',
  ].join('\n\n')
}

const sections: Readonly<Record<string, () => string | undefined>> = {
  client: () => written(load<ClientRow>('client'), client),
  mapper: () => written(load<MapperRow>('mapper'), mapper),
}

function written<Row>(results: Results<Row> | undefined, write: (results: Results<Row>) => string): string | undefined {
  return results && write(results)
}

let text = readFileSync(page, 'utf8')
for (const [name, write] of Object.entries(sections)) {
  const body = write()
  if (body === undefined) {
    console.log(`bench/results/${name}.json is not there: its section stays`)
    continue
  }
  const begin = `<!-- bench:${name} -->`
  const [before, rest] = text.split(begin)
  const after = rest?.split('<!-- /bench -->').slice(1).join('<!-- /bench -->')
  if (after === undefined) throw new Error(`docs/performance.md has no ${begin} … <!-- /bench -->`)
  text = `${before}${begin}\n\n${body}\n\n<!-- /bench -->${after}`
}
writeFileSync(page, text)
