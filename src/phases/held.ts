/**
 * Phases held in memory: what every source that answers at once comes to.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { isPhase, mayCoexist, pathBetween, phases, type Phase } from './phases.js'

/** A change of phase; `family` is undefined when the phase of every family without one of its own changed. */
export interface PhaseChange {
  readonly from: Phase
  readonly to: Phase
  readonly family: string | undefined
}

/** A phase for all families, or one by one: `{ default: 'alias', families: { step: 'dual-write' } }`. */
export type PhaseSetting = Phase | { readonly default: Phase; readonly families?: Readonly<Record<string, Phase>> }

/** The phases of a source, and those who want to hear of changes. Every change is checked before any of it is made. */
export class HeldPhases {
  #general: Phase
  #single: ReadonlyMap<string, Phase>
  readonly #listeners = new Set<(change: PhaseChange) => void>()

  /** @throws {@link CanonicalRedisError} `E_BAD_PHASE` */
  constructor(setting: PhaseSetting) {
    ;[this.#general, this.#single] = understood(setting)
  }

  phaseOf(family: string): Phase {
    return this.#single.get(family) ?? this.#general
  }

  subscribe(listener: (change: PhaseChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** @throws {@link CanonicalRedisError} `E_BAD_PHASE`, `E_UNSAFE_TRANSITION` */
  set(phase: Phase, family?: string): void {
    const single = family === undefined ? this.#single : new Map(this.#single).set(family, checked(phase))
    this.#become(family === undefined ? checked(phase) : this.#general, single)
  }

  /**
   * Takes a whole setting in place of the old one.
   * @throws {@link CanonicalRedisError} `E_BAD_PHASE`, `E_UNSAFE_TRANSITION`
   */
  replace(setting: PhaseSetting): void {
    this.#become(...understood(setting))
  }

  #become(general: Phase, single: ReadonlyMap<string, Phase>): void {
    const changes: PhaseChange[] = []
    const note = (from: Phase, to: Phase, family: string | undefined): void => {
      if (from === to) return
      checkTransition(from, to, family)
      changes.push({ from, to, family })
    }
    note(this.#general, general, undefined)
    for (const family of new Set([...this.#single.keys(), ...single.keys()])) {
      note(this.phaseOf(family), single.get(family) ?? general, family)
    }
    this.#general = general
    this.#single = single
    for (const change of changes) for (const listener of this.#listeners) listener(change)
  }
}

function understood(setting: unknown): [Phase, ReadonlyMap<string, Phase>] {
  const whole = setting as Partial<Exclude<PhaseSetting, Phase>> | null | undefined
  if (typeof whole !== 'object' || whole === null) return [checked(setting), new Map()]
  const single = Object.entries(whole.families ?? {}).map(([family, phase]) => [family, checked(phase)] as const)
  return [checked(whole.default), new Map(single)]
}

/** @throws {@link CanonicalRedisError} `E_BAD_PHASE` */
export function checked(phase: unknown): Phase {
  if (isPhase(phase)) return phase
  throw new CanonicalRedisError('E_BAD_PHASE', `expected a phase, got ${JSON.stringify(phase) ?? String(phase)}`, {
    hint: `one of: ${phases.join(', ')}`,
  })
}

/** Refuses a change between two phases that may not run at the same time, and names the path to take. */
export function checkTransition(from: Phase, to: Phase, family?: string): void {
  if (mayCoexist(from, to)) return
  const whose = family === undefined ? '' : ` of family "${family}"`
  throw new CanonicalRedisError(
    'E_UNSAFE_TRANSITION',
    `the phase${whose} cannot go from "${from}" to "${to}": while some clients are in one and some in the other, ` +
      'writes can be lost or come back',
    { hint: `go one step at a time: ${pathBetween(from, to).join(' → ')}` },
  )
}
