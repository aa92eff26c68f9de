import { describe, expect, it } from 'vitest'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { phases, type Phase } from '../../../src/phases/index.js'
import { explain, plan, type PlanContext } from '../../../src/plan/index.js'
import { channel, defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({
  name: 'plans',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>'),
    plain: key('new:<id>').alias('old:<id>'),
    far: key('vol:baseline:<symbol>').alias('volume_averages:<symbol>', { db: 2 }),
    lone: key('position:<user>:<side>').alias('position:<user>', { side: 'long' }),
  },
  channels: { events: channel('step_events').alias('job_events') },
})

function context(phase: Phase | ((family: string) => Phase), more: Partial<PlanContext> = {}): PlanContext {
  const phaseOf = typeof phase === 'string' ? () => phase : phase
  return { mapper: schema.mapper, phaseOf, db: 1, inTransaction: false, unknownCommands: 'refuse', ...more }
}

/** The plan on one line: steps joined by " · ", in braces when atomic, with a question mark when optimistic. */
function planned(line: string, phase: Phase | ((family: string) => Phase), more?: Partial<PlanContext>): string {
  const argv = line.split(' ')
  const made = plan(argv, context(phase, more))
  const steps = explain(argv, made && { ...made, atomic: false, optimistic: false }, { scripts: 'text' }).join(' · ')
  if (made?.atomic) return `{ ${steps} }${made.optimistic ? ' ?' : ''}`
  return made?.optimistic ? `${steps} ?` : steps
}

function byPhase(line: string): Record<string, string> {
  return Object.fromEntries(phases.map((phase) => [phase, planned(line, phase)]))
}

describe('one key', () => {
  it('reads', () => {
    for (const name of ['old:1', 'new:1']) {
      expect(byPhase(`GET ${name}`)).toEqual({
        alias: 'GET old:1',
        prepare: 'GET old:1',
        'dual-write': 'GET old:1',
        'dual-read': '{ COPY old:1 new:1 · GET new:1 } ?',
        'canonical-primary': 'GET new:1',
        'retire-alias': 'COPY old:1 new:1 · GET new:1 ?',
        canonical: 'GET new:1',
      })
    }
  })

  it('replays', () => {
    expect(byPhase('HSET new:1 f v')).toEqual({
      alias: 'HSET old:1 f v',
      prepare: '{ HSET old:1 f v · UNLINK new:1 }',
      'dual-write': '{ COPY old:1 new:1 · HSET old:1 f v · HSET new:1 f v }',
      'dual-read': '{ COPY old:1 new:1 · COPY new:1 old:1 · HSET new:1 f v · HSET old:1 f v }',
      'canonical-primary': '{ COPY new:1 old:1 · HSET new:1 f v · HSET old:1 f v }',
      'retire-alias': '{ COPY old:1 new:1 · HSET new:1 f v · UNLINK old:1 }',
      canonical: 'HSET new:1 f v',
    })
  })

  it('overwrites', () => {
    expect(byPhase('SET new:1 v')).toEqual({
      alias: 'SET old:1 v',
      prepare: '{ SET old:1 v · UNLINK new:1 }',
      'dual-write': 'MSET old:1 v new:1 v',
      'dual-read': 'MSET new:1 v old:1 v',
      'canonical-primary': 'MSET new:1 v old:1 v',
      'retire-alias': '{ SET new:1 v · UNLINK old:1 }',
      canonical: 'SET new:1 v',
    })
  })

  it('does not overwrite with what each name would work out for itself', () => {
    expect(planned('SET old:1 v EX 10', 'dual-write')).toBe('{ SET old:1 v EX 10 · COPY old:1 new:1 REPLACE }')
    expect(planned('SET old:1 v PXAT 99', 'dual-write')).toBe('{ SET old:1 v PXAT 99 · SET new:1 v PXAT 99 }')
    expect(planned('SET old:1 v NX', 'dual-write')).toContain('COPY old:1 new:1 REPLACE')
    // Where the time is past the key goes, and COPY REPLACE would leave the other.
    expect(planned('SET old:1 v XX PXAT 99', 'dual-write')).toContain('UNLINK new:1 · COPY old:1 new:1 }')
  })

  it('adopts before a SET that may fail when it runs: UNLINK of the alias would lose the value', () => {
    expect(planned('SET old:1 v PXAT x', 'retire-alias')).toBe(
      '{ COPY old:1 new:1 · SET new:1 v PXAT x · UNLINK old:1 }',
    )
  })

  it('deletes', () => {
    expect(planned('DEL old:1', 'dual-read')).toBe('{ COPY old:1 new:1 · DEL new:1 · UNLINK old:1 }')
    expect(planned('DEL old:1', 'dual-write')).toBe('{ DEL old:1 · UNLINK new:1 }')
  })

  it('goes as it is when it is not managed', () => {
    expect(plan(['GET', 'other'], context('dual-read'))).toBeUndefined()
    expect(plan(['PING'], context('dual-read'))).toBeUndefined()
    expect(plan(['EVAL', 'return 1', '0'], context('dual-read'))).toBeUndefined()
  })

  it('has no second name where no alias exists for its parameters', () => {
    expect(byPhase('HSET position:u:short f v')).toEqual(
      Object.fromEntries(phases.map((phase) => [phase, 'HSET position:u:short f v'])),
    )
    expect(planned('HSET position:u:long f v', 'alias')).toBe('HSET position:u f v')
  })
})

describe('several aliases', () => {
  const clear = (name: string): string =>
    `EVAL "if redis.call('EXISTS',KEYS[1])==1 then return redis.call('UNLINK',KEYS[2]) end return 0" 2 job:1 ${name}`

  it('adopts the first before the older', () => {
    expect(planned('GET task:1', 'dual-read')).toBe('{ COPY job:1 step:1 · COPY task:1 step:1 · GET step:1 } ?')
  })

  it('removes older spellings once the key has been written', () => {
    expect(planned('INCR step:1', 'dual-read')).toBe(
      '{ COPY job:1 step:1 · COPY task:1 step:1 · COPY step:1 job:1 · INCR step:1 · INCR job:1 · UNLINK task:1 }',
    )
    expect(planned('DEL step:1', 'canonical-primary')).toBe('{ DEL step:1 · UNLINK job:1 · UNLINK task:1 }')
    expect(planned('DEL step:1', 'retire-alias')).toContain('UNLINK job:1 · UNLINK task:1')
  })

  it('removes them in an alias phase only when the alias has overtaken them', () => {
    expect(planned('DEL step:1', 'prepare')).toBe(
      `{ ${clear('task:1')} · DEL job:1 · UNLINK step:1 · ${clear('task:1')} }`,
    )
  })
})

describe('several keys', () => {
  it('adopts every key, and mirrors those that are written', () => {
    expect(planned('SUNIONSTORE old:d new:a other', 'dual-read')).toBe(
      '{ COPY old:d new:d · COPY old:a new:a · SUNIONSTORE new:d new:a other · UNLINK old:d · COPY new:d old:d }',
    )
    expect(planned('RENAME old:1 old:2', 'canonical-primary')).toBe(
      '{ COPY new:1 old:1 · COPY new:2 old:2 · RENAME new:1 new:2 · RENAME old:1 old:2 }',
    )
  })

  it('replays only where every key is mirrored', () => {
    expect(planned('LMOVE old:1 old:2 LEFT LEFT', 'dual-write')).toContain('LMOVE new:1 new:2 LEFT LEFT')
    const copied = 'LMOVE old:1 other LEFT LEFT · UNLINK new:1 · COPY old:1 new:1'
    expect(planned('LMOVE old:1 other LEFT LEFT', 'dual-write')).toBe(`{ ${copied} }`)
    const phaseOf = (family: string): Phase => (family === 'plain' ? 'canonical-primary' : 'retire-alias')
    expect(planned('LMOVE old:1 job:2 LEFT LEFT', phaseOf)).toContain(
      'LMOVE new:1 step:2 LEFT LEFT · UNLINK old:1 · COPY',
    )
  })

  it('takes one key named twice for one', () => {
    expect(planned('EXISTS old:1 new:1', 'dual-read')).toBe('{ COPY old:1 new:1 · EXISTS new:1 new:1 } ?')
    expect(planned('DEL old:1 new:1', 'dual-write')).toBe('{ DEL old:1 old:1 · UNLINK new:1 new:1 }')
  })

  it('goes by the phase of each family', () => {
    const phaseOf = (family: string): Phase => (family === 'plain' ? 'dual-write' : 'alias')
    expect(planned('MSET old:1 a job:2 b x c', phaseOf)).toBe('MSET old:1 a job:2 b x c new:1 a')
  })

  it('never sends twice what changes something, even where the changed key is not managed', () => {
    expect(planned('SUNIONSTORE other old:a', 'dual-read')).toBe('{ COPY old:a new:a · SUNIONSTORE other new:a }')
  })
})

describe('another database', () => {
  it('selects inside the transaction and comes back', () => {
    expect(planned('GET vol:baseline:X', 'alias')).toBe('{ SELECT 2 · GET volume_averages:X · SELECT 1 }')
    expect(planned('GET vol:baseline:X', 'dual-read')).toBe(
      '{ SELECT 2 · COPY volume_averages:X vol:baseline:X DB 1 · SELECT 1 · GET vol:baseline:X } ?',
    )
    expect(planned('HSET vol:baseline:X f v', 'dual-read')).toBe(
      '{ SELECT 2 · COPY volume_averages:X vol:baseline:X DB 1 · SELECT 1 · COPY vol:baseline:X volume_averages:X DB 2 · ' +
        'HSET vol:baseline:X f v · SELECT 2 · HSET volume_averages:X f v · SELECT 1 }',
    )
  })

  it('overwrites both databases by state', () => {
    expect(planned('SET vol:baseline:X v', 'canonical-primary')).toBe(
      '{ SET vol:baseline:X v · SELECT 2 · UNLINK volume_averages:X · SELECT 1 · COPY vol:baseline:X volume_averages:X DB 2 }',
    )
  })
})

describe('inside a transaction of the caller', () => {
  it('adopts in front and blocks nothing', () => {
    expect(planned('BLPOP old:1 0', 'dual-write', { inTransaction: true })).toBe(
      '{ COPY old:1 new:1 · BLPOP old:1 0 · BLPOP new:1 0 }',
    )
  })
})

describe('WATCH', () => {
  it('adopts first, then watches every name', () => {
    expect(planned('WATCH step:1 other', 'dual-read')).toBe(
      'COPY job:1 step:1 · COPY task:1 step:1 · WATCH step:1 job:1 task:1 other',
    )
    expect(planned('WATCH old:1', 'alias')).toBe('WATCH new:1 old:1')
    expect(planned('WATCH vol:baseline:X', 'alias')).toBe(
      'WATCH vol:baseline:X · SELECT 2 · WATCH volume_averages:X · SELECT 1',
    )
  })
})

describe('channels', () => {
  it('publishes under the names of the phase, as one unit', () => {
    expect(byPhase('PUBLISH job_events hello')).toEqual({
      alias: 'PUBLISH job_events hello',
      prepare: 'PUBLISH job_events hello',
      'dual-write': '{ PUBLISH job_events hello · PUBLISH step_events hello }',
      'dual-read': '{ PUBLISH job_events hello · PUBLISH step_events hello }',
      'canonical-primary': '{ PUBLISH job_events hello · PUBLISH step_events hello }',
      'retire-alias': 'PUBLISH step_events hello',
      canonical: 'PUBLISH step_events hello',
    })
    expect(plan(['PUBLISH', 'other', 'x'], context('dual-write'))).toBeUndefined()
  })
})

describe('what is refused', () => {
  const codeOf = (line: string, phase: Phase | ((family: string) => Phase), more?: Partial<PlanContext>): unknown => {
    try {
      planned(line, phase, more)
    } catch (error) {
      return isCanonicalRedisError(error) ? error.code : error
    }
    return 'nothing'
  }

  it('a command without a row', () => {
    expect(codeOf('NOSUCH old:1', 'alias')).toBe('E_UNKNOWN_COMMAND')
    expect(codeOf('NOSUCH', 'alias')).toBe('nothing')
    expect(codeOf('NOSUCH old:1', 'alias', { unknownCommands: 'pass' })).toBe('nothing')
  })

  it('a blocking write where a transaction is needed, and only there', () => {
    for (const phase of ['prepare', 'dual-write', 'dual-read', 'canonical-primary', 'retire-alias'] as const) {
      expect(codeOf('BLPOP old:1 0', phase)).toBe('E_BLOCKING_MIRRORED')
      expect(codeOf('XREADGROUP GROUP g c BLOCK 0 STREAMS old:1 >', phase)).toBe('E_BLOCKING_MIRRORED')
      expect(codeOf('XREADGROUP GROUP g c STREAMS old:1 >', phase)).toBe('nothing')
    }
    expect(planned('BLPOP old:1 0', 'alias')).toBe('BLPOP old:1 0')
    expect(planned('BLPOP old:1 0', 'canonical')).toBe('BLPOP new:1 0')
  })

  it('not a blocking read: its key is adopted first', () => {
    expect(planned('XREAD BLOCK 0 STREAMS old:1 $', 'dual-read')).toBe(
      'COPY old:1 new:1 · XREAD BLOCK 0 STREAMS new:1 $',
    )
    expect(planned('XREAD STREAMS old:1 0', 'dual-read')).toBe('{ COPY old:1 new:1 · XREAD STREAMS new:1 0 } ?')
  })

  it('keys in two databases', () => {
    expect(codeOf('SUNIONSTORE old:1 volume_averages:X', 'alias')).toBe('E_CROSS_DATABASE')
    expect(codeOf('SUNION other volume_averages:X', 'alias')).toBe('E_CROSS_DATABASE')
    expect(codeOf('SUNIONSTORE old:1 volume_averages:X', 'canonical')).toBe('nothing')
  })
})

describe('names that are bytes', () => {
  it('stay bytes', () => {
    const name = Buffer.from([0x6f, 0x6c, 0x64, 0x3a, 0xff])
    const made = plan(['GET', name], context('canonical'))
    expect(made?.steps[0]?.argv[1]).toEqual(Buffer.from([0x6e, 0x65, 0x77, 0x3a, 0xff]))
    expect(explain([], made)).toEqual(['GET "new:\\xff"'])
  })
})

describe('explain', () => {
  const lines = (line: string, phase: Phase): string[] =>
    explain(line.split(' '), plan(line.split(' '), context(phase)))

  it('shows what a read sends at once, and what it may send after it', () => {
    expect(lines('GET old:1', 'dual-read')).toEqual([
      'GET new:1',
      '# only if that does not show that every key exists:',
      'MULTI',
      'COPY old:1 new:1',
      'GET new:1',
      'EXEC',
    ])
  })

  it("names scripts of ours, and shows a caller's own", () => {
    expect(lines('EXPIRE old:1 10', 'canonical-primary')).toContain('EVAL <expiry> 2 new:1 old:1')
    expect(lines('EVAL return 1 old:1'.replace('return 1', 'return(1) 1'), 'canonical')).toEqual([
      'EVAL return(1) 1 new:1',
    ])
    const whole = explain(['EXPIRE', 'old:1', '10'], plan(['EXPIRE', 'old:1', '10'], context('dual-write')), {
      scripts: 'text',
    })
    expect(whole.join('\n')).toMatch(/EVAL "local .*PEXPIRETIME.*" 2 old:1 new:1/)
  })
})

describe('names that stand where their phase wants them', () => {
  const made = (line: string, phase: Phase): unknown => plan(line.split(' '), context(phase))

  it('go out as they are, with nothing planned', () => {
    expect(made('SET new:1 v', 'canonical')).toBeUndefined()
    expect(made('MGET new:1 unmanaged', 'canonical-primary')).toBeUndefined()
    expect(made('SET old:1 v', 'alias')).toBeUndefined()
    expect(made('GET old:1', 'dual-write')).toBeUndefined()
  })

  it('but not beside one that does not, nor an alias of another database, nor in WATCH', () => {
    expect(made('MGET new:1 old:2', 'canonical')).toBeDefined()
    expect(made('GET volume_averages:BTC', 'alias')).toBeDefined()
    expect(made('WATCH new:1', 'canonical')).toBeDefined()
    expect(made('SET new:1 v', 'canonical-primary')).toBeDefined()
    expect(made('GET new:1', 'retire-alias')).toBeDefined()
  })
})
