/**
 * How a run went over time: for the report's chart of speed, in bounded memory.
 *
 * @module
 */
import type { Progress } from '../../migrate/types/index.js'

/** How far a run was at a moment. */
export interface Moment {
  /** Milliseconds since it began. */
  readonly ms: number
  readonly scanned: number
}

/** What a run waited for, and about how long. */
export interface Wait {
  readonly reason: string
  readonly times: number
  readonly ms: number
}

const MOST = 240

/** The reason without its figures, which change from wait to wait. */
export const reasonOf = (waitingFor: string): string => waitingFor.split(/[:;,(]/)[0]!.trim()

/** Gathers what progress events say. */
export class Timeline {
  #moments: Moment[] = []
  /** Milliseconds between two moments that are kept at least. */
  #step = 100
  readonly #waits = new Map<string, { times: number; ms: number }>()
  #waiting: { reason: string; since: number } | undefined

  add({ elapsedMs, scanned, waitingFor }: Progress): void {
    if (this.#waiting) {
      const { reason, since } = this.#waiting
      const wait = this.#waits.get(reason) ?? { times: 0, ms: 0 }
      this.#waits.set(reason, { times: wait.times + 1, ms: wait.ms + elapsedMs - since })
    }
    this.#waiting = waitingFor === undefined ? undefined : { reason: reasonOf(waitingFor), since: elapsedMs }
    const last = this.#moments.at(-1)
    if (last && elapsedMs - last.ms < this.#step) return
    this.#moments.push({ ms: elapsedMs, scanned })
    if (this.#moments.length <= MOST) return
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0)
    this.#step *= 2
  }

  get moments(): readonly Moment[] {
    return this.#moments
  }

  /** The longest first. */
  get waits(): readonly Wait[] {
    return [...this.#waits].map(([reason, wait]) => ({ reason, ...wait })).sort((a, b) => b.ms - a.ms)
  }
}
