/**
 * How costs grow: a table and a chart for each thing that grows.
 *
 * @module
 */
import type { GrowthRow, HoldingRow } from '../growth.js'
import { lines } from '../support/charts.js'
import type { Results } from '../support/results.js'
import { measured, table, two, unique, whole, type Section } from './tables.js'

const isHolding = (row: GrowthRow | HoldingRow): row is HoldingRow => row.of === 'memory of a client'

export function growth(results: Results<GrowthRow | HoldingRow>): Section {
  const grown = results.rows.filter((row) => !isHolding(row))
  const charts: Record<string, string> = {}
  const parts = unique(grown.map(({ of }) => of)).flatMap((of) => {
    const own = grown.filter((row) => row.of === of)
    const sizes = unique(own.map(({ size }) => size))
    const whats = unique(own.map(({ what }) => what))
    const find = (what: string, size: number) => own.find((row) => row.what === what && row.size === size)
    const cells = (what: string, figure: 'throughput' | 'cpu') => sizes.map((size) => two(find(what, size)?.[figure]))
    const name = `growth-${of.replaceAll(' ', '-')}`
    charts[name] = lines(
      `Throughput by ${of}; raw client = 1`,
      sizes.map((size) => whole(size)),
      // It has a scale of its own: no wrapped client is in it.
      whats
        .filter((what) => !what.startsWith('COPY'))
        .map((what) => ({ label: what, values: sizes.map((size) => find(what, size)?.throughput ?? NaN) })),
      1,
    )
    return [
      `### By ${of}`,
      table(
        [of, ...sizes.map((size) => `${whole(size)}`), ...sizes.map((size) => `CPU, ${whole(size)}`)],
        whats.map((what) => [what, ...cells(what, 'throughput'), ...cells(what, 'cpu')]),
      ),
      `![By ${of}](performance/${name}.svg)`,
    ]
  })
  const held = results.rows.find(isHolding)
  const kilobytes = (bytes: number | undefined): string => (Number(bytes) / 1000).toFixed(1)
  const memory = `One connected client holds ${kilobytes(held?.raw)} KB of the heap raw, and ${kilobytes(held?.wrapped)} KB wrapped.`
  return { text: [measured(results), ...parts, memory].join('\n\n'), charts }
}
