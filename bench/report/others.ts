/**
 * The tables of allocation, of the mapper, and of a cluster.
 *
 * @module
 */
import { phases } from 'canonical-redis'
import type { AllocationRow } from '../allocation.js'
import type { ClusterRow, MigratorRow } from '../cluster.js'
import type { MapperRow } from '../mapper.js'
import { lines } from '../support/charts.js'
import type { Results } from '../support/results.js'
import { grid, measured, table, two, unique, whole, type Section } from './tables.js'

export function allocation(results: Results<AllocationRow>): Section {
  const line = ({ client, operation, naming }: AllocationRow): string => `${client}: ${operation}, ${naming}`
  const named = unique(results.rows.map(line))
  const rows = named.map((name) => {
    const own = results.rows.filter((row) => line(row) === name)
    // The raw client knows no phases: what differs between them is noise, and the middle of it is shown.
    const raw = own.map((row) => row.raw).sort((a, b) => a - b)[own.length >> 1]
    return [name, whole(raw), ...phases.map((phase) => whole(own.find((row) => row.phase === phase)?.wrapped))]
  })
  const head = ['bytes for one command', 'raw', ...phases.map((phase) => `\`${phase}\``)]
  return { text: [measured(results), table(head, rows)].join('\n\n'), charts: {} }
}

export function mapper(results: Results<MapperRow>): Section {
  const sizes = unique(results.rows.map(({ families }) => families))
  const whats = unique(results.rows.map(({ what }) => what))
  const of = (what: string, name: string): number[] =>
    sizes.map((size) => results.rows.find((r) => r.what === what && r.name === name && r.families === size)?.ns ?? NaN)
  const hits = whats
    .filter((what) => !what.startsWith('list'))
    .map((what) => ({ label: what, values: of(what, 'a hit') }))
  const cells = (what: string) => ['a hit', 'a miss'].flatMap((name) => of(what, name).map((ns) => ns.toFixed(0)))
  const text = [
    measured(results),
    'Nanoseconds for one name, by the number of families:',
    table(
      ['', ...['hit', 'miss'].flatMap((name) => sizes.map((size) => `${name}, ${size}`))],
      whats.map((what) => [what, ...cells(what)]),
    ),
    '![The mapper by families](performance/mapper.svg)',
  ]
  const charts = { mapper: lines('Nanoseconds for a hit, by families', sizes.map(String), hits) }
  return { text: text.join('\n\n'), charts }
}

export function cluster(results: Results<ClusterRow>): Section {
  const masters = unique(results.rows.map((row) => row.masters))
  const find = (size: number, operation: string, phase: string) =>
    results.rows.find((row) => row.masters === size && row.operation === operation && row.phase === phase)
  const main = phases.filter((phase) => masters.every((size) => find(size, 'GET', phase)))
  const kinds = ['GET', 'SET'] as const
  const series = kinds.flatMap((kind) =>
    main.map((phase) => ({
      label: `${kind}, ${phase}`,
      values: masters.map((size) => find(size, kind, phase)!.throughput),
    })),
  )
  const middle = masters.includes(3) ? 3 : masters[0]!
  const text = [
    measured(results),
    `${middle} masters, throughput; by the alias name, one pipeline of 100 to each master at once:`,
    grid([...kinds], phases, (kind, phase) => two(find(middle, kind, phase)?.throughput)),
    'CPU time of the process likewise:',
    grid([...kinds], phases, (kind, phase) => two(find(middle, kind, phase)?.cpu)),
    'Throughput by the number of masters:',
    table(
      ['', ...masters.map(String)],
      series.map(({ label, values }) => [label, ...values.map(two)]),
    ),
    '![A cluster by masters](performance/cluster.svg)',
  ]
  const charts = { cluster: lines('By masters; raw client = 1', masters.map(String), series, 1) }
  return { text: text.join('\n\n'), charts }
}

export function migrator(results: Results<MigratorRow>): Section {
  const rows = results.rows.map((row) => [
    row.operation,
    String(row.masters),
    whole(row.rate),
    two(row.ratio),
    row.process.toFixed(1),
    row.server.toFixed(1),
    whole(row.received + row.sent),
  ])
  const head = [
    '',
    'masters',
    'keys a second',
    'one master = 1',
    'µs of its process a key',
    'µs of servers a key',
    'bytes on the network a key',
  ]
  return { text: [measured(results), table(head, rows)].join('\n\n'), charts: {} }
}
