/**
 * The commands of a transaction of ours have no promise each: they answer to one object. What ioredis, and those who trace
 * it, do with a command must hold for them all the same.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import type { RawCommand } from '../../src/clients/ioredis/types.js'
import { phases, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { startCuttingProxy } from '../support/cutting-proxy.js'
import { startProxy } from '../support/proxy.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'own-unit',
  keys: { step: key('step:<id>').alias('job:<id>'), far: key('far:<id>').alias('old:<id>', { db: 2 }) },
})

describe.each(Object.keys(ioredisVersions) as IoredisVersion[])('a transaction of ours on %s', (version) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)

  beforeAll(async () => {
    server = await startServer()
    process.on('unhandledRejection', note)
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    await server.stop()
  })
  beforeEach(async () => {
    clients = new Clients(version, server.port)
    raw = clients.raw()
    await raw.flushall()
  })
  afterEach(async () => {
    clients.close()
    // They are told of after the microtasks.
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled.splice(0)).toEqual([])
  })

  const wrap = (phase: Phase, options = {}, inner = clients.raw(options)) =>
    new CanonicalRedisClient(inner, { schema, phase })

  it('writes texts and bytes of any length as they are', async () => {
    const redis = wrap('dual-write')
    const texts = ['', 'é', '日本', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(64), 'x'.repeat(70_000)]
    await redis.rpush('job:texts', ...texts)
    expect(await raw.lrange('step:texts', 0, -1)).toEqual(texts)
    const bytes = [Buffer.from([0xff, 0, 0xfe]), Buffer.alloc(0), Buffer.alloc(70_000, 0xc3)]
    const results = await redis
      .pipeline()
      .rpush('job:bytes', ...bytes)
      .rpush('job:bytes', 'é')
      .llen('job:bytes')
      .exec()
    expect(results).toEqual([
      [null, 3],
      [null, 4],
      [null, 4],
    ])
    for (const name of ['job:bytes', 'step:bytes']) {
      expect(await raw.lrangeBuffer(name, 0, -1)).toEqual([...bytes, Buffer.from('é')])
    }
  })

  it('stays in its database', async () => {
    const redis = wrap('dual-write')
    expect(await redis.hset('old:1', 'f', 'v')).toBe(1)
    expect(redis.options.db).toBe(raw.options.db)
    await redis.set('other', 'here')
    expect(await raw.mget('other')).toEqual(['here'])
    expect(await raw.hgetall('far:1')).toEqual({ f: 'v' })
  })

  it('says why the server would not queue a command, with the command of the caller', async () => {
    const redis = wrap('dual-write')
    await expect(redis.call('HSET', 'job:1', 'f')).rejects.toMatchObject({
      message: expect.stringMatching(/^ERR wrong number of arguments for 'hset' command/) as string,
      command: { name: 'HSET', args: ['job:1', 'f'] },
    })
    const results = await redis
      .pipeline([
        ['hset', 'job:1', 'f'],
        ['hset', 'job:1', 'f', 'v'],
      ])
      .exec()
    expect(results?.[0]?.[0]?.message).toMatch(/^ERR wrong number of arguments for 'hset' command/)
    expect(results?.[1]).toEqual([null, 1])
    expect(await raw.hgetall('step:1')).toEqual({ f: 'v' })
  })

  it('is rejected once by a timeout, and its late reply disturbs nothing', async () => {
    let deaf = false
    const held: (() => void)[] = []
    const proxy = await startProxy(server.port, ({ client, upstream }) => {
      client.pipe(upstream)
      upstream.on('data', (chunk: Buffer) => {
        const pass = (): void => void client.write(chunk)
        if (deaf) held.push(pass)
        else pass()
      })
      return () => undefined
    })
    const redis = wrap('dual-write', { port: proxy.port, commandTimeout: 300 })
    await redis.hset('job:1', 'f', 'v')
    deaf = true
    await expect(redis.hset('job:1', 'f', 'w')).rejects.toThrow('Command timed out')
    const late = redis.pipeline().hset('job:1', 'g', 'x').hget('job:1', 'g').exec()
    await until('both were written', () => raw.hexists('step:1', 'g').then(Boolean))
    deaf = false
    for (const pass of held) pass()
    expect(await late).toEqual([
      [null, 1],
      [null, 'x'],
    ])
    expect(await redis.hget('job:1', 'f')).toBe('w')
    // Nothing is counted for the one whose caller was told that it failed.
    expect(redis.canonical.health().families.step).toMatchObject({ mirrored: 2, failures: 1 })
    await proxy.stop()
  })

  it('leaves no clock behind', async () => {
    const redis = wrap('dual-write', { commandTimeout: 60_000 })
    await redis.hset('job:1', 'f', 'v')
    const clocks = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
    const before = clocks()
    for (let i = 0; i < 20; i++) await redis.hset('job:1', 'f', String(i))
    await expect(redis.call('HSET', 'job:1', 'f')).rejects.toThrow('wrong number')
    expect(clocks()).toBeLessThan(before + 5)
  })

  it('is rejected where nothing can be sent', async () => {
    const redis = wrap('dual-write')
    await redis.hset('job:1', 'f', 'v')
    redis.disconnect()
    await until('the connection has ended', () => redis.status === 'end')
    await expect(redis.hset('job:1', 'f', 'w')).rejects.toThrow('Connection is closed.')
    expect(await redis.pipeline().hset('job:1', 'f', 'w').exec()).toMatchObject([
      [{ message: 'Connection is closed.' }],
    ])
    const hasty = wrap('dual-write', { enableOfflineQueue: false, lazyConnect: true })
    await expect(hasty.hset('job:1', 'f', 'w')).rejects.toThrow(/enableOfflineQueue options is false/)
    expect(await raw.hget('step:1', 'f')).toBe('v')
  })

  it('is sent again as a whole after a cut before its first reply, and aborted after any other', async () => {
    const proxy = await startCuttingProxy(server.port)
    const redis = wrap('dual-write', { port: proxy.port, protocol: 2, retryStrategy: () => 1 })
    await redis.incr('job:n')
    proxy.cutAfter(0)
    expect(await redis.incr('job:n')).toBe(3)
    proxy.cutAfter(2)
    const torn = redis.incr('job:n')
    await expect(torn).rejects.toThrow('Command aborted due to connection close')
    expect(await raw.mget('job:n', 'step:n')).toEqual(['4', '4'])
    expect(proxy.cuts).toBe(2)
    await proxy.stop()
  })

  it.each(phases)(
    'is answered through tracers that call what they took off a command by itself, in %s',
    async (phase) => {
      const inner = clients.raw()
      const sent: string[] = []
      const ended: string[] = []
      await inner.ping()
      const { sendCommand } = inner
      // As OpenTelemetry's instrumentation of ioredis does.
      inner.sendCommand = function (this: Redis, ...args: [RawCommand]) {
        const [command] = args
        sent.push(command.name)
        const { resolve, reject } = command
        command.resolve = (value) => {
          ended.push(command.name)
          return resolve(value)
        }
        command.reject = (error) => {
          ended.push(command.name)
          reject(error)
        }
        return (sendCommand as (...args: unknown[]) => unknown).apply(this, args)
      } as unknown as Redis['sendCommand']
      const redis = wrap(phase, {}, inner)
      expect(await redis.hset('job:1', 'f', 'v')).toBe(1)
      expect(await redis.pipeline().hset('job:1', 'g', 'v').exec()).toEqual([[null, 1]])
      await expect(redis.call('HSET', 'job:1', 'f')).rejects.toThrow('wrong number')
      // Reads that hit, that miss, and that fail; under one name and under several.
      for (const name of ['job:1', 'step:1']) {
        expect(await redis.hget(name, 'f')).toBe('v')
        expect(await redis.exists(name, 'job:2', 'step:3')).toBe(1)
        await expect(redis.get(name)).rejects.toThrow('WRONGTYPE')
        await expect(redis.lpush(name, 'x')).rejects.toThrow('WRONGTYPE')
        await expect(redis.sinter(name, 'job:2')).rejects.toThrow('WRONGTYPE')
        await expect(redis.xreadgroup('GROUP', 'g', 'c', 'STREAMS', name, '>')).rejects.toThrow()
        expect((await redis.pipeline().get(name).hget(name, 'g').exec())?.[1]).toEqual([null, 'v'])
      }
      expect(await redis.mget('job:8', 'step:9')).toEqual([null, null])
      expect(ended.sort()).toEqual(sent.sort())
      expect(sent).toContain(['alias', 'canonical'].includes(phase) ? 'hset' : 'exec')
    },
  )

  it('is traced by the channel of ioredis, up to its end', async () => {
    const parts = ['multi', 'copy', 'hset', 'exec']
    const seen: unknown[] = []
    const subscribers = {
      start() {},
      end() {},
      asyncStart() {},
      error() {},
      asyncEnd(message: object) {
        const { command, result, error } = message as { command: string; result?: unknown; error?: Error }
        if (parts.includes(command.toLowerCase())) seen.push(error?.message.slice(0, 24) ?? result)
      },
    }
    const commands = tracingChannel('ioredis:command')
    commands.subscribe(subscribers)
    const redis = wrap('dual-write')
    await redis.hset('job:1', 'f', 'v')
    await expect(redis.call('HSET', 'job:1', 'f')).rejects.toThrow('wrong number')
    await new Promise((resolve) => setImmediate(resolve))
    commands.unsubscribe(subscribers)
    const each = [...Array<unknown>(5).fill(1), ...Array<unknown>(5).fill('ERR wrong number of argu')]
    // iovalkey has no such channel.
    expect(seen).toEqual(version === 'iovalkey' ? [] : each)
  })
})
