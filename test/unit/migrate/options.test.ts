import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({ name: 'one', keys: { step: key('step:<id>').alias('job:<id>') } })
const another = defineSchema({ name: 'two', keys: { step: key('step:<id>').alias('work:<id>') } })
// Never connected: every refusal comes before the first command.
const redis = new Redis({ lazyConnect: true })
const migrator = new RedisKeyMigrator(redis, schema)
// The options are wrong on purpose.
type Call = (options: never) => unknown
const make = (options: object): unknown => new RedisKeyMigrator(redis, schema, options)
const calls: Record<string, Call> = {
  new: async (options) => make(options),
  migrateKeys: async (options) => migrator.migrateKeys(options),
  verify: async (options) => migrator.verify(options),
  cleanupAliases: async (options) => migrator.cleanupAliases(options),
  rollback: async (options) => migrator.rollback(options),
  analyze: async (options) => migrator.analyze(options),
  restore: async (options) => migrator.restore('no file', options),
}

const wrong: [call: string, options: unknown, code: string, message: RegExp][] = [
  ['new', { batch: 0 }, 'E_BAD_OPTION', /Expected `batch` to be a whole number from 1 to 100,000, got 0 \(number\)/],
  ['new', { batch: '5' }, 'E_BAD_OPTION', /got 5 \(string\)/],
  ['new', { onProgress: true }, 'E_BAD_OPTION', /`onProgress` to be a function/],
  ['new', { families: [] }, 'E_BAD_OPTION', /`families` to be a non-empty list/],
  ['new', { families: ['nope'] }, 'E_UNKNOWN_FAMILY', /no family "nope"[^]*families are "step"/],
  ['new', { dryRun: true }, 'E_BAD_OPTION', /has no option `dryRun`/],
  ['migrateKeys', { family: 'step' }, 'E_BAD_OPTION', /no option `family`[^]*families/],
  ['migrateKeys', { toString: 1 }, 'E_BAD_OPTION', /no option `toString`/],
  ['migrateKeys', { dryRun: 'false' }, 'E_BAD_OPTION', /`dryRun` to be true or false, got false \(string\)/],
  ['migrateKeys', { limit: 0 }, 'E_BAD_OPTION', /`limit`/],
  ['migrateKeys', { limit: 1.5 }, 'E_BAD_OPTION', /`limit`/],
  ['migrateKeys', { match: '' }, 'E_BAD_OPTION', /`match`/],
  ['migrateKeys', { overwrite: 1 }, 'E_BAD_OPTION', /`overwrite`/],
  ['migrateKeys', { report: 5 }, 'E_BAD_OPTION', /`report` to be true, false or a directory/],
  ['migrateKeys', { families: ['nope'] }, 'E_UNKNOWN_FAMILY', /nope/],
  ['migrateKeys', null, 'E_BAD_OPTION', /options of migrateKeys to be an object/],
  ['verify', { rounds: 0 }, 'E_BAD_OPTION', /`rounds`/],
  ['verify', { sample: -1 }, 'E_BAD_OPTION', /`sample`/],
  ['new', { throttle: { latency: -1 } }, 'E_BAD_OPTION', /`throttle` to be false, or an object with `latency`/],
  ['new', { throttle: { lag: 1 } }, 'E_BAD_OPTION', /`throttle`/],
  ['new', { throttle: true }, 'E_BAD_OPTION', /`throttle`/],
  ['new', { bigKeys: { how: 'slice' } }, 'E_BAD_OPTION', /`bigKeys`.*"chunk" or "skip" or "copy"/],
  ['migrateKeys', { rate: 0 }, 'E_BAD_OPTION', /`rate` to be a number above 0/],
  ['migrateKeys', { direction: 'back' }, 'E_BAD_OPTION', /`direction` to be "forward" or "reverse"/],
  ['migrateKeys', { checkpoint: {} }, 'E_BAD_OPTION', /`checkpoint`/],
  ['migrateKeys', { signal: {} }, 'E_BAD_OPTION', /`signal` to be an AbortSignal/],
  ['verify', { repair: 'dual' }, 'E_BAD_OPTION', /`repair`/],
  ['verify', { repair: true }, 'E_BAD_OPTION', /`repair` to name the phase, since a raw client has none/],
  ['verify', { repair: 'canonical' }, 'E_WRONG_PHASE', /"step" is in "canonical"/],
  ['rollback', { to: 'nowhere' }, 'E_BAD_OPTION', /`to` to be one of alias/],
  ['rollback', { to: 'alias' }, 'E_BAD_OPTION', /`from` to be a phase, since a raw client has none/],
  ['rollback', { from: 'prepare', to: 'dual-write' }, 'E_BAD_OPTION', /`to` to come before "prepare"/],
  ['rollback', { from: 'canonical', to: 'retire-alias' }, 'E_WRONG_PHASE', /no way/],
  ['rollback', { from: 'dual-write', to: 'prepare', dryRun: false }, 'E_BAD_OPTION', /`setPhase`/],
  ['analyze', { sample: 0 }, 'E_BAD_OPTION', /`sample`/],
  ['restore', { dryRun: 1 }, 'E_BAD_OPTION', /`dryRun`/],
  ['cleanupAliases', { backup: '' }, 'E_BAD_OPTION', /`backup`/],
  ['cleanupAliases', { confirm: true }, 'E_BAD_OPTION', /`confirm` to be a function/],
  ['cleanupAliases', { afterMigration: false, dryRun: false }, 'E_BAD_OPTION', /afterMigration/],
  ['cleanupAliases', { families: ['nope'], dryRun: false }, 'E_UNKNOWN_FAMILY', /nope/],
]
it.each(wrong)('%s refuses %o with %s', async (call, options, code, message) => {
  const error: unknown = await Promise.resolve(calls[call]!(options as never)).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
})

it('takes undefined for left out', () => {
  expect(() => make({ batch: undefined, onProgress: undefined })).not.toThrow()
})

it.each([undefined, null, 5, {}])('refuses what is no client: %o', (client) => {
  expect(() => new RedisKeyMigrator(client, schema)).toThrow(expect.objectContaining({ code: 'E_NOT_A_CLIENT' }))
})

it('refuses what is no schema', () => {
  expect(() => new RedisKeyMigrator(redis, {} as never)).toThrow(expect.objectContaining({ code: 'E_BAD_OPTION' }))
})

it('refuses a wrapped client of another schema, whose phases say nothing', () => {
  const wrapped = new CanonicalRedisClient(redis, { schema: another, phase: 'alias' })
  expect(() => new RedisKeyMigrator(wrapped, schema)).toThrow(/"two"[^]*"one"/)
  expect(() => new RedisKeyMigrator(wrapped, another)).not.toThrow()
})

it('refuses a pattern that is none', async () => {
  await expect(migrator.findAliasKeys('')).rejects.toMatchObject({ code: 'E_BAD_OPTION' })
})
