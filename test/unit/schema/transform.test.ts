/** What transform() and defineSchema make of a transform, and what they refuse. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSchema, key, transform, type Declared } from '../../../src/schema/index.js'

const side = z.enum(['long', 'short'])
const position = key('positions:<user>:<symbol>:<side>', { side })
const listed = key('positions:index:<user>')
const up = (): [] => []
const positions = transform('grid:<user>', {
  into: position,
  index: listed,
  up: (text) => JSON.parse(text) as [],
  down: (pieces) => JSON.stringify(pieces),
})
const keys = { position, listed, positions }
const schema = defineSchema({ name: 'positions', keys })
const group = schema.transforms.find('grid:7')!.group
const upOf = (...pieces: unknown[]) => group.transform.up(group, JSON.stringify(pieces))

it('knows all names of a value by any of them', () => {
  expect(schema.key.positions({ user: 7 })).toBe('grid:7')
  expect(group).toMatchObject({ source: 'grid:7', index: 'positions:index:7', prefix: 'positions:7:' })
  expect(schema.transforms.find('positions:index:7')).toMatchObject({ part: 'index', group })
  expect(schema.transforms.find(Buffer.from('positions:7:BTC:long'))).toMatchObject({
    part: 'piece',
    member: 'BTC:long',
    group,
  })
  expect(schema.transforms.find('app:grid:7', 'app:')?.group).toMatchObject({
    source: 'app:grid:7',
    prefix: 'app:positions:7:',
  })
  expect(schema.transforms.find('plain:7')).toBeUndefined()
  expect(schema.transforms.find('grid:7', 'app:')).toBeUndefined()
})

it('refuses a name that is no text', () => {
  expect(() => schema.transforms.find(Buffer.from([...Buffer.from('grid:'), 0xff]))).toThrow('is not UTF-8')
})

it('gives pieces by what the index holds, numbers as texts', () => {
  const pieces = upOf({ params: { symbol: 'BTC', side: 'long' }, hash: { qty: 1.5, note: 'a' } })
  expect(Object.fromEntries([...pieces].map(([member, fields]) => [member, Object.fromEntries(fields)]))).toEqual({
    'BTC:long': { qty: '1.5', note: 'a' },
  })
})

const one = { symbol: 'BTC', side: 'long' }
it.each([
  ['a piece of somebody else', [{ params: { ...one, user: '8' }, hash: { qty: 1 } }], 'a piece whose <user> is "8"'],
  ['a piece without a side', [{ params: { symbol: 'BTC' }, hash: { qty: 1 } }], '<side>'],
  ['a side that is none', [{ params: { ...one, side: 'up' }, hash: { qty: 1 } }], 'cannot stand in <side>'],
  ['a hole too many', [{ params: { ...one, size: 1 }, hash: { qty: 1 } }], 'no hole <size>'],
  [
    'one piece twice',
    [
      { params: one, hash: { qty: 1 } },
      { params: one, hash: { qty: 1 } },
    ],
    'twice',
  ],
  ['a piece without fields', [{ params: one, hash: {} }], 'without a field'],
  ['a field that is no text', [{ params: one, hash: { qty: null } }], 'the field "qty"'],
  ['no piece at all', [null], '<symbol>'],
])('up may not give %s', (_what, pieces, sentence) => {
  expect(() => upOf(...pieces)).toThrow(
    expect.objectContaining({ code: 'E_TRANSFORM', message: expect.stringContaining(sentence) }),
  )
})

it('takes a hole of the old name if it has its value', () => {
  expect([...upOf({ params: { ...one, user: '7' }, hash: { qty: 1 } }).keys()]).toEqual(['BTC:long'])
})

it('changes the hash of the schema, and only with its families', () => {
  const without = defineSchema({ name: 'positions', keys: { position, listed, positions: key('grid:<user>') } })
  const other = transform('grid:<user>', { into: position, index: listed, up })
  expect(schema.hash).not.toBe(without.hash)
  expect(defineSchema({ name: 'positions', keys: { ...keys, positions: other } }).hash).toBe(schema.hash)
})

describe('refused', () => {
  const define = (all: Record<string, Declared<'key'>>) => () => defineSchema({ name: 'positions', keys: all })
  it.each([
    ['a family of another schema', define({ listed, positions }), 'no family of this schema'],
    ['an index of another schema', define({ position, positions }), '`index` that is no family'],
    ['a family with aliases', define(withInto(position.alias('p:<user>:<symbol>:<side>'))), 'has aliases'],
    ['holes in another order', define(withInto(key('positions:<symbol>:<user>:<side>'))), 'does not begin with them'],
    ['a hole that is missing', define(withInto(key('positions:<symbol>'))), 'does not begin with them'],
    [
      'several pieces without an index',
      define({ position, p: transform('grid:<user>', { into: position, up }) }),
      'has no `index`',
    ],
    ['one piece with an index', define(withInto(key('positions:<user>:all'))), 'only one piece'],
    ['an index of other holes', define(withIndex(key('positions:index:<user>:<symbol>'))), 'has others'],
    [
      'families that are shared',
      define({ ...keys, second: transform('net:<user>', { into: position, index: listed, up }) }),
      'shares "position"',
    ],
  ])('%s', (_what, work, sentence) => {
    expect(work).toThrow(
      expect.objectContaining({ code: 'E_BAD_TRANSFORM', message: expect.stringContaining(sentence) }),
    )
  })

  it('what is no family and no function', () => {
    expect(() => transform('grid:<user>', {} as never)).toThrow('has no family to become')
    expect(() => transform('grid:<user>', { into: position, up: 1 } as never)).toThrow('no function')
  })
})

function withInto(into: Declared<'key'>): Record<string, Declared<'key'>> {
  return { into, listed, positions: transform('grid:<user>', { into: into, index: listed, up }) }
}

function withIndex(index: Declared<'key'>): Record<string, Declared<'key'>> {
  return { position, index, positions: transform('grid:<user>', { into: position, index, up }) }
}
