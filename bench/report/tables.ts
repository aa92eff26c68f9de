/**
 * What the tables of all sections are made with.
 *
 * @module
 */
import type { Results } from '../support/results.js'

/** What becomes of a file of results: text, and charts by the names of their files. */
export interface Section {
  readonly text: string
  readonly charts: Readonly<Record<string, string>>
}

/** A table in Markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** One line for each of `names`, one column for each of `columns`. */
export const grid = (
  names: readonly string[],
  columns: readonly string[],
  cell: (name: string, column: string) => string,
  heading: (column: string) => string = (column) => `\`${column}\``,
): string =>
  table(
    ['', ...columns.map(heading)],
    names.map((name) => [name, ...columns.map((column) => cell(name, column))]),
  )

/** Where figures come from. */
export const measured = ({ date, machine, rounds }: Results<unknown>): string =>
  `Measured on ${date}: ${machine}; medians of ${rounds} rounds.`

export const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** Two digits; nothing where there is no figure. */
export const two = (value: number | undefined): string => value?.toFixed(2) ?? ''

/** Whole, with commas. */
export const whole = (value: number | undefined): string =>
  value === undefined ? '' : Math.round(value).toLocaleString('en')
