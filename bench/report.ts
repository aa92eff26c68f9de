/**
 * Writes the tables and charts of the documentation from bench/results: `npm run bench:report`. Between the marks
 * `<!-- bench:… -->` and `<!-- /bench -->` it writes all; what stands outside them is written by hand.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { chartFile, fill, pages } from './report/pages.js'

for (const page of pages) {
  const { text, charts, missing } = fill(readFileSync(page, 'utf8'))
  writeFileSync(page, text)
  for (const [name, svg] of Object.entries(charts)) writeFileSync(chartFile(name), svg)
  for (const name of missing) console.log(`${page}: ${name} stays as it is, its benchmark has not run`)
}
