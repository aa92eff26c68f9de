/** Small pieces of the command line: words, numbers, lines, passwords, errors. */
import { describe, expect, it } from 'vitest'
import { exits } from '../../../src/cli/exits.js'
import { painter, redact } from '../../../src/cli/io.js'
import { problemOf } from '../../../src/cli/problem.js'
import { Timeline } from '../../../src/cli/run/timeline.js'
import { progressLine } from '../../../src/cli/run/progress.js'
import { bytes, duration, percent, plural, shorten, table, wrap } from '../../../src/cli/text.js'
import { inFlags } from '../../../src/cli/wording.js'
import { splitCommand } from '../../../src/cli/words.js'
import { CanonicalRedisError } from '../../../src/errors.js'
import type { Progress } from '../../../src/migrate.js'

describe('a command line of Redis', () => {
  it.each([
    ['HSET job:42 status done', ['HSET', 'job:42', 'status', 'done']],
    ['  SET  a   "two words" ', ['SET', 'a', 'two words']],
    ['SET a "say \\"hi\\"\\n\\x41"', ['SET', 'a', 'say "hi"\nA']],
    ["SET a 'it\\'s \\n'", ['SET', 'a', "it's \\n"]],
    ['SET a ""', ['SET', 'a', '']],
    ['', []],
  ])('%s', (line, words) => {
    expect(splitCommand(line)).toEqual(words)
  })

  it.each(['SET a "open', 'SET a "x"y', "SET 'a"])('%s is refused', (line) => {
    expect(() => splitCommand(line)).toThrow(/Cannot read the command/)
  })
})

describe('text', () => {
  it('numbers', () => {
    expect([plural(1, 'key'), plural(1234, 'key'), plural(2, 'alias', 'aliases')]).toEqual([
      '1 key',
      '1,234 keys',
      '2 aliases',
    ])
    expect([percent(0, 10), percent(1, 3), percent(9999, 10_000), percent(10, 10), percent(0, 0)]).toEqual([
      '0 %',
      '33 %',
      '99 %',
      '100 %',
      '-',
    ])
    expect([duration(850), duration(1500), duration(59_000), duration(200_000), duration(7_500_000)]).toEqual([
      '850 ms',
      '1.5 s',
      '59 s',
      '3 min 20 s',
      '2 h 5 min',
    ])
    expect(bytes(1_234_567)).toBe('1.2 MB')
  })

  it('cuts the middle out, and keeps the width', () => {
    expect(shorten('abcdefghij', 7)).toBe('abc…hij')
    expect(shorten('abc', 7)).toBe('abc')
  })

  it('breaks lines at words, but no command from its verb', () => {
    expect(wrap('aaa bbb ccc', 7)).toEqual(['aaa bbb', 'ccc'])
    expect(wrap('aaa aaa canonical-redis check', 24)).toEqual(['aaa aaa', 'canonical-redis check'])
  })

  it('makes tables that fit into a terminal', () => {
    const long = 'x'.repeat(100)
    const lines = table(
      [{ title: 'key' }, { title: 'n', right: true }],
      [
        [long, '1'],
        ['b', '20'],
      ],
    )
    expect(lines.map((line) => line.length)).toEqual([80, 80, 80, 80])
    expect(lines[3]).toMatch(/^b +20$/)
    expect(table([{ title: 'key' }], [])).toEqual([])
  })
})

describe('passwords', () => {
  it.each([
    ['redis://me:secret@host:1/2', 'redis://me:***@host:1/2'],
    ['redis://:se/cr:et@host', 'redis://:***@host'],
    ['Could not connect to rediss://u:p@ss@host: no', 'Could not connect to rediss://u:***@host: no'],
    ['redis://host?password=secret&db=1', 'redis://host?password=***&db=1'],
    ['redis://host:6379 and a@b', 'redis://host:6379 and a@b'],
    ['--url redis://user:password@host', '--url redis://user:password@host'],
  ])('%s', (text, shown) => {
    expect(redact(text)).toBe(shown)
  })
})

describe('colours', () => {
  const bold = (sink: object, env: Record<string, string>): string =>
    painter({ write: () => undefined, ...sink }, env).bold('x')

  it('are for terminals, and for nobody who says NO_COLOR', () => {
    expect(bold({ isTTY: true }, {})).toBe('\u001b[1mx\u001b[22m')
    expect(bold({}, {})).toBe('x')
    expect(bold({ isTTY: true }, { NO_COLOR: '1' })).toBe('x')
    expect(bold({ isTTY: true }, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe('x')
    expect(bold({ isTTY: true }, { TERM: 'dumb' })).toBe('x')
    expect(bold({}, { FORCE_COLOR: '1' })).toBe('\u001b[1mx\u001b[22m')
  })
})

describe('errors', () => {
  const answer = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })
  const node = (code: string, syscall: string): Error => Object.assign(new Error(`${code}: no`), { code, syscall })

  it.each([
    [new CanonicalRedisError('E_NOT_CLEAN', 'no'), 'E_NOT_CLEAN', 'refused'],
    [new CanonicalRedisError('E_SERVER_TOO_OLD', 'no'), 'E_SERVER_TOO_OLD', 'server'],
    [new CanonicalRedisError('E_BAD_PATTERN', 'no'), 'E_BAD_PATTERN', 'usage'],
    [answer('NOPERM this user'), 'NOPERM', 'server'],
    [answer('WRONGPASS invalid'), 'WRONGPASS', 'server'],
    [answer("OOM command not allowed when used memory > 'maxmemory'."), 'OOM', 'server'],
    [node('ECONNRESET', 'read'), 'ECONNRESET', 'server'],
    [new Error('Connection is closed.'), 'E_CONNECTION', 'server'],
    [node('EACCES', 'open'), 'EACCES', 'usage'],
    [new DOMException('stop', 'AbortError'), 'E_STOPPED', 'interrupted'],
    [new TypeError('x is not a function'), 'E_FAULT', 'fault'],
    ['a text', 'E_FAULT', 'fault'],
  ] as const)('%s', (error, code, exit) => {
    expect(problemOf(error)).toMatchObject({ code, exit })
  })

  it('the hint is what to do next, in flags; and stands apart from the message', () => {
    const error = new CanonicalRedisError('E_NOT_CLEAN', 'no', {
      hint: 'Run migrateKeys({ dryRun: false }), then verify() again.',
    })
    expect(problemOf(error)).toMatchObject({
      message: 'no',
      next: 'Run `canonical-redis migrate --live`, then `canonical-redis verify` again.',
    })
    expect(inFlags('Roll back families of one phase at a time, with { families }.')).toContain('--families')
  })

  it('exit codes are a contract', () => {
    expect(exits).toEqual({ ok: 0, findings: 1, usage: 2, server: 3, refused: 4, fault: 70, interrupted: 130 })
  })
})

describe('progress', () => {
  const at = (elapsedMs: number, scanned: number, waitingFor?: string): Progress => ({
    operation: 'migrate',
    scanned,
    total: 1000,
    counts: {},
    elapsedMs,
    ...(waitingFor !== undefined && { waitingFor }),
  })

  it('says how far, how fast, how long still, and what it waits for', () => {
    expect(progressLine(at(1000, 250), 0)).toBe('migrating 25 % · 250 of 1,000 keys · 250/s · 3.0 s left')
    expect(progressLine(at(1000, 600, 'memory: full'), 500)).toBe(
      'migrating 60 % · waits for memory: full · 600 of 1,000 keys · 100/s · 4.0 s left',
    )
    expect(progressLine(at(0, 0), 0)).toBe('migrating 0 % · 0 of 1,000 keys')
  })

  it('keeps moments in bounded memory, and adds up what it waited for', () => {
    const timeline = new Timeline()
    for (let i = 0; i < 5000; i++) timeline.add(at(i * 100, i))
    expect(timeline.moments.length).toBeLessThanOrEqual(240)
    expect(timeline.moments.length).toBeGreaterThan(60)
    expect(timeline.moments[0]).toEqual({ ms: 0, scanned: 0 })
    for (const [ms, reason] of [
      [500_000, 'memory: 91 % used'],
      [500_300, 'memory: 92 % used'],
      [500_400, undefined],
    ] as const) {
      timeline.add(at(ms, 5000, reason))
    }
    expect(timeline.waits).toEqual([{ reason: 'memory', times: 2, ms: 400 }])
  })
})
