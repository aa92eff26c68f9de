/** The example of docs/testing.md for vitest is a test that runs here: examples/cancel-job.test.ts. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { extractBlocks } from './extract.js'

it('the page shows the test as it runs', () => {
  const blocks = extractBlocks('docs/testing.md', readFileSync('docs/testing.md', 'utf8'))
  const shown = blocks.find(({ code }) => code.includes("from 'vitest'"))?.code
  expect(`${shown}\n`).toBe(readFileSync('test/docs/examples/cancel-job.test.ts', 'utf8'))
})
