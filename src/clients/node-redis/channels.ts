/**
 * The subscriptions of one kind: who of the caller's listens to what, what the server was told, and the way from one
 * phase to the next without a message lost or doubled.
 *
 * A publisher sends to both names of a channel in one unit, the alias first. node-redis says that a subscription stands
 * only some time after the server has: a message that lay in the same packet is heard before. So the change of side is
 * not bound to the server's answer, but each pair of messages is shown by the side that counted when its first came.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import {
  activeName,
  changedUnits,
  nameFor,
  nameLike,
  serverNames,
  type Asked,
  type Listening as How,
  type LogicalChannel,
  type Sides,
} from '../../plan/index.js'
import type { Listener } from './types.js'

/** A listener of ours, which gets messages and names as Buffers. */
type Heard = (message: Buffer, channel: Buffer) => void

/** What the subscriptions need of their client. Names are bytes. */
export interface ChannelPort {
  readonly how: How
  subscribe(name: string, listener: Heard): Promise<void>
  /** All of them at once: a cluster of node-redis 5 closes its connection after each that leaves nothing, and fails the next. */
  unsubscribe(names: readonly string[]): Promise<unknown>
  /** An answer of the server's to a command that changes nothing. */
  answer(): Promise<void>
  /** The sides that the phases ask for now. */
  sides(): Sides
  understand(name: string): Asked
  logical(name: string): LogicalChannel | undefined
  /** Is this the event of a name that the phase does not read? */
  isSecond(name: string, payload: Arg, sides: Sides): boolean
}

interface Entry extends Asked {
  readonly strings: Set<Listener>
  readonly buffers: Set<Listener>
}

/** The first message of a pair, which came under the alias. */
interface First {
  /** The sides that counted when it came. */
  readonly sides: Sides
  readonly payload: Buffer
  /** The names of the server that have brought its second: each brings it once. */
  readonly brought: Set<string>
}

interface OnServer {
  readonly ready: Promise<void>
}

const ours = new WeakSet<object>()

/** Is this a listener of ours, which node-redis subscribes again on another node of a cluster? */
export const isOurs = (listener: unknown): boolean => typeof listener === 'function' && ours.has(listener)

/** See the module. */
export class Channels {
  readonly #entries = new Map<string, Entry>()
  /** By canonical name: a message must not cost more for every other channel that is listened to. */
  readonly #byChannel = new Map<string, Set<Entry>>()
  readonly #onServer = new Map<string, OnServer>()
  /** The sides whose messages are shown. */
  #sides: Sides
  /** The sides to come, whose names are listened to as well. */
  #next: Sides | undefined
  /** During a move, by canonical name. */
  readonly #firsts = new Map<string, First>()
  #isMoving = false

  constructor(readonly port: ChannelPort) {
    this.#sides = port.sides()
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** Adds a listener; resolves when the server listens to all that it takes. */
  async subscribe(names: readonly string[], listener: Listener, buffers: boolean): Promise<void> {
    // Nothing was listened to, so there is nothing to come from.
    if (this.isEmpty) this.#sides = this.port.sides()
    const entries = names.map((name) => this.#enter(name))
    for (const entry of entries) entry[buffers ? 'buffers' : 'strings'].add(listener)
    try {
      await this.#ensure(this.#namesOf(entries))
    } catch (error) {
      this.#remove(names, listener, buffers)
      throw error
    }
  }

  /** Takes a listener away, or all of them; the server is told what nobody needs any more. */
  async unsubscribe(names: readonly string[], listener: Listener | undefined, buffers: boolean): Promise<void> {
    this.#remove(names, listener, buffers)
    await this.#leaveSurplus()
  }

  /** Forgets everything: the server is told to end all subscriptions. */
  clear(): void {
    this.#entries.clear()
    this.#byChannel.clear()
    this.#onServer.clear()
    this.#firsts.clear()
  }

  /**
   * Goes over to the sides that the phases ask for.
   *
   * @throws when the server refuses, or the connection is gone; a later call goes on from there.
   */
  async follow(): Promise<void> {
    if (this.#isMoving) return
    this.#isMoving = true
    try {
      for (;;) {
        const next = this.port.sides()
        if (changedUnits(this.#sides, next).size === 0) break
        this.#next = next
        // A pair whose first came before now must have come whole before the turn, and one around the turn before the end.
        const names = this.#namesOf([...this.#entries.values()])
        if (names.every((name) => this.#onServer.has(name))) await this.port.answer()
        else await this.#ensure(names)
        this.#sides = next
        this.#next = undefined
        if ((await this.#leaveSurplus()) === 0) await this.port.answer()
      }
    } finally {
      this.#isMoving = false
      this.#next = undefined
      this.#firsts.clear()
    }
  }

  #hear(server: string, payload: Buffer, channel: Buffer): void {
    const name = channel.toString('latin1')
    const logical = this.port.logical(name)
    const sides = logical === undefined ? this.#sides : this.#sidesFor(logical, server, name, payload)
    if (this.port.isSecond(name, payload, sides)) return
    if (logical && activeName(logical, sides) !== name) return
    const shown =
      this.port.how === 'pattern' ? this.#matched(server, name, logical, sides) : this.#named(server, logical)
    for (const [entry, as] of shown) deliver(entry, payload, as)
  }

  /**
   * The sides by which a message is shown: those of the first message of its pair. Once the alias has been left, messages
   * come alone, and the last pair must not hide them.
   */
  #sidesFor({ unit, names }: LogicalChannel, server: string, name: string, payload: Buffer): Sides {
    if (!this.#isMoving || !unit.startsWith('channel:')) return this.#sides
    if (name === names.alias) {
      this.#firsts.set(names.canonical, { sides: this.#sides, payload, brought: new Set() })
      return this.#sides
    }
    const first = this.#firsts.get(names.canonical)
    if (first === undefined || first.brought.has(server) || !first.payload.equals(payload)) return this.#sides
    first.brought.add(server)
    return first.sides
  }

  #named(server: string, logical: LogicalChannel | undefined): [Entry, string][] {
    const entry = this.#entries.get(server)
    const entries = logical ? (this.#byChannel.get(logical.names.canonical) ?? []) : entry ? [entry] : []
    return [...entries].map((one) => [one, one.name])
  }

  #matched(server: string, name: string, logical: LogicalChannel | undefined, sides: Sides): [Entry, string][] {
    if (logical === undefined) {
      const entry = this.#entries.get(server)
      return entry ? [[entry, name]] : []
    }
    const side = sides.get(logical.unit) ?? 'canonical'
    return [...this.#entries.values()].flatMap((entry): [Entry, string][] => {
      const shown =
        entry.carriers.get(logical.unit)?.[side] === server ? nameFor(entry.name, logical, sides) : undefined
      return shown === undefined ? [] : [[entry, shown]]
    })
  }

  async #ensure(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => (this.#onServer.get(name) ?? this.#tell(name)).ready))
  }

  #tell(name: string): OnServer {
    const listener: Heard = (message, channel) => this.#hear(name, message, channel)
    ours.add(listener)
    const ready = this.port.subscribe(name, listener)
    const told = { ready }
    this.#onServer.set(name, told)
    ready.catch(() => {
      if (this.#onServer.get(name) === told) this.#onServer.delete(name)
    })
    return told
  }

  async #leaveSurplus(): Promise<number> {
    const wanted = new Set(this.#namesOf([...this.#entries.values()]))
    const surplus = [...this.#onServer.keys()].filter((name) => !wanted.has(name))
    for (const name of surplus) this.#onServer.delete(name)
    if (surplus.length > 0) await this.port.unsubscribe(surplus)
    return surplus.length
  }

  #namesOf(entries: readonly Asked[]): string[] {
    const views = this.#next ? [this.#sides, this.#next] : [this.#sides]
    return [...new Set(views.flatMap((sides) => entries.flatMap((entry) => serverNames(entry, sides))))]
  }

  #enter(name: string): Entry {
    const found = this.#entries.get(name)
    if (found) return found
    const entry = { ...this.port.understand(name), strings: new Set<Listener>(), buffers: new Set<Listener>() }
    this.#entries.set(name, entry)
    const id = entry.channel?.names.canonical
    if (id !== undefined) this.#byChannel.set(id, (this.#byChannel.get(id) ?? new Set<Entry>()).add(entry))
    return entry
  }

  #remove(names: readonly string[], listener: Listener | undefined, buffers: boolean): void {
    for (const name of names) {
      const entry = this.#entries.get(name)
      if (entry === undefined) continue
      if (listener) entry[buffers ? 'buffers' : 'strings'].delete(listener)
      if (listener && entry.strings.size + entry.buffers.size > 0) continue
      this.#entries.delete(name)
      const others = this.#byChannel.get(entry.channel?.names.canonical ?? '')
      others?.delete(entry)
      if (others?.size === 0) this.#byChannel.delete(entry.channel?.names.canonical ?? '')
    }
  }
}

function deliver({ strings, buffers }: Entry, payload: Buffer, name: string): void {
  for (const listener of buffers) listener(payload, Buffer.from(name, 'latin1'))
  if (strings.size === 0) return
  const [message, channel] = [payload.toString(), nameLike('', name)]
  for (const listener of strings) listener(message, channel)
}
