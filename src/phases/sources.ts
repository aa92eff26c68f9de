/**
 * Where a client learns its phase from. One interface: a current snapshot, and a subscription.
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

/** A phase source. `phaseOf` is called for every command: it must answer at once, from memory. */
export interface PhaseSource {
  phaseOf(family: string): Phase
  /** Calls the listener after each change; returns the function that ends the subscription. */
  subscribe(listener: (change: PhaseChange) => void): () => void
  /** Only sources that hold the phase themselves can set it. */
  set?(phase: Phase, family?: string): void
}

/** A phase for all families, or one by one: `{ default: 'alias', families: { step: 'dual-write' } }`. */
export type PhaseSetting = Phase | { readonly default: Phase; readonly families?: Readonly<Record<string, Phase>> }

/**
 * A phase held in memory. Share one between the clients of a process and they change phase together.
 *
 * @throws {@link CanonicalRedisError} `E_BAD_PHASE` when a phase is not one, and, from `set`,
 * `E_UNSAFE_TRANSITION` when clients still in the old phase could lose or resurrect data beside the new one.
 * @example
 * ```ts
 * const source = constantPhase('alias')
 * source.set?.('prepare')
 * ```
 */
export function constantPhase(setting: PhaseSetting): PhaseSource {
  let general = checked(typeof setting === 'string' ? setting : setting.default)
  const single = new Map<string, Phase>()
  if (typeof setting === 'object') {
    for (const [family, phase] of Object.entries(setting.families ?? {})) single.set(family, checked(phase))
  }
  const listeners = new Set<(change: PhaseChange) => void>()
  return {
    phaseOf: (family) => single.get(family) ?? general,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    set(phase, family) {
      const from = family === undefined ? general : (single.get(family) ?? general)
      checkTransition(from, checked(phase), family)
      if (family === undefined) general = phase
      else single.set(family, phase)
      for (const listener of listeners) listener({ from, to: phase, family })
    },
  }
}

/** Takes a phase, a setting, or a source, and gives a source. */
export function toPhaseSource(value: PhaseSetting | PhaseSource): PhaseSource {
  return typeof value === 'object' && value !== null && 'phaseOf' in value ? value : constantPhase(value)
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

function checked(phase: unknown): Phase {
  if (isPhase(phase)) return phase
  throw new CanonicalRedisError('E_BAD_PHASE', `expected a phase, got ${JSON.stringify(phase) ?? String(phase)}`, {
    hint: `one of: ${phases.join(', ')}`,
  })
}
