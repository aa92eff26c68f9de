/**
 * The demonstration as its audience runs it: a process of its own, judged by its exit code and its table.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'

/** Loading, seven phases, the reckoning; on a machine that does other things too. */
const LIMIT_MS = 180_000

const zeros = [
  'errors',
  'lost updates',
  'stale reads',
  'jobs taken twice',
  'events lost',
  'events doubled',
  'differing keys',
  'old names left',
]

interface Ended {
  readonly code: number | null
  readonly output: string
  /** The final table: label to number. */
  readonly table: ReadonlyMap<string, number>
}

function start(flags: readonly string[]) {
  const argv = ['--import', 'tsx', 'examples/jobs-to-steps/demo.ts', ...flags]
  const child = spawn(process.execPath, argv, { timeout: LIMIT_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const ended = once(child, 'close').then(([code]): Ended => ({ code, output, table: tableOf(output) }))
  return { child, ended, output: () => output }
}

/** `  lost updates     1,234  NOT ZERO` */
function tableOf(output: string): Map<string, number> {
  const rows = [...output.matchAll(/^ {2}(\S.*?) {2,}([\d,.]+)(?: {2}(?:ok|NOT ZERO))?$/gm)]
  return new Map(rows.map(([, label, value]) => [label!, Number(value!.replaceAll(',', ''))]))
}

describe.each([
  ['a real server', []],
  ['the embedded server', ['--embedded']],
])('on %s', (_name, flags) => {
  it('moves everything and loses nothing', { timeout: LIMIT_MS }, async () => {
    const { code, output, table } = await start(['--short', ...flags]).ended
    expect(Object.fromEntries(zeros.map((label) => [label, table.get(label)])), output).toEqual(
      Object.fromEntries(zeros.map((label) => [label, 0])),
    )
    // Zeros say something only where something happened.
    expect(table.get('operations, wrapped clients')).toBeGreaterThan(2_000)
    expect(table.get('operations, raw legacy clients')).toBeGreaterThan(100)
    expect(table.get('events received')).toBeGreaterThan(100)
    expect(table.get('keys checked at the end')).toBeGreaterThanOrEqual(4_000)
    expect(output).toContain('Nothing was lost.')
    expect(output.includes('the embedded server')).toBe(flags.includes('--embedded'))
    expect(output.includes('There is no persistence')).toBe(flags.includes('--embedded'))
    expect(code).toBe(0)
  })
})

it('shows what a dual write by hand costs, and exits with 1', { timeout: LIMIT_MS }, async () => {
  const { code, output, table } = await start(['--short', '--break']).ended
  expect(table.get('operations, dual write by hand'), output).toBeGreaterThan(500)
  expect(table.get('events doubled')).toBeGreaterThan(0)
  expect(table.get('differing keys')).toBeGreaterThan(0)
  expect(table.get('lost updates')! + table.get('stale reads')!).toBeGreaterThan(0)
  expect(output).toContain('a rollout stops here')
  expect(output).toContain('Something was lost.')
  expect(code).toBe(1)
})

it('prints no colours and no cursor movements where there is no terminal', { timeout: LIMIT_MS }, async () => {
  const { output, code } = await start(['--help']).ended
  expect(output).toContain('--break')
  expect(output).not.toContain('\x1b')
  expect(code).toBe(0)
})

it.each([
  [['--shrot'], 'did you mean --short?'],
  [['--embeded'], 'did you mean --embedded?'],
  [['--jobs', 'many'], 'expected --jobs to be a whole number'],
  [['--jobs'], 'got nothing'],
  [['--short=yes'], '--short takes no value'],
])('refuses %j', { timeout: LIMIT_MS }, async (flags, sentence) => {
  const { output, code } = await start(flags).ended
  expect(output).toContain(sentence)
  expect(code).toBe(2)
})

it('takes its server along when it is interrupted', { timeout: LIMIT_MS }, async () => {
  const { child, ended, output } = start(['--short'])
  await new Promise<void>((resolve) => {
    child.stdout.on('data', () => output().includes('is in prepare') && resolve())
    child.on('close', () => resolve())
  })
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(output())?.[1])
  expect(await listens(port)).toBe(true)
  child.kill('SIGINT')
  expect((await ended).code).toBe(130)
  expect(await listens(port)).toBe(false)
})

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
