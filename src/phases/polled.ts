/**
 * Phases from a flag service, a config server, a file: whatever takes time to ask.
 *
 * @module
 */
import { HeldPhases, type PhaseSetting } from './held.js'
import { messageOf, trust, warnOnce, type PhaseSource, type Warn } from './sources.js'

/** How to ask. */
export interface PollOptions {
  /** Milliseconds between two questions; 0: only when `refresh()` is called. Default 1,000. */
  readonly every?: number
  /** Called instead of `process.emitWarning` when an answer cannot be used. */
  readonly onWarning?: Warn
}

/** A source that asks from time to time. */
export interface PolledPhase extends PhaseSource {
  /** Asks now. True when the answer could be used; otherwise the last good one stands, and `problem()` says why. */
  refresh(): Promise<boolean>
  /** Asks no more. */
  close(): void
}

/**
 * Asks a function for the phases, keeps the answer, and asks again from time to time: evaluation takes time, and every
 * command needs a phase at once. Where the function throws, answers with rubbish, or jumps between phases that may not run
 * side by side, the last good answer stands and a warning says so.
 *
 * The timer does not keep the process alive.
 *
 * @param ask gives the phase, or `{ default, families }`
 * @throws {@link CanonicalRedisError} `E_BAD_PHASE`, or what `ask` throws: the first answer must be good, since there is
 * nothing to fall back on
 * @example
 * ```ts
 * const phase = await polledPhase(() => flags.getStringValue('step-keys', 'alias'), { every: 5_000 })
 * const redis = new CanonicalRedisClient(new Redis(), { schema, phase })
 * ```
 */
export async function polledPhase(
  ask: () => unknown,
  { every = 1_000, onWarning = warnOnce() }: PollOptions = {},
): Promise<PolledPhase> {
  const held = new HeldPhases((await ask()) as PhaseSetting)
  let problem: string | undefined
  let asked = 0
  let answered = 0
  const refresh = async (): Promise<boolean> => {
    const turn = ++asked
    try {
      const setting = (await ask()) as PhaseSetting
      // An answer that was overtaken by a later one is old.
      if (turn > answered) held.replace(setting)
      answered = Math.max(answered, turn)
      problem = undefined
      return true
    } catch (error) {
      problem = `the phase source failed, and the last good phases stay: ${messageOf(error)}`
      onWarning(problem)
      return false
    }
  }
  const timer = every > 0 ? setInterval(() => void refresh(), every).unref() : undefined
  return trust({
    phaseOf: (family) => held.phaseOf(family),
    subscribe: (listener) => held.subscribe(listener),
    problem: () => problem,
    refresh,
    close: () => clearInterval(timer),
  })
}
