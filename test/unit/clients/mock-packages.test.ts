/** What a mock says when a package is missing that only tests need. */
import type * as nodeModule from 'node:module'
import RedisMock from 'ioredis-mock'
import { afterEach, expect, it, vi } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import { createMockRedis } from '../../../src/testing.js'

const absent = vi.hoisted(() => new Set<string>())

vi.mock('node:module', async (original) => {
  const real = await original<typeof nodeModule>()
  const check = (name: string): void => {
    if (absent.has(name)) throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
  }
  const createRequire = (from: string | URL): NodeJS.Require => {
    const require = real.createRequire(from)
    // What ioredis-mock brings along is there for it.
    if (String(from).includes('node_modules')) return require
    const guarded = (name: string): unknown => (check(name), require(name))
    const resolve = (name: string): string => (check(name), require.resolve(name))
    return Object.assign(guarded, require, { resolve })
  }
  return { ...real, createRequire }
})
afterEach(() => absent.clear())

const schema = defineSchema({ name: 'x', keys: { step: key('step:<id>').alias('job:<id>') } })

it('names ioredis-mock, and what to install with ioredis 6, where neither it nor its Lua is there', () => {
  absent.add('ioredis-mock').add('fengari')
  const refused = { code: 'E_MISSING_PACKAGE', hint: expect.stringContaining('npm install --save-dev ioredis-mock') }
  expect(() => createMockRedis({ schema })).toThrow(expect.objectContaining(refused) as Error)
})

it.each(['ioredis-mock', 'fengari'])('works without %s, since the other one is there', async (name) => {
  absent.add(name)
  const redis = createMockRedis({ schema, phase: 'dual-read', data: { 'job:1': 'x' } })
  expect(await redis.eval("return redis.call('GET', KEYS[1])", 1, 'step:1')).toBe('x')
})

it('names ioredis where no class is given', () => {
  absent.add('ioredis')
  const refused = { code: 'E_MISSING_PACKAGE', hint: expect.stringContaining('npm install --save-dev ioredis,') }
  expect(() => createMockRedis({ schema })).toThrow(expect.objectContaining(refused) as Error)
})

it('a client of ioredis-mock itself is refused, and the mock that works is named', () => {
  const wrap = () => new CanonicalRedisClient(new RedisMock({ lazyConnect: true }), { schema, phase: 'alias' })
  const refused = { code: 'E_NOT_A_CLIENT', hint: expect.stringContaining('createMockRedis') }
  expect(wrap).toThrow(expect.objectContaining(refused) as Error)
})
