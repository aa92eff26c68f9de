/**
 * The embedded server of the examples answers as a real one does: the same commands go to both, and every reply has to
 * be equal.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { embeddedLimits, startEmbeddedRedis, type EmbeddedRedis } from '../../examples/support/embedded-redis.js'
import { startServer, type TestServer } from '../support/servers.js'

let real: TestServer
let embedded: EmbeddedRedis
let clients: { real: Redis; embedded: Redis }

beforeAll(async () => {
  real = await startServer()
  embedded = await startEmbeddedRedis()
})
afterAll(async () => {
  await embedded.stop()
  await real.stop()
})
beforeEach(async () => {
  clients = { real: new Redis(real.port), embedded: new Redis(embedded.port) }
  await Promise.all(Object.values(clients).map((client) => client.flushall()))
})
afterEach(() => {
  for (const client of Object.values(clients)) client.disconnect()
})

/** A reply, or the first word of the error: the rest of the sentence is each server's own. */
async function reply(client: Redis, line: readonly string[]): Promise<unknown> {
  const [name = '', ...args] = line
  try {
    return await client.call(name, ...args)
  } catch (error) {
    return `error ${(error as Error).message.split(' ')[0]}`
  }
}

async function both(line: readonly string[], normalise: (value: unknown) => unknown = (value) => value) {
  const [expected, actual] = await Promise.all([reply(clients.real, line), reply(clients.embedded, line)])
  expect(normalise(actual), line.join(' ')).toEqual(normalise(expected))
  return actual
}

const words = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '))

/** Replies in no particular order. */
const unordered: ReadonlySet<string> = new Set(['smembers', 'hkeys', 'hvals', 'hgetall', 'sunion', 'sinter', 'keys'])

async function play(lines: readonly string[][]): Promise<void> {
  for (const line of lines) {
    await both(line, (value) =>
      unordered.has((line[0] as string).toLowerCase()) && Array.isArray(value) ? [...value].sort() : value,
    )
  }
}

describe('answers as a real server', () => {
  const scripts: Record<string, string> = {
    strings: `
      SET a 1
      GET a
      SET a 2 NX
      SET a 2 XX
      SET a 3 GET
      SET a 4 PXAT 9999999999999
      PEXPIRETIME a
      SET a 5 KEEPTTL
      PEXPIRETIME a
      INCR a
      INCRBY a x
      APPEND a z
      STRLEN a
      MSET b 1 c 2
      MGET a b nothing
      GETDEL b
      GET b
      SETNX c 1
      GETRANGE a 0 0
      LPUSH a x
      GET`,
    hashes: `
      HSET h f 1 g 2
      HSET h f 3 i 4
      HSET h f
      HMSET h j 5
      HSETNX h f 9
      HGET h f
      HGET h nothing
      HMGET h f nothing
      HINCRBY h f 5
      HINCRBY h new 5
      HGETALL h
      HLEN h
      HDEL h f g i j
      HDEL h new
      EXISTS h
      HGETALL h
      SET s x
      HGETALL s`,
    sets: `
      SADD s a b c
      SADD s a d
      SCARD s
      SISMEMBER s a
      SMISMEMBER s a z
      SMEMBERS s
      SMOVE s t a
      SREM s b c d
      EXISTS s
      SPOP t
      EXISTS t
      SPOP t
      SADD x 1 2
      SADD y 2 3
      SINTER x y
      SUNIONSTORE z x y
      SMEMBERS z`,
    'sorted sets': `
      ZADD z 3 c 1 a 2 b
      ZADD z NX 9 a
      ZADD z XX CH 9 c
      ZADD z GT 1 c
      ZADD z INCR 1 c
      ZSCORE z c
      ZSCORE z nothing
      ZRANGE z 0 -1 WITHSCORES
      ZRANGE z -2 -1
      ZRANGE z 0 0 REV
      ZRANK z b
      ZINCRBY z 0.5 a
      ZPOPMIN z
      ZPOPMAX z 5
      EXISTS z
      ZPOPMIN z
      ZADD z 1 y 1 x
      ZRANGE z 0 -1
      ZADD z x y
      ZREM z x y
      EXISTS z
      ZCARD z`,
    lists: `
      RPUSH l a b c
      LPUSH l x
      LRANGE l 0 -1
      LRANGE l -100 1
      LPOP l
      RPOP l
      LLEN l
      LREM l 0 a
      LPOP l
      EXISTS l`,
    keys: `
      SET a 1
      EXPIREAT a 9999999999
      PEXPIRETIME a
      COPY a b
      PEXPIRETIME b
      COPY a b
      COPY a b REPLACE
      COPY nothing b REPLACE
      COPY a a
      COPY a other DB 2
      PERSIST b
      PERSIST b
      TTL b
      TTL nothing
      RENAME b c
      RENAME b c
      RENAMENX c a
      TYPE a
      TYPE nothing
      DEL a c nothing
      DBSIZE
      SADD s 1
      TYPE s
      UNLINK s
      EXPIRE nothing 1
      SET gone 1
      EXPIRE gone 0
      EXISTS gone
      KEYS *
      SELECT 99
      SELECT 2
      GET other
      SELECT 0
      NOSUCHCOMMAND x`,
    transactions: `
      EXEC
      MULTI
      SET a 1
      INCR a
      LPUSH a x
      GET a
      EXEC
      MULTI
      NOSUCHCOMMAND
      SET a 9
      EXEC
      GET a
      MULTI
      SET a 9
      DISCARD
      GET a
      WATCH a
      SET a 3
      MULTI
      GET a
      EXEC
      WATCH a
      MULTI
      SELECT 2
      SET there 1
      SELECT 0
      EXEC
      DISCARD`,
  }
  for (const [name, script] of Object.entries(scripts)) it(name, () => play(words(script)))
})

describe('scripts', () => {
  const sources = {
    'reply with a table': "return {1, 'two', {3, false}, nil, 5}",
    'call and see a status': "return redis.call('SET', KEYS[1], ARGV[1]).ok",
    'raise an error': "return redis.call('SADD', KEYS[1], 'x')",
    'catch an error': "local e = redis.pcall('SADD', KEYS[1], 'x'); return {type(e.err), e.err}",
    'catch a raised error': "local ok, e = pcall(redis.call, 'SADD', KEYS[1], 'x'); return tostring(ok)",
    'take nil for false': "if redis.call('GET', 'nothing') == false then return 'false' end",
    'turn numbers into text': "redis.call('SET', KEYS[1], 3 * 1); return redis.call('GET', KEYS[1])",
    'select a database and leave the caller where it is': "redis.call('SELECT', '3'); redis.call('SET', 'k', 'v')",
    'handle times in milliseconds':
      "redis.call('PEXPIREAT', KEYS[1], 9999999999999); return redis.call('PEXPIRETIME', KEYS[1])",
    unpack: 'return {unpack({1, 2, 3}, 2)}',
    copy: "redis.call('COPY', KEYS[1], 'copy'); return redis.call('EXISTS', KEYS[1], 'copy')",
  }
  for (const [name, source] of Object.entries(sources)) {
    it(name, async () => {
      await both(['SET', 'key', 'before'])
      await both(['EVAL', source, '1', 'key', 'value'])
      await play([
        ['KEYS', '*'],
        ['GET', 'key'],
        ['SELECT', '3'],
        ['KEYS', '*'],
        ['SELECT', '0'],
      ])
    })
  }

  it('by their SHA', async () => {
    const sha = await both(['SCRIPT', 'LOAD', 'return ARGV[1]'])
    await both(['EVALSHA', String(sha), '0', 'x'])
    await both(['EVALSHA', '0'.repeat(40), '0'])
    await both(['SCRIPT', 'EXISTS', String(sha), '0'.repeat(40)])
  })
})

it('keeps every byte of names and values', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  for (const client of Object.values(clients)) {
    await client.set(bytes, bytes)
    expect(await client.getBuffer(bytes)).toEqual(bytes)
    expect(await client.keysBuffer('*')).toEqual([bytes])
    expect(await client.callBuffer('EVAL', 'return {KEYS[1], ARGV[1]}', '1', bytes, bytes)).toEqual([bytes, bytes])
  }
})

it('random commands on few keys', async () => {
  const key = fc.constantFrom('a', 'b', 'c')
  const member = fc.constantFrom('x', 'y', '1')
  const score = fc.integer({ min: -3, max: 3 }).map(String)
  const line = fc.oneof(
    fc.tuple(
      fc.constantFrom('GET', 'TYPE', 'EXISTS', 'DEL', 'INCR', 'HGETALL', 'SMEMBERS', 'ZCARD', 'TTL', 'LLEN'),
      key,
    ),
    fc.tuple(fc.constantFrom('COPY', 'RENAME', 'RENAMENX'), key, key),
    fc.tuple(
      fc.constantFrom('SET', 'SADD', 'SREM', 'HDEL', 'ZREM', 'RPUSH', 'HGET', 'SISMEMBER', 'ZSCORE'),
      key,
      member,
    ),
    fc.tuple(fc.constantFrom('HSET', 'HINCRBY'), key, member, score),
    fc.tuple(fc.constantFrom('ZADD', 'ZINCRBY'), key, score, member),
    fc.tuple(fc.constantFrom('ZPOPMIN', 'ZPOPMAX', 'LPOP', 'PERSIST'), key),
    fc.tuple(fc.constant('EXPIREAT'), key, fc.constantFrom('9999999999', '1')),
    fc.tuple(fc.constantFrom('ZRANGE', 'LRANGE'), key, score, score),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 5, maxLength: 40 }), async (lines) => {
      await Promise.all(Object.values(clients).map((client) => client.flushall()))
      await play(lines)
    }),
    { numRuns: 60 },
  )
})

it('a SCAN shows every key that stays, while others come and go', async () => {
  const client = clients.embedded
  const staying = Array.from({ length: 200 }, (_, i) => `stays:${i}`)
  for (const name of staying) await client.mset(name, 'x', name.replace('stays', 'goes'), 'x')
  const seen: string[] = []
  let cursor = '0'
  let page = 0
  do {
    const [next, names] = await client.scan(cursor, 'MATCH', 'stays:*', 'COUNT', 25)
    seen.push(...names)
    cursor = next
    await client.del(`goes:${page}`, `goes:${page + 1}`)
    await client.set(`comes:${page++}`, 'x')
  } while (cursor !== '0')
  expect(seen.sort()).toEqual(staying.sort())
})

it('a transaction is one piece beside other connections', async () => {
  const [one, two] = [new Redis(embedded.port), new Redis(embedded.port)]
  const rounds = Array.from({ length: 50 }, () =>
    Promise.all([one.multi().incr('n').get('n').exec(), two.multi().incr('n').get('n').exec()]),
  )
  for (const results of (await Promise.all(rounds)).flat()) {
    expect(results?.[1]?.[1]).toBe(String(results?.[0]?.[1]))
  }
  one.disconnect()
  two.disconnect()
})

it('messages reach those who subscribed, once, by name and by pattern', async () => {
  for (const { port } of [real, embedded]) {
    const [subscriber, publisher] = [new Redis(port), new Redis(port)]
    const got: string[] = []
    subscriber.on('message', (channel, message) => got.push(`${channel} ${message}`))
    subscriber.on('pmessage', (pattern, channel, message) => got.push(`${pattern} ${channel} ${message}`))
    await subscriber.subscribe('one', 'two')
    await subscriber.psubscribe('o*')
    expect(await publisher.publish('one', 'a')).toBe(2)
    expect(await publisher.publish('three', 'b')).toBe(0)
    await subscriber.unsubscribe('one')
    await subscriber.punsubscribe('o*')
    expect(await publisher.publish('one', 'c')).toBe(0)
    expect(await publisher.publish('two', 'd')).toBe(1)
    expect(await publisher.pubsub('NUMSUB', 'two', 'one')).toEqual(['two', 1, 'one', 0])
    await subscriber.ping()
    expect(got).toEqual(['one a', 'o* one a', 'two d'])
    subscriber.disconnect()
    publisher.disconnect()
  }
})

it('fakes an older server, without what came later', async () => {
  const old = await startEmbeddedRedis({ version: '6.0.16' })
  const client = new Redis(old.port)
  expect(await client.info('server')).toContain('redis_version:6.0.16')
  expect(await reply(client, ['COPY', 'a', 'b'])).toBe('error ERR')
  await expect(client.call('COPY', 'a', 'b')).rejects.toThrow("unknown command 'COPY'")
  client.disconnect()
  await old.stop()
})

it('says what it cannot show, and refuses by name', async () => {
  expect(embeddedLimits.length).toBeGreaterThan(3)
  for (const name of ['pfadd', 'geoadd', 'object', 'function', 'migrate']) {
    await expect(clients.embedded.call(name, 'a', 'b', 'c')).rejects.toThrow(`unknown command '${name}'`)
  }
})
