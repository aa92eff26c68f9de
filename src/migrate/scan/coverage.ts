/**
 * Which slots have been walked through: so that what moves from one server to another in the middle is still met.
 *
 * @module
 */
import type { Server } from '../../clients/servers.js'

/** Slots that are done with. Without a cluster there is one. */
export class Coverage {
  readonly #done = new Set<number>()

  get size(): number {
    return this.#done.size
  }

  has(slot: number): boolean {
    return this.#done.has(slot)
  }

  /** The servers that own slots which are still to be walked through. */
  left(servers: readonly Server[]): Server[] {
    return servers.filter(({ slots }) => slots.some((slot) => !this.#done.has(slot)))
  }

  /**
   * A server was walked through from beginning to end. The slots count that it owned before and still owns: keys of all
   * others may have come or gone behind the cursor.
   */
  walked(before: Server, servers: readonly Server[]): void {
    const after = servers.find(({ address }) => address === before.address)
    const owned = new Set(after?.slots)
    for (const slot of before.slots) if (owned.has(slot)) this.#done.add(slot)
  }
}
