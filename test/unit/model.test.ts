/**
 * The model: the phase table holds over every interleaving of two clients, with the planner's own steps; the rows that it
 * calls unsafe do go wrong; and planted mistakes are found.
 */
import { describe, expect, it } from 'vitest'
import { mayCoexist, phases, phaseTable, type Phase } from '../../src/phases/index.js'
import { mistakes, type Sabotage } from '../support/mistakes/plans.js'
import { A, C, explore, readIn, type Epilogue, type ModelClient, type Store } from '../support/model/machine.js'

type Name = Phase | 'raw'

/** Programs of up to two commands; each client writes tokens of its own. */
function programsOf(token: string, name: string): string[][][] {
  const commands = [
    ['SET', name, token],
    ['DEL', name],
    ['APPEND', name, token],
    ['SETNX', name, token],
    ['GET', name],
  ]
  return commands.flatMap((first) => [[first], ...commands.map((second) => [first, second])])
}

interface Start {
  readonly store: Store
  readonly value: string | undefined
}

/** What can be there when a pair of phases begins: nothing, only the alias, both; or only the canonical name. */
function startsFor(pair: readonly Name[]): Start[] {
  const known = pair.filter((name): name is Phase => name !== 'raw')
  const first = Math.min(...known.map((phase) => phases.indexOf(phase)))
  const last = Math.max(...known.map((phase) => phases.indexOf(phase)))
  const starts: Start[] = [{ store: {}, value: undefined }]
  // Every phase up to `dual-read`, and `retire-alias`, adopts or reads the alias; the others need the backfill first.
  const needsFilled = known.some((phase) => phaseTable[phase].primary === 'canonical' && !phaseTable[phase].adopt)
  if (!needsFilled) starts.push({ store: { [A]: 'x' }, value: 'x' })
  // Nothing may lie under the canonical name when `prepare` begins.
  // And nothing under the alias when `canonical` begins, unless `canonical-primary` still writes it (see the gate below).
  const swept = last === phases.indexOf('canonical') && known.includes('retire-alias')
  if (!swept && last >= phases.indexOf('dual-write') && first >= phases.indexOf('prepare')) {
    starts.push({ store: { [A]: 'x', [C]: 'x' }, value: 'x' })
  }
  if (first >= phases.indexOf('retire-alias')) starts.push({ store: { [C]: 'x' }, value: 'x' })
  return starts
}

/**
 * The rest of the path: every client goes on, step by step, with the backfill before each phase that does not adopt and
 * the sweep in `retire-alias`. In each phase the key must read as it should: some mistakes show only there.
 */
const theRestOfThePath =
  (from: Phase): Epilogue =>
  (end, expected) => {
    let store = end
    for (const phase of phases.slice(phases.indexOf(from))) {
      if (phase === 'canonical-primary' && C in store === false && A in store) store = { ...store, [C]: store[A] }
      const read = readIn(phase, store)
      if (read.value !== (expected ?? null)) return `${phase} reads ${read.value}, not ${expected ?? null}`
      store = read.store
      if (phase === 'retire-alias' && C in store) store = { [C]: store[C] }
    }
    return undefined
  }

/** The first thing that goes wrong between two clients, or undefined; and how many runs were looked at. */
function check(pair: readonly [Name, Name], sabotage?: Sabotage): { violation: string | undefined; runs: number } {
  const known = pair.filter((name): name is Phase => name !== 'raw')
  const later = known.reduce((a, b) => (phases.indexOf(a) > phases.indexOf(b) ? a : b))
  let runs = 0
  for (const start of startsFor(pair)) {
    for (const one of programsOf('1', A)) {
      for (const two of programsOf('2', pair[1] === 'raw' ? A : C)) {
        if (one.length + two.length > 3) continue
        const clients: ModelClient[] = [
          { phase: pair[0], program: one },
          { phase: pair[1], program: two },
        ]
        const explored = explore(clients, start, theRestOfThePath(later), sabotage)
        runs += explored.runs
        if (explored.violation) return { violation: explored.violation, runs }
      }
    }
  }
  return { violation: undefined, runs }
}

const pairs = phases.flatMap((a, i) => phases.slice(i).map((b) => [a, b] as [Phase, Phase]))

describe('two wrapped clients', () => {
  it.each(pairs.filter(([a, b]) => mayCoexist(a, b)))('%s beside %s: nothing goes wrong', (a, b) => {
    const { violation, runs } = check([a, b])
    expect(violation).toBeUndefined()
    expect(runs).toBeGreaterThan(500)
  })

  it.each(pairs.filter(([a, b]) => !mayCoexist(a, b)))('%s beside %s: something does', (a, b) => {
    expect(check([a, b]).violation ?? check([b, a]).violation).toBeDefined()
  })
})

describe('the gates', () => {
  const two = (a: Phase, b: Phase, first: string[], second: string[]): ModelClient[] => [
    { phase: a, program: [first] },
    { phase: b, program: [second] },
  ]

  it('canonical may not begin while an alias is left: a deleted key would come back', () => {
    const clients = two('canonical', 'retire-alias', ['DEL', C], ['GET', C])
    const left = explore(clients, { store: { [A]: 'x', [C]: 'x' }, value: 'x' }, () => undefined)
    expect(left.violation).toMatch(/read x, not null/)
    expect(explore(clients, { store: { [C]: 'x' }, value: 'x' }, () => undefined).violation).toBeUndefined()
  })

  it('prepare may not begin while a canonical name is there: dual-read would serve it', () => {
    const clients = two('alias', 'prepare', ['SET', A, '1'], ['GET', A])
    const end = theRestOfThePath('prepare')
    expect(explore(clients, { store: { [A]: 'x', [C]: 'old' }, value: 'x' }, end).violation).toMatch(/reads old, not/)
    expect(explore(clients, { store: { [A]: 'x' }, value: 'x' }, end).violation).toBeUndefined()
  })

  it('dual-write may not be left for canonical-primary without a backfill', () => {
    const clients = two('dual-write', 'canonical-primary', ['GET', A], ['GET', C])
    expect(explore(clients, { store: { [A]: 'x' }, value: 'x' }, () => undefined).violation).toMatch(/read null, not x/)
  })
})

describe('raw clients', () => {
  const reader = (phase: Phase): string | undefined => {
    // A raw reader only reads: programs of one GET.
    for (const start of startsFor([phase])) {
      for (const program of programsOf('1', A)) {
        const clients: ModelClient[] = [
          { phase, program },
          { phase: 'raw', program: [['GET', A]] },
        ]
        const { violation } = explore(clients, start, () => undefined)
        if (violation) return violation
      }
    }
    return undefined
  }

  it.each(phases)('a raw reader beside %s is as the table says', (phase) => {
    // Where the alias was never there, `miss` shows as soon as something is written.
    expect(reader(phase) === undefined ? 'right' : 'miss').toBe(phaseTable[phase].rawReaders)
  })

  it.each(phases)('a raw writer beside %s is as the table says', (phase) => {
    const now = (): string | undefined => {
      for (const start of startsFor([phase])) {
        for (const program of programsOf('2', A).filter((one) => one.length === 1)) {
          const clients: ModelClient[] = [
            {
              phase,
              program: [
                ['GET', C],
                ['APPEND', C, '1'],
              ],
            },
            { phase: 'raw', program },
          ]
          const { violation } = explore(clients, start, () => undefined)
          if (violation) return violation
        }
      }
      return undefined
    }
    const later = check([phase, 'raw']).violation
    const found = now() !== undefined ? 'lost' : later !== undefined ? 'stale' : 'right'
    expect(found).toBe(phaseTable[phase].rawWriters)
  })
})

describe('mistakes in the plans are found', () => {
  const here = mistakes.filter(({ beyondModel }) => beyondModel === undefined)
  it.each(here)('$name', ({ pair: [a, b], sabotage }) => {
    expect(check([a, b]).violation).toBeUndefined()
    expect(check([a, b], sabotage).violation ?? check([b, a], sabotage).violation).toBeDefined()
  })
})
