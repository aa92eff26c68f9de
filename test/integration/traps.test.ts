/**
 * The traps of ioredis that are known to catch wrappers, each as a test of its name.
 */
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { constantPhase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { startCuttingProxy } from '../support/cutting-proxy.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'traps', keys: { step: key('step:<id>').alias('job:<id>') } })

describe.each(Object.keys(ioredisVersions) as IoredisVersion[])('traps of %s', (version) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients(version, server.port)
    raw = clients.raw()
    await raw.flushall()
  })
  afterEach(() => clients.close())

  const around = (client: Redis, phase: CanonicalOptions['phase']) =>
    new CanonicalRedisClient(client, { schema, phase })
  const wrap = (phase: CanonicalOptions['phase'], options = {}) => around(clients.raw(options), phase)

  it('raw and wrapped autopipelining in one tick', async () => {
    const inner = clients.raw({ enableAutoPipelining: true })
    const redis = around(inner, 'dual-write')
    const replies = await Promise.all([
      inner.set('other', 'raw'),
      redis.set('job:1', 'a'),
      inner.get('other'),
      redis.get('step:1'),
      inner.exists('step:1'),
    ])
    expect(replies.slice(0, 4)).toEqual(['OK', 'OK', 'raw', 'a'])
    expect(await raw.get('step:1')).toBe('a')
  })

  it.each(['app:', Buffer.from([0x61, 0xff, 0x3a])])('keyPrefix as string and Buffer: %o', async (keyPrefix) => {
    const redis = wrap('dual-write', { keyPrefix })
    await redis.set('job:1', 'a')
    const names = (await raw.keysBuffer('*')).map((name) => name.toString('latin1')).sort()
    const prefix = Buffer.from(keyPrefix).toString('latin1')
    expect(names).toEqual([`${prefix}job:1`, `${prefix}step:1`])
    expect(await redis.get('step:1')).toBe('a')
    expect(await redis.pipeline().get('step:1').exec()).toEqual([[null, 'a']])
  })

  it('mset of an object, of a Map, and of nested arrays', async () => {
    const redis = wrap('dual-write')
    await redis.mset({ 'job:1': 'a', other: 'b' })
    await redis.mset(new Map([['step:2', 'c']]))
    await redis.mset(['job:3', 'd', 'step:4', 'e'])
    expect(await redis.mget('step:1', 'job:2', ['job:3', 'job:4', 'other'] as never)).toEqual(['a', 'c', 'd', 'e', 'b'])
    expect(await raw.mget('job:2', 'step:2', 'job:4', 'step:4')).toEqual(['c', 'c', 'e', 'e'])
  })

  it('call in upper case, in lower case, and with a Buffer for a name', async () => {
    const redis = wrap('dual-write')
    await redis.call('SET', Buffer.from('job:1'), 'a')
    expect(await redis.call('get', 'step:1')).toBe('a')
    expect(await redis.call('GeT', Buffer.from('job:1'))).toBe('a')
  })

  it('three shapes of XREAD replies', async () => {
    const redis = wrap('canonical')
    await raw.xadd('step:1', '1-1', 'f', 'v')
    const entries = [['1-1', ['f', 'v']]]
    expect(await redis.xread('STREAMS', 'job:1', '0')).toEqual([['job:1', entries]])
    const bare = clients.raw()
    const asked = (reply: unknown): unknown => JSON.parse(JSON.stringify(reply).replaceAll('step:1', 'job:1'))
    expect(await redis.call('XREAD', 'STREAMS', 'job:1', '0')).toEqual(
      asked(await bare.call('XREAD', 'STREAMS', 'step:1', '0')),
    )
    const plain = async (client: Redis, name: string): Promise<unknown> => {
      await client.multi({ pipeline: false })
      await client.xread('STREAMS', name, '0')
      return client.exec()
    }
    expect(await plain(redis, 'job:1')).toEqual(asked(await plain(bare, 'step:1')))
    if (version === 'ioredis 6') {
      const mapped = { replyMapping: 'resp3' } as object
      expect(await wrap('canonical', mapped).xread('STREAMS', 'job:1', '0')).toEqual({ 'job:1': entries })
    }
    expect(await redis.xread('STREAMS', 'job:1', 'step:1', 'job:none', '0', '0', '0')).toEqual([
      ['job:1', entries],
      ['step:1', entries],
    ])
  })

  it('callback plus promise', async () => {
    const redis = wrap('dual-write')
    const seen: unknown[] = []
    const reply = await redis.set('job:1', 'a', (error, value) => seen.push([error, value]))
    expect([reply, seen]).toEqual(['OK', [[null, 'OK']]])
    const failed: unknown[] = []
    await redis
      .incr('job:1', (error) => failed.push(error?.message))
      .catch((error: Error) => failed.push(error.message))
    expect(failed).toEqual(Array(2).fill('ERR value is not an integer or out of range'))
  })

  it('QUEUED is no reply to translate', async () => {
    const redis = wrap('dual-read')
    await redis.rpush('job:1', 'a')
    const results = await redis.pipeline([['multi'], ['lmpop', '1', 'job:1', 'LEFT'], ['exec']]).exec()
    expect(results).toEqual([
      [null, 'OK'],
      [null, 'QUEUED'],
      [null, [['job:1', ['a']]]],
    ])
  })

  it('a cut after every reply of an injected block, resend off', async () => {
    const proxy = await startCuttingProxy(server.port)
    let answered = 0
    // MULTI, COPY, INCR, UNLINK, COPY, EXEC: six replies, so the last two rounds are not cut.
    for (let replies = 0; replies < 8; replies++) {
      const redis = wrap('dual-read', {
        port: proxy.port,
        protocol: 2,
        retryStrategy: () => 1,
        autoResendUnfulfilledCommands: false,
        // With resending off, ioredis never answers a command that was cut before its first reply.
        commandTimeout: 500,
      })
      await redis.set('job:other', '0')
      proxy.cutAfter(replies)
      if (await redis.incr('job:n').then(Boolean, () => false)) answered++
      proxy.cutAfter(Infinity)
      const [old, young] = await raw.mget('job:n', 'step:n')
      expect(young, `after ${replies} replies`).toBe(old)
      expect(Number(old)).toBeGreaterThanOrEqual(answered)
      expect(Number(old)).toBeLessThanOrEqual(replies + 1)
      expect(await redis.get('step:n')).toBe(old)
      redis.disconnect()
    }
    expect([proxy.cuts, answered]).toEqual([6, 2])
    await proxy.stop()
  })

  it('an open multi({ pipeline: false }) is never committed by a transaction of ours', async () => {
    const redis = wrap('dual-read')
    await raw.set('job:1', 'legacy')
    await redis.multi({ pipeline: false })
    await redis.set('step:2', 'b')
    await redis.get('step:1')
    await redis.hset('job:3', 'f', 'v')
    expect(await raw.exists('step:2', 'job:2', 'step:3')).toBe(0)
    expect(await redis.exec()).toEqual([
      [null, 'OK'],
      [null, 'legacy'],
      [null, 1],
    ])
    await redis.multi({ pipeline: false })
    await redis.set('step:4', 'b')
    await redis.discard()
    expect(await redis.get('step:4')).toBeNull()
  })

  it('WATCH, then a read that adopts: EXEC still runs', async () => {
    const redis = wrap('dual-read')
    await raw.set('job:1', 'legacy')
    await redis.watch('step:1')
    expect(await redis.get('job:1')).toBe('legacy')
    expect(await redis.multi().append('job:1', '!').exec()).toEqual([[null, 7]])
    await redis.watch('step:1')
    await raw.set('job:1', 'changed under the other name')
    expect(await redis.multi().append('job:1', '!').exec()).toBeNull()
    await redis.unwatch()
  })

  it('WATCH, then a mirrored write, then a change by another client: EXEC gives nil', async () => {
    const redis = wrap('dual-write')
    await raw.rpush('job:2', 'a', 'b', 'c')
    await redis.watch('step:1')
    // The write is one unit, and no EXEC of ours ends the WATCH.
    expect(await redis.lpop('step:2', 2)).toEqual(['a', 'b'])
    expect(await redis.call('ZADD', 'step:3', 'INCR', '1.5', 'm')).toBe(await raw.call('ZADD', 'z', 'INCR', '1.5', 'm'))
    await expect(redis.call('ZADD', 'step:3', '1')).rejects.toThrow("ERR wrong number of arguments for 'zadd' command")
    await expect(redis.call('HSET', 'job:2', 'f', 'v')).rejects.toThrow('WRONGTYPE')
    expect([await raw.lrange('job:2', 0, -1), await raw.lrange('step:2', 0, -1)]).toEqual([['c'], ['c']])
    await raw.set('job:1', 'changed')
    expect(await redis.multi().set('job:1', 'mine').exec()).toBeNull()
    expect(await raw.get('job:1')).toBe('changed')
    // Without a change it runs; and after it, a write is a transaction again.
    await redis.watch('step:1')
    await redis.set('job:2', 'x')
    expect(await redis.multi().set('job:1', 'mine').exec()).toEqual([[null, 'OK']])
    expect([await raw.get('job:1'), await raw.get('step:1'), await raw.get('step:2')]).toEqual(['mine', 'mine', 'x'])
  })

  it('WATCH, then a pipeline with reads that adopt: their replies keep their shape', async () => {
    const redis = wrap('dual-read')
    await redis.watch('step:1')
    await raw.geoadd('job:2', 13.4, 38.1, 'a')
    const [[, missing], [, found]] = (await redis
      .pipeline()
      .geopos('step:3', 'a', 'b')
      .geopos('step:2', 'x', 'a')
      .exec()) as [[null, unknown[]], [null, unknown[]]]
    expect(missing).toEqual([null, null])
    expect(found).toEqual(await raw.geopos('job:2', 'x', 'a'))
    await raw.set('job:1', 'changed')
    expect(await redis.multi().set('job:1', 'mine').exec()).toBeNull()
  })

  it('WATCH, then what takes a transaction of its own and cannot stand in a script', async () => {
    const redis = wrap('dual-write')
    await redis.watch('step:1')
    await expect(redis.eval('return redis.call("SET", KEYS[1], 1)', 1, 'step:1')).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
    })
    expect(await raw.keys('*')).toEqual([])
    await redis.unwatch()
    expect(await redis.eval('return redis.call("SET", KEYS[1], 1)', 1, 'step:1')).toBe('OK')
  })

  it.each([
    ['dual-read', 'canonical-primary'],
    ['dual-write', 'dual-read'],
    ['canonical-primary', 'retire-alias'],
    ['canonical-primary', 'dual-read'],
  ] as const)('a SCAN that goes on while %s becomes %s misses no key', async (from, to) => {
    const source = constantPhase(from)
    const redis = wrap(source)
    const names = Array.from({ length: 200 }, (_, i) => `step:${i}`)
    for (const name of names) await redis.set(name, 'v')
    const found = new Set<string>()
    let cursor = '0'
    let pages = 0
    do {
      const [next, page] = await redis.scan(cursor, 'MATCH', 'step:*', 'COUNT', 20)
      for (const name of page) found.add(name)
      cursor = next
      if (++pages === 5) source.set?.(to)
    } while (cursor !== '0')
    expect(pages).toBeGreaterThan(10)
    expect([...found].sort()).toEqual([...names].sort())
  })

  it('many commands of ours in one pipeline, and none in its result', async () => {
    const redis = wrap('dual-read')
    const pipeline = redis.pipeline()
    for (let i = 0; i < 20; i++)
      pipeline
        .get(`step:${i}`)
        .mget(`job:${i}`, `step:${i + 1}`)
        .set(`job:${i}`, i)
    const results = await pipeline.exec()
    expect(results).toHaveLength(60)
    expect(results?.slice(0, 3)).toEqual([
      [null, null],
      [null, [null, null]],
      [null, 'OK'],
    ])
    expect(results?.every(([error]) => error === null)).toBe(true)
  })

  it('NOSCRIPT inside a transaction of ours does not come up', async () => {
    const redis = wrap('dual-write') as ReturnType<typeof wrap> & { bump(name: string): Promise<number> }
    redis.defineCommand('bump', { numberOfKeys: 1, lua: "return redis.call('INCR', KEYS[1])" })
    for (let i = 1; i < 4; i++) {
      expect(await redis.bump('job:n')).toBe(i)
      await raw.script('FLUSH')
    }
    const sha = 'a'.repeat(40)
    await expect(redis.evalsha(sha, 1, 'job:n')).rejects.toThrow(/^NOSCRIPT/)
    expect(await raw.mget('job:n', 'step:n')).toEqual(['3', '3'])
  })

  it('an outside library that patches the wrapped client', async () => {
    const inner = clients.raw()
    const redis = around(inner, 'dual-write')
    const seen: string[] = []
    const pipeline = redis.pipeline.bind(redis)
    redis.pipeline = (...args: Parameters<typeof pipeline>) => {
      seen.push('pipeline')
      return pipeline(...args)
    }
    const get = redis.get.bind(redis)
    redis.get = (name: string) => {
      seen.push(`get ${name}`)
      return get(name)
    }
    await redis.pipeline().set('job:1', 'a').exec()
    expect(await redis.get('step:1')).toBe('a')
    await inner.get('other')
    expect(seen).toEqual(['pipeline', 'get step:1'])
  })

  it('a patch of sendCommand is met by pipelines and transactions too', async () => {
    const redis = wrap('canonical')
    await redis.ping()
    const seen: string[] = []
    const { sendCommand } = redis
    redis.sendCommand = function (this: Redis, ...given: Parameters<typeof sendCommand>) {
      seen.push(given[0].name)
      return sendCommand.apply(this, given)
    }
    await redis.pipeline().set('job:1', 'a').get('step:1').exec()
    await redis.multi().get('job:1').exec()
    expect(seen).toEqual(['set', 'get', 'multi', 'get', 'exec'])
  })

  it('a pipeline begun before a cut is sent over the new connection', async () => {
    const redis = wrap('canonical')
    await redis.set('job:1', 'a')
    const pipeline = redis.pipeline().get('job:1').get('step:1')
    const multi = redis.multi().get('job:1')
    await raw.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until('the cut', () => redis.status !== 'ready')
    await until('the new connection', () => redis.status === 'ready')
    expect(await pipeline.exec()).toEqual([
      [null, 'a'],
      [null, 'a'],
    ])
    expect(await multi.exec()).toEqual([[null, 'a']])
  })

  it('double wrapping', () => {
    const redis = wrap('alias')
    expect(() => around(redis, 'alias')).toThrow(/wrapped already/)
    expect(() => around(redis.duplicate({ lazyConnect: true }), 'alias')).toThrow(/wrapped already/)
  })

  it('monitor and duplicate', async () => {
    const redis = wrap('dual-write')
    const monitor = await redis.monitor()
    const lines: string[] = []
    monitor.on('monitor', (_time: string, args: string[]) => lines.push(args.join(' ')))
    await redis.set('job:1', 'a')
    await until('the line is there', () => lines.some((line) => /^mset job:1 a step:1 a$/i.test(line)))
    monitor.disconnect()
    const copy = redis.duplicate()
    await copy.set('job:2', 'b')
    expect(await raw.get('step:2')).toBe('b')
    copy.disconnect()
  })

  it.each([2, 3])('a subscriber under RESP%i', async (protocol) => {
    const redis = wrap('dual-write', { protocol })
    const got = new Promise((resolve) => redis.on('message', (...args: unknown[]) => resolve(args)))
    expect(await redis.subscribe('some_channel')).toBe(1)
    await raw.publish('some_channel', 'hello')
    expect(await got).toEqual(['some_channel', 'hello'])
  })

  it('SORT with BY and GET patterns', async () => {
    const redis = wrap('canonical-primary')
    await redis.rpush('job:list', '2', '1')
    await raw.mset('weight_1', '5', 'weight_2', '9', 'value_1', 'one', 'value_2', 'two')
    expect(await redis.sort('step:list', 'BY', 'weight_*', 'GET', 'value_*', 'GET', '#')).toEqual([
      'one',
      '1',
      'two',
      '2',
    ])
    expect(await redis.sort('job:list', 'STORE', 'job:sorted')).toBe(2)
    expect(await raw.lrange('step:sorted', 0, -1)).toEqual(['1', '2'])
    expect(await raw.lrange('job:sorted', 0, -1)).toEqual(['1', '2'])
  })

  it('`this` inside listeners is the client', async () => {
    const inner = clients.raw({ lazyConnect: true })
    const redis = around(inner, 'alias')
    const seen: unknown[] = []
    redis.on('ready', function (this: unknown) {
      seen.push(this)
    })
    await redis.connect()
    await until('ready was emitted', () => seen.length === 1)
    expect(seen[0] === redis || seen[0] === inner).toBe(true)
  })

  it('scan streams', async () => {
    const redis = wrap('dual-read')
    await redis.hset('job:h', Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, i])))
    const fields: string[] = []
    for await (const page of redis.hscanStream('step:h')) fields.push(...(page as string[]))
    expect(fields).toHaveLength(60)
  })

  it('options.scripts', async () => {
    const lua = "return redis.call('INCR', KEYS[1])"
    const redis = wrap('dual-write', { scripts: { bump: { lua, numberOfKeys: 1 } } }) as ReturnType<typeof wrap> & {
      bump(name: string): Promise<number>
    }
    expect([await redis.bump('job:n'), await redis.bump('step:n')]).toEqual([1, 2])
    expect(await raw.mget('job:n', 'step:n')).toEqual(['2', '2'])
    expect((await redis.multi([['bump', 'job:n']]).exec())?.[0]).toEqual([null, 3])
  })

  it('a reply shaped by the name of the command is shaped once', async () => {
    const bare = clients.raw()
    const redis = wrap('retire-alias')
    expect(await redis.call('HGETALL', 'job:none')).toEqual(await bare.call('HGETALL', 'job:none'))
    await raw.xadd('job:1', '1-1', 'f', 'v')
    const entries = [['1-1', ['f', 'v']]]
    expect(await redis.xread('STREAMS', 'job:none', 'job:1', '0', '0')).toEqual([['job:1', entries]])
    expect(await wrap('dual-read').xread('STREAMS', 'job:none', 'job:1', '0', '0')).toEqual([['job:1', entries]])
  })

  it('arguments shaped by the name of the command are shaped once', async () => {
    const redis = wrap('dual-write')
    const error = await redis.call('HMSET', 'job:1', Buffer.from('a')).catch((caught: Error) => caught)
    expect((error as Error).message).toMatch(/wrong number of arguments/)
    expect(await raw.exists('job:1', 'step:1')).toBe(0)
  })

  it('errors say what the caller said: names in EXEC, and the letters of the command', async () => {
    const [redis, bare] = [wrap('dual-write'), clients.raw()]
    await redis.set('job:1', 'a')
    for (const name of ['XPENDING', 'xpending']) {
      const results = await redis.multi([['call', name, 'step:2', 'g']]).exec()
      expect(results?.[0]?.[0]?.message).toBe("NOGROUP No such key 'step:2' or consumer group 'g'")
      const wrong = async (client: Redis): Promise<unknown> =>
        client.call(name, 'job:1').catch((caught: Error) => caught.message)
      expect(await wrong(redis)).toBe(await wrong(bare))
    }
  })

  it('an MSET without a value for each key changes neither name', async () => {
    const redis = wrap('dual-write')
    await expect(redis.call('MSET', 'job:1', 'a', 'job:2')).rejects.toThrow(/wrong number of arguments/)
    expect(await raw.exists('job:1', 'step:1')).toBe(0)
  })

  it('no offline queue', async () => {
    const redis = wrap('dual-write', { enableOfflineQueue: false })
    await expect(redis.set('job:1', 'a')).rejects.toThrow(/Stream isn't writeable/)
    await until('it is connected', () => redis.status === 'ready')
    expect(await redis.set('job:1', 'a')).toBe('OK')
    expect(await raw.get('step:1')).toBe('a')
  })
})
