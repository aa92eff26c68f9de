/**
 * Holds a run back: to a rate, and for the sake of the servers. It always says why.
 *
 * @module
 */
import type { Server } from '../../clients/servers.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Load } from './load.js'
import { pressure, type Limits } from './pressure.js'

/** Time, and what happens while it passes. */
export interface Clock {
  now(): number
  /** Resolves after so many milliseconds, or when the run is to end. */
  sleep(ms: number): Promise<void>
}

/** What a pacer needs to know. */
export interface PacerOptions {
  /** Logical keys a second; Infinity for no limit. */
  readonly rate: number
  readonly limits: Limits
  readonly clock: Clock
  /** How a server is doing; undefined when it does not tell. */
  readonly loadOf: (server: Server) => Promise<Load | undefined>
  /** Told what the run waits for, each time before it waits. */
  readonly onWait: (reason: string) => void | Promise<void>
  /** Is the run to end? Then nothing waits any more. */
  readonly isStopped: () => boolean
}

/** A server is asked at most so often, in milliseconds. */
const LOOK_MS = 250

/** Between two looks at a server that is under pressure. */
const RETRY_MS = 100

/** Lets logical keys through. One for a run. */
export class Pacer {
  readonly #options: PacerOptions
  readonly #looked = new Map<string, { at: number; fastest: number }>()
  #next = 0

  constructor(options: PacerOptions) {
    this.#options = options
  }

  /** Logical keys in one go at most: a tenth of a second's worth, so that a low rate is a steady one. */
  get portion(): number {
    return Math.max(1, Math.floor(this.#options.rate / 10))
  }

  /**
   * Waits until so many keys may go to this server.
   * @throws CanonicalRedisError `E_OVERLOADED` when patience has run out
   */
  async admit(server: Server, keys: number): Promise<void> {
    await this.#pressure(server)
    await this.#rate(keys)
  }

  async #rate(keys: number): Promise<void> {
    const { rate, clock, onWait, isStopped } = this.#options
    if (rate === Infinity) return
    const now = clock.now()
    const start = Math.max(now, this.#next)
    this.#next = start + (keys * 1000) / rate
    if (start <= now || isStopped()) return
    await onWait(`the rate of ${rate} keys a second`)
    await clock.sleep(start - now)
  }

  async #pressure(server: Server): Promise<void> {
    const { limits, clock, loadOf, onWait, isStopped } = this.#options
    if (Object.values(limits).every((limit) => limit === Infinity)) return
    const looked = this.#looked.get(server.address) ?? { at: -Infinity, fastest: Infinity }
    this.#looked.set(server.address, looked)
    const since = clock.now()
    if (since - looked.at < LOOK_MS) return
    for (;;) {
      const load = await loadOf(server)
      looked.at = clock.now()
      if (load === undefined) return
      looked.fastest = Math.min(looked.fastest, load.answeredIn)
      const reason = pressure(load, limits, looked.fastest)
      if (reason === undefined || isStopped()) return
      if (looked.at - since > limits.patience) throw overloaded(server, reason, limits.patience)
      await onWait(reason)
      await clock.sleep(RETRY_MS)
    }
  }
}

function overloaded({ address }: Server, reason: string, patience: number): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_OVERLOADED',
    `Expected ${address} to have room for this run within ${patience / 1000} s, but it still waits for ${reason}.`,
    { hint: 'What was done stays done. Run it again at a quieter time, or set other limits with { throttle }.' },
  )
}
