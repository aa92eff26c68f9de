/**
 * What a test does with the mock beyond single commands: consumers that wait, a whole migration, and mistakes.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientOf } from '../../src/clients/mock/client.js'
import { MemoryServer } from '../../src/clients/mock/server.js'
import { RedisKeyMigrator } from '../../src/migrate.js'
import { phases } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { createMockRedis } from '../../src/testing.js'
import { availableServers, startServer, type ServerKind, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'work',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    tasks: key('tasks:<name>', { queue: true }).alias('todo:<name>'),
  },
})

/** Two clients of one server: one that waits, one that works. */
type Pair = readonly [waiting: Redis, working: Redis]

/** What happens while somebody waits: each gives what both got. */
const scenes: Readonly<Record<string, (pair: Pair) => Promise<unknown>>> = {
  'a pop is served by a push': async ([waiting, working]) => {
    const popped = waiting.blpop('a', 'b', 5)
    await nowWaits(working, waiting)
    return [await working.rpush('b', 'x', 'y'), await popped, await working.lrange('b', 0, -1)]
  },
  'a key of another type is passed over': async ([waiting, working]) => {
    const popped = waiting.blpop('a', 5)
    await nowWaits(working, waiting)
    await working.set('a', 'text')
    await working.del('a')
    return [await working.lpush('a', 'x'), await popped]
  },
  'a push in a transaction serves after all of it': async ([waiting, working]) => {
    const popped = waiting.brpop('a', 5)
    await nowWaits(working, waiting)
    return [await working.multi().rpush('a', 'x').rpush('a', 'y').exec(), await popped]
  },
  'a pop of nothing ends with its time': ([waiting]) => waiting.blpop('a', 0.01),
  'in a transaction nobody waits': async ([waiting]) =>
    waiting.multi().blpop('a', 0).blmove('a', 'b', 'LEFT', 'LEFT', 0).exec(),
  'what comes behind a pop waits for it': async ([waiting, working]) => {
    const popped = waiting.blpop('a', 5)
    const after = waiting.incr('n')
    await nowWaits(working, waiting)
    const before = await working.get('n')
    await working.lpush('a', 'x')
    return [before, await popped, await after]
  },
  'a move serves the next who waits': async ([waiting, working]) => {
    const third = working.duplicate()
    const moved = waiting.blmove('a', 'b', 'LEFT', 'RIGHT', 5)
    const popped = third.blpop('b', 5)
    await nowWaits(working, waiting, third)
    await working.rpush('a', 'x')
    const all = [await moved, await popped]
    third.disconnect()
    return all
  },
  'sorted sets': async ([waiting, working]) => {
    const popped = waiting.bzpopmin('a', 5)
    await nowWaits(working, waiting)
    await working.zadd('a', 2, 'two', 1, 'one')
    const more = waiting.call('BZMPOP', '5', '1', 'a', 'MAX', 'COUNT', '2')
    return [await popped, await more]
  },
  'several at once': async ([waiting, working]) => {
    const popped = waiting.call('BLMPOP', '5', '2', 'a', 'b', 'RIGHT', 'COUNT', '2')
    await nowWaits(working, waiting)
    await working.rpush('b', '1', '2', '3')
    return [await popped, await working.lrange('b', 0, -1)]
  },
  'new entries of a stream': async ([waiting, working]) => {
    await working.xadd('a', '1-1', 'f', 'old')
    const read = waiting.xread('BLOCK', 5000, 'STREAMS', 'a', '$')
    await nowWaits(working, waiting)
    await working.xadd('a', '1-2', 'f', 'new')
    return read
  },
  'new entries for a group': async ([waiting, working]) => {
    await working.xgroup('CREATE', 'a', 'g', '$', 'MKSTREAM')
    const read = waiting.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 5000, 'STREAMS', 'a', '>')
    await nowWaits(working, waiting)
    await working.xadd('a', '1-2', 'f', 'new')
    return [await read, await working.xpending('a', 'g')]
  },
  'a group that goes': async ([waiting, working]) => {
    await working.xgroup('CREATE', 'a', 'g', '$', 'MKSTREAM')
    const read = waiting.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 5000, 'STREAMS', 'a', '>').catch(String)
    await nowWaits(working, waiting)
    await working.xgroup('DESTROY', 'a', 'g')
    return read
  },
  'a stream that goes': async ([waiting, working]) => {
    await working.xgroup('CREATE', 'a', 'g', '$', 'MKSTREAM')
    const read = waiting.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 5000, 'STREAMS', 'a', '>').catch(String)
    await nowWaits(working, waiting)
    await working.del('a')
    return read
  },
}

const waitsOn = new WeakMap<Redis, () => Promise<boolean>>()

/** The server has got what the others sent and has not answered it. */
async function nowWaits(working: Redis, ...waiting: Redis[]): Promise<void> {
  for (const one of waiting) {
    while (one.commandQueue.length === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  // What was sent before on another connection has been read by now: the server has looked at all of them in between.
  while (!(await waitsOn.get(working)?.())) await working.ping()
}

describe('who waits is served as by a real server', () => {
  let server: TestServer
  let real: Redis
  beforeAll(async () => {
    server = await startServer({ kind: 'redis-7.0' })
    real = new Redis(server.port)
  })
  afterAll(async () => {
    real.disconnect()
    await server.stop()
  })

  it.each(Object.entries(scenes))('%s', async (_, scene) => {
    await real.flushall()
    const replies: unknown[] = []
    for (const working of [real, clientOf<Redis>(new MemoryServer())]) {
      const waiting = working.duplicate()
      let seen = 0
      waitsOn.set(working, async () => {
        if (working !== real) return ++seen > 3
        return Number(/blocked_clients:(\d+)/.exec(await working.info('clients'))?.[1]) > 0
      })
      replies.push(await scene([waiting, working]))
      waiting.disconnect()
    }
    expect(replies[1]).toEqual(replies[0])
    expect(replies[0]).not.toBeUndefined()
  })
})

describe.each(phases)('in %s', (phase) => {
  it('a worker waits for jobs under either name', async () => {
    const redis = createMockRedis({ schema, phase })
    for (const name of ['todo:mail', 'tasks:mail']) {
      const popped = redis.duplicate().blpop('tasks:mail', 5)
      await redis.raw.rpush(phase === 'canonical' ? 'tasks:mail' : phase === 'alias' ? 'todo:mail' : name, 'letter')
      expect(await popped).toEqual(['tasks:mail', 'letter'])
    }
    expect(redis.physicalKeys()).toEqual({})
  })

  it('a group reads a stream under the name that it asks for', async () => {
    const redis = createMockRedis({ schema, phase })
    await redis.xadd('job:log', '1-1', 'line', 'one')
    await redis.xgroup('CREATE', 'step:log', 'readers', '0')
    expect(await redis.xreadgroup('GROUP', 'readers', 'me', 'STREAMS', 'step:log', '>')).toEqual([
      ['step:log', [['1-1', ['line', 'one']]]],
    ])
    expect(await redis.xack('job:log', 'readers', '1-1')).toBe(1)
    const entries = [{ id: '1-1', fields: { line: 'one' } }]
    expect(new Set(Object.values(redis.physicalKeys()).map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(entries)]),
    )
  })
})

describe('a migration in memory', () => {
  const old = {
    'job:1': { status: 'open' },
    'job:2': ['a', 'b'],
    'job:3': new Set(['x', 'y']),
    'job:4': new Map([['m', 1.5]]),
    'job:5': 'text',
    'job:6': [{ id: '1-1', fields: { f: 'v' } }],
    other: 'stays',
  }
  const renamed = Object.fromEntries(Object.entries(old).map(([name, value]) => [name.replace('job:', 'step:'), value]))

  it('analyzes, migrates, verifies, cleans up and rolls back', async () => {
    const redis = createMockRedis({ schema, phase: 'dual-write', data: old })
    const migrator = new RedisKeyMigrator(redis, schema)
    expect((await migrator.analyze()).families['step']).toMatchObject({ aliasKeys: 6, canonicalKeys: 0 })
    expect((await migrator.findAliasKeys('job:*')).size).toBe(6)
    expect(await migrator.migrateKeys()).toMatchObject({ dryRun: true, migrated: 6 })
    expect(redis.physicalKeys()).toEqual(old)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 6, failed: 0 })
    expect(redis.physicalKeys()).toEqual({ ...old, ...renamed })
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 6 })

    await redis.raw.hset('job:1', 'status', 'changed by legacy code')
    expect(await migrator.verify()).toMatchObject({ clean: false, different: 1 })
    await redis.raw.hset('job:1', 'status', 'open')

    redis.setPhase('retire-alias')
    expect(await migrator.cleanupAliases({ dryRun: false, afterMigration: true })).toMatchObject({ deleted: 6 })
    expect(redis.physicalKeys()).toEqual(renamed)
    redis.setPhase('canonical-primary')
    await migrator.rollback({ dryRun: false })
    expect(redis.physicalKeys()).toMatchObject(old)
  })
})

describe('a score', () => {
  const kinds = availableServers().filter((kind): kind is Exclude<ServerKind, 'redis-7.0'> => kind !== 'redis-7.0')
  it.each(kinds)('is written as %s writes it', async (kind) => {
    const server = await startServer({ kind })
    const real = new Redis(server.port)
    const scores = [
      '3.3',
      '0.1',
      '1e21',
      '1e-7',
      '100000000000000000000',
      '-0',
      '1234567.891',
      '9007199254740993',
      '0.000001234',
      '1.5e-7',
      '-0.0005',
      '12345678901234567890',
      '1e17',
    ]
    const answers = [real, clientOf<Redis>(new MemoryServer())].map(async (client) => {
      const texts: unknown[] = []
      for (const score of scores) {
        await client.zadd('z', score, 'm')
        texts.push(await client.zscore('z', 'm'))
      }
      return texts
    })
    const [theirs, ours] = await Promise.all(answers)
    real.disconnect()
    await server.stop()
    expect(ours).toEqual(theirs)
  })
})

describe('what cannot be', () => {
  const make = createMockRedis as (options?: unknown) => unknown
  it.each<[what: string, options: unknown, message: RegExp]>([
    ['no options', undefined, /expected an object of options, got undefined/],
    ['a schema in the place of options', schema, /expected options of the mock, got `\w+`/],
    ['no schema', {}, /expected `schema` to be what defineSchema gives/],
    ['a schema that is none', { schema: {} }, /expected `schema` to be what defineSchema gives/],
    ['an option that is none', { schema, fase: 'alias' }, /got `fase`[^]*options are .*phase/],
    ['a phase that is none', { schema, phase: 'nowhere' }, /expected a phase, got "nowhere"/],
    ['data that is a list', { schema, data: ['x'] }, /expected `data` to be an object/],
    ['data that is null', { schema, data: null }, /expected `data` to be an object/],
    ['a list of nothing', { schema, data: { a: [1, null] } }, /expected the value of "a"/],
    ['a score that is text', { schema, data: { a: new Map([['x', 'y']]) } }, /expected the value of "a"/],
    ['a hash in a hash', { schema, data: { a: { f: {} } } }, /expected the value of "a"/],
    ['entries in disorder', { schema, data: { a: [entry('2-0'), entry('1-0')] } }, /expected the value of "a"/],
    ['options that are text', { schema, options: 'x' }, /expected `options` to be an object/],
    ['a class that is none', { schema, Redis: 'ioredis' }, /expected `Redis` to be the class of a client/],
  ])('%s', (_, options, message) => {
    expect(() => make(options)).toThrow(message)
  })

  it('a database that is none', () => {
    const redis = createMockRedis({ schema })
    expect(() => redis.physicalKeys(16)).toThrow(/from 0 to 15, got 16/)
    expect(() => redis.seed(undefined as never)).toThrow(/expected `data`/)
  })

  it('a command that the mock lacks says why, and what to do', async () => {
    const redis = createMockRedis({ schema })
    await expect(redis.pfadd('step:1', 'x')).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
      message: expect.stringMatching(/the mock has no PFADD: a HyperLogLog has to be wrong/),
      hint: expect.stringContaining('count with a set'),
    })
    await expect(redis.call('HEXPIRE', 'step:1', '1', 'FIELDS', '1', 'f')).rejects.toThrow(/came after Redis 7.0/)
    await expect(redis.eval('return cjson.encode({1})', 0)).rejects.toThrow(/the mock has no CJSON/)
  })
})

function entry(id: string) {
  return { id, fields: { f: 'v' } }
}
