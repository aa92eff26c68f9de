/**
 * Tiles and tables of the report.
 *
 * @module
 */
import { html, type Markup, type Part } from './markup.js'

/** Rows of a table that are shown; the JSON has the others. */
const ROWS = 100

/** A column: how it looks. `n`: a number, right. `k`: a key, in type of one width. */
export type Look = 'n' | 'k' | ''

/** A table; nothing where it has no rows. `more` rows are counted only. */
export function tableOf(
  title: string,
  columns: readonly (readonly [title: string, look: Look])[],
  rows: readonly (readonly Part[])[],
  more = 0,
): Markup | undefined {
  if (rows.length === 0) return undefined
  const left = Math.max(0, rows.length - ROWS) + more
  const cells = (row: readonly Part[]): Markup[] =>
    row.map((cell, i) => html`<td class="${columns[i]![1]}">${cell}</td>`)
  return html`<h3>${title}</h3>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${columns.map(([name, look]) => html`<th class="${look}">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS).map(
            (row) =>
              html`<tr>
                ${cells(row)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="soft">… and ${left.toLocaleString('en')} more.</p>` : undefined}`
}

/** Large figures: what they are, and in which mood. */
export const tiles = (list: readonly (readonly [name: string, value: string, mood?: 'bad' | 'good'])[]): Markup =>
  html`<div class="tiles">
    ${list.map(([name, value, mood = '']) => html`<div class="tile"><b class="${mood}">${value}</b><span class="soft">${name}</span></div>`)}
  </div>`
