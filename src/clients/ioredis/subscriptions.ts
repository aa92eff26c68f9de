/**
 * Channels under the names of the phase: what was subscribed to, what it is called now, and the way from one to the
 * other without a message lost or doubled.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { phaseTable } from '../../phases/index.js'
import type { Sender } from './sender.js'
import type { RawCommand } from './types.js'
import type { Wrapping } from './wrapping.js'

interface Subscription {
  /** The name the caller used. */
  readonly asked: string
  readonly family: string
  readonly names: { readonly canonical: string; readonly alias: string }
  /** The name whose messages are delivered. */
  active: string
  moving: boolean
}

/** The managed channels of one connection. */
export class Subscriptions {
  readonly #byName = new Map<string, Subscription>()
  #like: RawCommand | undefined
  #unfollow: (() => void) | undefined

  constructor(
    readonly sender: Sender,
    readonly wrapping: Wrapping,
  ) {}

  /** Puts the names of the phase into a SUBSCRIBE; gives its arguments. */
  subscribe(command: RawCommand): Arg[] {
    return command.args.map((arg) => {
      const found = this.#find(arg)
      if (found === undefined) return arg
      this.#like = command
      this.#unfollow ??= this.wrapping.source.subscribe(() => this.#follow())
      const known = this.#known(found)
      if (known) return known.active
      this.#byName.set(found.active, found)
      return found.active
    })
  }

  /** Puts the names now subscribed to into an UNSUBSCRIBE, and forgets them; without arguments, all. */
  unsubscribe(command: RawCommand): Arg[] {
    if (command.args.length === 0) this.#byName.clear()
    const args = command.args.map((arg) => {
      const found = this.#find(arg)
      const known = found && this.#known(found)
      if (known === undefined) return arg
      this.#byName.delete(known.active)
      return known.active
    })
    if (this.#byName.size === 0) this.#unfollow = void this.#unfollow?.()
    return args
  }

  /**
   * The name to deliver a message under, or undefined when it is the second copy of a message published under both
   * names (while a subscription moves, it has both).
   */
  deliver(channel: string): string | undefined {
    const active = this.#byName.get(channel)
    if (active) return active.asked
    for (const one of this.#byName.values()) {
      if (one.moving && (one.names.alias === channel || one.names.canonical === channel)) return undefined
    }
    return channel
  }

  #find(arg: Arg): Subscription | undefined {
    const asked = arg.toString()
    const key = this.wrapping.schema.mapper.resolveChannel(asked)
    const alias = key?.aliases[0]?.name
    if (key === undefined || alias === undefined) return undefined
    const names = { canonical: key.canonical, alias }
    return { asked, family: key.family, names, active: this.#nameNow(key.family, names), moving: false }
  }

  #known(found: Subscription): Subscription | undefined {
    return this.#byName.get(found.names.alias) ?? this.#byName.get(found.names.canonical)
  }

  #nameNow(family: string, names: Subscription['names']): string {
    return names[phaseTable[this.wrapping.source.phaseOf(family)].subscribe]
  }

  #follow(): void {
    for (const one of [...this.#byName.values()]) void this.#move(one)
  }

  /**
   * SUBSCRIBE the new name, then UNSUBSCRIBE the old. In both phases a publisher sends to both names in one unit, so
   * the answer to UNSUBSCRIBE divides the messages: those before it came under the old name too, those after it did
   * not. The flip has to happen in the very callback of that answer, since the next message may be in the same packet.
   */
  async #move(one: Subscription): Promise<void> {
    const next = this.#nameNow(one.family, one.names)
    if (one.moving || next === one.active || this.#like === undefined) return
    one.moving = true
    try {
      await this.sender.own(this.#like, ['subscribe', next])
      if (this.#byName.get(one.active) !== one) {
        await this.sender.own(this.#like, ['unsubscribe', next])
        return
      }
      await this.sender.own(this.#like, ['unsubscribe', one.active], () => {
        this.#byName.delete(one.active)
        one.active = next
        this.#byName.set(next, one)
      })
    } finally {
      one.moving = false
    }
    await this.#move(one)
  }
}

/** Events whose first argument is a channel name. */
export const messageEvents: ReadonlySet<string> = new Set(['message', 'messageBuffer'])
