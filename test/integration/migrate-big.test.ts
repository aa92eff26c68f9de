/** Big keys: copied and compared in pieces, never half, never stale, and never in one piece without saying so. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisKeyMigrator, type MigratorOptions, type Progress } from '../../src/migrate.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const AT = 4_000_000_000_000
const schema = defineSchema({
  name: 'big',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>'),
    far: key('far:<id>').alias('near:<id>', { db: 2 }),
  },
})
const N = 3000

describe.each(availableServers())('%s', (kind) => {
  let server: TestServer
  let redis: Redis
  let other: Redis
  beforeAll(async () => {
    server = await startServer({ kind })
    redis = new Redis(server.port)
    other = new Redis(server.port, { db: 2 })
  })
  afterAll(async () => {
    redis.disconnect()
    other.disconnect()
    await server.stop()
  })
  beforeEach(async () => {
    await redis.flushall()
    await redis.eval(
      `for i = 1, ${N} do
        redis.call('HSET', 'job:hash', 'field ' .. i, 'value ' .. i)
        redis.call('SADD', 'job:set', 'member ' .. i)
        redis.call('ZADD', 'job:zset', i / 7, 'member ' .. i)
        redis.call('RPUSH', 'job:list', 'value ' .. i)
        redis.call('XADD', 'job:stream', i .. '-1', 'f', 'value ' .. i)
      end
      redis.call('ZADD', 'job:zset', '-inf', 'lowest', 'inf', 'highest', '0.1', 'tenth')
      redis.call('SET', 'job:string', string.rep('x', 60000) .. 'end')
      redis.call('XGROUP', 'CREATE', 'job:stream', 'group', '0')
      redis.call('PEXPIREAT', 'job:hash', ${AT})
      redis.call('SET', 'job:small', '1')`,
      0,
    )
    if (kind === 'redis-8.0') await redis.call('HPEXPIREAT', 'job:hash', AT, 'FIELDS', 2, 'field 7', 'field 2900')
    await other.eval(`for i = 1, ${N} do redis.call('SADD', 'near:1', 'member ' .. i) end`, 0)
  })

  const bigKeys = { over: 20_000 }
  const migrator = (options: MigratorOptions = {}) => new RedisKeyMigrator(redis, schema, { bigKeys, ...options })
  const live = (options = {}, more?: MigratorOptions) => migrator(more).migrateKeys({ dryRun: false, ...options })
  const types = ['hash', 'set', 'zset', 'list', 'stream', 'string']
  const outcomes = (big: readonly { key: string; outcome: string }[]) =>
    Object.fromEntries(big.map(({ key: name, outcome }) => [name, outcome]))
  const inPieces = {
    'job:hash': 'chunk',
    'job:set': 'chunk',
    'job:zset': 'chunk',
    'job:list': 'chunk',
    'near:1': 'chunk',
  }
  const inOne = { 'job:stream': 'copy', 'job:string': 'copy' }
  const leftovers = () => redis.keys('canonical-redis:*')

  it('copies every type, says how, and leaves nothing behind', async () => {
    const said: string[] = []
    const onProgress = ({ waitingFor }: Progress): void => void (waitingFor && said.push(waitingFor))
    const result = await live({ onProgress })
    expect(result).toMatchObject({ found: 8, migrated: 8, failed: 0 })
    expect(outcomes(result.big)).toEqual({ ...inPieces, ...inOne })
    expect(said.some((words) => /"job:hash".*in pieces/.test(words))).toBe(true)
    expect(said.some((words) => /"job:stream".*in one piece: nobody else is served/.test(words))).toBe(true)
    expect(await leftovers()).toEqual([])
    // Compared in one piece, so that it is not the code for pieces that vouches for itself.
    const whole = new RedisKeyMigrator(redis, schema, { bigKeys: { over: 0 } })
    expect(await whole.verify()).toMatchObject({ clean: true, compared: 8, orphans: 0 })
    expect(await migrator().verify()).toMatchObject({ clean: true, compared: 8, settled: 0 })
    expect(await redis.pexpiretime('step:hash')).toBe(AT)
    expect(await redis.pexpiretime('step:set')).toBe(-1)
  })

  it('predicts in a dry run, and skips where it is told to', async () => {
    const dry = await migrator().migrateKeys()
    expect(dry).toMatchObject({ found: 8, migrated: 8 })
    expect(new Set(dry.big.map(({ outcome }) => outcome))).toEqual(new Set(['would-copy']))
    const result = await live({ bigKeys: { ...bigKeys, how: 'skip' } })
    expect(result).toMatchObject({ found: 8, migrated: 1, skipped: 7, failed: 0 })
    expect((await redis.keys('step:*')).sort()).toEqual(['step:small'])
    expect(await live({ bigKeys: { ...bigKeys, how: 'copy' } })).toMatchObject({ migrated: 7, skipped: 1 })
    expect(await migrator().verify()).toMatchObject({ clean: true, compared: 8 })
  })

  it('never replaces a canonical key, but where it overwrites', async () => {
    await redis.set('step:hash', 'there')
    expect(await live()).toMatchObject({ migrated: 7, skipped: 1 })
    expect(await redis.get('step:hash')).toBe('there')
    expect(await live({ overwrite: true })).toMatchObject({ migrated: 8, skipped: 0 })
    expect(await redis.hlen('step:hash')).toBe(N)
    expect(await leftovers()).toEqual([])
  })

  it('begins again when the source changes, and gives the newest', async () => {
    let changes = 0
    const onProgress = async ({ waitingFor = '' }: Progress): Promise<void> => {
      if (!waitingFor.startsWith('"job:hash"')) return
      changes++
      // While its pieces are being copied: the event comes before the first of them, the write goes out behind it.
      if (changes === 1) void redis.hset('job:hash', 'field 1', 'changed')
    }
    const result = await live({ families: ['step'], onProgress })
    expect(await redis.hget('step:hash', 'field 1')).toBe('changed')
    expect(result).toMatchObject({ migrated: 7, failed: 0 })
    expect(await migrator().verify()).toMatchObject({ clean: false, missing: 1, different: 0 })
  })

  it('lists a key that changes all the time, and never gives half of it', async () => {
    await redis.del(...types.filter((type) => type !== 'hash').map((type) => `job:${type}`))
    let ended = false
    const writer = new Redis(server.port)
    const writing = (async () => {
      for (let n = 0; !ended; n++) await writer.hset('job:hash', 'field 1', n)
    })()
    const result = await live({ families: ['step'] })
    ended = true
    await writing
    writer.disconnect()
    expect(result).toMatchObject({ found: 2, migrated: 1, failed: 1 })
    expect(result.big).toMatchObject([{ key: 'job:hash', outcome: 'changed', retries: 2 }])
    expect(result.errors).toMatchObject([{ key: 'job:hash', error: expect.stringContaining('3 attempts') }])
    expect(await redis.exists('step:hash')).toBe(0)
    expect(await leftovers()).toEqual([])
    // A second run does what is left.
    expect(await live({ families: ['step'] })).toMatchObject({ migrated: 1, skipped: 1, failed: 0 })
  })

  it('watches each key for itself, also where it works on two pages at a time', async () => {
    await redis.flushall()
    const single = defineSchema({ name: 'single', keys: { step: key('step:<id>').alias('job:<id>') } })
    const ids = Array.from({ length: 8 }, (_, id) => id)
    const fields = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`field ${i}`, `value ${i}`]))
    for (const id of ids) await redis.hset(`job:${id}`, fields)
    let ended = false
    const writer = new Redis(server.port)
    const writing = (async () => {
      for (let n = 0; !ended; n++) await Promise.all(ids.map((id) => writer.hset(`job:${id}`, 'field 1', n)))
    })()
    const run = new RedisKeyMigrator(redis, single, { bigKeys, batch: 1 })
    const result = await run.migrateKeys({ dryRun: false })
    ended = true
    await writing
    writer.disconnect()
    expect(result).toMatchObject({ found: 8, migrated: 0, failed: 8 })
    expect(await redis.keys('step:*')).toEqual([])
    expect(await run.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 8, failed: 0 })
    expect(await run.verify()).toMatchObject({ clean: true, compared: 8 })
  })

  const changes: Record<string, [problem: string, change: () => Promise<unknown>]> = {
    'hash, a value': ['value', () => redis.hset('step:hash', 'field 2999', 'x')],
    'hash, a field more': ['value', () => redis.hset('step:hash', 'more', 'x')],
    'set, a member': [
      'value',
      () => redis.eval(`redis.call('SREM', 'step:set', 'member 5') redis.call('SADD', 'step:set', 'x')`, 0),
    ],
    'zset, a score': ['value', () => redis.zincrby('step:zset', 1e-9, 'member 2000')],
    'list, an element': ['value', () => redis.lset('step:list', 2999, 'x')],
    'string, the end': ['value', () => redis.setrange('step:string', 60000, 'END')],
    'stream, an entry': ['value', () => redis.xdel('step:stream', '1500-1')],
    'stream, a group': ['groups', () => redis.xgroup('DESTROY', 'step:stream', 'group')],
    'hash, expiry': ['ttl', () => redis.persist('step:hash')],
    'hash, type': ['type', () => redis.set('step:hash', 'x')],
    ...(kind === 'redis-8.0' && {
      'hash, expiry of a field': ['field-ttl', () => redis.call('HPERSIST', 'step:hash', 'FIELDS', 1, 'field 2900')],
    }),
  }
  it('finds every difference in pieces, and puts it right', async () => {
    await live()
    for (const [name, [problem, change]] of Object.entries(changes)) {
      await change()
      const found = await migrator().verify()
      expect(found, name).toMatchObject({ clean: false, different: 1, missing: 0, orphans: 0, compared: 8 })
      expect(found.details, name).toMatchObject([{ problem, alias: `job:${name.split(',')[0]}` }])
      const repaired = await migrator().verify({ repair: 'dual-write' })
      expect(repaired, name).toMatchObject({ clean: true, repaired: 1, different: 0 })
      expect(await migrator().verify(), name).toMatchObject({ clean: true, repaired: 0 })
    }
    expect(await leftovers()).toEqual([])
  }, 60_000)

  it('goes the way back, and is swept, in pieces too', async () => {
    await live()
    await redis.hset('step:hash', 'more', 'x')
    await redis.set('task:hash', 'overtaken')
    const back = await live({ direction: 'reverse' })
    expect(back).toMatchObject({ migrated: 8, failed: 0, removed: 0 })
    expect(outcomes(back.big)).toMatchObject({ 'step:hash': 'chunk', 'far:1': 'chunk', 'step:stream': 'copy' })
    expect(await redis.hget('job:hash', 'more')).toBe('x')
    expect(await redis.exists('task:hash')).toBe(0)
    const confirm = async (): Promise<boolean> => (await redis.hset('step:set2', 'a', 'b')) === 1
    await redis.sadd('task:set', 'older')
    const swept = await migrator().cleanupAliases({ dryRun: false, confirm })
    expect(swept).toMatchObject({ deleted: 9, kept: 0, failed: 0 })
    expect(swept.big.length).toBe(7)
    expect((await redis.keys('job:*')).concat(await redis.keys('task:*'), await other.keys('*'))).toEqual([])
    expect(await redis.hlen('step:hash')).toBe(N + 1)
  })

  it('are kept by a sweep that finds them changed since the verification', async () => {
    await live()
    const confirm = async (): Promise<boolean> => (await redis.hset('step:hash', 'field 2000', 'x')) === 0
    expect(await migrator().cleanupAliases({ dryRun: false, confirm })).toMatchObject({ deleted: 7, kept: 1 })
    expect(await redis.hlen('job:hash')).toBe(N)
  })
})
