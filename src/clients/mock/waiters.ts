/**
 * The connections that wait for a key: served in the order in which they came, after whatever was done before.
 *
 * @module
 */
import type { Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { readyNames, type Wait } from './waits.js'

/** A connection that waits. */
export interface Waiter {
  readonly wait: Wait
  readonly context: Context
  /** Answers it; null where the time is over. */
  readonly done: (reply: Reply) => void
}

/** Everybody who waits for a key of one server. */
export class Waiters {
  readonly #waiting = new Map<Waiter, NodeJS.Timeout | undefined>()

  /** @param onTimeout called when the time is over, unless it was served or left */
  add(waiter: Waiter, onTimeout: () => void): void {
    const { timeout = 0 } = waiter.wait
    this.#waiting.set(waiter, timeout > 0 ? setTimeout(onTimeout, timeout) : undefined)
  }

  /** Did it still wait? */
  leave(waiter: Waiter): boolean {
    clearTimeout(this.#waiting.get(waiter))
    return this.#waiting.delete(waiter)
  }

  /** Serves whom it can; what one moves on may be what another waits for. */
  serve(): void {
    for (let served = true; served;) {
      served = false
      for (const waiter of this.#waiting.keys()) {
        const reply = tryAgain(waiter)
        if (reply === null) continue
        this.leave(waiter)
        waiter.done(reply)
        served = true
      }
    }
  }
}

function tryAgain({ wait, context }: Waiter): Reply {
  const end = wait.ended?.()
  if (end) return end
  const ready = readyNames(context, wait)
  if (ready.length === 0) return null
  try {
    return wait.attempt(ready)
  } catch (error) {
    if (error instanceof ReplyError) return error
    throw error
  }
}
