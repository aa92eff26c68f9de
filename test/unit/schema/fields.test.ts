/** Field names inside a value: every form that a client gives, which name wins, and what is refused. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type CanonicalRedisError, isCanonicalRedisError } from '../../../src/errors.js'
import { channel, defineSchema, key, type FieldValues } from '../../../src/schema/index.js'

const tick = z.object({
  last_price: z.coerce.number(),
  volume: z.coerce.number().int().optional(),
  exchange: z.string().default('NSE'),
})
const schema = defineSchema({
  name: 'fields',
  keys: {
    ticks: key('ticks:<symbol>')
      .fields(tick, { aliases: { ltp: 'last_price', zerodha_ltp: 'last_price', vol: 'volume' } })
      .alias('ticks:latest:<symbol>'),
    loose: key('loose').fields(z.looseObject({ a: z.string() }), { aliases: { b: 'a' } }),
    strict: key('strict').fields(z.strictObject({ a: z.string() })),
    plain: key('plain').alias('old'),
  },
})

function refusalOf(work: () => unknown): CanonicalRedisError {
  try {
    work()
  } catch (error) {
    if (isCanonicalRedisError(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('normalize', () => {
  const forms: Record<string, FieldValues> = {
    'an object': { ltp: '1520.5', vol: '7' },
    'an object without a prototype': Object.assign(Object.create(null) as object, { ltp: '1520.5', vol: '7' }),
    'an object of Buffers': { ltp: Buffer.from('1520.5'), vol: Buffer.from('7') },
    'a Map': new Map([
      ['ltp', '1520.5'],
      ['vol', '7'],
    ]),
    'a Map of Buffers': new Map([
      [Buffer.from('ltp'), Buffer.from('1520.5')],
      [Buffer.from('vol'), Buffer.from('7')],
    ]),
    'a list': ['ltp', '1520.5', 'vol', '7'],
    'a list of Buffers': ['ltp', '1520.5', 'vol', '7'].map((text) => Buffer.from(text)),
    'a list of pairs': [
      ['ltp', '1520.5'],
      ['vol', '7'],
    ],
  }
  it.each(Object.entries(forms))('reads %s', (_name, value) => {
    expect(schema.normalize('ticks', value)).toStrictEqual({ last_price: 1520.5, volume: 7, exchange: 'NSE' })
  })

  it('takes the canonical name where both are there, and of old names the first declared', () => {
    const price = (value: FieldValues) => schema.normalize('ticks', value).last_price
    expect(price({ last_price: '1', ltp: '2' })).toBe(1)
    expect(price({ ltp: '2', last_price: '1' })).toBe(1)
    expect(price({ zerodha_ltp: '3', ltp: '2' })).toBe(2)
    expect(price({ zerodha_ltp: '3' })).toBe(3)
  })

  it('drops, keeps or refuses other fields as the zod object says; old names are never among them', () => {
    expect(schema.normalize('ticks', { ltp: '1', junk: 'x' })).not.toHaveProperty('junk')
    expect(schema.normalize('loose', { a: '1', b: '2', c: '3' })).toEqual({ a: '1', c: '3' })
    const refusal = refusalOf(() => schema.normalize('strict', { a: '1', c: '3' }))
    expect([refusal.code, refusal.field]).toEqual(['E_BAD_FIELD', 'c'])
  })

  it('treats a field called __proto__ as any other', () => {
    const value = schema.normalize('loose', ['__proto__', 'x', 'a', '1']) as object
    expect(Object.getPrototypeOf(value)).not.toBe('x')
    expect(Object.keys(value)).toContain('a')
  })

  it('refuses a value with the code and the canonical name of its field, and without the value', () => {
    const refusal = refusalOf(() => schema.normalize('ticks', { ltp: 'secret', volume: '1.5' }))
    expect([refusal.code, refusal.field]).toEqual(['E_BAD_FIELD', 'last_price'])
    expect(refusal.message).toContain('field "last_price"')
    expect(refusal.message).toContain('field "volume"')
    expect(refusal.message).not.toContain('secret')
  })

  it('says that nothing at all is what a missing key gives', () => {
    expect(refusalOf(() => schema.normalize('ticks', {})).hint).toContain('does not exist')
    expect(refusalOf(() => schema.normalize('ticks', { junk: '1' })).hint).not.toContain('does not exist')
  })

  it.each([[null], [undefined], ['text'], [['odd']], [Buffer.from('x')], [42]])(
    'refuses %j, which is no fields',
    (value) => {
      const refusal = refusalOf(() => schema.normalize('ticks', value as unknown as FieldValues))
      expect([refusal.code, refusal.field]).toEqual(['E_BAD_FIELD', undefined])
    },
  )

  it('has a form that does not throw', () => {
    expect(schema.safeNormalize('ticks', ['ltp', '1'])).toMatchObject({ success: true, data: { last_price: 1 } })
    const { success, error } = schema.safeNormalize('ticks', ['ltp', 'x'])
    expect([success, error?.code, error?.field]).toEqual([false, 'E_BAD_FIELD', 'last_price'])
  })

  it('refuses families that are not there, and those without fields', () => {
    const any = schema.normalize.bind(schema) as unknown as (family: string, value: FieldValues) => unknown
    expect(refusalOf(() => any('nobody', {})).code).toBe('E_UNKNOWN_FAMILY')
    expect(refusalOf(() => any('plain', {})).code).toBe('E_BAD_OPTION')
  })
})

describe('.fields()', () => {
  it('is refused for what is no zod object, and for names that mean two fields', () => {
    const fields = key('a').fields as unknown as (schema: unknown, options?: object) => unknown
    for (const given of [undefined, null, {}, z.string(), z.object({ a: z.string() }).transform((value) => value)]) {
      expect(refusalOf(() => fields(given)).code).toBe('E_BAD_OPTION')
    }
    const object = z.object({ a: z.string(), b: z.string() })
    expect(refusalOf(() => fields(object, { aliases: { x: 'nobody' } })).message).toContain('"nobody"')
    expect(refusalOf(() => fields(object, { aliases: { b: 'a' } })).message).toContain('an older name of "a" as well')
    // What every object inherits is no field.
    expect(refusalOf(() => fields(object, { aliases: { x: 'toString' } })).code).toBe('E_BAD_OPTION')
  })

  it('changes no name and no hash: a service may learn of fields when it likes', () => {
    const bare = { a: key('a:<x>').alias('b:<x>') }
    const said = { a: key('a:<x>').fields(z.object({})).alias('b:<x>') }
    expect(defineSchema({ name: 'x', keys: said }).hash).toBe(defineSchema({ name: 'x', keys: bare }).hash)
    expect(Object.keys(channel('c'))).not.toContain('fields')
  })
})

/** Never run; type-checked only. */
const mistakes = [
  // @ts-expect-error "lastprice" is no field
  () => key('a').fields(tick, { aliases: { ltp: 'lastprice' } }),
  // @ts-expect-error no zod object
  () => key('a').fields(z.string()),
  // @ts-expect-error a channel holds no value
  () => channel('a').fields(tick),
  // @ts-expect-error no family with fields
  () => schema.normalize('plain', {}),
  // @ts-expect-error no such field
  () => schema.normalize('ticks', {}).ltp,
]

it('gives values of the types of the zod object', () => {
  expect(mistakes.length).toBeGreaterThan(0)
  type Tick = { last_price: number; volume?: number | undefined; exchange: string }
  expectTypeOf(schema.normalize<'ticks'>).returns.toEqualTypeOf<Tick>()
  const { success, data } = schema.safeNormalize('ticks', { ltp: '1' })
  if (success) expectTypeOf(data).toEqualTypeOf<Tick>()
  expectTypeOf(schema.normalize).parameter(0).toEqualTypeOf<'ticks' | 'loose' | 'strict'>()
})
