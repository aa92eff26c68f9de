/** What docs/testing.md shows and lists is what is there. The example for vitest is a test here: examples/cancel-job.test.ts. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LACKS } from '../../src/clients/mock/lacks.js'
import { refusalGroups, refusals } from '../../src/clients/mock/refusals.js'
import { MemoryServer } from '../../src/clients/mock/server.js'
import { commandRows } from '../../src/commands/index.js'
import { extractBlocks } from './extract.js'

const page = readFileSync('docs/testing.md', 'utf8')

it('the page shows the test as it runs', () => {
  const blocks = extractBlocks('docs/testing.md', page)
  const shown = blocks.find(({ code }) => code.includes("from 'vitest'"))?.code
  expect(`${shown}\n`).toBe(readFileSync('test/docs/examples/cancel-job.test.ts', 'utf8'))
})

it('the page lists what the mock refuses, and why', () => {
  const [, section = ''] = /## What it lacks\n([^]*?)\n## /.exec(page) ?? []
  const rows = [...section.matchAll(/^\| (`.*`) \| (.*?) \| (.*?) \|$/gm)].map(([, commands = '', why, instead]) => ({
    commands: commands.replaceAll(/`/g, '').replaceAll(', ', ',').replaceAll(' ', '|').replaceAll(',', ' '),
    why,
    instead,
  }))
  expect(rows).toEqual(refusalGroups)
})

/** Commands that a connection answers by itself. */
const ofConnections = new Set(
  (
    'MULTI EXEC DISCARD WATCH UNWATCH SELECT PING QUIT INFO WAIT CLIENT PUBLISH SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE ' +
    'PUNSUBSCRIBE PUBSUB'
  ).split(' '),
)

it('what is refused is what Redis 7.0 has and the mock lacks', () => {
  const { engine } = new MemoryServer()
  const rows = commandRows.filter(({ servers }) => servers.includes('redis-7.0'))
  const names = [...new Set(rows.map(({ name }) => name.split(' ')[0]!.toUpperCase()))]
  const lacked = names.filter((name) => engine.refusal(name, [])?.message.endsWith(LACKS) && !ofConnections.has(name))
  const libraries = new Set(['CJSON', 'CMSGPACK', 'STRUCT', 'BIT'])
  const listed = Object.keys(refusals).filter((name) => !name.includes(' ') && !libraries.has(name))
  expect(listed.filter((name) => !ofConnections.has(name)).sort()).toEqual(lacked.sort())
})
