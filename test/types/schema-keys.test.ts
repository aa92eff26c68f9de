/**
 * What the type checker says about keys. The mistakes are checked by `tsc --noEmit`: an unused `@ts-expect-error`
 * fails it. At run time only what is right is run.
 */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import {
  channel,
  defineSchema,
  key,
  type HolesOf,
  type KeyName,
  type NameOf,
  type Schema,
} from '../../src/schema/index.js'

const side = z.enum(['long', 'short'])
const schema = defineSchema({
  name: 'types',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>', { db: 2 }),
    pending: key('steps:pending'),
    position: key('position:<user>:<exchange>:<side>', { side }).alias('p:<user>', { exchange: 'okx', side: 'long' }),
    number: key('n:<n>', { n: z.coerce.number() }),
    catchAll: key('app:<rest*>').alias('<rest*>'),
    braces: key('md:{<symbol>}:<<x'),
    renamed: key('r:<name>', { name: z.enum(['ratio']) }).alias('s:<name>', { rename: { name: { old: 'ratio' } } }),
  },
  channels: { events: channel('events:<id>').alias('news:<id>') },
})

/** Never run; type-checked only. */
const mistakes = [
  // @ts-expect-error Property 'id' is missing
  () => schema.key.step({}),
  // @ts-expect-error Expected 1 arguments
  () => schema.key.step(),
  // @ts-expect-error 'no' does not exist
  () => schema.key.step({ id: 1, no: 2 }),
  // @ts-expect-error boolean is not assignable
  () => schema.key.step({ id: true }),
  // @ts-expect-error Expected 0 arguments
  () => schema.key.pending({ id: 1 }),
  // @ts-expect-error '"up"' is not assignable to '"long" | "short"'
  () => schema.key.position({ user: 'u', exchange: 'okx', side: 'up' }),
  // @ts-expect-error no such family
  () => schema.key.nobody(),
  // @ts-expect-error no such channel
  () => schema.channel.nobody(),
  // @ts-expect-error the hole is called rest, without the star
  () => schema.key.catchAll({ 'rest*': 'x' }),
  // @ts-expect-error The pattern has no hole <y>
  () => key('a:<x>', { y: side }),
  // @ts-expect-error not a schema
  () => key('a:<x>', { x: ['long'] }),
  // @ts-expect-error defaultsForTheHolesItLeavesOut was not provided
  () => key('a:<x>:<y>').alias('b:<x>'),
  // @ts-expect-error Property 'y' is missing
  () => key('a:<x>:<y>').alias('b:<x>', {}),
  // @ts-expect-error a default that the constraint refuses
  () => key('a:<x>:<side>', { side }).alias('b:<x>', { side: 'up' }),
  // @ts-expect-error a default for a hole that the alias has
  () => key('a:<x>:<y>').alias('b:<x>', { x: 1, y: 2 }),
  // @ts-expect-error a default for a hole that nobody has
  () => key('a:<x>').alias('b:<x>', { y: 2 }),
  // @ts-expect-error The alias has the hole <y>, which the canonical pattern lacks
  () => key('a:<x>').alias('b:<x>:<y>'),
  // @ts-expect-error the database is a number
  () => key('a:<x>').alias('b:<x>', { db: '2' }),
  // @ts-expect-error a rename of a hole without listed values
  () => key('a:<x>').alias('b:<x>', { rename: { x: { old: 'new' } } }),
  // @ts-expect-error a rename to a value that is not listed
  () => key('a:<side>', { side }).alias('b:<side>', { rename: { side: { buy: 'up' } } }),
  // @ts-expect-error channels have no database
  () => channel('a:<x>').alias('b:<x>', { db: 2 }),
  // @ts-expect-error a channel among the keys
  () => defineSchema({ name: 'x', keys: { c: channel('c') } }),
  // @ts-expect-error a key among the channels
  () => defineSchema({ name: 'x', keys: {}, channels: { k: key('k') } }),
]

describe('typed keys', () => {
  it('take exactly their holes', () => {
    expectTypeOf(schema.key.step).parameters.toEqualTypeOf<[params: { readonly id: string | number }]>()
    expectTypeOf(schema.key.pending).parameters.toEqualTypeOf<[]>()
    expectTypeOf(schema.key.position).parameter(0).toEqualTypeOf<{
      readonly user: string | number
      readonly exchange: string | number
      readonly side: 'long' | 'short'
    }>()
    expectTypeOf(schema.key.number).parameter(0).toEqualTypeOf<{ readonly n: string | number }>()
    expectTypeOf(schema.channel.events).parameter(0).toEqualTypeOf<{ readonly id: string | number }>()
    expect(schema.key.position({ user: 1, exchange: 'okx', side: 'long' })).toBe('position:1:okx:long')
    expect(schema.key.number({ n: 42 })).toBe('n:42')
  })

  it('give names of their pattern', () => {
    expectTypeOf(schema.key.step({ id: 1 })).toEqualTypeOf<`step:${string}`>()
    expectTypeOf(schema.key.pending()).toEqualTypeOf<'steps:pending'>()
    expectTypeOf(schema.key.braces({ symbol: 'BTC' })).toEqualTypeOf<`md:{${string}}:<x`>()
    expect(schema.key.braces({ symbol: 'BTC' })).toBe('md:{BTC}:<x')
  })

  it('read holes as the parser does', () => {
    expectTypeOf<HolesOf<'a<<b>:<c>:<d*>'>>().toEqualTypeOf<'c' | 'd'>()
    expectTypeOf<HolesOf<'a<<<b>'>>().toEqualTypeOf<'b'>()
    expectTypeOf<HolesOf<'a'>>().toEqualTypeOf<never>()
    expectTypeOf<HolesOf<string>>().toEqualTypeOf<string>()
    expectTypeOf<NameOf<'a<<<b>'>>().toEqualTypeOf<`a<${string}`>()
  })

  it('pass where any schema is wanted', () => {
    expectTypeOf(schema).toExtend<Schema>()
    const any: Schema = schema
    expect([...any.families.keys()]).toContain('step')
    // Patterns that are only known at run time are left to defineSchema.
    const pattern: string = 'a:<x>'
    expect(defineSchema({ name: 'x', keys: { a: key(pattern).alias(`old:${pattern}`) } }).key.a({ x: 1 })).toBe('a:1')
  })

  it('the mapper keeps the type of a name', () => {
    const { mapper } = schema
    expectTypeOf(mapper.getCanonicalKey('job:1')).toEqualTypeOf<string>()
    expectTypeOf(mapper.getCanonicalKey(Buffer.from('job:1'))).toEqualTypeOf<Buffer>()
    expectTypeOf(mapper.getAliasKeys<KeyName>('job:1')).toEqualTypeOf<(string | Buffer)[]>()
    expectTypeOf(mapper.names('step', { id: 1 }).canonical).toEqualTypeOf<string>()
    expectTypeOf(mapper.names('step', { id: Buffer.from('x') }).canonical).toEqualTypeOf<string | Buffer>()
    expect(mistakes.length).toBeGreaterThan(0)
  })
})
