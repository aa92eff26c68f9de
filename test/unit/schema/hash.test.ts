import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { channel, defineSchema, key, type Declared } from '../../../src/schema/index.js'
import { consolidation } from '../../support/seed-schemas.js'

const hashOf = (keys: Record<string, Declared<'key'>>, channels: Record<string, Declared<'channel'>> = {}): string =>
  defineSchema({ name: 'hash', keys, channels }).hash

const side = z.enum(['long', 'short'])
const base = () => key('x:<id>:<side>', { side })

describe('the hash', () => {
  it('is pinned: migration records hold it, so a change of it needs a reason', () => {
    expect(consolidation.hash).toBe('17a79fda8500eb60')
  })

  it('does not see the order of families, of enum values, of defaults or the name of the schema', () => {
    const a = key('a:<id>')
    const b = key('b:<p>:<q>').alias('c', { p: '1', q: '2' })
    expect(hashOf({ a, b })).toBe(hashOf({ b: key('b:<p>:<q>').alias('c', { q: 2, p: '1' }), a }))
    expect(hashOf({ x: base() })).toBe(hashOf({ x: key('x:<id>:<side>', { side: z.enum(['short', 'long']) }) }))
    expect(hashOf({ x: base() })).toBe(hashOf({ x: key('x:<id>:<side>', { side: z.literal(['long', 'short']) }) }))
    expect(defineSchema({ name: 'p', keys: { a } }).hash).toBe(defineSchema({ name: 'q', keys: { a } }).hash)
  })

  it('changes with every rule', () => {
    const digits = z.string().regex(/^\d+$/)
    const variants: Record<string, Declared<'key'>>[] = [
      {},
      { x: base() },
      { y: base() },
      { x: base(), y: key('y') },
      { x: key('x:<id>:<side>') },
      { x: key('x:<id>:<side>', { side: z.enum(['long']) }) },
      { x: key('x:<id>:<side>', { side: digits }) },
      { x: key('x:<id>:<side>', { side: z.string().regex(/^\d*$/) }) },
      { x: key('x:<id>:<side>', { side: z.uuid() }) },
      { x: key('x:<id>:<side>', { id: digits }) },
      { x: base().alias('y:<id>:<side>') },
      { x: base().alias('y:<id>:<side>', { db: 0 }) },
      { x: base().alias('y:<id>:<side>', { db: 1 }) },
      { x: base().alias('y:<side>:<id>') },
      { x: base().alias('y:<id>', { side: 'long' }) },
      { x: base().alias('y:<id>', { side: 'short' }) },
      { x: base().alias('y:<id>:<side>', { rename: { side: { buy: 'long' } } }) },
      { x: base().alias('y:<id>:<side>', { rename: { side: { sell: 'long' } } }) },
      { x: base().alias('y:<id>:<side>').alias('z:<id>:<side>') },
      { x: base().alias('z:<id>:<side>').alias('y:<id>:<side>') },
    ]
    const hashes = variants.map((keys) => hashOf(keys))
    expect(new Set(hashes).size).toBe(variants.length)
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('tells keys from channels', () => {
    expect(hashOf({ a: key('a') })).not.toBe(hashOf({}, { a: channel('a') }))
  })

  it('takes a constraint that has no JSON schema', () => {
    const custom = z.custom<string>((value) => value === 'x')
    expect(hashOf({ a: key('a:<x>', { x: custom }) })).not.toBe(hashOf({ a: key('a:<x>') }))
  })
})
