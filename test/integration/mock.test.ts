/**
 * The wrapped client over a server in memory: it meets the contract, and each reply is that of a real server. What it
 * lacks is refused by name, and printed at the end.
 */
import { Redis as Redis5 } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { Redis as Valkey } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { bothLines, comparable, home, manners, namesIn, refusedInMulti } from '../../src/clients/contract/lines.js'
import { topics } from '../../src/clients/contract/topics.js'
import { createMockRedis, type ContractClient } from '../../src/testing.js'
import { ioredisClient } from '../contract/drivers.js'
import { until } from '../support/clients.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'contract',
  keys: { step: key('step:{t}:<id>').alias('job:{t}:<id>') },
  channels: { events: channel('step:{t}').alias('job:{t}') },
})

const classes: Readonly<Record<string, typeof Redis5>> = {
  'ioredis 5': Redis5,
  'ioredis 6': Redis6 as unknown as typeof Redis5,
  iovalkey: Valkey as unknown as typeof Redis5,
}

/** What the mock lacks of the contract, by the first word of the command. */
const gaps = new Set('OBJECT PFADD PFCOUNT PFMERGE GEOADD GEODIST GEOSEARCH GEOSEARCHSTORE'.split(' '))
const wordOf = (line: string): string => line.split(' ')[0] as string
const isGap = (line: string): boolean => gaps.has(wordOf(line))

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

describe.each(Object.entries(classes))('the contract, with %s', (_, Redis) => {
  let client: Redis5
  let real: ContractClient
  beforeAll(() => {
    client = new Redis(server.port)
    real = ioredisClient(client)
  })
  afterAll(() => client.disconnect())
  beforeEach(async () => void (await client.flushall()))

  describe.each(phases)('in %s', (phase) => {
    for (const [topic, lines] of Object.entries(topics)) {
      for (const [manner, run] of Object.entries(manners)) {
        const sent = lines.filter(
          (line) => !isGap(line) && !(manner === 'in a transaction' && refusedInMulti.has(line)),
        )
        if (sent.length === 0) continue
        it(`${topic}, ${manner}`, async () => {
          const mock = createMockRedis({ schema, phase, Redis })
          const wrapped = ioredisClient(mock)
          let turn = 0
          const both = sent.map((line) => bothLines(line, () => turn++))
          const expected = await run(
            real,
            both.map((one) => one.bare),
          )
          const replies = await run(
            wrapped,
            both.map((one) => one.wrapped),
          )
          both.forEach(({ wrapped: line }, i) => {
            expect(comparable(replies[i]), line.join(' ')).toEqual(comparable(expected[i]))
            expect(line, line.join(' ')).toEqual(expect.arrayContaining(namesIn(replies[i])))
          })
        })
      }
    }

    it('every gap is refused by name, alone and in a transaction', async () => {
      const mock = createMockRedis({ schema, phase, Redis })
      const subject = ioredisClient(mock)
      const lacked = Object.values(topics).flat().filter(isGap)
      expect(new Set(lacked.map(wordOf))).toEqual(gaps)
      for (const line of lacked) {
        const { wrapped } = bothLines(line, () => 0)
        const refused = { code: 'E_UNSUPPORTED', message: expect.stringContaining(`the mock has no ${wordOf(line)}: `) }
        await expect(subject.send(wrapped, home), line).rejects.toMatchObject(refused)
        await expect(subject.multi([['SET', 'plain', '1'], wrapped], home), line).rejects.toMatchObject({
          code: 'E_UNSUPPORTED',
        })
      }
      expect(mock.physicalKeys()).toEqual({})
    })

    it('brings messages once, under the name that was subscribed to', async () => {
      const mock = createMockRedis({ schema, phase, Redis })
      const [subscriber, publisher] = [mock.duplicate(), mock]
      const heard: string[] = []
      subscriber.on('message', (name: string, message: string) => heard.push(`${name} ${message}`))
      subscriber.on('pmessage', (_pattern: string, name: string, message: string) => heard.push(`${name} ${message}`))
      await subscriber.subscribe('job:{t}')
      await subscriber.psubscribe('step:*')
      await publisher.publish('step:{t}', '1')
      await publisher.publish('job:{t}', 'end')
      const all = ['job:{t} 1', 'job:{t} end', 'step:{t} 1', 'step:{t} end']
      await until('the messages', () => all.every((one) => heard.includes(one)))
      expect(heard.sort()).toEqual(all)
    })
  })
})

/** Which of the two names a write in a phase reaches, beginning with a value under the old one. */
const written: Readonly<Record<Phase, readonly ('job' | 'step')[]>> = {
  alias: ['job'],
  prepare: ['job'],
  'dual-write': ['job', 'step'],
  'dual-read': ['job', 'step'],
  'canonical-primary': ['job', 'step'],
  'retire-alias': ['step'],
  canonical: ['job', 'step'],
}

describe.each(phases)('in %s', (phase) => {
  const under = (names: readonly string[], value: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [`${name}:{t}:1`, value]))

  it('a read finds what the phase reads', async () => {
    const redis = createMockRedis({ schema, phase, data: { 'job:{t}:1': 'old', 'step:{t}:2': 'new' } })
    const blind = ['canonical-primary', 'canonical'].includes(phase)
    expect(await redis.get('step:{t}:1')).toBe(blind ? null : 'old')
    const seesNew = !['alias', 'prepare', 'dual-write'].includes(phase)
    expect(await redis.get('job:{t}:2')).toBe(seesNew ? 'new' : null)
  })

  it('a write lies where the phase writes', async () => {
    const redis = createMockRedis({ schema, phase, data: { 'job:{t}:1': '1' } })
    await redis.set('step:{t}:1', '2')
    expect(redis.physicalKeys()).toEqual({
      ...under(written[phase], '2'),
      // `canonical` knows nothing of the old name any more.
      ...(phase === 'canonical' ? under(['job'], '1') : {}),
    })
    await redis.del('job:{t}:1')
    expect(redis.physicalKeys()).toEqual(phase === 'canonical' ? under(['job'], '1') : {})
  })

  it('a value and its expiry are the same under both names, whatever changed it', async () => {
    const redis = createMockRedis({ schema, phase })
    await redis.sadd('step:{t}:set', 'a', 'b', 'c', 'd', 'e')
    await redis.spop('job:{t}:set')
    await redis.spop('job:{t}:set', 2)
    await redis.set('job:{t}:n', 'overwritten')
    await redis.set('job:{t}:n', '1.5', 'PX', 99_000)
    await redis.incrbyfloat('step:{t}:n', 0.25)
    await redis.rpush('step:{t}:list', '1', '2')
    await redis.lmove('step:{t}:list', 'job:{t}:other', 'LEFT', 'RIGHT')
    await redis.expire('job:{t}:other', 100)
    await redis.eval("return redis.call('HSET', KEYS[1], 'f', ARGV[1])", 1, 'step:{t}:hash', 'v')
    const stored = redis.physicalKeys()
    const mirrors = ['dual-write', 'dual-read', 'canonical-primary'].includes(phase)
    for (const id of ['set', 'n', 'list', 'other', 'hash']) {
      const [old, young] = [`job:{t}:${id}`, `step:{t}:${id}`]
      if (!mirrors) expect([old in stored, young in stored].filter(Boolean), id).toHaveLength(1)
      else {
        expect(stored[old], id).toEqual(stored[young])
        expect(await redis.raw.pexpiretime(old), id).toBe(await redis.raw.pexpiretime(young))
      }
    }
  })
})

describe('a mock', () => {
  const redis = createMockRedis({
    schema,
    phase: 'dual-write',
    data: { 'job:{t}:1': { status: 'open' }, other: 'x' },
  })
  afterEach(() => redis.startOver())

  it('starts over with its data and its phase', async () => {
    await redis.set('step:{t}:2', 'x')
    redis.setPhase('canonical')
    redis.setPhase('alias', 'events')
    redis.startOver()
    expect(redis.physicalKeys()).toEqual({ 'job:{t}:1': { status: 'open' }, other: 'x' })
    expect(redis.canonical.health().phases).toEqual({ step: 'dual-write', events: 'dual-write' })
  })

  it('goes to any phase in one line, for all families or for one', async () => {
    redis.setPhase('canonical')
    expect(await redis.hgetall('job:{t}:1')).toEqual({})
    redis.setPhase('alias')
    expect(await redis.hgetall('step:{t}:1')).toEqual({ status: 'open' })
    redis.setPhase('retire-alias', 'step')
    await redis.hgetall('step:{t}:1')
    expect(Object.keys(redis.physicalKeys())).toEqual(['job:{t}:1', 'other', 'step:{t}:1'])
    expect(redis.canonical.phase()).toBe('alias')
    expect(() => redis.setPhase('nowhere' as Phase)).toThrow(/expected a phase/)
    expect(() => redis.setPhase('alias', 'stop')).toThrow(/no family "stop"/)
  })

  it('shows what lies there as plain values of each type, and takes the same', async () => {
    const values = {
      string: 'ü',
      list: ['b', 'a'],
      set: new Set(['a', 'ü']),
      sorted: new Map([
        ['a', 1.5],
        ['b', Infinity],
      ]),
      hash: { field: 'ü' },
    }
    redis.seed(values)
    expect(redis.physicalKeys()).toMatchObject(values)
    expect(await redis.raw.get('string')).toBe('ü')
    expect(await redis.raw.zrange('sorted', 0, -1, 'WITHSCORES')).toEqual(['a', '1.5', 'b', 'inf'])
    const many = { list: ['1', '2'] }
    redis.seed(many)
    await redis.raw.rpush('list', '3')
    expect(many).toEqual({ list: ['1', '2'] })
  })

  it('refuses values that Redis has no type for', () => {
    for (const value of [null, undefined, true, [], {}, new Set(), new Map(), new Date(), Buffer.from('x')]) {
      expect(() => redis.seed({ name: value as never })).toThrow(/expected the value of "name"/)
    }
    expect(redis.physicalKeys()).not.toHaveProperty('name')
  })

  it('lets legacy code read and write beside it', async () => {
    await redis.hset('step:{t}:1', 'status', 'done')
    expect(await redis.raw.hget('job:{t}:1', 'status')).toBe('done')
    await redis.raw.hset('job:{t}:1', 'status', 'legacy')
    expect(await redis.hget('step:{t}:1', 'status')).toBe('legacy')
  })

  it('lets keys expire by the clock of the test', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      await redis.set('step:{t}:9', 'x', 'EX', 60)
      vi.setSystemTime(Date.now() + 59_000)
      expect(await redis.get('job:{t}:9')).toBe('x')
      vi.setSystemTime(Date.now() + 2_000)
      expect(await redis.get('job:{t}:9')).toBeNull()
      expect(Object.keys(redis.physicalKeys())).toEqual(['job:{t}:1', 'other'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('shares nothing with another mock', async () => {
    const other = createMockRedis({ schema })
    await redis.publish('job:{t}', 'x')
    await other.set('step:{t}:1', 'x')
    expect(await redis.hgetall('step:{t}:1')).toEqual({ status: 'open' })
    expect(other.canonical.phase()).toBe('alias')
  })

  it('shares everything with its duplicates', async () => {
    const copy = redis.duplicate()
    await copy.set('step:{t}:5', 'x')
    redis.setPhase('canonical-primary')
    expect(await redis.get('job:{t}:5')).toBe('x')
    expect(await copy.get('job:{t}:5')).toBe('x')
    await expect(copy.pfcount('x')).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
  })

  it('takes options of its client, and scripts', async () => {
    const prefixed = createMockRedis({ schema, phase: 'dual-write', options: { keyPrefix: 'p:' } })
    prefixed.defineCommand('both', { numberOfKeys: 1, lua: "return redis.call('INCR', KEYS[1])" })
    expect(await (prefixed as unknown as { both(name: string): Promise<number> }).both('step:{t}:1')).toBe(1)
    expect(prefixed.physicalKeys()).toEqual({ 'p:job:{t}:1': '1', 'p:step:{t}:1': '1' })
  })

  it('fails a transaction on a watched key that legacy code changed', async () => {
    await redis.watch('step:{t}:1')
    await redis.raw.hset('job:{t}:1', 'status', 'legacy')
    expect(await redis.multi().hset('step:{t}:1', 'status', 'mine').exec()).toBeNull()
  })

  it('puts an alias with a database of its own into that database', async () => {
    const moved = defineSchema({ name: 'db', keys: { base: key('base:<x>').alias('vol:<x>', { db: 2 }) } })
    const mock = createMockRedis({ schema: moved, phase: 'dual-read', data: { 'vol:1': 'x' } })
    expect(mock.physicalKeys(2)).toEqual({ 'vol:1': 'x' })
    expect(await mock.get('base:1')).toBe('x')
    expect(mock.physicalKeys()).toEqual({ 'base:1': 'x' })
  })

  it('refuses what is no class of ioredis', () => {
    class Other {}
    expect(() => createMockRedis({ schema, Redis: Other })).toThrow(
      expect.objectContaining({ code: 'E_NOT_A_CLIENT' }) as Error,
    )
  })
})
