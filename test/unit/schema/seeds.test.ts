import { describe, expect, it } from 'vitest'
import type { Schema } from '../../../src/schema/index.js'
import * as seeds from '../../support/seed-schemas.js'

const tables: readonly (readonly [Schema, readonly seeds.Row[]])[] = [
  [seeds.marketTicks, seeds.marketTicksRows],
  [seeds.metaGlasses, seeds.metaGlassesRows],
  [seeds.jobsToSteps, seeds.jobsToStepsRows],
  [seeds.positions, seeds.positionsRows],
  [seeds.consolidation, seeds.consolidationRows],
]

describe.each(tables)('$name', (schema, rows) => {
  it.each(rows)('%s is %s', (alias, canonical) => {
    const { mapper } = schema
    expect(mapper.getCanonicalKey(alias)).toBe(canonical)
    expect(mapper.getCanonicalKey(canonical)).toBe(canonical)
    expect(mapper.getAliasKeys(canonical)).toContain(alias)
    expect(mapper.parse(alias)?.params).toEqual(mapper.parse(canonical)?.params)
    expect(mapper.resolve(alias)?.aliases).toEqual(mapper.resolve(canonical)?.aliases)
    expect(mapper.resolve(canonical)).toMatchObject({ side: 'canonical', index: 0, canonical })
  })

  it('maps every family of the table', () => {
    const reached = new Set(rows.map(([alias]) => schema.mapper.parse(alias)?.family))
    expect([...schema.families.keys()].filter((family) => !reached.has(family))).toEqual([])
  })
})

describe('what the tables imply', () => {
  it('a position that the short spelling cannot say has no such alias', () => {
    const { mapper } = seeds.positions
    expect(mapper.getAliasKeys('position:u:okx:BTC:long')).toEqual(['position:u:BTC', 'user:u:position:BTC:long'])
    expect(mapper.getAliasKeys('position:u:okx:BTC:short')).toEqual(['user:u:position:BTC:short'])
    expect(mapper.getAliasKeys('position:u:binance:BTC:short')).toEqual([])
    expect(mapper.isKeyManaged('position:u:binance:BTC:short')).toBe(true)
    expect(mapper.isKeyManaged('position:u:binance:BTC:sideways')).toBe(false)
  })

  it('an indicator of no listed name stays alone, and so does the new spelling in the old place', () => {
    const { mapper } = seeds.consolidation
    expect(mapper.resolve('indicators:INFY:vwap')).toBeUndefined()
    expect(mapper.resolve('indicators:INFY:ratio')).toBeUndefined()
    expect(mapper.getCanonicalKey('indicators:INFY:vwap')).toBe('indicators:INFY:vwap')
  })

  it('an alias says its database', () => {
    const { mapper } = seeds.consolidation
    expect(mapper.resolve('vol:baseline:INFY')?.aliases).toEqual([{ name: 'volume_averages:INFY', db: 2 }])
    expect(mapper.resolve('ohlc:INFY')).toEqual({
      family: 'ohlc',
      canonical: 'ohlc:INFY',
      aliases: [{ name: 'ohlc:INFY', db: 2 }],
      side: 'canonical',
      index: 0,
    })
  })

  it('the base64 catch-all stands behind the named rules', () => {
    const { mapper } = seeds.metaGlasses
    const prefix = 'josancamon:rayban-meta-glasses-api'
    expect(mapper.parse(`${prefix}:reminder:1`)?.family).toBe('reminder')
    expect(mapper.parse(`${prefix}:reminder`)?.family).toBe('generic')
    expect(mapper.parse(`${prefix}:YWJj`)?.params).toEqual({ base64: 'YWJj' })
    expect(mapper.resolve(`${prefix}:unknown:1`)).toBeUndefined()
  })

  it('channels have a mapping of their own', () => {
    const { mapper, channel } = seeds.jobsToSteps
    expect(mapper.resolveChannel('job_events')?.canonical).toBe('step_events')
    expect(mapper.resolveChannel(channel.stepEvents())?.aliases).toEqual([{ name: 'job_events', db: undefined }])
    expect(mapper.resolveChannel('worker_events')).toBeUndefined()
    expect(mapper.resolve('job_events')).toBeUndefined()
    expect(mapper.resolveChannel('job:42')).toBeUndefined()
  })

  it('undeclared keys are left alone', () => {
    for (const name of ['worker:7', 'workers:active', 'workers:idle', 'worker:7:heartbeat', 'job:', 'job', '']) {
      expect(seeds.jobsToSteps.mapper.isKeyManaged(name)).toBe(false)
    }
  })
})
