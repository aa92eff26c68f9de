/** What the constructor refuses, with the code and what to do. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({ name: 'options', keys: { step: key('step:<id>').alias('job:<id>') } })
const open: Redis[] = []
const client = (): Redis => {
  const redis = new Redis({ lazyConnect: true })
  open.push(redis)
  return redis
}
afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect()
})

function refusal(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    if (isCanonicalRedisError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'not refused'
}

describe('new CanonicalRedisClient', () => {
  it.each<[string, object, RegExp]>([
    ['no schema', { phase: 'alias' }, /^E_BAD_OPTION expected `schema` to be what defineSchema gives, got undefined/],
    ['no phase', { schema }, /^E_BAD_PHASE expected a phase, got undefined\n {2}→ one of: alias, /],
    ['a misspelt phase', { schema, phase: 'dual_write' }, /^E_BAD_PHASE expected a phase, got "dual_write"/],
    [
      'a misspelt family',
      { schema, phase: { default: 'alias', families: { steps: 'prepare' } } },
      /^E_UNKNOWN_FAMILY the schema "options" has no family "steps"\n {2}→ it has: step/,
    ],
    [
      'a phase of a family that is none',
      { schema, phase: { default: 'alias', families: { step: 'x' } } },
      /^E_BAD_PHASE/,
    ],
    [
      'another word for unknown commands',
      { schema, phase: 'alias', unknownCommands: 'allow' },
      /^E_BAD_OPTION .*"allow"/,
    ],
    ['a misspelt hook', { schema, phase: 'alias', hooks: { onadopt: () => undefined } }, /^E_BAD_OPTION .*`onadopt`/],
  ])('refuses %s', (_what, options, message) => {
    expect(refusal(() => new CanonicalRedisClient(client(), options as CanonicalOptions))).toMatch(message)
  })

  it.each([null, undefined, 'redis://', {}, new Map(), () => undefined])('refuses %o for a client', (one) => {
    const make = (): unknown => new CanonicalRedisClient(one as object, { schema, phase: 'alias' })
    expect(refusal(make)).toMatch(/^E_NOT_A_CLIENT expected .*client/)
  })

  it.each([
    ['a client that is still connecting', Promise.resolve()],
    ['what multi() gives', createClient().multi()],
    ['the legacy face', createClient().legacy()],
    ['the options of a client', { url: 'redis://' }],
  ])('refuses %s', (_, one) => {
    const make = (): unknown => new CanonicalRedisClient(one, { schema, phase: 'alias' })
    expect(refusal(make)).toMatch(/^E_NOT_A_CLIENT expected .*client/)
    if (one instanceof Promise) expect(refusal(make)).toMatch(/got a promise\n {2}→ await it/)
  })

  it('refuses node-redis 4, clients and clusters, and says what to do', () => {
    // As they were found in 4.7.1.
    const common = { commandsExecutor: () => undefined, sendCommand: () => undefined, MULTI: () => undefined }
    const four = [
      { ...common, multiExecutor: () => undefined, executeIsolated: () => undefined },
      { ...common, nodeClient: () => undefined },
    ]
    for (const one of four) {
      const make = (): unknown => new CanonicalRedisClient(one, { schema, phase: 'alias' })
      expect(refusal(make)).toMatch(/^E_NOT_A_CLIENT .*node-redis 4[^]*npm install redis@5/)
    }
  })

  it('refuses a client that is wrapped already', () => {
    const wrapped = new CanonicalRedisClient(client(), { schema, phase: 'alias' })
    const make = (): unknown => new CanonicalRedisClient(wrapped, { schema, phase: 'alias' })
    expect(refusal(make)).toMatch(/^E_NOT_A_CLIENT the client is wrapped already, with the schema "options"/)
  })

  it('refuses names of families that are not there', () => {
    const redis = new CanonicalRedisClient(client(), { schema, phase: 'alias' })
    expect(refusal(() => redis.canonical.phase('steps'))).toMatch(/^E_UNKNOWN_FAMILY/)
    expect(refusal(() => redis.canonical.setPhase('prepare', 'steps'))).toMatch(/^E_UNKNOWN_FAMILY/)
    expect(refusal(() => redis.canonical.explain(['GET', 'x'], { phase: 'y' as never }))).toMatch(/^E_BAD_PHASE/)
  })
})
