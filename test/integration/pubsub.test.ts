/**
 * Pub/sub against real servers: each test says what a bare client would see, and holds the wrapped one to it.
 *
 * No test waits for time to pass. A message is known not to come when one that was published behind it has come.
 */
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'pubsub',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    far: key('base:<symbol>').alias('averages:<symbol>', { db: 2 }),
  },
  channels: {
    events: channel('step_events').alias('job_events'),
    room: channel('chat:<room>').alias('room.<room>').alias('lobby.<room>'),
  },
})

const versions = Object.keys(ioredisVersions) as IoredisVersion[]
/** ioredis 6 speaks RESP3 unless told otherwise; ioredis 5 knows only RESP2. */
const connections: { version: IoredisVersion; options: object; label: string }[] = [
  ...versions.map((version) => ({ version, options: {}, label: version })),
  { version: 'ioredis 6', options: { protocol: 2 }, label: 'ioredis 6 over RESP2' },
]
const matrix = availableServers().flatMap((kind) => connections.map((one) => ({ ...one, kind })))

const onAlias: readonly Phase[] = ['alias', 'prepare', 'dual-write']
const [forth, back] = [phases.slice(1), [...phases].reverse().slice(1)]

describe.each(matrix.map((one) => [`${one.label} on ${one.kind}`, one] as const))('%s', (_, one) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer({ kind: one.kind, args: ['--notify-keyspace-events', 'KEA'] })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients(one.version, server.port)
    raw = clients.raw(one.options)
    await raw.flushall()
  })
  afterEach(() => clients.close())

  const bare = (options: object = {}): Redis => clients.raw({ ...one.options, ...options })
  const wrap = (phase: CanonicalOptions['phase'], options = {}) =>
    new CanonicalRedisClient(bare(options), { schema, phase })
  const server$ = {
    channels: (glob = '*') => raw.pubsub('CHANNELS', glob) as Promise<string[]>,
    patterns: () => raw.call('PUBSUB', 'NUMPAT') as Promise<number>,
  }

  /** Everything a client hears, one line each, and a way to wait until all that was sent before has come. */
  async function hear(redis: Redis, ...events: string[]) {
    const lines: string[] = []
    for (const event of events) {
      redis.on(event, (...args: unknown[]) => lines.push([event, ...args].map(String).join(' ')))
    }
    let mark = 0
    const fence = `fence-${Math.random()}`
    await redis.subscribe(fence)
    const fences: string[] = []
    redis.on('message', (name: string, message: string) => void (name === fence && fences.push(message)))
    return {
      /** The lines since the last call. */
      async since(): Promise<string[]> {
        const own = String(mark++)
        await raw.publish(fence, own)
        await until('the fence', () => fences.includes(own))
        return lines.splice(0).filter((line) => !line.includes(fence))
      },
    }
  }

  describe.each(phases)('in %s', (phase) => {
    it('brings a message to its pattern once, under the name that the pattern matches', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const heard = await hear(redis, 'message', 'pmessage')
      for (const pattern of ['job_*', 'step_event?', '*_events', 'chat:*', 'room.[ab]', 'lobby.*', 'other*']) {
        await redis.psubscribe(pattern)
      }
      await redis.subscribe('job_events')
      await publisher.publish('step_events', '1')
      const both = onAlias.includes(phase) ? 'job_events' : 'step_events'
      expect((await heard.since()).sort()).toEqual([
        'message job_events 1',
        `pmessage *_events ${both} 1`,
        'pmessage job_* job_events 1',
        'pmessage step_event? step_events 1',
      ])
      await publisher.publish('room.a', '2')
      expect((await heard.since()).sort()).toEqual([
        'pmessage chat:* chat:a 2',
        'pmessage lobby.* lobby.a 2',
        'pmessage room.[ab] room.a 2',
      ])
      await publisher.publish('lobby.z', '3')
      await raw.publish('other.x', '4')
      expect((await heard.since()).sort()).toEqual([
        'pmessage chat:* chat:z 3',
        'pmessage lobby.* lobby.z 3',
        'pmessage other* other.x 4',
      ])
      await redis.punsubscribe('chat:*', 'lobby.*', 'job_*')
      await publisher.publish('room.b', '5')
      await publisher.publish('job_events', '6')
      expect((await heard.since()).sort()).toEqual([
        'message job_events 6',
        `pmessage *_events ${both} 6`,
        'pmessage room.[ab] room.b 5',
        'pmessage step_event? step_events 6',
      ])
    })

    it('leaves out what raw clients publish under the name that is not listened to', async () => {
      const redis = wrap(phase)
      const heard = await hear(redis, 'pmessage')
      await redis.psubscribe('*')
      const [read, other] = onAlias.includes(phase) ? ['job_events', 'step_events'] : ['step_events', 'job_events']
      await raw.publish(other, 'no')
      await raw.publish(read, 'yes')
      expect(await heard.since()).toEqual([`pmessage * ${read} yes`])
    })

    it('works on shard channels', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const heard = await hear(redis, 'smessage', 'message')
      expect(await redis.ssubscribe('job_events')).toBe(1)
      expect(await redis.ssubscribe('chat:a', 'plain')).toBe(3)
      expect(await publisher.spublish('step_events', '1')).toBe(1)
      expect(await publisher.publish('job_events', 'no')).toBe(0)
      await publisher.spublish('room.a', '2')
      await publisher.spublish('plain', '3')
      // A shard channel is no channel, so the fence says nothing of it: the last one is waited for.
      const lines: string[] = []
      await until('the last message', async () => lines.push(...(await heard.since())) >= 3)
      expect(lines).toEqual(['smessage job_events 1', 'smessage chat:a 2', 'smessage plain 3'])
      expect(await redis.sunsubscribe('step_events')).toBe(3)
      expect(await redis.sunsubscribe('job_events', 'plain')).toBe(1)
      expect(await publisher.spublish('step_events', '4')).toBe(0)
    })

    it('works on Buffers', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const [asked, other] = [Buffer.from([0x63, 0x68, 0x61, 0x74, 0x3a, 0xff]), Buffer.from('room.\xff', 'latin1')]
      const got: unknown[] = []
      redis.on('messageBuffer', (...args: unknown[]) => got.push(['messageBuffer', ...args]))
      redis.on('pmessageBuffer', (...args: unknown[]) => got.push(['pmessageBuffer', ...args]))
      redis.on('smessageBuffer', (...args: unknown[]) => got.push(['smessageBuffer', ...args]))
      redis.on('message', (...args: unknown[]) => got.push(['message', ...args]))
      await redis.subscribe(asked)
      await redis.psubscribe('chat:*')
      await redis.ssubscribe(asked)
      await publisher.publish(other, Buffer.from([1, 0xfe]))
      await publisher.spublish(other, Buffer.from([2]))
      await until('all events', () => got.length >= 4)
      expect(got).toEqual([
        ['message', asked.toString(), Buffer.from([1, 0xfe]).toString()],
        ['messageBuffer', asked, Buffer.from([1, 0xfe])],
        ['pmessageBuffer', 'chat:*', asked, Buffer.from([1, 0xfe])],
        ['smessageBuffer', asked, Buffer.from([2])],
      ])
    })

    it('shows keyspace notifications under the names asked for', async () => {
      const redis = wrap(phase, { db: 1 })
      const writer = wrap(phase, { db: 1 })
      const heard = await hear(redis, 'message', 'pmessage')
      await redis.subscribe('__keyspace@1__:job:1', '__keyspace@1__:base:X', '__keyspace@1__:plain')
      await redis.psubscribe('__keyspace@*__:step:*')
      await writer.set('step:1', 'v')
      await writer.set('averages:X', 'v')
      await writer.set('plain', 'v')
      await writer.set('job:2', 'v')
      expect(await heard.since()).toEqual([
        'message __keyspace@1__:job:1 set',
        'pmessage __keyspace@*__:step:* __keyspace@1__:step:1 set',
        'message __keyspace@1__:base:X set',
        'message __keyspace@1__:plain set',
        'pmessage __keyspace@*__:step:* __keyspace@1__:step:2 set',
      ])
    })

    it('shows each keyevent once, under the name that the phase reads', async () => {
      const redis = wrap(phase)
      const writer = wrap(phase)
      const heard = await hear(redis, 'message', 'pmessage')
      await redis.subscribe('__keyevent@0__:hset')
      await redis.psubscribe('__keyevent@*__:[sd]e[tl]')
      const read = onAlias.includes(phase) ? 'job' : 'step'
      await writer.set('job:1', 'v')
      await writer.hset('step:2', 'f', 'v')
      await writer.set('plain', 'v')
      await writer.del('step:1')
      const lines = await heard.since()
      expect(lines.slice(0, 3)).toEqual([
        `pmessage __keyevent@*__:[sd]e[tl] __keyevent@0__:set ${read}:1`,
        `message __keyevent@0__:hset ${read}:2`,
        'pmessage __keyevent@*__:[sd]e[tl] __keyevent@0__:set plain',
      ])
      // Where the server has modules, a mirroring phase tries whether the second name can be copied: one more `del`.
      const deleted = `pmessage __keyevent@*__:[sd]e[tl] __keyevent@0__:del ${read}:1`
      expect(new Set(lines.slice(3))).toEqual(new Set([deleted]))
    })

    it('answers PUBSUB for the logical channel', async () => {
      const [redis, publisher, other] = [wrap(phase), wrap(phase), wrap(phase === 'alias' ? 'prepare' : phase)]
      await redis.subscribe('job_events', 'chat:a', 'plain')
      await other.subscribe('step_events')
      await bare().subscribe(onAlias.includes(phase) ? 'step_events' : 'job_events')
      const sorted = async (...args: [string, ...string[]]) =>
        ((await publisher.call('PUBSUB', ...args)) as string[]).sort()
      expect(await sorted('CHANNELS', 'job*')).toEqual(['job_events'])
      expect(await sorted('CHANNELS', 'step?events')).toEqual(['step_events'])
      expect(await sorted('CHANNELS', 'lobby*')).toEqual(['lobby.a'])
      expect(await sorted('CHANNELS', 'pl*')).toEqual(['plain'])
      const names = onAlias.includes(phase) ? ['job_events', 'plain', 'room.a'] : ['chat:a', 'plain', 'step_events']
      expect(await sorted('CHANNELS')).toEqual(names)
      expect(await sorted('CHANNELS', '*')).toEqual(names)
      const counts = ['step_events', 3, 'plain', 1, 'job_events', 3, 'room.a', 1, 'none', 0]
      const asked = counts.filter((_, i) => i % 2 === 0) as string[]
      expect(await publisher.pubsub('NUMSUB', ...asked)).toEqual(counts)
      expect(
        (
          await publisher
            .pipeline()
            .call('PUBSUB', 'NUMSUB', ...asked)
            .get('step:1')
            .exec()
        )?.[0],
      ).toEqual([null, counts])
      await redis.ssubscribe('job_events')
      expect(await sorted('SHARDCHANNELS', 'step*')).toEqual(['step_events'])
      expect(await publisher.pubsub('SHARDNUMSUB', 'step_events', 'job_events')).toEqual([
        'step_events',
        1,
        'job_events',
        1,
      ])
    })

    it('counts in its replies as a bare client does', async () => {
      const [redis, plain] = [wrap(phase), bare()]
      const bareName: Record<string, string> = {
        job_events: 'a',
        step_events: 'b',
        'room.a': 'c',
        'chat:*': 'd*',
        '*': '*',
      }
      type Verb = 'subscribe' | 'unsubscribe' | 'psubscribe' | 'punsubscribe' | 'ssubscribe' | 'sunsubscribe'
      const script: readonly [Verb, ...string[]][] = [
        ['subscribe', 'job_events'],
        ['subscribe', 'job_events', 'job_events'],
        ['unsubscribe', 'step_events'],
        ['subscribe', 'step_events', 'plain'],
        ['psubscribe', 'chat:*', '*'],
        ['psubscribe', 'chat:*'],
        ['punsubscribe', 'never'],
        ['ssubscribe', 'job_events'],
        ['unsubscribe', 'job_events'],
        ['unsubscribe', 'job_events'],
        ['sunsubscribe', 'job_events'],
        ['punsubscribe', '*'],
        ['unsubscribe', 'step_events'],
        ['unsubscribe', 'plain', 'room.a'],
        ['subscribe', 'room.a', 'job_events'],
        ['punsubscribe', 'chat:*'],
        ['unsubscribe'],
        ['psubscribe', 'job*', 'step*'],
        ['punsubscribe'],
      ]
      for (const [verb, ...names] of script) {
        const theirs = await plain[verb](...names.map((name) => bareName[name] ?? name))
        expect([verb, ...names, await redis[verb](...names)]).toEqual([verb, ...names, theirs])
      }
      expect(await server$.channels()).toEqual([])
      expect(await server$.patterns()).toBe(0)
      // Out of subscriber mode on both.
      expect(await redis.set('job:1', 'v')).toBe(await plain.set('x', 'v'))
    })

    it('brings a message once for each name of its channel that was asked for', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const heard = await hear(redis, 'message')
      await redis.subscribe('job_events', 'step_events', 'job_events')
      await publisher.publish('job_events', '1')
      expect(await heard.since()).toEqual(['message job_events 1', 'message step_events 1'])
      await redis.unsubscribe('job_events')
      await publisher.publish('job_events', '2')
      expect(await heard.since()).toEqual(['message step_events 2'])
      await redis.unsubscribe('step_events')
      await publisher.publish('job_events', '3')
      expect(await heard.since()).toEqual([])
    })

    it('hears until UNSUBSCRIBE is answered, as a bare client does', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const got: string[] = []
      redis.on('message', (name: string, message: string) => got.push(`${name} ${message}`))
      await redis.subscribe('step_events', 'job_events')
      // The server has sent the message before it reads UNSUBSCRIBE, and the client reads it behind the call.
      const first = publisher.publish('job_events', '1')
      await publisher.ping()
      const left = redis.unsubscribe('job_events')
      await Promise.all([first, left])
      expect(got).toEqual(['step_events 1', 'job_events 1'])
      await redis.unsubscribe('step_events')
    })

    it('keeps its listeners as an EventEmitter does', async () => {
      const redis = wrap(phase)
      const publisher = wrap(phase)
      const got: string[] = []
      const note =
        (label: string) =>
        (...args: unknown[]) =>
          void got.push([label, ...args].join(' '))
      const gone = note('gone')
      redis.on('message', gone).on('message', note('on'))
      redis.prependListener('message', note('first'))
      redis.once('message', note('once')).prependOnceListener('message', note('first once'))
      expect(redis.listeners('message')).toContain(gone)
      expect(redis.listenerCount('message')).toBe(5)
      redis.off('message', gone)
      expect(redis.listenerCount('message')).toBe(4)
      await redis.subscribe('step_events')
      await publisher.publish('job_events', '1')
      await publisher.publish('job_events', '2')
      await until('two messages', () => got.includes('on step_events 2'))
      expect(got).toEqual([
        'first once step_events 1',
        'first step_events 1',
        'on step_events 1',
        'once step_events 1',
        'first step_events 2',
        'on step_events 2',
      ])
      redis.removeAllListeners('message')
      expect(redis.listenerCount('message')).toBe(0)
    })

    it('calls a listener of one message once, under whichever names it was asked for', async () => {
      const redis = wrap(phase)
      const got: unknown[] = []
      redis.once('message', (...args: unknown[]) => got.push(args))
      const heard = await hear(redis, 'message')
      await redis.subscribe('job_events', 'step_events')
      got.length = 0
      await wrap(phase).publish('job_events', '1')
      expect(await heard.since()).toHaveLength(2)
      expect(got).toEqual([['job_events', '1']])
      expect(redis.listenerCount('message')).toBe(2)
    })

    it('subscribes again after a cut, under the same names', async () => {
      const redis = wrap(phase, { retryStrategy: () => 5 })
      const publisher = wrap(phase)
      const heard = await hear(redis, 'message', 'pmessage', 'smessage')
      await redis.subscribe('step_events')
      await redis.psubscribe('room*')
      await redis.ssubscribe('job_events')
      await cut(redis)
      await publisher.publish('job_events', '1')
      await publisher.publish('chat:a', '2')
      await publisher.spublish('step_events', '3')
      expect((await heard.since()).sort()).toEqual([
        'message step_events 1',
        'pmessage room* room.a 2',
        'smessage job_events 3',
      ])
    })

    it('publishes to itself where the protocol allows it', async () => {
      const [redis, plain] = [wrap(phase), bare()]
      const heard = await hear(redis, 'message', 'smessage')
      await redis.subscribe('job_events')
      await redis.ssubscribe('room.a')
      await plain.subscribe('other')
      const theirs = await plain.publish('other', '1').catch((error: Error) => error.message)
      const publish = () =>
        Promise.all([redis.publish('step_events', '1'), redis.spublish('chat:a', '2'), redis.ping()])
      if (typeof theirs === 'string') await expect(publish()).rejects.toThrow(theirs)
      else {
        expect(await publish()).toEqual([theirs, 1, 'PONG'])
        expect((await redis.pipeline().publish('job_events', '3').get('job:1').exec())?.map(([, v]) => v)).toEqual([
          1,
          null,
        ])
        expect(await heard.since()).toEqual(['message job_events 1', 'smessage room.a 2', 'message job_events 3'])
      }
    })

    it('gives its duplicate no subscriptions', async () => {
      const redis = wrap(phase)
      await redis.subscribe('step_events')
      const copy = redis.duplicate()
      const heard = await hear(copy, 'message')
      await copy.subscribe('job_events')
      await wrap(phase).publish('job_events', '1')
      expect(await heard.since()).toEqual(['message job_events 1'])
      copy.disconnect()
    })
  })

  /** Cuts every connection but our own, and waits until the client has its subscriptions again. */
  async function cut(redis: Redis): Promise<void> {
    const before = (await server$.channels()).length
    const patterns = await server$.patterns()
    await raw.client('KILL', 'TYPE', 'pubsub')
    await until('the subscriptions are back', async () => {
      return (
        redis.status === 'ready' &&
        (await server$.channels()).length >= before &&
        (await server$.patterns()) >= patterns
      )
    })
  }

  it('moves every kind of subscription through all phases, forth and back, under traffic: none lost, none doubled', async () => {
    const [early, late] = [constantPhase('alias'), constantPhase('alias')]
    const got: Record<string, string[]> = {}
    const listen = async (
      name: string,
      source: typeof early,
      kind: 'subscribe' | 'psubscribe' | 'ssubscribe',
      asked: string,
    ) => {
      const list: string[] = (got[`${name} ${asked}`] = [])
      const redis = wrap(source)
      redis.on('message', (shown: string, message: string) => list.push(`${shown} ${message.trimEnd()}`))
      redis.on('smessage', (shown: string, message: string) => list.push(`${shown} ${message.trimEnd()}`))
      redis.on('pmessage', (pattern: string, shown: string, message: string) => {
        list.push(`${pattern === asked ? shown : pattern} ${message.trimEnd()}`)
      })
      await redis[kind](asked)
    }
    for (const [name, source] of [
      ['early', early],
      ['late', late],
    ] as const) {
      await listen(name, source, 'subscribe', 'chat:a')
      await listen(name, source, 'psubscribe', 'room.*')
      await listen(name, source, 'psubscribe', 'c*')
      await listen(name, source, 'psubscribe', '*')
    }
    const shards: Record<string, string[]> = {}
    for (const [name, source] of [
      ['early', early],
      ['late', late],
    ] as const) {
      const list: string[] = (shards[name] = [])
      const redis = wrap(source)
      redis.on('smessage', (shown: string, message: string) => list.push(`${shown} ${message.trimEnd()}`))
      await redis.ssubscribe('room.a')
    }
    const counts = [0, 0]
    let running = true
    let change: (() => void) | undefined
    const publishing = [wrap(early), wrap(late)].map(async (publisher, i) => {
      while (running) {
        const changes = change !== undefined
        await Promise.all(
          Array.from({ length: 16 }, (_, n) => {
            if (n === 8) {
              change?.()
              change = undefined
            }
            // Messages so long that packets end between the two copies of one, and the change among them.
            const message = `${i}.${counts[i]!++}${changes && n > 6 && n < 14 ? ' '.repeat(30_000) : ''}`
            return Promise.all([
              publisher.publish(n % 3 ? 'room.a' : 'chat:a', message),
              publisher.spublish('chat:a', message),
            ])
          }),
        )
      }
    })
    const pause = async (): Promise<void> => {
      const goal = counts.map((count) => count + 48)
      await until('messages go by', () => counts.every((count, i) => count >= goal[i]!))
    }
    for (const phase of [...forth, ...back]) {
      for (const source of [early, late]) {
        change = () => source.set?.(phase)
        await until('the change of phase', () => change === undefined)
        await pause()
      }
    }
    running = false
    await Promise.all(publishing)
    const all = [...Object.values(got), ...Object.values(shards)]
    const total = counts[0]! + counts[1]!
    await until('the last messages', () => all.every((list) => list.length >= total)).catch(() => undefined)
    const sentBy = (i: number, name: string) => Array.from({ length: counts[i]! }, (_, n) => `${name} ${i}.${n}`)
    for (const i of [0, 1]) {
      const heard = (list: readonly string[] | undefined) => list?.filter((line) => line.includes(` ${i}.`))
      for (const name of ['early', 'late']) {
        expect(heard(got[`${name} chat:a`])).toEqual(sentBy(i, 'chat:a'))
        expect(heard(got[`${name} room.*`])).toEqual(sentBy(i, 'room.a'))
        expect(heard(got[`${name} c*`])).toEqual(sentBy(i, 'chat:a'))
        expect(heard(shards[name])).toEqual(sentBy(i, 'room.a'))
        // A pattern that matches both names shows the one that is listened to.
        const both = heard(got[`${name} *`]) ?? []
        expect(both.map((line) => line.replace(/^\S+/, 'any'))).toEqual(sentBy(i, 'any'))
        expect(new Set(both.map((line) => line.split(' ')[0]))).toEqual(new Set(['room.a', 'chat:a']))
      }
    }
  })
})
