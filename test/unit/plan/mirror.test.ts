/**
 * The steps of the mirrors that bring an effect over, with their scripts by name.
 */
import { describe, expect, it } from 'vitest'
import type { Phase } from '../../../src/phases/index.js'
import { plan, type PlanContext } from '../../../src/plan/index.js'
import { guardScript, recipes, tidyScript } from '../../../src/plan/recipes.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const { mapper } = defineSchema({
  name: 'mirrors',
  keys: { plain: key('new:<id>').alias('old:<id>'), far: key('far:<id>').alias('away:<id>', { db: 2 }) },
})

/** Scripts by a short name. */
function named(line: string, phase: Phase, more: Partial<PlanContext> = {}): string {
  const context = {
    mapper,
    phaseOf: () => phase,
    db: 1,
    inTransaction: false,
    unknownCommands: 'refuse',
    ...more,
  } as const
  const made = plan(line.split(' '), context)
  const short = (arg: unknown): unknown => {
    const found = Object.entries({ ...scripts, guard: guardScript, tidy: tidyScript }).find(([, text]) => text === arg)
    return found ? `<${found[0]}>` : arg
  }
  return made!.steps.map((step) => step.argv.map(short).join(' ')).join(' · ')
}

const scripts = Object.fromEntries(Object.entries(recipes).map(([name, { script }]) => [name, script]))

describe('what is brought over', () => {
  it.each([
    ['EXPIRE new:1 9', 'COPY old:1 new:1 · EXPIRE old:1 9 · EVAL <expiry> 2 old:1 new:1'],
    ['GETEX new:1 EX 9', 'COPY old:1 new:1 · GETEX old:1 EX 9 · EVAL <expiry> 2 old:1 new:1'],
    ['SPOP new:1 3', 'COPY old:1 new:1 · EVAL <members> 2 old:1 new:1 3'],
    ['XADD new:1 * f v', 'COPY old:1 new:1 · XADD old:1 * f v · EVAL <stream> 2 old:1 new:1'],
    ['XADD new:1 7-* f v', 'COPY old:1 new:1 · XADD old:1 7-* f v · EVAL <stream> 2 old:1 new:1'],
    ['XADD new:1 MAXLEN ~ 9 7-1 f v', 'COPY old:1 new:1 · XADD old:1 MAXLEN ~ 9 7-1 f v · EVAL <stream> 2 old:1 new:1'],
    ['XADD new:1 MAXLEN 9 7-1 f v', 'COPY old:1 new:1 · XADD old:1 MAXLEN 9 7-1 f v · XADD new:1 MAXLEN 9 7-1 f v'],
    ['XADD new:1 KEEPREF * f v', 'XADD old:1 KEEPREF * f v · UNLINK new:1 · COPY old:1 new:1'],
    ['XTRIM new:1 MINID ~ 9 LIMIT 2', 'COPY old:1 new:1 · XTRIM old:1 MINID ~ 9 LIMIT 2 · EVAL <stream> 2 old:1 new:1'],
    ['XTRIM new:1 MAXLEN 9', 'COPY old:1 new:1 · XTRIM old:1 MAXLEN 9 · XTRIM new:1 MAXLEN 9'],
    ['HEXPIRE new:1 9 FIELDS 1 f', 'COPY old:1 new:1 · HEXPIRE old:1 9 FIELDS 1 f · EVAL <fields> 2 old:1 new:1 f'],
    [
      'HSETEX new:1 EX 9 FIELDS 2 f v g w',
      'COPY old:1 new:1 · HSETEX old:1 EX 9 FIELDS 2 f v g w · EVAL <fields> 2 old:1 new:1 f g',
    ],
    [
      'XREADGROUP COUNT 2 GROUP g c STREAMS new:1 >',
      'COPY old:1 new:1 · XREADGROUP COUNT 2 GROUP g c STREAMS old:1 > · ' +
        'EVAL <group> 2 old:1 new:1 g c XREADGROUP COUNT 2 GROUP g c STREAMS new:1 >',
    ],
    [
      'XREADGROUP GROUP g c CLAIM 9 STREAMS new:1 >',
      'XREADGROUP GROUP g c CLAIM 9 STREAMS old:1 > · UNLINK new:1 · COPY old:1 new:1',
    ],
    [
      'XREADGROUP GROUP g c STREAMS new:1 old:1 > 0',
      'XREADGROUP GROUP g c STREAMS old:1 old:1 > 0 · UNLINK new:1 · COPY old:1 new:1',
    ],
  ])('%s', (line, steps) => {
    expect(named(line, 'dual-write')).toBe(steps)
  })

  it('in a phase that mirrors alone', () => {
    expect(named('SPOP old:1', 'retire-alias')).toBe('COPY old:1 new:1 · SPOP new:1 · UNLINK old:1')
    expect(named('SPOP old:1', 'canonical')).toBe('SPOP new:1')
  })

  it('within one database alone: a script cannot see two', () => {
    expect(named('EXPIRE far:1 9', 'canonical-primary')).toBe(
      'EXPIRE far:1 9 · SELECT 2 · UNLINK away:1 · SELECT 1 · COPY far:1 away:1 DB 2',
    )
  })

  it('with a guard where the server has values without a COPY', () => {
    const more = { hasModules: true }
    expect(named('HSET new:1 f v', 'dual-write', more)).toBe(
      'COPY old:1 new:1 · HSET old:1 f v · HSET new:1 f v · EVAL <tidy> 2 old:1 new:1',
    )
    expect(named('PERSIST new:1', 'dual-write', more)).toBe(
      'COPY old:1 new:1 · PERSIST old:1 · EVAL <expiry> 2 old:1 new:1',
    )
    for (const line of ['RENAME new:1 new:2', 'LMOVE new:1 new:2 LEFT LEFT']) {
      expect(named(line, 'canonical-primary', more)).toBe(
        `${line} · EVAL <guard> 2 new:1 old:1 mirror · EVAL <guard> 2 new:2 old:2 mirror`,
      )
    }
  })
})
