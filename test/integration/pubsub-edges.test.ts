/**
 * Pub/sub where the connection or the server gets in the way: cuts, transactions, refusals, prefixes, clusters.
 *
 * @module
 */
import type { Cluster as AnyCluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis6'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { isCanonicalRedisError } from '../../src/errors.js'
import { constantPhase, phases } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'edges',
  keys: { step: key('step:<id>').alias('job:<id>') },
  channels: {
    events: channel('step_events').alias('job_events'),
    slotted: channel('v2:{room:<id>}').alias('room:<id>'),
  },
})

const versions = Object.keys(ioredisVersions) as IoredisVersion[]
const matrix = availableServers().flatMap((kind) =>
  versions.map((version) => [`${version} on ${kind}`, kind, version] as const),
)

describe.each(matrix)('%s', (_, kind, version) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer({ kind, args: ['--notify-keyspace-events', 'KEA'] })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new Clients(version, server.port)
    raw = clients.raw()
    await raw.flushall()
  })
  afterEach(() => clients.close())

  const wrap = (phase: CanonicalOptions['phase'], options = {}) =>
    new CanonicalRedisClient(clients.raw(options), { schema, phase })
  const listening = async () => ((await raw.pubsub('CHANNELS', '*')) as string[]).sort()
  const messages = (redis: Redis, event = 'message'): string[] => {
    const lines: string[] = []
    redis.on(event, (...args: unknown[]) => lines.push(args.map(String).join(' ')))
    return lines
  }
  const resubscribing = [
    { options: {}, label: 'as ioredis is by default' },
    { options: { autoResendUnfulfilledCommands: false }, label: 'without resending' },
    { options: { enableOfflineQueue: false }, label: 'without an offline queue' },
  ]

  it.each(resubscribing)('goes over to a phase that changed during a cut, $label', async ({ options }) => {
    const source = constantPhase('dual-write')
    const inner = clients.raw({ retryStrategy: () => 5, ...options })
    await until('it is connected', () => inner.status === 'ready')
    const redis = new CanonicalRedisClient(inner, { schema, phase: source })
    const got = messages(redis)
    await redis.subscribe('step_events', 'plain')
    const closed = new Promise((resolve) => inner.once('close', resolve))
    await raw.client('KILL', 'TYPE', 'pubsub')
    await closed
    source.set?.('dual-read')
    await until('it listens on the other name', async () => (await listening()).join() === 'plain,step_events')
    await wrap(source).publish('job_events', '1')
    await raw.publish('plain', '2')
    await until('both messages', () => got.includes('plain 2'))
    expect(got).toEqual(['step_events 1', 'plain 2'])
  })

  it.each(resubscribing)('goes over when the cut falls into the move, $label', async ({ options }) => {
    const source = constantPhase('dual-write')
    const inner = clients.raw({ retryStrategy: () => 5, ...options })
    await until('it is connected', () => inner.status === 'ready')
    const redis = new CanonicalRedisClient(inner, { schema, phase: source })
    const got = messages(redis)
    await redis.subscribe('step_events', 'plain')
    // The connection ends before the server answers: SUBSCRIBE is on its way and stays without an answer.
    source.set?.('dual-read')
    inner.stream?.destroy()
    await until('it listens on the other name', async () => (await listening()).join() === 'plain,step_events')
    await wrap(source).publish('job_events', '1')
    await raw.publish('plain', '2')
    await until('both messages', () => got.includes('plain 2'))
    expect(got).toEqual(['step_events 1', 'plain 2'])
    expect(await redis.unsubscribe('step_events')).toBe(1)
    expect(await redis.unsubscribe('plain')).toBe(0)
    expect(await listening()).toEqual([])
  })

  it('goes over to a phase that changed while it connects', async () => {
    const source = constantPhase('dual-write')
    const inner = clients.raw({ retryStrategy: () => 5 })
    const redis = new CanonicalRedisClient(inner, { schema, phase: source })
    await redis.subscribe('step_events', 'plain')
    // From here ioredis would write SUBSCRIBE, and has not subscribed again yet.
    const connected = new Promise((resolve) => inner.once('connect', resolve))
    inner.once('connect', () => source.set?.('dual-read'))
    await raw.client('KILL', 'TYPE', 'pubsub')
    await connected
    await until('it listens on the other name alone', async () => (await listening()).join() === 'plain,step_events')
    expect(await redis.unsubscribe('step_events')).toBe(1)
    expect(await redis.unsubscribe('plain')).toBe(0)
    expect(await redis.ping()).toBe('PONG')
    expect(await listening()).toEqual([])
  })

  it('is not subscribed after a cut where the client does not subscribe again', async () => {
    const redis = wrap('dual-write', { retryStrategy: () => 5, autoResubscribe: false })
    const got = messages(redis)
    await redis.subscribe('step_events', 'plain')
    const closed = new Promise((resolve) => redis.once('close', resolve))
    await raw.client('KILL', 'TYPE', 'pubsub')
    await closed
    expect(await redis.subscribe('job_events')).toBe(1)
    await wrap('dual-write').publish('step_events', '1')
    await until('the message', () => got.length > 0)
    expect(got).toEqual(['job_events 1'])
  })

  it('listens on after disconnect and connect', async () => {
    const source = constantPhase('dual-write')
    const redis = wrap(source)
    const got = messages(redis)
    await redis.subscribe('step_events')
    const ended = new Promise((resolve) => redis.once('end', resolve))
    redis.disconnect()
    await ended
    source.set?.('dual-read')
    await redis.connect()
    await until('it listens on the other name', async () => (await listening()).join() === 'step_events')
    source.set?.('dual-write')
    await until('and back', async () => (await listening()).join() === 'job_events')
    await wrap(source).publish('job_events', '1')
    await until('the message', () => got.length > 0)
    expect(got).toEqual(['step_events 1'])
  })

  it('keeps to the old name and says so, when the server refuses the new one', async () => {
    await raw.acl('SETUSER', 'narrow', 'on', 'nopass', '+@all', '~*', 'resetchannels', '&job_events', '&plain')
    const source = constantPhase('dual-write')
    const redis = wrap(source, { username: 'narrow', password: 'x' })
    const errors: unknown[] = []
    redis.on('error', (error) => errors.push(error))
    const got = messages(redis)
    await redis.subscribe('step_events')
    await expect(redis.subscribe('forbidden')).rejects.toThrow(/NOPERM/)
    expect(await redis.subscribe('plain')).toBe(2)
    source.set?.('dual-read')
    await until('the error', () => errors.length > 0)
    expect(errors).toHaveLength(1)
    expect(isCanonicalRedisError(errors[0], 'E_UNSUPPORTED')).toBe(true)
    await wrap(source).publish('job_events', '1')
    await until('the message', () => got.length > 0)
    expect(got).toEqual(['step_events 1'])
  })

  it('forgets what the server refused', async () => {
    await raw.acl('SETUSER', 'half', 'on', 'nopass', '+@all', '~*', 'resetchannels', '&job_events', '&step_events')
    const source = constantPhase('dual-write')
    const redis = wrap(source, { username: 'half', password: 'x' })
    await redis.subscribe('step_events')
    await expect(redis.subscribe('room:1')).rejects.toThrow(/NOPERM/)
    source.set?.('dual-read')
    await until('it listens on the other name', async () => (await listening()).join() === 'step_events')
  })

  it('sends nothing of its own into a transaction of the caller', async () => {
    const source = constantPhase('dual-write')
    const redis = wrap(source)
    await redis.subscribe('step_events')
    if (version !== 'ioredis 6') {
      await expect(redis.multi({ pipeline: false })).rejects.toThrow(/subscriber mode/)
      return
    }
    for (const end of ['exec', 'discard'] as const) {
      await redis.multi({ pipeline: false })
      source.set?.(end === 'exec' ? 'dual-read' : 'dual-write')
      expect(await redis.set('other', 'x')).toBe('QUEUED')
      const reply = await redis[end]()
      expect(reply).toEqual(end === 'exec' ? [[null, 'OK']] : 'OK')
      const name = end === 'exec' ? 'step_events' : 'job_events'
      await until('it listens on the other name', async () => (await listening()).join() === name)
    }
  })

  it('refuses PUBSUB over managed channels inside MULTI, and passes any other', async () => {
    const redis = wrap('dual-write')
    const error: unknown = await redis
      .multi()
      .pubsub('NUMSUB', 'job_events')
      .exec()
      .catch((caught: Error) => caught.cause)
    expect(isCanonicalRedisError(error, 'E_UNSUPPORTED')).toBe(true)
    expect(await redis.multi().pubsub('NUMSUB', 'plain').pubsub('CHANNELS', 'plain*').exec()).toEqual([
      [null, ['plain', 0]],
      [null, []],
    ])
  })

  it('goes by the keyPrefix, which stands before keys and shard channels', async () => {
    const source = constantPhase('dual-write')
    const redis = wrap(source, { keyPrefix: 'a[p]:' })
    const writer = wrap(source, { keyPrefix: 'a[p]:' })
    const [got, shards, patterns] = [messages(redis), messages(redis, 'smessage'), messages(redis, 'pmessage')]
    await redis.subscribe('__keyspace@0__:a[p]:step:1', '__keyspace@0__:step:1', 'step_events')
    await redis.psubscribe('__keyspace@0__:a?p?:step:*', '__keyevent@0__:se[t]')
    await redis.ssubscribe('step_events')
    for (const phase of ['dual-write', 'dual-read'] as const) {
      source.set?.(phase)
      const name = phase === 'dual-write' ? 'job_events' : 'step_events'
      await until('it listens on the other name', async () => {
        const shard = (await raw.pubsub('SHARDCHANNELS', '*')) as string[]
        return (await listening()).includes(name) && shard.join() === `a[p]:${name}`
      })
      await writer.set('job:1', 'v')
      await writer.spublish('job_events', 'shard')
      await writer.publish('job_events', 'end')
      await until('the messages', () => got.includes('step_events end') && shards.length > 0)
      const read = phase === 'dual-write' ? 'job' : 'step'
      expect(got.splice(0)).toEqual(['__keyspace@0__:a[p]:step:1 set', 'step_events end'])
      expect(patterns.splice(0)).toEqual([
        '__keyspace@0__:a?p?:step:* __keyspace@0__:a[p]:step:1 set',
        `__keyevent@0__:se[t] __keyevent@0__:set a[p]:${read}:1`,
      ])
      expect(shards.splice(0)).toEqual(['a[p]:step_events shard'])
    }
  })

  it.each(phases)('names invalidated keys as %s reads them, each once a message', async (phase) => {
    const redis = wrap(phase, { ...(version === 'ioredis 6' && { protocol: 2 }) })
    const id = await redis.client('ID')
    const got: unknown[] = []
    redis.on('messageBuffer', (name: Buffer, keys: Buffer[] | null) => {
      got.push([name.toString(), keys && keys.map(String).sort()])
    })
    await redis.subscribe('__redis__:invalidate')
    await raw.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST')
    await wrap('alias').mset({ plain: 'v' })
    await raw.multi().set('job:1', 'v').set('step:1', 'v').exec()
    await raw.flushall()
    await until('the flush', () => got.some((one) => (one as unknown[])[1] === null))
    const name = ['alias', 'prepare', 'dual-write'].includes(phase) ? 'job:1' : 'step:1'
    expect(got).toEqual([
      ['__redis__:invalidate', ['plain']],
      ['__redis__:invalidate', [name]],
      ['__redis__:invalidate', null],
    ])
  })
})

describe.each(availableServers())('a cluster of %s', (kind) => {
  let cluster: TestCluster
  const open: AnyCluster[] = []

  beforeAll(async () => {
    cluster = await startCluster(kind)
  })
  afterAll(() => cluster.stop())
  afterEach(() => {
    for (const client of open.splice(0)) client.disconnect()
  })

  const classes = { 'ioredis 5': Cluster5, 'ioredis 6': Cluster6 as unknown as typeof Cluster5 }
  const wrapIn = (version: keyof typeof classes, phase: CanonicalOptions['phase']) => {
    const client = new classes[version]([...cluster.nodes], { shardedSubscribers: true })
    client.on('error', () => undefined)
    open.push(client)
    return new CanonicalRedisClient(client, { schema, phase })
  }

  it.each(Object.keys(classes) as (keyof typeof classes)[])(
    'moves channels, patterns and shard channels with %s',
    async (version) => {
      const source = constantPhase('alias')
      const [redis, publisher] = [wrapIn(version, source), wrapIn(version, source)]
      const got: string[] = []
      for (const event of ['message', 'pmessage', 'smessage']) {
        redis.on(event, (...args: unknown[]) =>
          got.push([event, ...args.slice(0, event === 'pmessage' ? 3 : 2)].map(String).join(' ')),
        )
      }
      await redis.subscribe('job_events')
      await redis.psubscribe('room:*')
      await until('shard channels can be subscribed to', async () => {
        return redis.ssubscribe('room:1').then(
          () => true,
          () => false,
        )
      })
      const moved = async (): Promise<void> => {
        // A message that has come under the new names shows that the subscriptions are there.
        const before = got.length
        await until('a message by each way', async () => {
          await publisher.publish('job_events', 'probe')
          await publisher.publish('room:1', 'probe')
          await publisher.spublish('room:1', 'probe')
          return ['message', 'pmessage', 'smessage'].every((event) =>
            got.slice(before).some((line) => line.startsWith(event)),
          )
        })
      }
      for (const phase of [...phases, ...[...phases].reverse().slice(1)]) {
        if (phase !== 'alias' || source.phaseOf('') !== 'alias') source.set?.(phase)
        await moved()
      }
      const lines = new Set(got)
      expect(lines).toEqual(
        new Set(['message job_events probe', 'pmessage room:* room:1 probe', 'smessage room:1 probe']),
      )
    },
  )

  it('refuses SPUBLISH to two slots, and publishes to two names in one', async () => {
    const redis = wrapIn('ioredis 5', 'dual-write')
    const error: unknown = await redis.spublish('job_events', 'x').catch((caught: unknown) => caught)
    expect(isCanonicalRedisError(error, 'E_CROSS_SLOT')).toBe(true)
    expect(await redis.spublish('room:1', 'x')).toBe(0)
    expect(await wrapIn('ioredis 5', 'alias').spublish('job_events', 'x')).toBe(0)
  })
})
