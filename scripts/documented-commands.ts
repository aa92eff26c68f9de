/**
 * Writes src/commands/table.documented.ts from scripts/data/documented-commands.tsv. It needs no server.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { readSpecs, writeSpec } from '../src/commands/notation.js'

const data = new URL('data/documented-commands.tsv', import.meta.url)
const target = new URL('../src/commands/table.documented.ts', import.meta.url)

interface Row {
  readonly source: string
  readonly name: string
  readonly text: string
}

function readRow(line: string): Row {
  const columns = line.split('\t')
  const [source, name, arity, flags, keys] = columns as [string, string, string, string, string]
  const isWhole = columns.length === 5 && name === name.toLowerCase() && /^-?\d+$/.test(arity)
  if (!isWhole || readSpecs(keys).map(writeSpec).join('; ') !== keys) {
    throw new Error(`Expected source, name, arity, flags and key specs between tabs, got \`${line}\``)
  }
  return { source, name, text: `['${name}', ${arity}, '${flags}', '${keys}'],` }
}

/**
 * The text of the table.
 *
 * @param tsv - the data file
 * @param live - the commands of the servers, which win: what a server says needs no documentation
 */
export function renderDocumented(tsv: string, live: ReadonlySet<string>): string {
  const lines = tsv.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const rows = lines.map(readRow).filter(({ name }) => !live.has(name))
  const twice = rows.find(({ name }, i) => rows.findIndex((other) => other.name === name) < i)
  if (twice) throw new Error(`Expected each command once, got \`${twice.name}\` again from ${twice.source}`)
  const groups = [...new Set(rows.map(({ source }) => source))].map((source) => {
    const own = rows.filter((row) => row.source === source).map(({ text }) => `    ${text}\n`)
    return `  '${source}': [\n${own.join('')}  ],\n`
  })
  return `/**
 * Written by scripts/documented-commands.ts; do not edit. To write it again: \`npm run generate\`.
 * Source: scripts/data/documented-commands.tsv, without what a server of the test matrix has.
 * ${rows.length} rows: documented specs, never run here. Corrections are in overrides.ts.
 *
 * @module
 */
import type { DocumentedRow } from './notation.js'

/** Rows by the source that documents them. */
// prettier-ignore
export const documentedRows: Readonly<Record<string, readonly DocumentedRow[]>> = {
${groups.join('')}}
`
}

/** Writes the table; `live` as for {@link renderDocumented}. */
export function writeDocumented(live: ReadonlySet<string>): void {
  writeFileSync(target, renderDocumented(readFileSync(data, 'utf8'), live))
}
