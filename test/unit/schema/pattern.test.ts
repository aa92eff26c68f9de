import { describe, expect, it } from 'vitest'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { channel, defineSchema, key } from '../../../src/schema/index.js'

const one = <P extends string>(pattern: P) => defineSchema({ name: 'one', keys: { it: key(pattern) } })

describe('what a pattern matches', () => {
  const cases: readonly (readonly [pattern: string, name: string, params: Record<string, string> | undefined])[] = [
    ['step:<id>', 'step:42', { id: '42' }],
    ['step:<id>', 'step:', undefined],
    ['step:<id>', 'step:a:b', undefined],
    ['step:<id>', 'step', undefined],
    ['step:<id>', 'Step:1', undefined],
    ['a::<id>', 'a::1', { id: '1' }],
    ['a::<id>', 'a:b:1', undefined],
    ['all:<rest*>', 'all:a:b:', { rest: 'a:b:' }],
    ['all:<rest*>', 'all::', { rest: ':' }],
    ['all:<rest*>', 'all:', undefined],
    ['all:<rest*>', 'all', undefined],
    ['all:x-<rest*>', 'all:x-a:b', { rest: 'a:b' }],
    ['all:<id>-<rest*>', 'all:x-a:b', { id: 'x', rest: 'a:b' }],
    ['all:<id>-<rest*>', 'all:x:a-b', undefined],
    ['<rest*>', 'anything: at\nall', { rest: 'anything: at\nall' }],
    ['md:{<symbol>}:ticks', 'md:{BTC}:ticks', { symbol: 'BTC' }],
    ['md:{<symbol>}:ticks', 'md:BTC:ticks', undefined],
    ['md:{<symbol>}:ticks', 'md:{}:ticks', undefined],
    // Up to the first occurrence of the literal, so there is never a choice.
    ['<a>-<b>', 'x-y-z', { a: 'x', b: 'y-z' }],
    ['<a>-<b>', '-y', undefined],
    ['<a>-<b>', '--y', undefined],
    ['<a>-x', 'y-x', { a: 'y' }],
    ['<a>-x', 'y-x-x', undefined],
    ['a<<b:<id>', 'a<b:1', { id: '1' }],
    ['a<<<id>>', 'a<1>', { id: '1' }],
    ['é:<id>', 'é:ü', { id: 'ü' }],
  ]
  it.each(cases)('%j and %j', (pattern, name, params) => {
    const { mapper, key: make } = one(pattern)
    expect(mapper.parse(name)?.params).toEqual(params)
    if (params) expect((make['it'] as (values: typeof params) => string)(params)).toBe(name)
  })
})

describe('what cannot be read', () => {
  const cases: readonly (readonly [pattern: string, why: RegExp])[] = [
    ['', /non-empty/],
    ['a:<', /opens no hole/],
    ['a:<>', /opens no hole/],
    ['a:<1d>', /opens no hole/],
    ['a:<b c>', /opens no hole/],
    ['<a><b>', /<a> and <b>/],
    ['<a>:<a>', /two holes called <a>/],
    ['<rest*>:b', /<rest\*> takes the rest but is not the last/],
    ['<db>', /cannot be called <db>/],
    ['<rename>', /cannot be called <rename>/],
    ['<__proto__>', /cannot be called <__proto__>/],
    ['a\ud800', /surrogate/],
  ]
  it.each(cases)('%j', (pattern, why) => {
    const writers: ((pattern: string) => unknown)[] = [key, channel, (alias) => key('ok').alias(alias)]
    for (const write of writers) {
      let thrown: unknown
      try {
        write(pattern)
      } catch (error) {
        thrown = error
      }
      expect(isCanonicalRedisError(thrown, 'E_BAD_PATTERN')).toBe(true)
      expect((thrown as Error).message).toMatch(why)
      expect((thrown as Error).message).toContain(JSON.stringify(pattern))
    }
  })

  it('a constraint for no hole of the pattern', () => {
    const constraints = { y: { _zod: { input: '', output: '' }, safeParse: () => ({ success: true }) } }
    const pattern: string = 'a:<x>'
    expect(() => key(pattern, constraints)).toThrow(/has no hole <y>/)
  })
})

describe('the outside of a pattern', () => {
  it('has a glob whose literals are escaped', () => {
    const { families } = one('a*b?[c]\\:<id>:<rest*>')
    expect(families.get('it')?.canonical).toEqual({
      source: 'a*b?[c]\\:<id>:<rest*>',
      glob: 'a\\*b\\?\\[c\\]\\\\:*:*',
      holes: ['id', 'rest'],
    })
  })

  it('builders do not change', () => {
    const base = key('a:<id>')
    const first = base.alias('b:<id>')
    const second = base.alias('c:<id>')
    const globs = (keys: Record<string, typeof base>) =>
      [...defineSchema({ name: 'x', keys }).families.values()].map(({ aliases }) => aliases.map(({ glob }) => glob))
    expect(globs({ base })).toEqual([[]])
    expect(globs({ first })).toEqual([['b:*']])
    expect(globs({ second })).toEqual([['c:*']])
    expect(Object.isFrozen(base)).toBe(true)
  })
})
