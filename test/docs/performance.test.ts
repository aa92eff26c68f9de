/** The pages on performance show what bench/results holds, and the programs that measure it start. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { chartFile, fill, pages } from '../../bench/report/pages.js'

it.each(pages)('%s is what `npm run bench:report` writes', (page) => {
  const { text, charts, missing } = fill(readFileSync(page, 'utf8'))
  expect(missing).toEqual([])
  expect(readFileSync(page, 'utf8')).toBe(text)
  for (const [name, svg] of Object.entries(charts)) expect(readFileSync(chartFile(name), 'utf8')).toBe(svg)
})

it('a page may not ask for a section that nobody writes', () => {
  expect(() => fill('<!-- bench:nonsense -->\n<!-- /bench -->')).toThrow('nonsense')
})

it('a section without results stays as it is, and is named', () => {
  const page = '<!-- bench:mapper -->\nold\n<!-- /bench -->'
  expect(fill(page, () => undefined)).toEqual({ text: page, charts: {}, missing: ['mapper'] })
})

it('every part of `npm run bench` starts, and comes to its end', { timeout: 180_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/run.ts', '--smoke'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code, errors).toBe(0)
})
