import { describe, expect, it } from 'vitest'
import { environmentPhase, type Phase } from '../../../src/phases/index.js'

type Env = Record<string, string | undefined>

const seeds = {
  dualWrite: 'ENABLE_DUAL_WRITE_STEPS',
  dualRead: 'ENABLE_DUAL_READ_STEPS',
  values: { alias: 'job', canonical: 'step' },
}

/** The phase, and what was warned of. */
function read(env: Env): { phase: Phase; warnings: string[] } {
  const warnings: string[] = []
  const source = environmentPhase({ ...seeds, env, onWarning: (message) => warnings.push(message) })
  expect(source.problem?.()).toBe(warnings[0])
  return { phase: source.phaseOf('step'), warnings }
}

describe('flags', () => {
  const words = { unset: undefined, off: 'false', on: 'true' } as const
  it.each([
    ['job', 'off', 'unset', 'alias', false],
    ['job', 'off', 'off', 'alias', false],
    ['job', 'off', 'on', 'prepare', true],
    ['job', 'on', 'unset', 'dual-write', false],
    ['job', 'on', 'off', 'dual-write', false],
    ['job', 'on', 'on', 'dual-read', false],
    ['step', 'on', 'unset', 'dual-read', false],
    ['step', 'on', 'off', 'canonical-primary', false],
    ['step', 'on', 'on', 'dual-read', false],
    ['step', 'off', 'unset', 'retire-alias', true],
    ['step', 'off', 'off', 'canonical', false],
    ['step', 'off', 'on', 'retire-alias', false],
  ] as const)('%s first, dual write %s, dual read %s: %s', (primary, writes, reads, phase, warned) => {
    const env = {
      PRIMARY_KEY_PATTERN: primary,
      ENABLE_DUAL_WRITE_STEPS: words[writes],
      ENABLE_DUAL_READ_STEPS: words[reads],
    }
    const found = read(env)
    expect(found.phase).toBe(phase)
    expect(found.warnings).toHaveLength(warned ? 1 : 0)
    if (warned) expect(found.warnings[0]).toMatch(new RegExp(`is taken as the phase "${phase}": .+`))
  })

  it('are off when unset, and an unset dual write is one that is off', () => {
    expect(read({})).toEqual({ phase: 'alias', warnings: [] })
    expect(read({ PRIMARY_KEY_PATTERN: 'step' }).phase).toBe('retire-alias')
  })

  it('have a word for the step between', () => {
    expect(read({ ENABLE_DUAL_WRITE_STEPS: 'prepare' }).phase).toBe('prepare')
  })

  it.each([
    [
      { ENABLE_DUAL_WRITE_STEPS: 'maybe' },
      'expected ENABLE_DUAL_WRITE_STEPS to be true, false, or nothing, got "maybe"',
    ],
    [{ ENABLE_DUAL_READ_STEPS: 'toString' }, 'got "toString"'],
    [{ PRIMARY_KEY_PATTERN: 'steps' }, 'expected PRIMARY_KEY_PATTERN to be "job" or "step", got "steps"'],
  ])('%j is refused', (env, message) => {
    expect(() => read(env)).toThrow(message)
  })
})

describe('the variable that names a phase', () => {
  it('goes before flags, and by family', () => {
    const env = { CANONICAL_REDIS_PHASE: ' alias, step=dual-write ', ENABLE_DUAL_WRITE_STEPS: 'maybe' }
    const source = environmentPhase({ ...seeds, env })
    expect([source.phaseOf('step'), source.phaseOf('other')]).toEqual(['dual-write', 'alias'])
  })

  it.each(['dual_write', 'alias, step=', 'step=alias', 'alias,'])('"%s" is refused', (text) => {
    expect(() => environmentPhase({ env: { CANONICAL_REDIS_PHASE: text } })).toThrow(
      /CANONICAL_REDIS_PHASE to be a phase/,
    )
  })
})

describe('reload', () => {
  it('changes the phase, tells of it, and stays where it was when it cannot', () => {
    const env: Env = { CANONICAL_REDIS_PHASE: 'alias' }
    const source = environmentPhase({ env })
    const changes: unknown[] = []
    source.subscribe((change) => changes.push(change))
    env['CANONICAL_REDIS_PHASE'] = 'prepare'
    source.reload()
    env['CANONICAL_REDIS_PHASE'] = 'canonical'
    expect(() => source.reload()).toThrow(/prepare → dual-write → /)
    env['CANONICAL_REDIS_PHASE'] = 'nonsense'
    expect(() => source.reload()).toThrow(/E?expected CANONICAL_REDIS_PHASE/)
    expect(source.phaseOf('x')).toBe('prepare')
    expect(changes).toEqual([{ from: 'alias', to: 'prepare', family: undefined }])
  })
})
