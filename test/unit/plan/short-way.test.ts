/** The structure behind the speed: which commands need no plan, and that the short way says what the planner says. */
import { describe, expect, it } from 'vitest'
import { commandRows, locate, severalKeys, soleKey, type Arg } from '../../../src/commands/index.js'
import { phases, type Phase } from '../../../src/phases/index.js'
import { plan, shortWay, shortWays, type PlanContext } from '../../../src/plan/index.js'
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

describe.each(phases)('several keys in %s', (phase) => {
  const context = contextIn(phase)
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const))
  const severals = commandRows.filter(({ name }) => severalKeys(name, 5) && !soleKey(name))

  it.each(severals.map(({ name }) => name))('%s: the short way sends what the planner would', (command) => {
    let short = 0
    for (const [first, second] of pairs) {
      const argv = [command, first, second, first, 'v']
      const located = severalKeys(command, argv.length)!
      expect(located).toEqual(locate(argv))
      const ways = shortWays(argv.slice(1), located, context)
      if (ways === undefined) continue
      short++
      const made = plan(argv, context)
      expect([command, ...ways.args]).toEqual(made?.steps[made.op]?.argv ?? argv)
      if (ways.args.join() === argv.slice(1).join()) expect(ways.args).toHaveLength(4)
      if (ways.adopts === undefined) expect(made?.steps.length ?? 1).toBe(1)
      else if (made) expect(made.optimistic).toBe([first, second].some((name) => /step|job|old/.test(name)))
    }
    expect(short).toBeGreaterThan(0)
  })
})

it('keys some of which may have to be adopted, and others not, take a plan', () => {
  const mget = severalKeys('mget', 3)!
  const mixed = (first: string, second: string) => shortWays([first, second], mget, contextIn('dual-read'))
  expect(mixed('step:1', 'other:1')).toBeUndefined()
  expect(mixed('other:1', 'step:1')).toBeUndefined()
  expect(mixed('job:1', 'step:2')).toEqual({ args: ['step:1', 'step:2'], adopts: 'dual-read' })
})

it('the arguments of the caller are never written to, and are given back where every name is right', () => {
  const mget = severalKeys('mget', 3)!
  const asked = Object.freeze(['job:1', 'step:2'])
  expect(shortWays(asked, mget, contextIn('canonical'))).toEqual({ args: ['step:1', 'step:2'], adopts: undefined })
  const right = ['step:1', 'other:2']
  expect(shortWays(right, mget, contextIn('canonical'))?.args).toBe(right)
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

it('every command with several keys is located as the table says, however many there are', () => {
  const found = commandRows.map(({ name }) => name).filter((name) => severalKeys(name, 3))
  for (const name of ['mget', 'mset', 'del', 'exists', 'sinter', 'sdiffstore', 'rename', 'bitop', 'smove']) {
    expect(found).toContain(name)
  }
  for (const name of found) {
    for (const words of [1, 2, 3, 4, 5, 8, 256, 257, 1_000]) {
      const argv = [name, ...new Array<string>(words - 1).fill('k')]
      const located = locate(argv)!
      expect(severalKeys(name, words)).toEqual(located.keys.length > 0 ? located : undefined)
      expect(severalKeys(name.toUpperCase(), words)).toEqual(severalKeys(name, words))
    }
  }
  for (const name of ['get', 'zunion', 'eval', 'sort', 'xread', 'blpop', 'watch', 'object', 'constructor', 'lmpop']) {
    expect(severalKeys(name, 5)).toBeUndefined()
  }
})

it('SET of two names is one command in every phase that mirrors', () => {
  for (const phase of ['dual-write', 'dual-read', 'canonical-primary'] as const) {
    const made = plan(['set', 'job:7', 'v'], { ...contextIn(phase), mapper: oneAlias })
    expect(made).toMatchObject({ steps: [{ role: 'both' }], atomic: false })
  }
})

const { mapper: oneAlias } = defineSchema({ name: 'one', keys: { step: key('step:<id>').alias('job:<id>') } })

describe.each(phases)('SET in %s', (phase) => {
  const { mapper: own } = defineSchema({
    name: 'set-both',
    keys: {
      step: key('step:<id>').alias('job:<id>'),
      turned: key('new:<a>:<b>').alias('was:<b>:<a>'),
      umlaut: key('köln:<id>').alias('koeln:<id>'),
      older: key('item:<id>').alias('thing:<id>').alias('old:<id>'),
      far: key('far:<id>').alias('away:<id>', { db: 2 }),
      queue: key('work:<id>', { queue: true }).alias('jobs:<id>'),
      lone: key('lone:<id>'),
      count: key('step:count').alias('count'),
    },
  })
  const asked =
    'step:1 job:1 new:1:2 was:1:2 köln:ü koeln:ü item:1 thing:1 old:1 far:1 away:1 work:1 jobs:1 lone:1 job:count'
  const all = `${asked} step:count count other`.split(' ')
  const context = { ...contextIn(phase), mapper: own }
  const isMirrored = ['dual-write', 'dual-read', 'canonical-primary'].includes(phase)

  it.each(all.flatMap((name) => [name, Buffer.from(name)]))(
    '%s: one MSET of both names where there are two',
    (name) => {
      const found = own.resolve(name)
      const [only, ...more] = found?.aliases ?? []
      const made = plan(['SET', name, 'v'], context)
      if (!isMirrored || !found || !only || more.length > 0 || only.db !== undefined || found.queue) {
        expect(made?.steps.some(({ role }) => role === 'both') ?? false).toBe(false)
        return
      }
      const [first, second] = phase === 'dual-write' ? [only.name, found.canonical] : [found.canonical, only.name]
      expect(made).toEqual({
        steps: [{ role: 'both', argv: ['MSET', first, 'v', second, 'v'] }],
        op: 0,
        atomic: false,
        optimistic: false,
        located: locate(['SET', name, 'v']),
        renames: [{ sent: first, asked: name }],
      })
    },
  )

  it('on a cluster both names must lie in one slot', () => {
    const slots = { ...context, slotOf: (name: Arg) => Number(String(name).startsWith('step')) }
    if (isMirrored) expect(() => plan(['SET', 'job:1', 'v'], slots)).toThrow(/slot/)
    else if (phase === 'alias') expect(plan(['SET', 'job:1', 'v'], slots)).toBeUndefined()
    expect(plan(['SET', 'koeln:1', 'v'], slots)?.steps[0]?.role === 'both').toBe(isMirrored)
  })
})
