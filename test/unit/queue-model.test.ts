/**
 * The model of queues: over every interleaving of two clients in phases that may run side by side, with the planner's own
 * steps, a queue under two names is one list, and no job is lost or doubled on the rest of the path. What the table calls
 * lost is lost.
 */
import { describe, expect, it } from 'vitest'
import { mayCoexist, phases, queueTable, type Phase } from '../../src/phases/index.js'
import {
  A,
  C,
  explore,
  type QueueClient,
  type Question,
  type Sabotage,
  type Store,
} from '../support/model/queue-machine.js'

/** Programs of one or two commands; each client pushes jobs of its own. */
const programsOf = (job: string, name: string): string[][][] => {
  const commands = [
    ['RPUSH', name, job],
    ['LPOP', name],
    ['LLEN', name],
  ]
  return commands.flatMap((first) => [[first], ...commands.map((second) => [first, second])])
}

const numbered = (program: string[][]): string[][] =>
  program.map(([command = '', name = '', job], i) =>
    job === undefined ? [command, name] : [command, name, `${job}${i}`],
  )

/** Where the queue may lie when a pair of phases begins: the gates keep the ends to one name. */
function startsFor(pair: readonly Phase[]): Store[] {
  const starts: Store[] = [{}]
  if (!pair.includes('canonical')) starts.push({ [A]: ['x', 'y'] })
  if (!pair.includes('alias')) starts.push({ [C]: ['x', 'y'] })
  return starts
}

const pathFrom = (phase: Phase): readonly Phase[] => phases.slice(phases.indexOf(phase))

/** The first thing that goes wrong between two clients of these kinds. */
function check(
  pair: readonly [Phase, Phase | 'raw'],
  question: Pick<Question, 'exact' | 'sabotage'> & { raw?: readonly string[]; starts?: readonly Store[] },
): { violation?: string; runs: number } {
  const known = pair.filter((one): one is Phase => one !== 'raw')
  const later = known.reduce((a, b) => (phases.indexOf(a) > phases.indexOf(b) ? a : b))
  let runs = 0
  for (const start of question.starts ?? startsFor(known)) {
    for (const one of programsOf('a', A)) {
      for (const two of programsOf('b', pair[1] === 'raw' ? A : C)) {
        if (question.raw && two.some(([command = '']) => !question.raw?.includes(command))) continue
        const clients: QueueClient[] = [
          { phase: pair[0], program: numbered(one) },
          { phase: pair[1], program: numbered(two) },
        ]
        const explored = explore(clients, { ...question, start, then: pathFrom(later) })
        runs += explored.runs
        if (explored.violation) return { violation: explored.violation, runs }
      }
    }
  }
  return { runs }
}

const pairs = phases.flatMap((a, i) => phases.slice(i).map((b) => [a, b] as [Phase, Phase]))

/** A phase that looks under one name, beside one that pushes to the other. */
const blind = ([a, b]: readonly [Phase, Phase]): boolean => {
  const [one, other] = [queueTable[a], queueTable[b]]
  return one.home !== other.home && !(one.gather && other.gather)
}

describe('two wrapped clients', () => {
  it.each(pairs.filter(([a, b]) => mayCoexist(a, b)))('%s beside %s: one list', (a, b) => {
    const { violation, runs } = check([a, b], { exact: true })
    expect(violation).toBeUndefined()
    expect(runs).toBeGreaterThan(300)
  })

  it.each(pairs.filter(blind))('%s beside %s: a job is not seen', (a, b) => {
    expect(mayCoexist(a, b)).toBe(false)
    expect(check([a, b], { exact: true }).violation ?? check([b, a], { exact: true }).violation).toBeDefined()
  })
})

describe('the gates', () => {
  const left = { exact: false, starts: [{ [A]: ['x'] }] }
  it('a queue under the alias is not seen in canonical', () => {
    expect(check(['canonical', 'canonical'], { ...left, exact: true }).violation).toMatch(/, not /)
    expect(check(['retire-alias', 'retire-alias'], left).violation).toBeUndefined()
  })
})

describe('raw clients', () => {
  it.each(phases)('producers beside %s are as the table says', (phase) => {
    const { violation } = check([phase, 'raw'], { exact: false, raw: ['RPUSH'] })
    // In the model the gate before `canonical` still moves what they push; a worker that is there already never sees it.
    const seen = phase === 'canonical' ? check([phase, 'raw'], { exact: true, raw: ['RPUSH'] }).violation : violation
    expect(seen === undefined ? 'right' : 'lost').toBe(queueTable[phase].rawProducers)
  })

  it.each(phases)('consumers beside %s are as the table says', (phase) => {
    const { violation } = check([phase, 'raw'], {
      exact: true,
      raw: ['LPOP', 'LLEN'],
      starts: startsFor([phase]).slice(0, 2),
    })
    expect(violation === undefined ? 'right' : 'starve').toBe(queueTable[phase].rawConsumers)
    // Even where they starve, nothing is lost or served twice.
    expect(check([phase, 'raw'], { exact: false, raw: ['LPOP', 'LLEN'] }).violation).toBeUndefined()
  })
})

describe('planted mistakes are found', () => {
  const sabotages: readonly (readonly [string, Sabotage])[] = [
    ['nothing is brought home', (steps) => steps.filter(([command]) => command !== 'EVAL')],
    [
      'it is brought home after the command',
      (steps) => [...steps].sort((a, b) => Number(a[0] === 'EVAL') - Number(b[0] === 'EVAL')),
    ],
    [
      'in the wrong order',
      (steps) =>
        steps.map((argv) => argv.map((arg) => (arg === 'before' ? 'after' : arg === 'after' ? 'before' : arg))),
    ],
  ]
  it.each(sabotages)('%s', (_name, sabotage) => {
    const starts = [{ [A]: ['x'], [C]: ['y'] }]
    expect(check(['dual-write', 'dual-read'], { exact: true, starts }).violation).toBeUndefined()
    expect(check(['dual-write', 'dual-read'], { exact: true, starts, sabotage }).violation).toBeDefined()
  })
})
