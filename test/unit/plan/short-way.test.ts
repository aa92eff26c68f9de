/** The structure behind the speed: which commands need no plan, and that the short way says what the planner says. */
import { describe, expect, it } from 'vitest'
import { commandRows, locate, soleKey } from '../../../src/commands/index.js'
import { phases, type Phase } from '../../../src/phases/index.js'
import { plan, shortWay, type PlanContext } from '../../../src/plan/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const { mapper } = defineSchema({
  name: 'short',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('old:<id>'),
    far: key('far:<id>').alias('away:<id>', { db: 2 }),
    queue: key('work:<id>', { queue: true }).alias('jobs:<id>'),
    lone: key('lone:<id>'),
  },
})
const contextIn = (phase: Phase): PlanContext => ({
  mapper,
  phaseOf: () => phase,
  db: 0,
  inTransaction: false,
  unknownCommands: 'refuse',
})

const names = ['step:1', 'job:1', 'old:1', 'far:1', 'away:1', 'work:1', 'jobs:1', 'lone:1', 'other:1', 'job:']

describe.each(phases)('%s', (phase) => {
  const context = contextIn(phase)

  it.each(names)('%s: the short way sends what the planner would', (name) => {
    for (const argv of [
      ['get', name],
      ['set', name, 'v'],
      ['hset', name, 'f', 'v'],
      ['del', name],
    ]) {
      const located = soleKey(argv[0] as string)
      if (located === undefined) continue
      const way = shortWay(name, located.keys[0]!.use, context)
      const made = plan(argv, context)
      if (way === undefined) continue
      const op = made?.steps[made.op]
      expect(way.name ?? name).toBe(op?.argv[1] ?? name)
      if (way.adopts === undefined) expect(made?.steps.length ?? 1).toBe(1)
      // Only where there is an alias is there something to adopt; a plan says so when it is asked for.
      else if (made) expect(made.optimistic).toBe(name !== 'lone:1')
    }
  })
})

describe('needs no plan', () => {
  const short = (name: string, command: string, phase: Phase) =>
    shortWay(name, soleKey(command)!.keys[0]!.use, contextIn(phase))

  it.each(phases)('a name that belongs to no family, in %s', (phase) => {
    expect(short('other:1', 'get', phase)).toEqual({ name: undefined, adopts: undefined })
    expect(short('other:1', 'set', phase)).toEqual({ name: undefined, adopts: undefined })
  })

  it('a canonical name in `canonical`, and an alias in `alias`, for reads and writes', () => {
    for (const command of ['get', 'set', 'hset', 'incr', 'zadd', 'hgetall', 'expire', 'xadd']) {
      expect(short('step:1', command, 'canonical')).toEqual({ name: undefined, adopts: undefined })
      expect(short('job:1', command, 'alias')).toEqual({ name: undefined, adopts: undefined })
      expect(short('old:1', command, 'canonical')).toEqual({ name: 'step:1', adopts: undefined })
    }
  })

  it.each(phases)('a read in %s', (phase) => {
    expect(short('step:1', 'get', phase)).toBeDefined()
    expect(short('job:1', 'hgetall', phase)).toBeDefined()
  })
})

it('a write that another name must follow, a queue and another database take a plan', () => {
  const { use } = soleKey('set')!.keys[0]!
  for (const phase of ['prepare', 'dual-write', 'dual-read', 'canonical-primary', 'retire-alias'] as const) {
    expect(shortWay('step:1', use, contextIn(phase))).toBeUndefined()
  }
  for (const phase of phases) {
    expect(shortWay('work:1', use, contextIn(phase))).toBeUndefined()
    expect(shortWay('away:1', use, contextIn(phase))).toBeUndefined()
  }
})

it('every command with a sole key is located as the table says', () => {
  const found = commandRows.filter(({ name }) => soleKey(name))
  expect(found.length).toBeGreaterThan(100)
  for (const { name } of found) {
    expect(soleKey(name)).toEqual(locate([name, 'k', 'a', 'b']))
    expect(soleKey(name.toUpperCase())).toBe(soleKey(name))
  }
  for (const name of ['mget', 'eval', 'sort', 'xread', 'scan', 'blpop', 'rename', 'watch', 'object', 'constructor']) {
    expect(soleKey(name)).toBeUndefined()
  }
})

it('SET of two names is one command in every phase that mirrors', () => {
  for (const phase of ['dual-write', 'dual-read', 'canonical-primary'] as const) {
    const made = plan(['set', 'job:7', 'v'], { ...contextIn(phase), mapper: oneAlias })
    expect(made).toMatchObject({ steps: [{ role: 'both' }], atomic: false })
  }
})

const { mapper: oneAlias } = defineSchema({ name: 'one', keys: { step: key('step:<id>').alias('job:<id>') } })
