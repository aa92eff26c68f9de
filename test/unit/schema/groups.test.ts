/** Groups of families and rules for times to live: what is refused, and what the hash sees. */
import { expect, it } from 'vitest'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { channel, defineSchema, key, type TtlRule } from '../../../src/schema/index.js'

const keys = { a: key('a:<x>').alias('old:a:<x>'), b: key('b').alias('old:b') }
const groupsOf = (groups: object) => defineSchema({ name: 'x', keys, groups: groups as { all: ['a'] } }).groups
const code = (expected: string) => (error: unknown) => isCanonicalRedisError(error, expected as 'E_BAD_OPTION')
const refused = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

it('groups hold families, and a family may be in several', () => {
  const groups = groupsOf({ all: ['a', 'b'], one: ['a'] })
  expect([...groups]).toEqual([
    ['all', ['a', 'b']],
    ['one', ['a']],
  ])
  expect(groupsOf({}).size).toBe(0)
})

it.each([
  [{ g: [] }, 'E_BAD_OPTION', 'at least one family'],
  [{ g: 'a' }, 'E_BAD_OPTION', 'at least one family'],
  [{ g: ['a', 'a'] }, 'E_BAD_OPTION', 'twice'],
  [{ g: ['a', 'nobody'] }, 'E_UNKNOWN_FAMILY', '"nobody"'],
  [{ 'two words': ['a'] }, 'E_BAD_OPTION', 'letters'],
])('refuses %j', (groups, expected, words) => {
  const error = refused(() => groupsOf(groups))
  expect(error).toSatisfy(code(expected))
  expect(String(error)).toContain(words)
})

it('groups do not change the hash', () => {
  const hash = (groups: Record<string, 'a'[]>) => defineSchema({ name: 'x', keys, groups }).hash
  expect(hash({ g: ['a'] })).toBe(hash({}))
})

it.each([
  [{}],
  [undefined],
  [null],
  [{ seconds: 0 }],
  [{ seconds: 1.5 }],
  [{ seconds: '60' }],
  [{ seconds: 1e11 }],
  [{ seconds: 60, when: 'never' }],
  [{ seconds: 60, wenn: 'always' }],
])('refuses the ttl rule %j', (rule) => {
  expect(refused(() => key('a').ttl(rule as TtlRule))).toSatisfy(code('E_BAD_OPTION'))
})

it('a rule is known of its family, and changes the hash', () => {
  const schemaOf = (rule?: TtlRule) => {
    const base = key('a:<x>').alias('b:<x>')
    return defineSchema({ name: 'x', keys: { a: rule ? base.ttl(rule) : base } })
  }
  expect(schemaOf({ seconds: 60 }).families.get('a')?.ttl).toEqual({ seconds: 60, when: 'missing' })
  expect(schemaOf().families.get('a')).not.toHaveProperty('ttl')
  const rules: (TtlRule | undefined)[] = [
    undefined,
    { seconds: 60 },
    { seconds: 61 },
    { seconds: 60, when: 'shorter' },
    { seconds: 60, when: 'always' },
  ]
  const hashes = rules.map((rule) => schemaOf(rule).hash)
  expect(new Set(hashes).size).toBe(rules.length)
  expect(schemaOf({ seconds: 60, when: 'missing' }).hash).toBe(hashes[1])
})

it('what is never migrated has no rule, a queue neither, and a channel has no such method', () => {
  const alone = key('a:<x>').ttl({ seconds: 60 })
  expect(refused(() => defineSchema({ name: 'x', keys: { alone } }))).toSatisfy(code('E_BAD_OPTION'))
  const queue = key('q', { queue: true }).alias('old:q').ttl({ seconds: 60 })
  expect(refused(() => defineSchema({ name: 'x', keys: { q: queue } }))).toSatisfy(code('E_BAD_OPTION'))
  expect(Object.keys(channel('c'))).not.toContain('ttl')
})

/** Never run; type-checked only. */
const mistakes = [
  // @ts-expect-error no such family
  () => defineSchema({ name: 'x', keys, groups: { g: ['nobody'] } }),
  // @ts-expect-error a channel has no time to live
  () => channel('a').ttl({ seconds: 60 }),
  // @ts-expect-error no such case
  () => key('a').ttl({ seconds: 60, when: 'never' }),
]
it('mistakes are type errors', () => expect(mistakes.length).toBeGreaterThan(0))
