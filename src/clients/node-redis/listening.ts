/**
 * Channels under the names of the phase, for whatever subscribes: a client, a cluster, a Sentinel client.
 *
 * node-redis calls one listener for each name that the server has; here that listener is ours, and it calls those of the
 * caller under the names that the caller asked for. What means no managed channel goes to node-redis as it is.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import {
  argOf,
  bytesOf,
  isSecondEvent,
  logicalChannel,
  sidesNow,
  understand,
  type Asked,
  type Listening as How,
  type PlanContext,
  type Sides,
} from '../../plan/index.js'
import type { Wrapping } from '../shared/wrapping.js'
import { Channels, isOurs, type ChannelPort } from './channels.js'
import type { Listener, RawSubscriber, Subscribe, Unsubscribe } from './types.js'
import { isServerError } from './wire.js'

type On = 'SUBSCRIBE' | 'PSUBSCRIBE' | 'SSUBSCRIBE'
type Off = 'UNSUBSCRIBE' | 'PUNSUBSCRIBE' | 'SUNSUBSCRIBE'

/** Every method has two names. */
const kinds: readonly { how: How; on: On; onAs: string; off: Off; offAs: string }[] = [
  { how: 'channel', on: 'SUBSCRIBE', onAs: 'subscribe', off: 'UNSUBSCRIBE', offAs: 'unsubscribe' },
  { how: 'pattern', on: 'PSUBSCRIBE', onAs: 'pSubscribe', off: 'PUNSUBSCRIBE', offAs: 'pUnsubscribe' },
  { how: 'shard', on: 'SSUBSCRIBE', onAs: 'sSubscribe', off: 'SUNSUBSCRIBE', offAs: 'sUnsubscribe' },
]

/** A channel that nobody subscribes to. */
const nobody = 'canonical-redis:nobody'

/** The methods that take the place of node-redis' own, by name. */
export type SubscribeMethods = Readonly<Record<string, Subscribe | Unsubscribe>>

/** The subscriptions of one client. */
export class Listening {
  readonly #books: readonly Channels[]
  readonly methods: SubscribeMethods
  #unfollow: (() => void) | undefined

  /** @param db the database that is selected, which keyspace notifications are about */
  constructor(
    readonly self: RawSubscriber,
    readonly wrapping: Wrapping,
    readonly db: () => number,
  ) {
    const methods: Record<string, Subscribe | Unsubscribe> = {}
    this.#books = kinds.map(({ how, on, onAs, off, offAs }) => {
      const book = new Channels(this.#port(how, on, off))
      methods[on] = methods[onAs] = this.#subscribe(how, book, self[on])
      methods[off] = methods[offAs] = this.#unsubscribe(book, self[off])
      return book
    })
    this.methods = methods
    self.on('ready', () => this.#follow())
    self.on('end', () => this.#rest())
  }

  #subscribe(how: How, book: Channels, native: Subscribe): Subscribe {
    return async (channels, listener, bufferMode) => {
      const names = [channels].flat()
      const managed = names.filter((name) => typeof name === 'string' && this.#isManaged(name, how))
      // A cluster subscribes listeners of ours again, by the names of the server, when a node is gone.
      if (managed.length === 0 || isOurs(listener)) return native.call(this.self, channels, listener, bufferMode)
      this.#unfollow ??= this.wrapping.source.subscribe(() => this.#follow())
      const others = names.filter((name) => !managed.includes(name))
      const own = book.subscribe(managed.map(bytesOf), listener, bufferMode === true)
      await Promise.all([own, others.length > 0 && native.call(this.self, others, listener, bufferMode)])
    }
  }

  #unsubscribe(book: Channels, native: Unsubscribe): Unsubscribe {
    return async (channels, listener, bufferMode) => {
      if (channels === undefined) {
        book.clear()
        await native.call(this.self)
      } else {
        const names = [channels].flat()
        const managed = names.filter((name) => typeof name === 'string' && book.has(bytesOf(name)))
        const others = names.filter((name) => !managed.includes(name))
        const own = book.unsubscribe(managed.map(bytesOf), listener, bufferMode === true)
        await Promise.all([own, others.length > 0 && native.call(this.self, others, listener, bufferMode)])
      }
      if (this.#books.every((one) => one.isEmpty)) this.#rest()
    }
  }

  #isManaged(name: string, how: How): boolean {
    return this.#understand(bytesOf(name), how).units.size > 0
  }

  #understand(name: string, how: How): Asked {
    return understand(name, how, this.wrapping.schema, this.#sides(), this.#context(how))
  }

  #sides(): Sides {
    return sidesNow(this.wrapping.schema, (family) => this.wrapping.source.phaseOf(family))
  }

  /** node-redis puts its key prefix before no channel; but keyspace notifications are about keys that have it. */
  #context(how: How): PlanContext {
    const context = this.wrapping.contextFor(this.db(), false)
    const { keyPrefix = '' } = this.wrapping
    return how === 'shard' ? context : { ...context, keyPrefix: Buffer.from(keyPrefix).toString('latin1') }
  }

  #port(how: How, on: On, off: Off): ChannelPort {
    // Those of node-redis itself, since ours take their place.
    const { self } = this
    const [subscribe, unsubscribe] = [self[on], self[off]]
    const text = (name: string): string => argOf(name).toString()
    return {
      how,
      sides: () => this.#sides(),
      understand: (name) => this.#understand(name, how),
      logical: (name) => logicalChannel(name, how === 'pattern' ? 'channel' : how, this.#context(how)),
      isSecond: (name, payload, sides) => isSecondEvent(name, payload, sides, this.#context(how)),
      subscribe: (name, listener) => subscribe.call(self, text(name), listener as Listener, true),
      async unsubscribe(names) {
        // Without a listener: those of these names are all ours. A cluster finds the node of shard channels by the first.
        if (how !== 'shard') await unsubscribe.call(self, names.map(text))
        else for (const name of names) await unsubscribe.call(self, text(name))
      },
      answer: () => unsubscribe.call(self, nobody),
    }
  }

  #follow(): void {
    if (this.#books.every((book) => book.isEmpty)) return
    this.#unfollow ??= this.wrapping.source.subscribe(() => this.#follow())
    if (!this.self.isOpen) return
    for (const book of this.#books) book.follow().catch((error: unknown) => this.#report(error))
  }

  /** A source may live longer than its clients, and must not keep them. */
  #rest(): void {
    this.#unfollow = void this.#unfollow?.()
  }

  #report(error: unknown): void {
    // A connection that broke is followed by another, and "ready" starts over.
    if (!isServerError(error) || this.self.listenerCount('error') === 0) return
    const message = `the subscriptions cannot go over to the names of the phase: ${error.message}`
    const hint = 'the user of this connection needs permission for the channels under both names'
    this.self.emit('error', new CanonicalRedisError('E_UNSUPPORTED', message, { hint, cause: error }))
  }
}
