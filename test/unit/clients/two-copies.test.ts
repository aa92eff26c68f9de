/** A client wrapped by one copy of the package (CJS, say) in the hands of another (ESM). */
import { Redis } from 'ioredis'
import { afterEach, expect, it, vi } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({ name: 'jobs', keys: { step: key('step:<id>').alias('job:<id>') } })
const raw = new Redis({ lazyConnect: true })
afterEach(() => raw.disconnect())

const otherCopy = () => {
  vi.resetModules()
  return import('../../../src/clients/source.js')
}

it('is known as wrapped, since a migrator that took it for a raw one would remove both names of a key', async () => {
  const wrapped = new CanonicalRedisClient(raw, { schema, phase: 'dual-read' })
  const { sourceFor } = await otherCopy()
  expect(sourceFor(wrapped).wrapped?.schema).toBe(schema)
  expect(sourceFor(raw).wrapped).toBeUndefined()
})

it('of a version without the common registry is refused', async () => {
  const foreign = new Proxy(raw, { has: (target, name) => name === 'canonical' || name in target })
  const { sourceFor } = await otherCopy()
  expect(() => sourceFor(foreign)).toThrow(/another version/)
})
