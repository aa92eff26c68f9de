import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { NodeClients, nodeRedisMatrix, nodeRedisVersions, type NodeClient } from '../support/node-redis.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'node-redis',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    pending: key('steps:pending').alias('jobs:pending'),
    far: key('base:<symbol>').alias('averages:<symbol>', { db: 2 }),
    work: key('steps:work', { queue: true }).alias('jobs:work'),
  },
})

/** The type byte of bulk strings: `RESP_TYPES.BLOB_STRING`. */
const BULK = 36

const matrix = availableServers().flatMap((kind) => nodeRedisMatrix.map((one) => ({ ...one, kind })))

describe.each(matrix.map((one) => [`${one.name} on ${one.kind}`, one] as const))('%s', (_, { kind, version, RESP }) => {
  let server: TestServer
  let clients: NodeClients
  let raw: NodeClient

  beforeAll(async () => {
    server = await startServer({ kind })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new NodeClients(version, RESP, server.port)
    raw = await clients.raw()
    await raw.flushAll()
  })
  afterEach(() => clients.close())

  const wrap = async (phase: CanonicalOptions['phase'], options = {}, more = {}) =>
    new CanonicalRedisClient(await clients.raw(options), { schema, phase, ...more })

  const double = { LUA: undefined, NUMBER_OF_KEYS: 1 }
  const script = (() => {
    const { defineScript } = nodeRedisVersions[version]
    return defineScript({
      SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
      NUMBER_OF_KEYS: double.NUMBER_OF_KEYS,
      parseCommand(parser, name: string, by: number) {
        parser.pushKey(name)
        parser.push(by.toString())
      },
      transformReply: (reply: unknown) => `now ${String(reply)}`,
    })
  })()

  describe.each(phases)('in %s', (phase) => {
    it('means the same key by both names, and shapes replies as ever', async () => {
      const redis = await wrap(phase)
      expect(await redis.hSet('job:1', { status: 'new', tries: 0 })).toBe(2)
      expect(await redis.hIncrBy('step:1', 'tries', 2)).toBe(2)
      expect({ ...(await redis.hGetAll('job:1')) }).toEqual({ status: 'new', tries: '2' })
      expect({ ...(await redis.hGetAll('step:1')) }).toEqual({ status: 'new', tries: '2' })
      expect(await redis.exists(['job:1', 'step:1', 'job:2'])).toBe(2)
      expect(await redis.zAdd('job:z', [{ value: 'a', score: 1.5 }])).toBe(1)
      expect(await redis.zRangeWithScores('step:z', 0, -1)).toEqual([{ value: 'a', score: 1.5 }])
      expect(await redis.del(['job:1', 'step:z'])).toBe(2)
      expect(await raw.keys('*')).toEqual([])
    })

    it('keeps to the names of the phase', async () => {
      const redis = await wrap(phase)
      await redis.set('step:1', 'v', { EX: 1000 })
      const names = (await raw.keys('*')).sort()
      const both = ['dual-write', 'dual-read', 'canonical-primary'].includes(phase)
      expect(names).toEqual(both ? ['job:1', 'step:1'] : ['alias', 'prepare'].includes(phase) ? ['job:1'] : ['step:1'])
      if (both) expect(await raw.pExpireTime('job:1')).toBe(await raw.pExpireTime('step:1'))
    })

    it('finds what legacy code wrote, where the phase reads it', async () => {
      await raw.set('job:1', 'legacy')
      await raw.sAdd('job:s', 'a')
      const redis = await wrap(phase)
      const blind = ['canonical-primary', 'canonical'].includes(phase)
      expect(await redis.get('step:1')).toBe(blind ? null : 'legacy')
      expect(await redis.sUnion(['step:s', 'job:none'])).toEqual(blind ? [] : ['a'])
    })

    it('works on Buffers, raw commands, type mappings and the legacy face', async () => {
      const redis = await wrap(phase)
      const name = Buffer.from([0x6a, 0x6f, 0x62, 0x3a, 0xff])
      await redis.set(name, Buffer.from([1, 2]))
      const inBuffers = redis.withTypeMapping({ [BULK]: Buffer })
      expect(await inBuffers.get(Buffer.from([0x73, 0x74, 0x65, 0x70, 0x3a, 0xff]))).toEqual(Buffer.from([1, 2]))
      expect(await redis.sendCommand(['INCR', 'job:n'])).toBe(1)
      expect(await redis.sendCommand(['incrby', 'step:n', '4'])).toBe(5)
      expect(await inBuffers.hGet('job:h', 'f')).toBeNull()
      expect(await inBuffers.lPush('job:l', 'a')).toBe(1)
      expect(await inBuffers.lRange('step:l', 0, -1)).toEqual([Buffer.from('a')])
      const legacy = redis.legacy()
      const called = await new Promise((resolve, reject) => {
        legacy.get('job:n', (error, value) => (error ? reject(error) : resolve(value)))
      })
      expect(called).toBe('5')
    })

    it('works in transactions', async () => {
      const redis = await wrap(phase)
      await raw.set('job:old', 'legacy')
      const replies = await redis
        .multi()
        .incr('job:n')
        .incrBy('step:n', 4)
        .set('other', 'x')
        .hSet('job:h', { a: 1 })
        .hGetAll('step:h')
        .get('step:old')
        .exec()
      expect(replies.slice(0, 4)).toEqual([1, 5, 'OK', 1])
      expect({ ...(replies[4] as object) }).toEqual({ a: '1' })
      expect(replies[5]).toBe(['canonical-primary', 'canonical'].includes(phase) ? null : 'legacy')
      const failing = redis.multi().set('job:t', 'x').lPush('step:t', 'y').get('job:t').exec()
      await expect(failing).rejects.toMatchObject({ errorIndexes: [1], replies: ['OK', expect.any(Error), 'x'] })
    })

    it('works in raw transactions', async () => {
      const redis = await wrap(phase)
      const line = (...argv: string[]) => redis.sendCommand(argv)
      expect(await line('MULTI')).toBe('OK')
      expect(await line('SET', 'job:1', 'x')).toBe('QUEUED')
      expect(await line('GET', 'step:1')).toBe('QUEUED')
      expect(await line('INCR', 'step:1')).toBe('QUEUED')
      const replies = (await line('EXEC')) as unknown as unknown[]
      expect(replies.slice(0, 2)).toEqual(['OK', 'x'])
      expect(String(replies[2])).toMatch(/not an integer/)
      expect(replies).toHaveLength(3)
      expect(await line('GET', 'job:1')).toBe('x')
      await line('MULTI')
      await line('SET', 'job:1', 'y')
      expect(await line('DISCARD')).toBe('OK')
      expect(await line('GET', 'step:1')).toBe('x')
    })

    it('works in pipelines', async () => {
      await raw.set('job:old', 'legacy')
      const redis = await wrap(phase)
      const replies = await redis
        .multi()
        .get('step:old')
        .incr('job:n')
        .get('step:n')
        .get('other')
        .del('job:n')
        .exists('step:n')
        .execAsPipeline()
      const legacy = ['canonical-primary', 'canonical'].includes(phase) ? null : 'legacy'
      expect(replies).toEqual([legacy, 1, '1', null, 1, 0])
      await expect(redis.multi().set('job:t', 'x').lPush('step:t', 'y').execAsPipeline()).rejects.toThrow(/^WRONGTYPE/)
      expect(await redis.multi().get('plain').execAsPipeline()).toEqual([null])
    })

    it('runs scripts, whose code the server does not have yet', async () => {
      const redis = new CanonicalRedisClient(
        clients.keep(nodeRedisVersions[version].createClient({ ...clients.options(), scripts: { bump: script } })),
        { schema, phase },
      )
      await redis.connect()
      await raw.scriptFlush()
      expect(await redis.bump('job:n', 2)).toBe('now 2')
      expect(await redis.bump('step:n', 3)).toBe('now 5')
      expect(await redis.multi().bump('job:n', 1).bump('step:n', 1).exec()).toEqual(['now 6', 'now 7'])
      expect(await redis.eval("return redis.call('GET', KEYS[1])", { keys: ['job:n'] })).toBe('7')
    })

    it('runs functions and commands of modules, with a timeout for each command', async () => {
      const plus =
        "redis.register_function('plus', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)"
      await raw.functionLoad(`#!lua name=counting\n${plus}`, { REPLACE: true })
      const functions = {
        counting: {
          plus: { ...script, NUMBER_OF_KEYS: 1, transformReply: (reply: unknown) => `now ${String(reply)}` },
        },
      }
      const modules = {
        own: {
          read: {
            parseCommand(parser: Parameters<typeof script.parseCommand>[0], name: string) {
              parser.push('GET')
              parser.pushKey(name)
            },
            transformReply: (reply: unknown) => `read ${String(reply)}`,
          },
        },
      }
      const options = { ...clients.options(), functions, modules, commandOptions: { timeout: 20_000 } }
      const client = clients.keep(nodeRedisVersions[version].createClient(options))
      const redis = new CanonicalRedisClient(client, { schema, phase })
      await redis.connect()
      expect(await redis.counting.plus('job:n', 2)).toBe('now 2')
      expect(await redis.counting.plus('step:n', 3)).toBe('now 5')
      expect(await redis.own.read('job:n')).toBe('read 5')
      expect(await redis.multi().counting.plus('job:n', 1).own.read('step:n').exec()).toEqual(['now 6', 'read 6'])
      expect(await redis.fCall('plus', { keys: ['job:n'], arguments: ['1'] })).toBe(7)
    })

    it('answers under the names that were asked', async () => {
      const redis = await wrap(phase)
      await redis.xAdd('job:s', '1-1', { f: 'v' })
      for (const name of ['job:s', 'step:s']) {
        const read: unknown = await redis.sendCommand(['XREAD', 'STREAMS', name, '0'])
        expect(Array.isArray(read) ? (read as [string][])[0]?.[0] : Object.keys(read as object)[0]).toBe(name)
        // An object or a list, by version and protocol.
        expect(JSON.stringify(await redis.xRead({ key: name, id: '0' }))).toMatch(`"${name}"`)
      }
      await redis.zAdd('job:z', { value: 'a', score: 1 })
      expect(await redis.zmPop(['step:z'], 'MIN')).toMatchObject({ key: 'step:z' })
      await expect(redis.xGroupCreate('step:none', 'g', '$')).rejects.toThrow(/requires the key to exist/)
      await expect(redis.xReadGroup('g', 'c', { key: 'job:s', id: '>' })).rejects.toThrow(/No such key 'job:s'/)
    })

    it('shows each key once in SCAN and KEYS', async () => {
      const redis = await wrap(phase)
      const ids = Array.from({ length: 30 }, (__, i) => String(i))
      for (const id of ids) await redis.set(id.length === 1 ? `job:${id}` : `step:${id}`, id)
      await redis.set('plain', 'x')
      for (const side of ['job', 'step']) {
        const pages: string[][] = []
        for await (const page of redis.scanIterator({ MATCH: `${side}:*`, COUNT: 5 })) pages.push(page)
        expect(pages.flat().sort()).toEqual(ids.map((id) => `${side}:${id}`).sort())
        expect((await redis.keys(`${side}:*`)).sort()).toEqual(ids.map((id) => `${side}:${id}`).sort())
      }
      expect(await redis.keys('p*')).toEqual(['plain'])
      expect(await redis.withTypeMapping({ [BULK]: Buffer }).keys('job:1')).toEqual([Buffer.from('job:1')])
      await redis.del(['plain', ...ids.slice(1).map((id) => `job:${id}`)])
      expect(['job:0', 'step:0']).toContain(await redis.randomKey())
    })

    it('watches every name', async () => {
      const redis = await wrap(phase)
      await redis.set('job:1', 'a')
      await redis.watch('step:1')
      expect(await redis.get('job:1')).toBe('a')
      expect(await redis.get('step:none')).toBeNull()
      expect(await redis.multi().set('job:1', 'b').exec()).toEqual(['OK'])
      await redis.watch('job:1')
      await raw.set('job:1', 'foreign')
      await raw.set('step:1', 'foreign')
      // A write of the same connection must not end the WATCH.
      await redis.set('step:2', 'x')
      await expect(redis.multi().set('step:1', 'lost').exec()).rejects.toThrow(/watched keys has been changed/)
      expect(await redis.get('job:1')).toBe('foreign')
      await redis.watch('job:1')
      await redis.unwatch()
      await raw.set('job:1', 'again')
      expect(await redis.multi().get('plain').exec()).toEqual([null])
    })

    it('keeps the order of commands that are not awaited', async () => {
      await raw.set('job:1', 'a')
      const redis = await wrap(phase)
      const legacy = ['canonical-primary', 'canonical'].includes(phase) ? null : 'a'
      const replies = await Promise.all([
        redis.get('step:1'),
        redis.del('job:1'),
        redis.get('job:1'),
        redis.set('step:1', 'b'),
        redis.get('step:1'),
        redis.multi().append('job:1', 'c').exec(),
        redis.get('step:1'),
        redis.multi().get('job:1').execAsPipeline(),
      ])
      expect(replies).toEqual([legacy, legacy === null ? 0 : 1, null, 'OK', 'b', [2], 'bc', ['bc']])
    })

    it('blocks where nothing has to be one unit with the pop', async () => {
      const redis = await wrap(phase)
      if (['alias', 'canonical'].includes(phase)) {
        const other = await wrap(phase)
        const popped = redis.blPop('steps:pending', 0)
        await other.rPush('jobs:pending', 'a')
        expect(await popped).toEqual({ key: 'steps:pending', element: 'a' })
      } else {
        const refused = redis.blPop('steps:pending', 1)
        await expect(refused).rejects.toMatchObject({ code: 'E_BLOCKING_MIRRORED' })
      }
    })

    it('finds keys whose alias lies in another database', async () => {
      await raw.select(2)
      await raw.set('averages:BTC', 'legacy')
      await raw.select(0)
      const redis = await wrap(phase)
      const blind = ['canonical-primary', 'canonical'].includes(phase)
      expect(await redis.get('base:BTC')).toBe(blind ? null : 'legacy')
      await redis.set('base:ETH', '1')
      expect(await redis.incr('averages:ETH')).toBe(2)
      expect(await redis.multi().incr('averages:ETH').get('base:ETH').exec()).toEqual([3, '3'])
    })
  })

  it('follows the phase as it changes', async () => {
    const source = constantPhase('alias')
    const [one, two] = [await wrap(source), await wrap(source)]
    const path: Phase[] = [...phases.slice(1), 'canonical-primary', 'dual-read']
    await one.set('job:1', '0')
    for (const [i, phase] of path.entries()) {
      source.set?.(phase)
      expect(await (i % 2 ? one : two).incr(i % 3 ? 'job:1' : 'step:1')).toBe(i + 1)
    }
    expect(one.canonical.phase('step')).toBe('dual-read')
    expect(one.canonical.health()).toMatchObject({ schema: 'node-redis', connection: 'ready' })
  })

  it('reads a hit in one command, and adopts a miss', async () => {
    const redis = await wrap('dual-read')
    await redis.set('step:1', 'a')
    await raw.set('job:2', 'b')
    await raw.configResetStat()
    expect(await redis.get('job:1')).toBe('a')
    expect(await redis.get('job:2')).toBe('b')
    const calls = [...(await raw.info('commandstats')).matchAll(/cmdstat_(get|copy):calls=(\d+)/g)].map(([, c, n]) => [
      c,
      n,
    ])
    expect(Object.fromEntries(calls)).toEqual({ get: '3', copy: '1' })
    expect(await raw.get('step:2')).toBe('b')
  })

  it('follows SELECT, also one before wrapping', async () => {
    const client = await clients.raw({ database: 1 })
    await client.select(3)
    const redis = new CanonicalRedisClient(client, { schema, phase: 'dual-read' })
    await redis.set('base:A', '1')
    await raw.select(3)
    expect(await raw.get('base:A')).toBe('1')
    // Each adopts from the alias in database 2, where the one before left its value.
    await redis.select(4)
    expect(await redis.incr('base:A')).toBe(2)
    expect(await redis.multi().select(5).incr('averages:A').exec()).toEqual([expect.anything(), 3])
    expect(await redis.get('base:A')).toBe('3')
    expect(await redis.multi().select(6).incr('averages:A').execAsPipeline()).toEqual([expect.anything(), 4])
    expect(await redis.incr('base:A')).toBe(5)
    for (const [db, value] of [
      [4, '2'],
      [5, '3'],
      [6, '5'],
      [2, null],
    ] as const) {
      await raw.select(db)
      expect(await raw.get('base:A')).toBe(value)
    }
  })

  it('keeps a nil inside a reply, beside a WATCH too', async () => {
    const redis = await wrap('dual-write')
    const line = async (name: string, ...argv: string[]): Promise<string> =>
      JSON.stringify(await (name === 'bare' ? raw : redis).sendCommand(argv)).replaceAll(name, '')
    const both = async (...argv: string[]): Promise<string> => {
      const [expected, got] = [
        await line('bare', ...argv),
        await line('job:1', ...argv.map((arg) => (arg === 'bare' ? 'job:1' : arg))),
      ]
      expect(got, argv.join(' ')).toBe(expected)
      return got
    }
    await redis.watch('other')
    await both('XADD', 'bare', '1-0', 'f', 'a')
    await both('XADD', 'bare', '2-0', 'f', 'b')
    await both('XGROUP', 'CREATE', 'bare', 'g', '0')
    await both('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'bare', '>')
    await both('XDEL', 'bare', '1-0')
    expect(await both('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'bare', '0')).toContain(
      '["1-0",null],["2-0",["f","b"]]',
    )
    expect(await both('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'bare', '>')).toBe('null')
    await both('DEL', 'bare')
    expect(await both('BITFIELD', 'bare', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', '0', '4', 'GET', 'u2', '0')).toBe(
      '[null,0]',
    )
    await redis.unwatch()
  })

  it('gives wrapped duplicates and pools', async () => {
    const redis = await wrap('canonical')
    const copy = clients.keep(redis.duplicate())
    await copy.connect()
    await copy.set('job:1', 'a')
    const pool = clients.keep(redis.createPool())
    await pool.connect()
    expect(await pool.get('job:1')).toBe('a')
    expect(await raw.keys('*')).toEqual(['step:1'])
  })

  it('refuses what it cannot follow, and the transaction around it', async () => {
    const redis = await wrap('dual-write')
    await expect(redis.sendCommand(['NOSUCH', 'job:1'])).rejects.toMatchObject({ code: 'E_UNKNOWN_COMMAND' })
    const multi = redis.multi().set('job:1', 'x')
    multi.addCommand(['NOSUCH', 'job:1'])
    await expect(multi.exec()).rejects.toMatchObject({ code: 'E_UNKNOWN_COMMAND' })
    expect(await redis.exists('job:1')).toBe(0)
    await expect(redis.multi().keys('job:*').exec()).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    await redis.sendCommand(['MULTI'])
    await redis.sendCommand(['SET', 'job:1', 'x'])
    await expect(redis.sendCommand(['NOSUCH', 'job:1'])).rejects.toMatchObject({ code: 'E_UNKNOWN_COMMAND' })
    await expect(redis.sendCommand(['EXEC'])).rejects.toThrow(/^EXECABORT/)
    expect(await redis.get('job:1')).toBeNull()
    const lax = await wrap('dual-write', {}, { unknownCommands: 'pass' })
    await expect(lax.sendCommand(['NOSUCH', 'job:1'])).rejects.toThrow(/unknown command/)
  })

  it('leaves nothing half open when a timeout takes a block out of the queue', async () => {
    const redis = await wrap('dual-write')
    await redis.get('job:1')
    const controller = new AbortController()
    const impatient = redis.withAbortSignal(controller.signal)
    const late = [impatient.set('job:1', 'x', { EX: 100 }), impatient.incr('job:2')]
    const after = redis.incr('job:3')
    controller.abort()
    for (const one of late) await expect(one).rejects.toThrow(/abort/i)
    expect(await after).toBe(1)
    expect(await redis.exists(['job:1', 'job:2'])).toBe(0)
    expect((await raw.keys('*')).sort()).toEqual(['job:3', 'step:3'])
  })

  it('rejects as node-redis does when the client is closed', async () => {
    const redis = await wrap('dual-write')
    await redis.set('job:1', 'x')
    await redis.close()
    await expect(redis.set('job:1', 'y')).rejects.toThrow(/closed/)
    await expect(redis.multi().set('job:1', 'y').exec()).rejects.toThrow(/closed/)
    expect(redis.canonical.health().connection).toBe('closed')
  })

  it('goes on after a reconnect, in the database that was selected', async () => {
    const redis = await wrap('dual-write')
    await redis.select(3)
    await redis.set('job:1', 'a')
    const { id } = await redis.clientInfo()
    const ready = new Promise((resolve) => void redis.once('ready', resolve))
    await raw.sendCommand(['CLIENT', 'KILL', 'ID', String(id)])
    await ready
    await redis.incr('base:X')
    expect(await redis.get('job:1')).toBe('a')
    await raw.select(2)
    expect(await raw.get('averages:X')).toBe('1')
  })

  it.each(phases)('waits for jobs of a queue under either name in %s', async (phase) => {
    const consumer = await wrap(phase)
    await consumer.del('steps:work')
    for (const name of ['jobs:work', 'steps:work']) {
      // The side that the phase gives up is not looked at any more, or not yet.
      const seen = phase === 'alias' ? 'jobs:work' : phase === 'canonical' ? 'steps:work' : name
      const popped = consumer.blPop('steps:work', 20)
      await raw.rPush(seen, name)
      expect(await popped).toEqual({ key: 'steps:work', element: name })
    }
    expect(await consumer.blPop('jobs:work', 0.05)).toBeNull()
    await raw.rPush('jobs:work', 'last')
    const [element, length] = await consumer.multi().lPop('jobs:work').lLen('steps:work').execAsPipeline()
    expect([element, length]).toEqual([phase === 'canonical' ? null : 'last', 0])
  })

  it('calls hooks, and lets one veto', async () => {
    const events: string[] = []
    const hooks = {
      onAdopt: ({ canonical }: { canonical: string | Buffer }) => void events.push(`adopted ${String(canonical)}`),
      onFallbackMiss: ({ canonical }: { canonical: string | Buffer }) =>
        void events.push(`missed ${String(canonical)}`),
      beforeMigrate: ({ canonical }: { canonical: string | Buffer }) => canonical !== 'step:veto',
    }
    const redis = await wrap('dual-read', {}, { hooks })
    await raw.mSet(['job:1', 'a', 'job:veto', 'b'])
    expect(await redis.get('step:1')).toBe('a')
    expect(await redis.get('step:1')).toBe('a')
    expect(await redis.get('step:none')).toBeNull()
    expect(await redis.get('job:veto')).toBe('b')
    await expect(redis.append('job:veto', 'c')).rejects.toMatchObject({ code: 'E_VETOED' })
    await expect(redis.multi().append('job:veto', 'c').exec()).rejects.toMatchObject({ code: 'E_VETOED' })
    expect(events).toEqual(['adopted step:1', 'missed step:none'])
  })

  it('reads and deletes while the memory is full', async () => {
    const redis = await wrap('dual-read')
    await redis.set('job:1', 'x')
    await raw.set('job:2', 'legacy')
    await raw.configSet('maxmemory', '1')
    try {
      expect(await redis.get('job:1')).toBe('x')
      expect(await redis.get('step:2')).toBe('legacy')
      await expect(redis.set('job:3', 'y')).rejects.toThrow(/^OOM /)
      expect(await redis.del('job:1')).toBe(1)
    } finally {
      await raw.configSet('maxmemory', '0')
    }
    expect(await redis.exists(['job:1', 'job:3'])).toBe(0)
  })

  it('tells who may not be wrapped', async () => {
    const redis = await wrap('alias')
    const again = (): unknown => new CanonicalRedisClient(redis, { schema, phase: 'alias' })
    expect(again).toThrow(/wrapped already, with the schema "node-redis"/)
    const child = (): unknown => new CanonicalRedisClient(redis.withTypeMapping({}), { schema, phase: 'alias' })
    expect(child).toThrow(/wrapped already/)
  })
})

it('refuses node-redis 4, and says what to do', () => {
  const four = { commandsExecutor: vi.fn(), multiExecutor: vi.fn(), sendCommand: vi.fn(), MULTI: vi.fn() }
  try {
    new CanonicalRedisClient(four, { schema, phase: 'alias' })
    expect.unreachable()
  } catch (error) {
    expect(isCanonicalRedisError(error, 'E_NOT_A_CLIENT')).toBe(true)
    expect(String(error)).toMatch(/node-redis 4[^]*npm install redis@5/)
  }
})
