/** The example of jobs that become steps, with processes of its own, and its way back: what its README tells to type. */
import { expect, it } from 'vitest'
import { shellOf, typeReadme } from '../support/readme.js'

const readme = 'examples/jobs-to-steps/README.md'
const LIMIT_MS = 240_000

it('loses no job and finishes none twice, and has a way back from every phase', { timeout: LIMIT_MS }, async () => {
  expect(shellOf(readme).match(/fleet\.ts|rollback\.ts/g)).toEqual(['fleet.ts', 'rollback.ts'])
  const { code, output } = await typeReadme(readme, {})
  expect(code, output).toBe(0)
  const row = (label: string): number =>
    Number(new RegExp(`${label} +([\\d,]+)`).exec(output)?.[1]?.replaceAll(',', ''))
  const zeros = [
    'differences',
    'errors',
    'health pages that were not well',
    'jobs lost',
    'jobs finished twice',
    'jobs run more often than workers were killed',
    'old names left',
    ...['prepare', 'dual-write', 'dual-read', 'canonical-primary', 'retire-alias', 'canonical'].map(
      (phase) => `lost on the way back from ${phase}`,
    ),
  ]
  expect(Object.fromEntries(zeros.map((label) => [label, row(label)])), output).toEqual(
    Object.fromEntries(zeros.map((label) => [label, 0])),
  )
  // Zeros say something only where something happened.
  expect(row('workers killed with a job in hand')).toBe(7)
  expect(row('jobs given out again for that')).toBeGreaterThan(0)
  expect(row('jobs finished by the legacy version')).toBeGreaterThan(0)
  expect(row('jobs finished by wrapped workers')).toBeGreaterThan(300)
  expect(row('moved, step')).toBeGreaterThanOrEqual(300)
  expect(row('lines of the application added')).toBeLessThan(10)
})
