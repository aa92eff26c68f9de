/**
 * Work that goes on, round after round, while something else happens to the server.
 *
 * @module
 */
import { until } from '../clients.js'

/** Loops that run until they are stopped. What one of them throws comes out of {@link Work.rounds} and {@link Work.stop}. */
export class Work {
  readonly #loops: { readonly name: string; rounds: number; readonly ended: Promise<void> }[] = []
  #stopped = false
  #failure: Error | undefined

  /** Begins a loop. `step` is given the number of its round, from 0 on. */
  loop(name: string, step: (round: number) => Promise<void>): void {
    const run = async (): Promise<void> => {
      try {
        while (!this.#stopped) await step(one.rounds++)
      } catch (error) {
        this.#failure ??= new Error(`${name} failed in round ${one.rounds - 1}`, { cause: error })
        this.#stopped = true
      }
    }
    // The first step begins in the next tick: it reads `one`.
    const one = { name, rounds: 0, ended: Promise.resolve().then(run) }
    this.#loops.push(one)
  }

  /** Waits until every loop has begun and finished at least one further step. */
  async rounds(): Promise<void> {
    const wanted = this.#loops.map((one) => one.rounds + 2)
    await until(
      'every loop to go round',
      () => this.#stopped || this.#loops.every(({ rounds }, i) => rounds >= wanted[i]!),
      60_000,
    )
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends the loops after the step at hand; gives the rounds of each. */
  async stop(): Promise<Record<string, number>> {
    this.#stopped = true
    await Promise.all(this.#loops.map(({ ended }) => ended))
    if (this.#failure !== undefined) throw this.#failure
    return Object.fromEntries(this.#loops.map(({ name, rounds }) => [name, rounds]))
  }
}
