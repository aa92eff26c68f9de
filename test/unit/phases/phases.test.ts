import { describe, expect, it } from 'vitest'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { constantPhase, isPhase, mayCoexist, pathBetween, phases, phaseTable } from '../../../src/phases/index.js'

describe('the phase table', () => {
  it('reads and writes as the design says', () => {
    const rows = phases.map((phase) => {
      const { primary, adopt, secondary, rawReaders, rawWriters } = phaseTable[phase]
      return [phase, primary, adopt ? 'adopt' : '-', secondary, rawReaders, rawWriters].join(' ')
    })
    expect(rows).toEqual([
      'alias alias - leave right right',
      'prepare alias - unlink right right',
      'dual-write alias - mirror right stale',
      'dual-read canonical adopt mirror right lost',
      'canonical-primary canonical - mirror right lost',
      'retire-alias canonical adopt unlink miss lost',
      'canonical canonical - leave miss lost',
    ])
  })

  it('lets neighbours of a channel agree: each publishes what the other listens on', () => {
    for (let i = 1; i < phases.length; i++) {
      const [older, newer] = [phaseTable[phases[i - 1]!], phaseTable[phases[i]!]]
      expect(older.publish).toContain(newer.subscribe)
      expect(newer.publish).toContain(older.subscribe)
    }
  })

  it('knows exactly the safe pairs', () => {
    const safe = phases.flatMap((a, i) =>
      phases
        .slice(i + 1)
        .filter((b) => mayCoexist(a, b))
        .map((b) => `${a}+${b}`),
    )
    expect(safe).toEqual([
      'alias+prepare',
      'prepare+dual-write',
      'prepare+dual-read',
      'dual-write+dual-read',
      'dual-write+canonical-primary',
      'dual-read+canonical-primary',
      'dual-read+retire-alias',
      'canonical-primary+retire-alias',
      'canonical-primary+canonical',
      'retire-alias+canonical',
    ])
    for (const a of phases) for (const b of phases) expect(mayCoexist(a, b)).toBe(mayCoexist(b, a))
  })

  it('does not take inherited properties for phases', () => {
    expect(isPhase('toString')).toBe(false)
    expect(isPhase('alias')).toBe(true)
  })
})

describe('a constant phase', () => {
  it('goes by family, and tells its listeners', () => {
    const source = constantPhase({ default: 'alias', families: { step: 'prepare' } })
    const changes: unknown[] = []
    const stop = source.subscribe((change) => changes.push(change))
    source.set?.('prepare')
    source.set?.('dual-write', 'step')
    stop()
    source.set?.('dual-write')
    expect([source.phaseOf('step'), source.phaseOf('other')]).toEqual(['dual-write', 'dual-write'])
    expect(changes).toEqual([
      { from: 'alias', to: 'prepare', family: undefined },
      { from: 'prepare', to: 'dual-write', family: 'step' },
    ])
  })

  it.each([
    ['alias', 'dual-write'],
    ['alias', 'dual-read'],
    ['dual-read', 'canonical'],
    ['dual-write', 'retire-alias'],
    ['canonical', 'alias'],
  ] as const)('refuses %s to %s, names the path, and stays where it was', (from, to) => {
    const source = constantPhase(from)
    let error: unknown
    try {
      source.set?.(to)
    } catch (caught) {
      error = caught
    }
    expect(isCanonicalRedisError(error, 'E_UNSAFE_TRANSITION')).toBe(true)
    expect((error as Error).message).toContain(pathBetween(from, to).join(' → '))
    expect(source.phaseOf('x')).toBe(from)
  })

  it('refuses what is no phase', () => {
    expect(() => constantPhase('dual_write' as never)).toThrow(/expected a phase, got "dual_write"/)
    expect(() => constantPhase({ default: 'alias', families: { a: 7 as never } })).toThrow(/got 7/)
  })
})
