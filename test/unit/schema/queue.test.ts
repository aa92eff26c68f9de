/** `queue: true` in a schema: where it may be written, what it changes, and what is refused. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { channel, defineSchema, key } from '../../../src/schema/index.js'

const tenant = z.enum(['a', 'b'])

const schema = defineSchema({
  name: 'queues',
  keys: {
    pending: key('steps:pending', { queue: true }).alias('jobs:pending'),
    tenants: key('q:<tenant>', { tenant }, { queue: true }).alias('old:<tenant>'),
    step: key('step:<id>').alias('job:<id>'),
    plain: key('plain', {}, { queue: false }).alias('old'),
  },
})

/** Never run; type-checked only. */
const mistakes = [
  // @ts-expect-error a hole called queue takes a constraint
  () => key('q:<queue>', { queue: true }),
  // @ts-expect-error beside constraints, options stand third
  () => key('q:<tenant>', { tenant, queue: true }),
  // @ts-expect-error true or false
  () => key('q:<tenant>', { tenant }, { queue: 'yes' }),
  // @ts-expect-error channels are no queues
  () => channel('events', { queue: true }),
]

const hashOf = (queue: boolean): string =>
  defineSchema({ name: 'x', keys: { q: key('a', {}, { queue }).alias('b') } }).hash

describe('queue: true', () => {
  it('is known of the family and of each of its keys, whatever name they are called by', () => {
    expect([...schema.families.values()].map(({ name, queue }) => [name, queue])).toEqual([
      ['pending', true],
      ['tenants', true],
      ['step', false],
      ['plain', false],
    ])
    expect(schema.mapper.resolve('jobs:pending')?.queue).toBe(true)
    expect(schema.mapper.resolve(Buffer.from('q:a'))?.queue).toBe(true)
    expect(schema.mapper.names('tenants', { tenant: 'b' }).queue).toBe(true)
    expect(schema.mapper.resolve('step:1')).not.toHaveProperty('queue')
  })

  it('leaves the names as they are', () => {
    expectTypeOf(schema.key.pending).parameters.toEqualTypeOf<[]>()
    expectTypeOf(schema.key.tenants).parameter(0).toEqualTypeOf<{ readonly tenant: 'a' | 'b' }>()
    expect(schema.key.tenants({ tenant: 'a' })).toBe('q:a')
    expect(mistakes).toHaveLength(4)
  })

  it('is part of the hash, and its absence is not: hashes of schemas without queues stay what they were', () => {
    expect(hashOf(true)).not.toBe(hashOf(false))
    expect(hashOf(false)).toBe(defineSchema({ name: 'x', keys: { q: key('a').alias('b') } }).hash)
  })
})

describe('refused', () => {
  const refused = (make: () => unknown): [string, string] => {
    try {
      make()
    } catch (error) {
      if (isCanonicalRedisError(error)) return [error.code, error.message]
    }
    throw new Error('not refused')
  }

  it('an alias in another database: nothing waits in two', () => {
    const keys = { q: key('a:<id>', { queue: true }).alias('b:<id>', { db: 2 }) }
    const [code, message] = refused(() => defineSchema({ name: 'x', keys }))
    expect(code).toBe('E_BAD_ALIAS')
    expect(message).toMatch(/"q" is a queue.*"b:<id>" lies in database 2/)
  })

  it('true for a hole called queue, which would be its constraint', () => {
    const write: (pattern: string, second: never) => unknown = key
    expect(
      refused(() => defineSchema({ name: 'x', keys: { q: write('q:<queue>', { queue: true } as never) as never } }))[0],
    ).toBe('E_BAD_PATTERN')
  })

  it('an option among the constraints: one of the two would be lost', () => {
    const write: (pattern: string, second: never) => unknown = key
    expect(refused(() => write('q:<tenant>', { tenant, queue: true } as never))[0]).toBe('E_BAD_PATTERN')
  })

  it('anything but true and false', () => {
    expect(refused(() => key('a', {}, { queue: 1 as never }))[0]).toBe('E_BAD_OPTION')
  })
})
