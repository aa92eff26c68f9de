/**
 * Subscriptions through node-redis against a server of a few lines. What the server sends comes in packets; node-redis
 * calls listeners in the middle of a packet, and says only after it that a subscription stands.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Channels, type ChannelPort } from '../../../src/clients/node-redis/channels.js'
import { constantPhase, phases, phaseTable, type Phase } from '../../../src/phases/index.js'
import { isSecondEvent, logicalChannel, sidesNow, understand, type PlanContext } from '../../../src/plan/index.js'
import { channel, defineSchema } from '../../../src/schema/index.js'

const schema = defineSchema({ name: 'channels', channels: { events: channel('new').alias('old') }, keys: {} })
const names = { alias: 'old', canonical: 'new' } as const

type Heard = (message: Buffer, channel: Buffer) => void

/** The server, the wire and the part of node-redis in between. */
class World {
  readonly source = constantPhase('alias')
  readonly heard: string[] = []
  readonly #subscribed = new Set<string>()
  readonly #listeners = new Map<string, Heard>()
  /** What the server has sent and the client has not read. */
  readonly #stream: (() => void)[] = []
  readonly channels: Channels

  constructor(readonly how: 'channel' | 'pattern') {
    const context: PlanContext = {
      mapper: schema.mapper,
      phaseOf: (family) => this.source.phaseOf(family),
      db: 0,
      inTransaction: false,
      unknownCommands: 'refuse',
    }
    const sides = () => sidesNow(schema, (family) => this.source.phaseOf(family))
    const port: ChannelPort = {
      how,
      sides,
      understand: (name) => understand(name, how, schema, sides(), context),
      logical: (name) => logicalChannel(name, 'channel', context),
      isSecond: (name, payload, shown) => isSecondEvent(name, payload, shown, context),
      subscribe: (name, listener) =>
        this.#command(
          () => this.#subscribed.add(name),
          () => this.#listeners.set(name, listener),
        ),
      unsubscribe: (names) =>
        this.#command(
          () => names.forEach((name) => this.#subscribed.delete(name)),
          () => names.forEach((name) => this.#listeners.delete(name)),
        ),
      answer: () =>
        this.#command(
          () => undefined,
          () => undefined,
        ),
    }
    this.channels = new Channels(port)
  }

  /** The server carries a command out at once; its answer comes with the stream. */
  #command(onServer: () => void, onAnswer: () => void): Promise<void> {
    onServer()
    return new Promise((resolve) => {
      this.#stream.push(() => {
        onAnswer()
        resolve()
      })
    })
  }

  /** A publisher in this phase sends to all of its names in one unit, the alias first. */
  publish(message: string, phase: Phase): void {
    for (const side of phaseTable[phase].publish) {
      for (const name of this.#subscribed) {
        if (!new RegExp(`^${name.replaceAll('*', '.*')}$`).test(names[side])) continue
        this.#stream.push(() => this.#listeners.get(name)?.(Buffer.from(message), Buffer.from(names[side])))
      }
    }
  }

  /** The client reads so much of the stream in one packet, and then whatever waits for a promise goes on. */
  async read(items: number): Promise<void> {
    for (const item of this.#stream.splice(0, items)) item()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async readAll(): Promise<void> {
    while (this.#stream.length > 0) await this.read(this.#stream.length)
  }
}

type Action = { readonly kind: 'publish'; readonly late: boolean } | { readonly kind: 'read'; readonly items: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('publish' as const), late: fc.boolean() }),
  fc.record({ kind: fc.constant('read' as const), items: fc.integer({ min: 1, max: 4 }) }),
)

/** What happens in each phase on the way there and back. */
const walk = fc.array(fc.array(action, { maxLength: 12 }), { minLength: 12, maxLength: 12 })

it.each([
  ['channel', 'old', 'old'],
  ['channel', 'new', 'new'],
  ['pattern', 'o*', 'old'],
  ['pattern', '*', undefined],
] as const)('a %s "%s" hears every message once, in order, wherever packets end', async (how, asked, shown) => {
  await fc.assert(
    fc.asyncProperty(walk, fc.boolean(), async (acts, same) => {
      const text = (n: number): string => (same ? 'ping' : String(n))
      const world = new World(how)
      let sent = 0
      const listener = (message: string | Buffer, name: string | Buffer): void => {
        if (shown !== undefined) expect(name).toBe(shown)
        world.heard.push(String(message))
      }
      const subscribed = world.channels.subscribe([asked], listener, false)
      await world.readAll()
      await subscribed
      let before: Phase = 'alias'
      const path = [...phases.slice(1), ...[...phases].reverse().slice(1)]
      for (const [i, phase] of path.entries()) {
        world.source.set?.(phase)
        const moved = world.channels.follow()
        for (const act of acts[i] ?? []) {
          if (act.kind === 'read') await world.read(act.items)
          else world.publish(text(sent++), act.late ? before : phase)
        }
        // The next phase comes when every client has followed this one.
        await world.readAll()
        await moved
        before = phase
      }
      expect(world.heard).toEqual(Array.from({ length: sent }, (_, n) => text(n)))
    }),
    { numRuns: 300 },
  )
})

it('tells the server what is needed, and no more', async () => {
  const world = new World('channel')
  const listener = (): void => undefined
  const both = Promise.all([
    world.channels.subscribe(['old'], listener, false),
    world.channels.subscribe(['new'], listener, true),
  ])
  await world.readAll()
  await both
  await world.channels.unsubscribe(['old'], listener, false)
  expect(world.channels.has('old')).toBe(false)
  expect(world.channels.isEmpty).toBe(false)
  const left = world.channels.unsubscribe(['new'], undefined, false)
  await world.readAll()
  await left
  expect(world.channels.isEmpty).toBe(true)
  world.publish('x', 'dual-write')
  expect(world.heard).toEqual([])
})
