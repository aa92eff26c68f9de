/**
 * The subscriptions of one kind on one connection: what the caller asked for, what the server was told, and the way
 * from one phase to the next without a message lost or doubled.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import {
  activeName,
  argOf,
  bytesOf,
  changedUnits,
  nameFor,
  serverNames,
  type Asked,
  type LogicalChannel,
  type Sides,
} from '../../plan/index.js'

interface Entry extends Asked {
  /** The UNSUBSCRIBE that is on its way. */
  leaving: object | undefined
  /** From the answer to SUBSCRIBE to the answer to UNSUBSCRIBE: what comes between belongs to the caller. */
  heard: boolean
}

/** What a book needs of its connection. Names are bytes. */
export interface BookPort {
  /** Tells the server. `onReply` is called with the answer, before anything behind it is read. */
  subscribe(names: readonly string[], onReply: () => void): Promise<unknown>
  unsubscribe(names: readonly string[], onReply?: () => void): Promise<unknown>
  /** May a command of ours be sent now? Asked again when it could not. */
  isOpen(): boolean
  /** The sides that the phases ask for now. */
  sides(): Sides
  understand(name: string): Asked
}

/** A caller's command as it goes to the server. `repeat`: a SUBSCRIBE that changes nothing takes its place. */
export interface Sent {
  readonly names: readonly string[]
  readonly repeat: boolean
  /** To be called with the answer. */
  readonly done: () => void
  readonly failed: () => void
}

const isAsked = (entry: Entry): boolean => entry.leaving === undefined

/** See the module. */
export class Book {
  readonly #entries = new Map<string, Entry>()
  readonly #byChannel = new Map<string, Set<Entry>>()
  /** What the server will have once it has read everything that was sent. */
  readonly #onServer = new Set<string>()
  /** The sides whose messages are shown. */
  #sides: Sides
  /** The sides to come, which are listened to as well, and the names that this takes. */
  #next: { readonly sides: Sides; readonly added: readonly string[] } | undefined
  #move: object | undefined

  constructor(readonly port: BookPort) {
    this.#sides = port.sides()
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** How many subscriptions the server has more than the caller asked for. */
  get surplus(): number {
    let asked = 0
    for (const entry of this.#entries.values()) if (isAsked(entry)) asked++
    return this.#onServer.size - asked
  }

  subscribe(asked: readonly string[]): Sent {
    // Nothing was listened to, so there is nothing to come from.
    if (this.isEmpty) this.#sides = this.port.sides()
    const added = asked.filter((name) => {
      const entry = this.#entries.get(name)
      return entry === undefined || !isAsked(entry)
    })
    const entries = asked.map((name) => this.#enter(name))
    const names = this.#namesOf(entries)
    for (const name of names) this.#onServer.add(name)
    return {
      names,
      repeat: false,
      done: () => {
        for (const entry of entries) entry.heard = true
      },
      failed: () => {
        this.#drop(added)
        const wanted = this.#wanted()
        for (const name of names) if (!wanted.has(name)) this.#onServer.delete(name)
      },
    }
  }

  /** Without names: all of them. */
  unsubscribe(asked: readonly string[]): Sent {
    const leaving = (asked.length > 0 ? asked : [...this.#entries.keys()]).map((name) => this.#entries.get(name))
    const token = {}
    for (const entry of leaving) if (entry) entry.leaving = token
    const mine = (): Entry[] => leaving.filter((entry) => entry?.leaving === token) as Entry[]
    const done = (): void => {
      for (const entry of leaving) if (entry) entry.heard = false
      this.#drop(mine().map((entry) => entry.name))
    }
    const failed = (): void => mine().forEach((entry) => (entry.leaving = undefined))
    if (asked.length === 0) {
      this.#onServer.clear()
      return { names: [], repeat: false, done, failed }
    }
    const understood = asked.map((name, i) => leaving[i] ?? this.port.understand(name))
    const wanted = new Set(this.#namesOf(understood.flatMap((one) => this.#rivals(one)).filter(isAsked)))
    const given = asked.flatMap((name, i) => (leaving[i] ? this.#namesOf([leaving[i]]) : [name]))
    const names = [...new Set(given)].filter((name) => !wanted.has(name))
    for (const name of names) this.#onServer.delete(name)
    if (names.length > 0) return { names, repeat: false, done, failed }
    // All of them are still wanted under another name of the caller's, and UNSUBSCRIBE without names means all.
    return { names: given.slice(0, 1), repeat: true, done, failed }
  }

  /** The names to show a message under: one for each name of this channel that was asked for. */
  channelsFor(name: string, channel: LogicalChannel | undefined): string[] {
    if (channel === undefined) return [name]
    if (activeName(channel, this.#sides) !== name) return []
    const entries = [...(this.#byChannel.get(channel.names.canonical) ?? [])]
    return entries.filter((entry) => entry.heard).map((entry) => entry.name)
  }

  /** The asked patterns that a message belongs to, and the name to show each. */
  patternsFor(server: string, name: string, channel: LogicalChannel | undefined): [pattern: string, name: string][] {
    if (channel === undefined) return this.#entries.get(server)?.heard ? [[server, name]] : []
    if (activeName(channel, this.#sides) !== name) return []
    const side = this.#sides.get(channel.unit) ?? 'canonical'
    return [...this.#entries.values()].flatMap((entry): [string, string][] => {
      if (!entry.heard || entry.carriers.get(channel.unit)?.[side] !== server) return []
      const shown = nameFor(entry.name, channel, this.#sides)
      return shown === undefined ? [] : [[entry.name, shown]]
    })
  }

  /** The bytes of a name as an event has it: ioredis spells it as text, which not all bytes survive. */
  bytesOf(name: Arg): string {
    const broken = typeof name === 'string' && name.includes('\ufffd')
    const sent = broken ? [...this.#onServer].find((bytes) => argOf(bytes).toString() === name) : undefined
    return sent ?? bytesOf(name)
  }

  /** The sides whose messages are shown now. */
  get sides(): Sides {
    return this.#sides
  }

  /**
   * Goes over to the sides that the phases ask for: SUBSCRIBE the new names, turn at the answer, UNSUBSCRIBE the old.
   *
   * In both phases a publisher sends to both names in one unit, so any answer of the server's divides the messages:
   * before it both copies of a message have come, or neither. The turn has to happen in the very callback of that
   * answer, since the next message may be in the same packet.
   *
   * @throws when the server refuses, or the connection is gone; a later call goes on from there.
   */
  async follow(): Promise<void> {
    if (this.#move) return
    const move = (this.#move = {})
    try {
      while (this.port.isOpen()) {
        const next = this.port.sides()
        const units = changedUnits(this.#sides, next)
        if (units.size > 0) await this.#turn(next, units)
        else if (!(await this.#leaveSurplus())) break
        if (this.#move !== move) return
      }
    } finally {
      if (this.#move === move) this.abandon()
    }
  }

  /** Gives up a move whose commands will never be answered. */
  abandon(): void {
    for (const name of this.#next?.added ?? []) this.#onServer.delete(name)
    this.#move = undefined
    this.#next = undefined
  }

  /** The connection is new, and nobody subscribes again. */
  forget(): void {
    this.abandon()
    this.#drop([...this.#entries.values()].filter((entry) => entry.heard).map((entry) => entry.name))
    this.#onServer.clear()
    for (const name of this.#wanted()) this.#onServer.add(name)
  }

  async #turn(next: Sides, units: ReadonlySet<string>): Promise<void> {
    const affected = [...this.#entries.values()].filter((entry) => [...entry.units].some((unit) => units.has(unit)))
    const wanted = [...new Set(affected.filter(isAsked).flatMap((entry) => serverNames(entry, next)))]
    const added = wanted.filter((name) => !this.#onServer.has(name))
    for (const name of added) this.#onServer.add(name)
    const coming = (this.#next = { sides: next, added })
    const turn = (): void => {
      if (this.#next !== coming) return
      this.#sides = next
      this.#next = undefined
    }
    const [any] = affected.flatMap((entry) => serverNames(entry, this.#sides))
    if (added.length > 0) await this.port.subscribe(added, turn)
    else if (any === undefined) turn()
    // With nothing to add, a command that changes nothing on the server: what is needed is its answer.
    else await this.port[this.#onServer.has(any) ? 'subscribe' : 'unsubscribe']([any], turn)
  }

  async #leaveSurplus(): Promise<boolean> {
    const wanted = this.#wanted()
    const surplus = [...this.#onServer].filter((name) => !wanted.has(name))
    if (surplus.length === 0) return false
    for (const name of surplus) this.#onServer.delete(name)
    await this.port.unsubscribe(surplus)
    return true
  }

  #wanted(): Set<string> {
    return new Set(this.#namesOf([...this.#entries.values()].filter(isAsked)))
  }

  #namesOf(entries: readonly Asked[]): string[] {
    const views = this.#next ? [this.#sides, this.#next.sides] : [this.#sides]
    return [...new Set(views.flatMap((sides) => entries.flatMap((entry) => serverNames(entry, sides))))]
  }

  /** The entries that may want the same names; of thousands of channels those of one, since this is for each command. */
  #rivals({ name, channel, carriers }: Asked): Entry[] {
    if (carriers.size > 0) return [...this.#entries.values()]
    if (channel) return [...(this.#byChannel.get(channel.names.canonical) ?? [])]
    const same = this.#entries.get(name)
    return same ? [same] : []
  }

  #enter(name: string): Entry {
    const found = this.#entries.get(name)
    if (found) {
      found.leaving = undefined
      return found
    }
    const entry = { ...this.port.understand(name), leaving: undefined, heard: false }
    this.#entries.set(name, entry)
    const id = entry.channel?.names.canonical
    if (id !== undefined) this.#byChannel.set(id, (this.#byChannel.get(id) ?? new Set<Entry>()).add(entry))
    return entry
  }

  #drop(names: readonly string[]): void {
    for (const name of names) {
      const entry = this.#entries.get(name)
      this.#entries.delete(name)
      const id = entry?.channel?.names.canonical
      if (entry === undefined || id === undefined) continue
      const others = this.#byChannel.get(id)
      others?.delete(entry)
      if (others?.size === 0) this.#byChannel.delete(id)
    }
  }
}
