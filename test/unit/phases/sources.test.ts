import { describe, expect, it } from 'vitest'
import { constantPhase, polledPhase, toPhaseSource, type Phase, type PhaseSource } from '../../../src/phases/index.js'

/** Runs with the warnings of the process gathered. */
async function warned(run: () => unknown): Promise<string[]> {
  const messages: string[] = []
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.name === 'CanonicalRedisWarning') messages.push(`${warning.code} ${warning.message}`)
  }
  process.on('warning', listener)
  try {
    await run()
    // Warnings are emitted in the next tick.
    await new Promise(setImmediate)
  } finally {
    process.off('warning', listener)
  }
  return messages
}

describe('a function', () => {
  it('is asked for every command, by family', () => {
    let step: Phase = 'alias'
    const source = toPhaseSource((family) => (family === 'step' ? step : 'canonical'))
    expect([source.phaseOf('step'), source.phaseOf('other')]).toEqual(['alias', 'canonical'])
    const changes: unknown[] = []
    source.subscribe((change) => changes.push(change))
    step = 'prepare'
    expect(source.phaseOf('step')).toBe('prepare')
    expect(changes).toEqual([{ from: 'alias', to: 'prepare', family: 'step' }])
  })

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no connection')
      },
      /"step", which stays in "prepare": no connection/,
    ],
    ['answers with rubbish', () => 'dual_write', /expected a phase, got "dual_write"/],
    ['answers with nothing', () => undefined, /expected a phase, got undefined/],
    ['jumps', () => 'canonical', /cannot go from "prepare" to "canonical".*; go one step at a time/],
  ])('that %s: the last good phase stays, and one warning says so', async (_what, bad, message) => {
    let now: () => unknown = () => 'prepare'
    const source = toPhaseSource(() => now() as Phase)
    expect(source.phaseOf('step')).toBe('prepare')
    expect(source.problem?.()).toBeUndefined()
    now = bad
    const warnings = await warned(() => {
      for (let i = 0; i < 3; i++) expect(source.phaseOf('step')).toBe('prepare')
    })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^E_BAD_PHASE the phase source failed/)
    expect(warnings[0]).toMatch(message)
    expect(source.problem?.()).toMatch(message)
    now = () => 'prepare'
    source.phaseOf('step')
    expect(source.problem?.()).toBeUndefined()
  })

  it('whose first answer is no good: there is nothing to fall back on', () => {
    expect(() => toPhaseSource(() => 'x' as Phase).phaseOf('step')).toThrow(/expected a phase, got "x"/)
  })
})

describe("somebody else's source", () => {
  it('is watched as a function is, and its changes are passed on before the next command', () => {
    let phase: string = 'alias'
    const listeners = new Set<() => void>()
    const own: PhaseSource = {
      phaseOf: () => phase as Phase,
      subscribe(listener) {
        const tell = (): void => listener({ from: 'alias', to: 'prepare', family: undefined })
        listeners.add(tell)
        return () => listeners.delete(tell)
      },
    }
    const source = toPhaseSource(own)
    expect(source.set).toBeUndefined()
    source.phaseOf('step')
    const changes: unknown[] = []
    const stop = source.subscribe((change) => changes.push(change))
    phase = 'prepare'
    for (const tell of listeners) tell()
    expect(changes).toEqual([{ from: 'alias', to: 'prepare', family: 'step' }])
    stop()
    expect(listeners.size).toBe(0)
  })

  it('of ours is taken as it is', () => {
    const source = constantPhase('alias')
    expect(toPhaseSource(source)).toBe(source)
  })
})

describe('a source that is asked from time to time', () => {
  it('answers from memory, by family', async () => {
    let setting: unknown = { default: 'alias', families: { step: 'prepare' } }
    const source = await polledPhase(async () => setting, { every: 0 })
    expect([source.phaseOf('step'), source.phaseOf('other')]).toEqual(['prepare', 'alias'])
    const changes: unknown[] = []
    source.subscribe((change) => changes.push(change))
    setting = { default: 'prepare', families: { step: 'dual-write' } }
    expect(source.phaseOf('other')).toBe('alias')
    expect(await source.refresh()).toBe(true)
    expect(changes).toEqual([
      { from: 'alias', to: 'prepare', family: undefined },
      { from: 'prepare', to: 'dual-write', family: 'step' },
    ])
  })

  it('keeps all of the last good answer when one family would jump', async () => {
    const warnings: string[] = []
    let setting: unknown = { default: 'alias', families: { step: 'prepare' } }
    const source = await polledPhase(() => setting, { every: 0, onWarning: (message) => warnings.push(message) })
    setting = { default: 'prepare', families: { step: 'canonical' } }
    expect(await source.refresh()).toBe(false)
    expect([source.phaseOf('step'), source.phaseOf('other')]).toEqual(['prepare', 'alias'])
    expect(warnings).toHaveLength(1)
    expect(source.problem?.()).toBe(warnings[0])
    setting = { default: 'prepare' }
    expect(await source.refresh()).toBe(true)
    expect(source.problem?.()).toBeUndefined()
  })

  it('does not go back to an answer that a later one has overtaken', async () => {
    const answers: ((phase: Phase) => void)[] = []
    let first = true
    const source = await polledPhase(
      () => {
        if (!first) return new Promise((resolve) => answers.push(resolve))
        first = false
        return 'alias'
      },
      { every: 0 },
    )
    const slow = source.refresh()
    const quick = source.refresh()
    answers[1]?.('prepare')
    await quick
    answers[0]?.('alias')
    await slow
    expect(source.phaseOf('x')).toBe('prepare')
  })

  it('asks by itself until it is closed', async () => {
    let asked = 0
    let enough: () => void = () => undefined
    const thrice = new Promise<void>((resolve) => (enough = resolve))
    const source = await polledPhase(
      () => {
        if (++asked === 3) enough()
        return 'alias'
      },
      { every: 1 },
    )
    await thrice
    source.close()
  })

  it('needs a good first answer', async () => {
    await expect(polledPhase(() => 'x')).rejects.toThrow(/expected a phase, got "x"/)
    await expect(polledPhase(() => Promise.reject(new Error('down')))).rejects.toThrow('down')
  })
})
