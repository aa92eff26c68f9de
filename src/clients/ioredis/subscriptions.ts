/**
 * Channels under the names of the phase: the subscribe commands of one connection, and its message events.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import {
  argOf,
  bytesOf,
  invalidated,
  isSecondEvent,
  logicalChannel,
  nameLike,
  sidesNow,
  understand,
  type Listening,
  type PlanContext,
  type Sides,
} from '../../plan/index.js'
import type { Route, Sender } from './sender.js'
import { Book, type BookPort, type Sent } from './subscription-book.js'
import type { RawCommand } from './types.js'
import type { Wrapping } from '../shared/wrapping.js'

interface Verb {
  readonly how: Listening
  readonly leaves: boolean
}

const verbs: Readonly<Record<string, Verb>> = {
  subscribe: { how: 'channel', leaves: false },
  unsubscribe: { how: 'channel', leaves: true },
  psubscribe: { how: 'pattern', leaves: false },
  punsubscribe: { how: 'pattern', leaves: true },
  ssubscribe: { how: 'shard', leaves: false },
  sunsubscribe: { how: 'shard', leaves: true },
}

const commandsOf: Readonly<Record<Listening, { on: string; off: string }>> = {
  channel: { on: 'subscribe', off: 'unsubscribe' },
  pattern: { on: 'psubscribe', off: 'punsubscribe' },
  shard: { on: 'ssubscribe', off: 'sunsubscribe' },
}

/** Events that carry channel names, and the kind of subscription that they come of. */
export const messageEvents: ReadonlyMap<string, Listening> = new Map([
  ['message', 'channel'],
  ['messageBuffer', 'channel'],
  ['pmessage', 'pattern'],
  ['pmessageBuffer', 'pattern'],
  ['smessage', 'shard'],
  ['smessageBuffer', 'shard'],
])

/** The channel of invalidation messages for client-side caches; its payload is a list of keys, or null. */
const invalidation = '__redis__:invalidate'

/** The channels of one connection. */
export class Subscriptions {
  /** One for each kind; on a cluster shard channels have one for each slot, since each slot has its own connection. */
  readonly #books = new Map<string, { readonly how: Listening; readonly book: Book }>()
  #like: RawCommand | undefined
  #unfollow: (() => void) | undefined

  /** @param isHeld Nothing of ours may be sent now: a transaction of the caller's is open. */
  constructor(
    readonly sender: Sender,
    readonly wrapping: Wrapping,
    readonly isHeld: () => boolean,
  ) {}

  /** Is nothing subscribed to on this connection? */
  get isEmpty(): boolean {
    return [...this.#books.values()].every(({ book }) => book.isEmpty)
  }

  /** Sends a subscribe command under the names of the phase. Its reply counts what the caller asked for. */
  send(name: string, command: RawCommand, route: Route): unknown {
    const verb = verbs[name]
    if (verb === undefined) return undefined
    this.#begin(command)
    const parts = this.#parts(verb.how, command.args).map(([book, asked]) =>
      verb.leaves ? book.unsubscribe(asked) : book.subscribe(asked),
    )
    const changing = parts.filter((part) => !part.repeat)
    const [repeated] = parts
    const names = changing.length > 0 || !repeated ? changing.flatMap((part) => part.names) : repeated.names
    if (changing.length === 0 && repeated) command.name = commandsOf[verb.how].on
    this.#settle(command, parts, this.#surplus(verb.how))
    return this.sender.rewritten(command, { role: 'op', argv: [command.name, ...names.map(argOf)] }, route)
  }

  /** The arguments to call a listener with: none, or several times when the caller asked under several names. */
  deliver(event: string, args: readonly unknown[]): (readonly unknown[])[] {
    const how = messageEvents.get(event)
    const books = this.#booksOf(how)
    if (books.length === 0) return [args]
    return books.flatMap((book) => (how === 'pattern' ? this.#matched(book, args) : this.#heard(book, how, args)))
  }

  /** Goes over to the phase, if the connection is there. */
  follow(): void {
    for (const { book } of this.#books.values()) {
      book.follow().catch((error: Error) => this.#report(error))
    }
  }

  /** The same once a command has been answered: it ends a transaction, in which nothing could be sent. */
  followAfter(command: RawCommand): void {
    if (this.#books.size === 0) return
    const follow = (): void => this.follow()
    command.promise.then(follow, follow)
  }

  #heard(book: Book, how: Listening | undefined, args: readonly unknown[]): (readonly unknown[])[] {
    const [given, payload] = args as [Arg, Arg, ...unknown[]]
    const name = book.bytesOf(given)
    const context = this.#context()
    if (name === invalidation && Array.isArray(payload)) return [[given, invalidated(payload, book.sides, context)]]
    if (isSecondEvent(name, payload, book.sides, context)) return []
    const channel = logicalChannel(name, how ?? 'channel', context)
    return book.channelsFor(name, channel).map((shown) => [nameLike(given, shown), ...args.slice(1)])
  }

  #matched(book: Book, args: readonly unknown[]): (readonly unknown[])[] {
    const [pattern, given, payload] = args as [Arg, Arg, Arg]
    const name = bytesOf(given)
    const context = this.#context()
    if (isSecondEvent(name, payload, book.sides, context)) return []
    const channel = logicalChannel(name, 'channel', context)
    return book
      .patternsFor(book.bytesOf(pattern), name, channel)
      .map(([asked, shown]) => [nameLike(pattern, asked), nameLike(given, shown), ...args.slice(2)])
  }

  #parts(how: Listening, args: readonly Arg[]): [Book, string[]][] {
    if (args.length === 0) return this.#booksOf(how).map((book) => [book, []])
    const parts = new Map<Book, string[]>()
    for (const name of args.map(bytesOf)) {
      const book = this.#bookFor(how, name)
      parts.set(book, [...(parts.get(book) ?? []), name])
    }
    return [...parts]
  }

  #bookFor(how: Listening, name: string): Book {
    const context = this.#context()
    const slotOf = how === 'shard' ? context.slotOf : undefined
    const id = slotOf ? `shard ${slotOf(argOf(logicalChannel(name, how, context)?.names.canonical ?? name))}` : how
    const found = this.#books.get(id)
    if (found) return found.book
    const book = new Book(this.#port(how))
    this.#books.set(id, { how, book })
    return book
  }

  #booksOf(how: Listening | undefined): Book[] {
    return [...this.#books.values()].filter((one) => one.how === how).map((one) => one.book)
  }

  #port(how: Listening): BookPort {
    const { on, off } = commandsOf[how]
    const sides = (): Sides => sidesNow(this.wrapping.schema, (family) => this.wrapping.source.phaseOf(family))
    const send = (verb: string, names: readonly string[], onReply?: () => void): Promise<unknown> =>
      this.sender.own(this.#like as RawCommand, [verb, ...names.map(argOf)], onReply)
    return {
      subscribe: (names, onReply) => send(on, names, onReply),
      unsubscribe: (names, onReply) => send(off, names, onReply),
      // Before the connection is ready ioredis has not subscribed again yet, and would do so behind our commands.
      isOpen: () => this.sender.client.status === 'ready' && !this.isHeld(),
      sides,
      understand: (name) => understand(name, how, this.wrapping.schema, sides(), this.#context()),
    }
  }

  #begin(command: RawCommand): void {
    this.#watch()
    if (this.#like) return
    this.#like = command
    const { client } = this.sender
    client.on('ready', () => {
      if (!this.isEmpty) this.#watch()
      this.follow()
    })
    client.on('close', () => this.#onClose())
    client.on('end', () => this.#rest())
  }

  #watch(): void {
    this.#unfollow ??= this.wrapping.source.subscribe(() => this.follow())
  }

  #onClose(): void {
    const { autoResubscribe, autoResendUnfulfilledCommands } = this.sender.client.options
    for (const { book } of this.#books.values()) {
      if (autoResubscribe === false) book.forget()
      // Commands on their way will never be answered.
      else if (autoResendUnfulfilledCommands === false) book.abandon()
    }
  }

  /** A source may live longer than its clients, and must not keep them. */
  #rest(): void {
    this.#unfollow = void this.#unfollow?.()
  }

  #settle(command: RawCommand, parts: readonly Sent[], surplus: number): void {
    const { resolve, reject } = command
    command.resolve = (reply) => {
      for (const part of parts) part.done()
      if (this.isEmpty) this.#rest()
      return resolve.call(command, counted(reply, surplus))
    }
    command.reject = (error) => {
      for (const part of parts) part.failed()
      reject.call(command, error)
    }
  }

  /** The server counts channels and patterns together, and shard channels by themselves. */
  #surplus(how: Listening): number {
    const counted: readonly Listening[] = how === 'shard' ? ['shard'] : ['channel', 'pattern']
    return counted.flatMap((one) => this.#booksOf(one)).reduce((sum, book) => sum + book.surplus, 0)
  }

  #context(): PlanContext {
    return this.wrapping.contextFor(this.sender.client.condition?.select ?? 0, false)
  }

  #report(error: Error): void {
    const { client } = this.sender
    // A connection that broke is followed by another, and "ready" starts over.
    if (error.name !== 'ReplyError' || client.listenerCount('error') === 0) return
    const message = `the subscriptions cannot go over to the names of the phase: ${error.message}`
    const hint = 'the user of this connection needs permission for the channels under both names'
    client.emit('error', new CanonicalRedisError('E_UNSUPPORTED', message, { hint, cause: error }))
  }
}

/** Inside MULTI the reply is QUEUED; with `stringNumbers` a count is a string. */
function counted(reply: unknown, surplus: number): unknown {
  if (surplus === 0 || Number.isNaN(Number(reply))) return reply
  const count = Number(reply) - surplus
  return typeof reply === 'string' ? String(count) : count
}
