/**
 * A book of subscriptions against a server of a few lines, in every order of events that a seed gives.
 *
 * Beside it stands what a bare client would have heard: one whose subscriptions begin and end where the server reads the
 * caller's commands. The two must agree message by message.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Book, type BookPort } from '../../../src/clients/ioredis/subscription-book.js'
import { matchesGlob } from '../../../src/plan/glob.js'
import { logicalChannel, sidesNow, understand, type PlanContext } from '../../../src/plan/index.js'
import { phases, phaseTable, type Phase } from '../../../src/phases/index.js'
import { channel, defineSchema } from '../../../src/schema/index.js'

const schema = defineSchema({
  name: 'book',
  keys: {},
  channels: {
    chat: channel('chat:<room>').alias('room.<room>'),
    events: channel('new').alias('old'),
    // Six characters are "c:abcd", but not "long.abcd".
    short: channel('c:<x>').alias('long.<x>'),
  },
})

type Kind = 'channel' | 'pattern'

const asked: Record<Kind, readonly string[]> = {
  channel: ['chat:a', 'room.a', 'old', 'plain'],
  pattern: ['chat:*', 'room.?', '*', 'o*', 'plain', '??????'],
}

interface Event {
  /** Reads the event on the client's side. */
  readonly read: () => void
}

class World {
  phase = 0
  publisherPhase = 0
  heard: string[] = []
  expected: string[] = []
  #server = new Set<string>()
  #bare = new Set<string>()
  #toServer: (() => void)[] = []
  #toClient: Event[] = []
  #settled = true
  #n = 0
  readonly context: PlanContext
  readonly book: Book

  constructor(readonly kind: Kind) {
    const phaseOf = (): Phase => phases[this.phase] as Phase
    this.context = { mapper: schema.mapper, phaseOf, db: 0, inTransaction: false, unknownCommands: 'refuse' }
    const send = (verb: 'add' | 'delete', names: readonly string[], onReply?: () => void): Promise<void> =>
      new Promise((resolve) => {
        this.#send(verb, names, () => {
          onReply?.()
          resolve()
        })
      })
    const sides = () => sidesNow(schema, phaseOf)
    const port: BookPort = {
      subscribe: (names, onReply) => send('add', names, onReply),
      unsubscribe: (names, onReply) => send('delete', names, onReply),
      isOpen: () => true,
      sides,
      understand: (name) => understand(name, kind, schema, sides(), this.context),
    }
    this.book = new Book(port)
  }

  #send(verb: 'add' | 'delete', names: readonly string[], read: () => void, effect = (): void => undefined): void {
    this.#toServer.push(() => {
      for (const name of names) this.#server[verb](name)
      if (verb === 'delete' && names.length === 0) this.#server.clear()
      effect()
      this.#toClient.push({ read })
    })
  }

  subscribe(names: readonly string[]): void {
    const sent = this.book.subscribe(names)
    this.#send('add', sent.names, sent.done, () => names.forEach((name) => this.#bare.add(name)))
  }

  unsubscribe(names: readonly string[]): void {
    const sent = this.book.unsubscribe(names)
    const effect = (): void => {
      if (names.length === 0) this.#bare.clear()
      else names.forEach((name) => this.#bare.delete(name))
    }
    this.#send(sent.repeat ? 'add' : 'delete', sent.names, sent.done, effect)
  }

  serverReads(): void {
    this.#toServer.shift()?.()
  }

  /** So many events of one packet: nothing else of the client's runs between them. */
  clientReads(events: number): void {
    for (let i = 0; i < events; i++) this.#toClient.shift()?.read()
  }

  /** To every name that the publisher's phase has, with nothing between. */
  publish(name: string): void {
    const message = String(this.#n++)
    const logical = logicalChannel(name, this.kind, this.context)
    const sides = phaseTable[phases[this.publisherPhase] as Phase].publish
    for (const sent of logical ? sides.map((side) => logical.names[side]) : [name]) this.#deliver(sent, message)
    const all = logical?.all ?? [name]
    for (const one of this.#bare) {
      if (all.some((spelling) => this.#means(one, spelling))) this.expected.push(`${one} ${message}`)
    }
  }

  #means(subscription: string, name: string): boolean {
    return this.kind === 'pattern' ? matchesGlob(subscription, name) : subscription === name
  }

  #deliver(name: string, message: string): void {
    for (const one of this.#server) {
      if (!this.#means(one, name)) continue
      this.#toClient.push({
        read: () => {
          const logical = logicalChannel(name, this.kind, this.context)
          const names =
            this.kind === 'pattern'
              ? this.book.patternsFor(one, name, logical).map(([pattern]) => pattern)
              : this.book.channelsFor(name, logical)
          this.heard.push(...names.map((shown) => `${shown} ${message}`))
        },
      })
    }
  }

  /** One step of the path, where the rules of the fleet allow it: neighbours only, and a move is over before the next. */
  step(who: 'phase' | 'publisherPhase', by: 1 | -1): void {
    const to = this[who] + by
    const other = who === 'phase' ? this.publisherPhase : this.phase
    if (to < 0 || to >= phases.length || Math.abs(to - other) > 1 || !this.#settled) return
    this[who] = to
    if (who === 'phase') {
      this.#settled = false
      void this.book.follow().then(() => (this.#settled = true))
    }
  }

  /** Until nothing is on its way. */
  async drain(): Promise<void> {
    do {
      while (this.#toServer.length + this.#toClient.length > 0) {
        this.serverReads()
        this.clientReads(2)
        await flush()
      }
      await flush()
    } while (this.#toServer.length + this.#toClient.length > 0)
  }

  get onServer(): string[] {
    return [...this.#server]
  }
}

async function flush(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

type Step = (world: World) => void

const steps = (kind: Kind): fc.Arbitrary<Step> => {
  const some = fc.subarray([...asked[kind]], { minLength: 1, maxLength: 2 })
  return fc.oneof(
    {
      weight: 2,
      arbitrary: some.map(
        (names): Step =>
          (world) =>
            world.subscribe(names),
      ),
    },
    {
      weight: 2,
      arbitrary: some.map(
        (names): Step =>
          (world) =>
            world.unsubscribe(names),
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step>((world) => world.unsubscribe([])) },
    {
      weight: 6,
      arbitrary: fc.constantFrom('chat:a', 'room.a', 'old', 'plain', 'c:abcd').map(
        (name): Step =>
          (world) =>
            world.publish(name),
      ),
    },
    { weight: 6, arbitrary: fc.constant<Step>((world) => world.serverReads()) },
    {
      weight: 8,
      arbitrary: fc.integer({ min: 1, max: 6 }).map(
        (events): Step =>
          (world) =>
            world.clientReads(events),
      ),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.constantFrom('phase' as const, 'publisherPhase' as const),
          fc.constantFrom(1 as const, 1 as const, -1 as const),
        )
        .map(
          ([who, by]): Step =>
            (world) =>
              world.step(who, by),
        ),
    },
  )
}

describe.each(['channel', 'pattern'] as const)('subscriptions of the kind %s', (kind) => {
  it('hear what a bare client hears, whatever the order of answers, messages and phases', async () => {
    const bySubscription = (lines: readonly string[]) => [...lines].sort()
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 6 }),
        fc.array(steps(kind), { minLength: 10, maxLength: 120 }),
        async (start, script) => {
          const world = new World(kind)
          world.phase = world.publisherPhase = start
          for (const step of script) {
            step(world)
            await flush()
          }
          await world.drain()
          expect(bySubscription(world.heard)).toEqual(bySubscription(world.expected))
          world.unsubscribe(asked[kind])
          await world.drain()
          expect(world.onServer).toEqual([])
          expect(world.book.isEmpty).toBe(true)
          expect(world.book.surplus).toBe(0)
        },
      ),
      { numRuns: 1500 },
    )
  })
})
