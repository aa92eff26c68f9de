/**
 * Pub/sub through node-redis. No test waits for time to pass: a message is known not to come when one that was published
 * behind it has come.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { until } from '../support/clients.js'
import { NodeClients, nodeRedisMatrix, type NodeClient } from '../support/node-redis.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'pubsub',
  keys: { step: key('step:<id>').alias('job:<id>') },
  channels: {
    events: channel('step_events').alias('job_events'),
    room: channel('chat:<room>').alias('room.<room>').alias('lobby.<room>'),
  },
})

const matrix = availableServers().flatMap((kind) => nodeRedisMatrix.map((one) => ({ ...one, kind })))
const onAlias: readonly Phase[] = ['alias', 'prepare', 'dual-write']

describe.each(matrix.map((one) => [`${one.name} on ${one.kind}`, one] as const))('%s', (_, one) => {
  let server: TestServer
  let clients: NodeClients
  let raw: NodeClient

  beforeAll(async () => {
    server = await startServer({ kind: one.kind, args: ['--notify-keyspace-events', 'KEA'] })
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new NodeClients(one.version, one.RESP, server.port)
    raw = await clients.raw()
    await raw.flushAll()
  })
  afterEach(() => clients.close())

  const wrap = async (phase: CanonicalOptions['phase']) =>
    new CanonicalRedisClient(await clients.raw(), { schema, phase })

  /** What listeners were called with, a line each, and a way to wait until all that was sent before has come. */
  async function ears(redis: NodeClient) {
    const lines: string[] = []
    const fences: string[] = []
    const fence = `fence-${Math.random()}`
    await redis.subscribe(fence, (message) => void fences.push(message))
    let mark = 0
    return {
      ear: (label: string) => (message: string | Buffer, name: string | Buffer) =>
        void lines.push(`${label} ${String(name)} ${String(message)}`),
      async since(): Promise<string[]> {
        const own = String(mark++)
        await raw.publish(fence, own)
        await until('the fence', () => fences.includes(own))
        return lines.splice(0)
      },
    }
  }

  describe.each(phases)('in %s', (phase) => {
    const listened = onAlias.includes(phase) ? 'job_events' : 'step_events'

    it('brings each message once, under the name that was subscribed to', async () => {
      const [redis, publisher] = [await wrap(phase), await wrap(phase)]
      const { ear, since } = await ears(redis)
      await redis.subscribe('job_events', ear('old'))
      await redis.subscribe(['step_events', 'other'], ear('new'))
      await redis.subscribe('step_events', ear('buffer'), true)
      await redis.sSubscribe('job_events', ear('shard'))
      await publisher.publish('step_events', '1')
      await raw.publish('other', '2')
      expect((await since()).sort()).toEqual([
        'buffer step_events 1',
        'new other 2',
        'new step_events 1',
        'old job_events 1',
      ])
      await publisher.sPublish('job_events', '3')
      expect(await since()).toEqual(['shard job_events 3'])
      expect((await raw.pubSubChannels('*_events')).sort()).toEqual([listened])
    })

    it('leaves when nobody listens any more', async () => {
      const redis = await wrap(phase)
      const { ear, since } = await ears(redis)
      const [one, two] = [ear('one'), ear('two')]
      await redis.subscribe('job_events', one)
      await redis.subscribe('step_events', two)
      await redis.subscribe('step_events', two, true)
      await redis.unsubscribe('step_events', two)
      await redis.publish('job_events', '1').catch(() => raw.publish(listened, '1'))
      expect((await since()).sort()).toEqual(['one job_events 1', 'two step_events 1'])
      await redis.unsubscribe('step_events')
      expect(await raw.pubSubChannels('*_events')).toEqual([listened])
      await redis.unsubscribe('job_events', one)
      expect(await raw.pubSubChannels('*_events')).toEqual([])
      await redis.subscribe('job_events', one)
      await redis.unsubscribe()
      expect(await raw.pubSubChannels('*')).toEqual([])
    })

    it('brings a message to its pattern once, under the name that the pattern matches', async () => {
      const [redis, publisher] = [await wrap(phase), await wrap(phase)]
      const { ear, since } = await ears(redis)
      const patterns = ['job_*', 'step_event?', '*_events', 'chat:*', 'room.[ab]', 'lobby.*', 'other*']
      for (const pattern of patterns) await redis.pSubscribe(pattern, ear(pattern))
      await publisher.publish('step_events', '1')
      expect((await since()).sort()).toEqual([
        `*_events ${listened} 1`,
        'job_* job_events 1',
        'step_event? step_events 1',
      ])
      await publisher.publish('room.a', '2')
      expect((await since()).sort()).toEqual(['chat:* chat:a 2', 'lobby.* lobby.a 2', 'room.[ab] room.a 2'])
      await raw.publish('other.x', '4')
      expect(await since()).toEqual(['other* other.x 4'])
      // Without names node-redis 5 waits for ever where channels are left.
      await redis.pUnsubscribe(patterns)
      expect(await raw.pubSubNumPat()).toBe(0)
    })

    it('counts the subscribers of a logical channel under the names that were asked', async () => {
      const [redis, other] = [await wrap(phase), await wrap(phase)]
      await redis.subscribe('job_events', () => undefined)
      await raw
        .duplicate()
        .connect()
        .then((one) => clients.keep(one).subscribe('step_events', () => undefined))
      expect({ ...(await other.pubSubNumSub(['job_events', 'none'])) }).toEqual({ job_events: 2, none: 0 })
      expect(await other.pubSubChannels('job_*')).toEqual(['job_events'])
      expect(await other.publish('job_events', 'x')).toBeGreaterThan(0)
    })

    it('brings keyspace notifications under the names that were asked', async () => {
      const [redis, writer] = [await wrap(phase), await wrap(phase)]
      const { ear, since } = await ears(redis)
      await redis.subscribe('__keyspace@0__:job:1', ear('key'))
      await redis.pSubscribe('__keyevent@0__:set', ear('event'))
      await writer.set('step:1', 'x')
      const read = ['alias', 'prepare', 'dual-write'].includes(phase) ? 'job:1' : 'step:1'
      const heard = await since()
      expect(heard).toContain('key __keyspace@0__:job:1 set')
      expect(heard.filter((line) => line.startsWith('event'))).toEqual([`event __keyevent@0__:set ${read}`])
    })
  })

  it('moves every kind of subscription through all phases, forth and back, under traffic: none lost, none doubled', async () => {
    const source = constantPhase('alias')
    // The publishers are ahead of or behind the subscriber, as in a fleet, but never more than one phase.
    const ahead = constantPhase('alias')
    const redis = await wrap(source)
    const publishers = [await wrap(source), await wrap(ahead)]
    const heard: Record<string, string[]> = { channel: [], pattern: [], shard: [], room: [] }
    const into = (kind: string) => (message: string) => void heard[kind]?.push(message)
    await redis.subscribe('job_events', into('channel'))
    await redis.pSubscribe('step_*', into('pattern'))
    await redis.sSubscribe('step_events', into('shard'))
    await redis.subscribe('chat:a', into('room'))
    let sent = 0
    const traffic = async (): Promise<void> => {
      // Some messages are so long that packets end between the copies of one.
      const more = Array.from({ length: 8 }, () => `${sent++}${sent % 5 === 0 ? 'x'.repeat(70_000) : ''}`)
      await Promise.all(
        more.map(async (text, i) => {
          const publisher = publishers[i % 2] as NodeClient
          await publisher.publish(i % 3 ? 'step_events' : 'job_events', text)
          await publisher.sPublish('job_events', text)
          await publisher.publish('lobby.a', text)
        }),
      )
    }
    for (const phase of [...phases.slice(1), ...[...phases].reverse().slice(1)]) {
      await traffic()
      ahead.set?.(phase)
      const during = Promise.all([traffic(), traffic()])
      source.set?.(phase)
      await during
      await traffic()
    }
    const number = (text: string): number => Number(/^\d+/.exec(text)?.[0])
    const all = Array.from({ length: sent }, (__, i) => i)
    for (const kind of ['channel', 'pattern', 'shard', 'room']) {
      await until(`all of ${kind}`, () => (heard[kind]?.length ?? 0) >= sent)
      expect(
        heard[kind]?.map(number).sort((a, b) => a - b),
        kind,
      ).toEqual(all)
    }
    await until(
      'the old names are left',
      async () => (await raw.pubSubChannels('*')).sort().join() === 'job_events,room.a',
    )
  })

  it('listens again after a cut', async () => {
    const redis = await wrap('dual-read')
    const lines: string[] = []
    await redis.subscribe('job_events', (message, name) => void lines.push(`${name} ${message}`))
    const ready = new Promise((resolve) => void redis.once('ready', resolve))
    await raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await ready
    redis.canonical.setPhase('dual-write')
    await until('it moved', async () => (await raw.pubSubChannels('*')).join() === 'job_events')
    await raw.publish('job_events', 'x')
    await until('the message', () => lines.length > 0)
    expect(lines).toEqual(['job_events x'])
  })
})
