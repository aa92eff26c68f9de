/** A client wrapped by one copy of the package (CJS, say) in the hands of another (ESM). */
import { Redis } from 'ioredis'
import { createClient, createClientPool, createCluster } from 'redis'
import { createClient as createClient6 } from 'redis6'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({ name: 'jobs', keys: { step: key('step:<id>').alias('job:<id>') } })
const raw = new Redis({ lazyConnect: true })
afterEach(() => raw.disconnect())

const otherCopy = async () => {
  vi.resetModules()
  const [source, canonical] = await Promise.all([
    import('../../../src/clients/source.js'),
    import('../../../src/clients/canonical.js'),
  ])
  return { ...source, ...canonical }
}

it('is known as wrapped, since a migrator that took it for a raw one would remove both names of a key', async () => {
  const wrapped = new CanonicalRedisClient(raw, { schema, phase: 'dual-read' })
  const { sourceFor } = await otherCopy()
  expect(sourceFor(wrapped).wrapped?.schema).toBe(schema)
  expect(sourceFor(raw).wrapped).toBeUndefined()
})

it('of a version without the common registry is refused', async () => {
  const foreign = new Proxy(raw, { has: (target, name) => name === 'canonical' || name in target })
  const other = await otherCopy()
  expect(() => other.sourceFor(foreign)).toThrow(/another version/)
  expect(() => new other.CanonicalRedisClient(foreign, { schema, phase: 'alias' })).toThrow(/another version/)
})

describe('a client of node-redis', () => {
  const refusal = { code: 'E_NOT_A_CLIENT' }

  it.each<[string, () => object]>([
    ['5', createClient],
    ['6', createClient6],
    ['5, a pool', createClientPool],
    ['5, a cluster', () => createCluster({ rootNodes: [] })],
  ])('%s is known as wrapped, and not wrapped twice', async (_, make) => {
    const client = make()
    new CanonicalRedisClient(client, { schema, phase: 'dual-read' })
    const other = await otherCopy()
    const again = (): unknown => new other.CanonicalRedisClient(client, { schema, phase: 'alias' })
    expect(again).toThrow(expect.objectContaining({ ...refusal, message: expect.stringMatching(/wrapped already/) }))
  })

  it('is known to the migrator of the other copy', async () => {
    const wrapped = new CanonicalRedisClient(createClient(), { schema, phase: 'dual-read' })
    const { sourceFor } = await otherCopy()
    expect(sourceFor(wrapped).wrapped?.schema).toBe(schema)
    expect(sourceFor(createClient()).wrapped).toBeUndefined()
  })

  it('of a version without the common registry is refused, and its children too', async () => {
    const foreign = createClient()
    Object.defineProperty((foreign as unknown as { _self: object })._self, 'canonical', { value: {} })
    for (const one of [foreign, foreign.withTypeMapping({})]) {
      expect(() => new CanonicalRedisClient(one, { schema, phase: 'alias' })).toThrow(
        expect.objectContaining({ ...refusal, message: expect.stringMatching(/another version/) }),
      )
    }
    const { sourceFor } = await otherCopy()
    expect(() => sourceFor(foreign)).toThrow(/another version/)
  })
})
