/** The table of docs/phases.md says how many commands the planner really sends. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { phases, type Phase } from '../../src/phases/index.js'
import { explain, plan } from '../../src/plan/index.js'
import { defineSchema, key } from '../../src/schema/index.js'

const { mapper } = defineSchema({ name: 'costs', keys: { step: key('step:<id>').alias('job:<id>') } })

const lines = [
  'GET k',
  'MGET k k2',
  'SET k v',
  'SET k v EX 60',
  'DEL k',
  'INCR k',
  'HSET k f v',
  'ZADD k 1 m',
  'EXPIRE k 60',
  'SPOP k',
  'XADD k * f v',
  'SUNIONSTORE k s',
]

/** Commands on the wire, MULTI and EXEC among them; for a read of a key that has to be adopted, after a stroke. */
function cost(line: string, phase: Phase): string {
  const argv = line.split(' ').map((part) => (/^k\d?$/.test(part) ? `step:${part}` : part))
  const context = { mapper, phaseOf: () => phase, db: 0, inTransaction: false, unknownCommands: 'refuse' } as const
  const sent = explain(argv, plan(argv, context))
  const remark = sent.findIndex((one) => one.startsWith('#'))
  return remark < 0 ? String(sent.length) : `${remark} / ${sent.length - 1}`
}

it('docs/phases.md counts commands as the planner sends them', () => {
  const head = ['| |', ...phases.map((phase) => ` \`${phase}\` |`)].join('')
  const rule = `|---|${phases.map(() => '---|').join('')}`
  const rows = lines.map((line) => `| \`${line}\` | ${phases.map((phase) => cost(line, phase)).join(' | ')} |`)
  expect(readFileSync('docs/phases.md', 'utf8')).toContain([head, rule, ...rows].join('\n'))
})
