/**
 * Where a client learns its phase from. One interface: a current snapshot, and a subscription.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { checked, checkTransition, HeldPhases, type PhaseChange, type PhaseSetting } from './held.js'
import type { Phase } from './phases.js'

/** A phase source. `phaseOf` is called for every command: it must answer at once, from memory. */
export interface PhaseSource {
  phaseOf(family: string): Phase
  /** Calls the listener after each change; returns the function that ends the subscription. */
  subscribe(listener: (change: PhaseChange) => void): () => void
  /** Only sources that hold the phase themselves can set it. */
  set?(phase: Phase, family?: string): void
  /** Why the last good phases are still used; undefined while all is well. Shown among the warnings of `redis.canonical.health()`. */
  problem?(): string | undefined
}

/** A function of your own, asked for every command: `(family) => flags.phaseOf(family)`. */
export type PhaseFunction = (family: string) => Phase

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
  const held = new HeldPhases(setting)
  return trust({
    phaseOf: (family) => held.phaseOf(family),
    subscribe: (listener) => held.subscribe(listener),
    set: (phase, family) => held.set(phase, family),
  })
}

/**
 * Makes a source of whatever the option `phase` may be. What is not ours is watched: see {@link guarded}.
 *
 * @throws {@link CanonicalRedisError} `E_BAD_PHASE`
 */
export function toPhaseSource(value: PhaseSetting | PhaseFunction | PhaseSource): PhaseSource {
  if (typeof value === 'function') return guarded(value)
  if (typeof value !== 'object' || value === null || !('phaseOf' in value)) return constantPhase(value)
  return trusted.has(value) ? value : guarded((family) => value.phaseOf(family), value)
}

/** Sources of ours: they hold checked phases, and never throw. */
const trusted = new WeakSet<PhaseSource>()

/** Marks a source as one that needs no watching: it costs less for each command. */
export function trust<S extends PhaseSource>(source: S): S {
  trusted.add(source)
  return source
}

/** What {@link guarded} and the sources that are asked from time to time do about an answer they cannot use. */
export type Warn = (message: string) => void

/** A warning of the process, once for each message. */
export function warnOnce(): Warn {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message)) return
    said.add(message)
    process.emitWarning(message, { type: 'CanonicalRedisWarning', code: 'E_BAD_PHASE' })
  }
}

/**
 * A function, or a source of somebody else's, that may throw, answer with rubbish, or jump. Then the last good phase of the
 * family is kept, since any other would be a guess, and a warning says so. Without one the error goes to the caller.
 */
function guarded(ask: PhaseFunction, inner?: PhaseSource): PhaseSource {
  const last = new Map<string, Phase>()
  const listeners = new Set<(change: PhaseChange) => void>()
  const warn = warnOnce()
  const problems = new Map<string, string>()
  const keep = (family: string, known: Phase, error: unknown): Phase => {
    const problem = `the phase source failed for "${family}", which stays in "${known}": ${messageOf(error)}`
    problems.set(family, problem)
    warn(problem)
    return known
  }
  const phaseOf = (family: string): Phase => {
    const known = last.get(family)
    let phase: Phase
    try {
      phase = ask(family)
      if (phase === known) {
        if (problems.size > 0) problems.delete(family)
        return known
      }
      checked(phase)
      if (known !== undefined) checkTransition(known, phase, family)
    } catch (error) {
      if (known === undefined) throw error
      return keep(family, known, error)
    }
    problems.delete(family)
    last.set(family, phase)
    if (known !== undefined) for (const listener of listeners) listener({ from: known, to: phase, family })
    return phase
  }
  const set = inner?.set?.bind(inner)
  return {
    phaseOf,
    subscribe(listener) {
      listeners.add(listener)
      // A source that tells of its changes is asked at once: subscriptions must move before the next command.
      const stop = inner?.subscribe(() => [...last.keys()].forEach(phaseOf))
      return () => {
        listeners.delete(listener)
        stop?.()
      }
    },
    ...(set && { set }),
    problem: () => [...problems.values()][0] ?? inner?.problem?.(),
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof CanonicalRedisError) return error.message.replace('\n  → ', '; ')
  return error instanceof Error ? error.message : String(error)
}
