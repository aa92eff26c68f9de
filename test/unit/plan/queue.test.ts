/** The steps of commands on queues, and what is refused. What the scripts do is seen on real servers. */
import { describe, expect, it } from 'vitest'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { notDrained, phases, queueTable, type Phase } from '../../../src/phases/index.js'
import { explain, plan, type Plan, type PlanContext } from '../../../src/plan/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const { mapper } = defineSchema({
  name: 'queues',
  keys: {
    jobs: key('new:<id>', { queue: true }).alias('old:<id>'),
    older: key('third', { queue: true }).alias('second').alias('first'),
    alone: key('alone', { queue: true }),
    plain: key('data:<id>').alias('was:<id>'),
  },
})

const made = (line: string, phase: Phase, more: Partial<PlanContext> = {}): Plan | undefined =>
  plan(line.split(' '), {
    mapper,
    phaseOf: () => phase,
    db: 0,
    inTransaction: false,
    unknownCommands: 'refuse',
    ...more,
  })

const steps = (line: string, phase: Phase, more: Partial<PlanContext> = {}): string[] =>
  explain(line.split(' '), made(line, phase, more)).map((one) =>
    one.replace('EVAL <gather>', 'GATHER').replace('EVAL <return>', 'RETURN'),
  )

const thrownBy = (line: string, phase: Phase, more: Partial<PlanContext> = {}): string => {
  try {
    made(line, phase, more)
  } catch (error) {
    if (isCanonicalRedisError(error)) return `${error.code} ${error.message}`
  }
  return 'nothing'
}

const onAlias: readonly Phase[] = ['prepare', 'dual-write']
const onCanonical: readonly Phase[] = ['dual-read', 'canonical-primary', 'retire-alias']

describe('one key in one unit', () => {
  it.each(onAlias)('%s: brought to the alias', (phase) => {
    expect(steps('RPUSH new:1 a', phase)).toEqual([
      'MULTI',
      'GATHER 2 old:1 new:1 after left move',
      'RPUSH old:1 a',
      'EXEC',
    ])
    expect(steps('LPUSH old:1 a', phase)[1]).toBe('GATHER 2 old:1 new:1 after right move')
    expect(steps('GET third', phase)[1]).toBe('GATHER 3 second first third after left lend')
  })

  it.each(onAlias)('%s: what may be a stream is lent and goes back', (phase) => {
    expect(steps('XADD new:1 * f v', phase)).toEqual([
      'MULTI',
      'GATHER 2 old:1 new:1 after left lend',
      'XADD old:1 * f v',
      'RETURN 2 old:1 new:1',
      'EXEC',
    ])
    expect(steps('DEL new:1', phase)).toHaveLength(5)
    expect(steps('ZADD new:1 1 a', phase)).toHaveLength(4)
  })

  it.each(onCanonical)('%s: brought to the canonical name, and never lent', (phase) => {
    expect(steps('XLEN old:1', phase)).toEqual(['MULTI', 'GATHER 2 new:1 old:1 before left move', 'XLEN new:1', 'EXEC'])
    expect(steps('RPOP old:1 2', phase)[1]).toBe('GATHER 2 new:1 old:1 before right move')
    // The nearest first, so that the newest alias ends up in front.
    expect(steps('LLEN first', phase)[1]).toBe('GATHER 3 third first second before left move')
  })

  it('the end that a command names', () => {
    expect(steps('LMOVE new:1 plain RIGHT LEFT', 'dual-read')[1]).toMatch(/before right move$/)
    expect(steps('LMPOP 1 new:1 right', 'dual-read')[1]).toMatch(/before right move$/)
    expect(steps('LMPOP 1 new:1 LEFT', 'dual-read')[1]).toMatch(/before left move$/)
  })

  it.each(['alias', 'canonical'] as const)('%s: the bare command', (phase) => {
    const name = phase === 'alias' ? 'old:1' : 'new:1'
    for (const line of [
      'RPUSH $ a',
      'BLPOP $ 0',
      'BLMOVE $ x LEFT LEFT 0',
      'XREADGROUP GROUP g c BLOCK 0 STREAMS $ >',
    ]) {
      for (const asked of ['old:1', 'new:1']) {
        expect(steps(line.replace('$', asked), phase)).toEqual([line.replace('$', name)])
      }
    }
  })

  it('a queue without aliases is a key like any other, in every phase', () => {
    for (const phase of phases) expect(made('BLPOP alone 0', phase)).toBeUndefined()
  })

  it('is asked as one unit even where it only reads: a neighbour may move it in between', () => {
    const read = made('LLEN new:1', 'dual-read')
    expect([read?.atomic, read?.optimistic]).toEqual([true, false])
  })

  it('beside a mirrored key: each its own way', () => {
    expect(steps('LMOVE new:1 data:1 LEFT LEFT', 'retire-alias')).toEqual([
      'MULTI',
      'GATHER 2 new:1 old:1 before left move',
      'COPY was:1 data:1',
      'LMOVE new:1 data:1 LEFT LEFT',
      'UNLINK was:1',
      'EXEC',
    ])
  })

  it('the reply is that of the caller’s command', () => {
    for (const phase of [...onAlias, ...onCanonical]) {
      const { op, steps: all } = made('XLEN new:1', phase)!
      expect(all[op]?.argv[0]).toBe('XLEN')
    }
  })
})

describe('waiting', () => {
  it('for every name, those of the alias first', () => {
    expect(steps('BLPOP x new:1 third 0', 'dual-read')).toEqual([
      'GATHER 2 new:1 old:1 before left move',
      'GATHER 3 third first second before left move',
      'BLPOP x old:1 new:1 second first third 0',
    ])
    expect(steps('BLMPOP 0 2 x new:1 LEFT COUNT 2', 'prepare')[1]).toBe('BLMPOP 0 3 x old:1 new:1 LEFT COUNT 2')
    expect(steps('BZMPOP 0 1 old:1 MIN', 'prepare')[1]).toBe('BZMPOP 0 2 old:1 new:1 MIN')
    expect(steps('XREAD COUNT 1 BLOCK 0 STREAMS new:1 x 1-1 $', 'dual-write')).toEqual([
      'XREAD COUNT 1 BLOCK 0 STREAMS old:1 new:1 x 1-1 1-1 $',
    ])
  })

  it('answers under the name that was asked, whichever was served', () => {
    expect(made('BRPOP new:1 old:2 0', 'dual-write')?.renames).toEqual([
      { sent: 'old:1', asked: 'new:1' },
      { sent: 'new:1', asked: 'new:1' },
      { sent: 'old:2', asked: 'old:2' },
      { sent: 'new:2', asked: 'old:2' },
    ])
  })

  it('is no transaction, and in one nothing waits', () => {
    expect(made('BLPOP new:1 0', 'dual-read')?.atomic).toBe(false)
    expect(steps('BLPOP new:1 0', 'dual-read', { inTransaction: true })).toContain('BLPOP new:1 0')
  })

  it('for a group: where the stream is', () => {
    const names: string[] = []
    const line = 'XREADGROUP GROUP g c BLOCK 0 STREAMS new:1 >'
    for (let one = made(line, 'dual-write'); one; one = one.instead) names.push(String(one.steps[one.op]?.argv.at(-2)))
    expect(names).toEqual(['old:1', 'new:1', 'old:1'])
    expect(made(line, 'dual-write')?.steps).toHaveLength(1)
    const home = ['GATHER 2 new:1 old:1 before left move', 'XREADGROUP GROUP g c BLOCK 0 STREAMS new:1 >']
    const remark = '# only if the server says that the stream is not there:'
    expect(steps(line, 'dual-read')).toEqual([...home, remark, ...home])
  })

  it('in turns of a second, where only one name can be waited for', () => {
    expect(steps('BLMOVE new:1 x LEFT LEFT 0', 'dual-read').slice(1)).toEqual([
      'BLMOVE new:1 x LEFT LEFT 1',
      '# and again, until there is something or the time is up',
    ])
    expect(steps('BRPOPLPUSH new:1 x 0.5', 'prepare')[1]).toBe('BRPOPLPUSH old:1 x 0.5')
    expect(made('BLMOVE new:1 x LEFT LEFT 9', 'dual-read')?.turns).toEqual({ timeout: 5 })
    // The server refuses it.
    expect(steps('BLMOVE new:1 x LEFT LEFT never', 'dual-read').at(-1)).toBe('BLMOVE new:1 x LEFT LEFT never')
    // What is taken from lies where it is.
    expect(made('BLMOVE x new:1 LEFT LEFT 0', 'dual-read')?.turns).toBeUndefined()
  })

  it('WATCH looks at every name, and brings the queue before', () => {
    expect(steps('WATCH new:1', 'dual-write')).toEqual(['GATHER 2 old:1 new:1 after left move', 'WATCH new:1 old:1'])
    const slotOf = (): number => 1
    expect(steps('WATCH new:1', 'dual-write', { slotOf }).at(-1)).toBe('WATCH new:1 old:1')
  })
})

describe('refused', () => {
  it('two streams that may lie under different names, waited for with a group', () => {
    const line = 'XREADGROUP GROUP g c BLOCK 0 STREAMS new:1 new:2 > >'
    expect(thrownBy(line, 'dual-write')).toMatch(/^E_UNSUPPORTED .*queue "jobs".*\n.*one queue at a time/)
    expect(thrownBy(line, 'dual-read')).toBe('nothing')
    expect(thrownBy(line.replace('BLOCK 0 ', ''), 'dual-write')).toBe('nothing')
  })

  it('a command that waits in a way that nobody has looked at', () => {
    expect(thrownBy('BLMOVEM new:1 data:1 LEFT LEFT COUNT 1 0', 'dual-read')).toMatch(/^E_/)
  })

  it('names in two slots of a cluster, in the phases that look at both', () => {
    const slotOf = (name: string | Buffer): number => name.length
    expect(thrownBy('RPUSH third a', 'dual-read', { slotOf })).toMatch(/^E_CROSS_SLOT/)
    expect(thrownBy('BLPOP third 0', 'prepare', { slotOf })).toMatch(/^E_CROSS_SLOT/)
    for (const phase of ['alias', 'canonical'] as const)
      expect(thrownBy('RPUSH third a', phase, { slotOf })).toBe('nothing')
    expect(thrownBy('RPUSH new:1 a', 'dual-read', { slotOf })).toBe('nothing')
  })
})

describe('the gate', () => {
  it('is shut while a queue lies under the name that is given up', () => {
    expect(notDrained({ a: 0, b: 0 }, 'canonical')).toBeUndefined()
    expect(notDrained({ a: 0, b: 2 }, 'canonical')?.message).toMatch(
      /under its alias before "canonical".*2 of "b"[^]*retire-alias/,
    )
    expect(notDrained({ b: 1 }, 'alias')?.message).toMatch(/under its canonical name before "alias"[^]*"prepare"/)
    for (const phase of phases.filter((one) => queueTable[one].gather))
      expect(notDrained({ b: 1 }, phase)).toBeUndefined()
  })
})
