/**
 * The phase of a mock: held in memory, and changed to any other at once.
 *
 * @module
 */
import { HeldPhases } from '../../phases/held.js'
import {
  constantPhase,
  pathBetween,
  trust,
  type Phase,
  type PhaseSetting,
  type PhaseSource,
} from '../../phases/index.js'

/** Phases that a test moves as it likes. */
export class MockPhase {
  readonly #held: HeldPhases
  readonly #first: PhaseSetting
  readonly source: PhaseSource

  /** @throws {@link CanonicalRedisError} `E_BAD_PHASE` */
  constructor(first: PhaseSetting) {
    const held = new HeldPhases(first)
    this.#held = held
    this.#first = first
    this.source = trust({
      phaseOf: (family) => held.phaseOf(family),
      subscribe: (listener) => held.subscribe(listener),
      set: (phase, family) => held.set(phase, family),
    })
  }

  /** Takes one step after the other, each of them allowed. @throws {@link CanonicalRedisError} `E_BAD_PHASE` */
  walk(to: Phase, family?: string): void {
    // What is no phase has no path; this refuses it.
    constantPhase(to)
    for (const step of pathBetween(this.#held.phaseOf(family ?? ''), to)) this.#held.set(step, family)
  }

  /** Back to the first setting. @param families of the schema */
  startOver(families: Iterable<string>): void {
    const first = constantPhase(this.#first)
    this.walk(first.phaseOf(''))
    for (const family of families) this.walk(first.phaseOf(family), family)
    // All are where they began; this forgets which of them were set one by one, so that they follow the others again.
    this.#held.replace(this.#first)
  }
}
