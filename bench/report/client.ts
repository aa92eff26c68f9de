/**
 * The tables of the client: throughput, CPU time, what the server notices.
 *
 * @module
 */
import { phases } from 'canonical-redis'
import type { ClientRow } from '../client.js'
import { bars } from '../support/charts.js'
import type { Results } from '../support/results.js'
import { grid, measured, table, two, unique, type Section } from './tables.js'

type Figure = 'throughput' | 'cpu' | 'server' | 'network'

/** One figure: a line for each operation and name, a column for each phase. */
function figures(rows: readonly ClientRow[], figure: Figure): string {
  const line = ({ operation, naming }: ClientRow): string => `${operation}, ${naming}`
  const columns = phases.filter((phase) => rows.some((row) => row.phase === phase))
  const cell = (name: string, phase: string): string =>
    two(rows.find((row) => row.phase === phase && line(row) === name)?.[figure])
  return grid(unique(rows.map(line)), columns, cell)
}

/** What is aimed at, of which lines: `GET` and `SET`, by names that are sent as they are, by others, and reads that may adopt. */
const isRight = ({ phase, naming }: ClientRow): boolean => naming === 'unmanaged' || naming === phase
const aims: readonly [string, number, (row: ClientRow) => boolean][] = [
  [
    'names that are sent as they are: unmanaged ones, aliases in `alias`, canonical ones in `canonical`',
    0.95,
    (row) => isRight(row) && ['GET', 'SET'].includes(row.operation),
  ],
  [
    'names that are changed, in `alias` and `canonical`',
    0.9,
    (row) => !isRight(row) && ['alias', 'canonical'].includes(row.phase) && ['GET', 'SET'].includes(row.operation),
  ],
  [
    'hits in `dual-read`',
    0.9,
    (row) => row.operation === 'GET' && row.phase === 'dual-read' && row.naming !== 'unmanaged',
  ],
  [
    '`SET` of both names beside `MULTI, SET, SET, EXEC` by hand',
    1,
    ({ operation }) => operation.startsWith('SET beside'),
  ],
]

/** Beside it what was found: the least and the most of those lines. */
function aimed(rows: readonly ClientRow[]): string {
  const lines = aims.map(([what, aim, isMeant]) => {
    const found = rows.filter(isMeant).map(({ throughput }) => throughput)
    return [what, two(aim), `${two(Math.min(...found))} to ${two(Math.max(...found))}`]
  })
  return table(['ioredis 5, pipelined, throughput', 'aim', 'measured'], lines)
}

export function client(results: Results<ClientRow>): Section {
  const byHand = results.rows.filter(({ operation }) => operation.startsWith('SET beside'))
  const rows = results.rows.filter((row) => !byHand.includes(row))
  const of = (client: string, way: string) => rows.filter((row) => row.client === client && row.way === way)
  const main = of('ioredis 5', 'pipelined')
  const chart = (title: string, operations: readonly string[]): string =>
    bars(
      `${title} through ioredis 5, pipelined by 100; raw client = 1`,
      main
        .filter(({ operation, naming }) => operations.includes(operation) && naming !== 'unmanaged')
        .map(({ phase, naming, throughput }) => ({ label: `${phase}, ${naming}`, value: throughput })),
    )
  const others = unique(rows.map(({ client, way }) => [client, way].join('|')))
    .map((one) => one.split('|') as [string, string])
    .filter(([client, way]) => !(client === 'ioredis 5' && way === 'pipelined'))
  const text = [
    measured(results),
    'ioredis 5, pipelined by 100, throughput:',
    figures(main, 'throughput'),
    '![Reads by phase](performance/reads.svg)',
    '![Writes by phase](performance/writes.svg)',
    'SET of both names, beside `MULTI, SET, SET, EXEC` written by hand on the raw client (= 1):',
    table(
      byHand.map(({ phase }) => `\`${phase}\``),
      [byHand.map(({ throughput }) => two(throughput))],
    ),
    'Against what we aim at:',
    aimed([...main, ...byHand]),
    '### CPU time of the process\n\nFor one command, the raw client being 1: ioredis 5, pipelined by 100.',
    figures(main, 'cpu'),
    '### What the server notices\n\nIts CPU time for one command of the application, the raw client being 1: ioredis 5, pipelined by 100.',
    figures(main, 'server'),
    'Bytes to the server and back, likewise:',
    figures(main, 'network'),
    '### Other ways, other clients\n\nThroughput, and then CPU time of the process.',
    ...others.flatMap(([client, way]) => [
      `${client}, ${way}:`,
      figures(of(client, way), 'throughput'),
      `${client}, ${way}, CPU time:`,
      figures(of(client, way), 'cpu'),
    ]),
  ]
  const charts = { reads: chart('GET', ['GET']), writes: chart('SET', ['SET']) }
  return { text: text.join('\n\n'), charts }
}
