/**
 * What an operator may run in which phase, and why not in the others.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { phases, type Phase } from './phases.js'
import { queueTable } from './queues.js'

/** An operation on the keys themselves, beside the commands of the application. */
export type KeyOperation =
  | 'backfill'
  | 'overwriting backfill'
  | 'reverse backfill'
  /** Canonical keys replace aliases; aliases without one stay. */
  | 'reverse backfill without removal'
  | 'sweep'
  /** Aliases come back from a backup. */
  | 'restore'

type Refusals = Readonly<Partial<Record<Phase, string>>>

const stillUsed = 'clients there still use the aliases'
const newerCanonical = 'clients there write the canonical names first, and an alias may be older'
const aliasFirst = 'clients there write the aliases first, and a canonical key may be older'
const notAdopted = 'there an alias without its canonical key may be data that nobody has adopted yet'
const resurrects = 'clients there adopt an alias whose canonical key is missing, and it may have been deleted since'
const deleted = 'there an alias without its canonical key may be a key that was deleted'

/** The reason for each phase that an operation must not run in; a phase that is not named is safe. */
const refusals: Readonly<Record<KeyOperation, Refusals>> = {
  backfill: {
    alias: 'clients there change the alias and leave the copy behind, and "dual-read" would serve the stale copy',
    canonical: deleted,
  },
  'overwriting backfill': {
    alias: 'clients there change the alias and leave the copy behind, and "dual-read" would serve the stale copy',
    'dual-read': newerCanonical,
    'canonical-primary': newerCanonical,
    'retire-alias': newerCanonical,
    canonical: newerCanonical,
  },
  'reverse backfill': {
    alias: aliasFirst,
    prepare: aliasFirst,
    'dual-write': aliasFirst,
    'dual-read': notAdopted,
    'retire-alias': notAdopted,
    canonical: 'clients there leave aliases alone, and the copies would be stale at once',
  },
  // In `alias` it is what an operator may want before `prepare`: canonical names of an earlier attempt that win.
  'reverse backfill without removal': {
    prepare: aliasFirst,
    'dual-write': aliasFirst,
    'retire-alias': 'clients there remove aliases, and one that comes back may outlive its canonical key',
    canonical: 'clients there leave aliases alone, and the copies would be stale at once',
  },
  restore: { 'dual-read': resurrects, 'retire-alias': resurrects },
  sweep: {
    alias: stillUsed,
    prepare: stillUsed,
    'dual-write': stillUsed,
    'dual-read': stillUsed,
    'canonical-primary': 'clients there still write the aliases for legacy readers',
    canonical: deleted,
  },
}

/**
 * Why the operation must not run on these families now; undefined when it may.
 *
 * @returns `E_WRONG_PHASE`, to be thrown or shown
 */
export function wrongPhase(
  operation: KeyOperation,
  families: Iterable<string>,
  phaseOf: ((family: string) => Phase) | undefined,
): CanonicalRedisError | undefined {
  if (phaseOf === undefined) return undefined
  const refused = refusals[operation]
  for (const family of families) {
    const phase = phaseOf(family)
    if (refused[phase] === undefined) continue
    const allowed = phases.filter((one) => refused[one] === undefined).map((one) => `"${one}"`)
    return new CanonicalRedisError(
      'E_WRONG_PHASE',
      `Expected every family to be in ${allowed.join(' or ')} for the ${operation}, but "${family}" is in "${phase}": ` +
        `${refused[phase]}.`,
      { hint: hintFor(operation, phase, family, allowed[0] ?? '') },
    )
  }
  return undefined
}

/**
 * The gate of queues: in `canonical`, and in `alias`, one name is looked at, so nothing may wait under the other.
 *
 * @param waiting by family, how many queues lie under the name that is given up; `verify()` counts them as `queued`
 * @param to the phase to enter
 * @returns `E_NOT_DRAINED`, to be thrown or shown; undefined when the gate is open
 * @example
 * ```ts
 * notDrained({ pending: 2 }, 'canonical')?.code // 'E_NOT_DRAINED'
 * ```
 */
export function notDrained(waiting: Readonly<Record<string, number>>, to: Phase): CanonicalRedisError | undefined {
  const left = Object.entries(waiting).filter(([, queues]) => queues > 0)
  if (queueTable[to].gather || left.length === 0) return undefined
  const [given, kept] = to === 'canonical' ? ['alias', 'canonical name'] : ['canonical name', 'alias']
  const shown = left.map(([family, queues]) => `${queues} of "${family}"`).join(', ')
  return new CanonicalRedisError(
    'E_NOT_DRAINED',
    `Expected no queue to lie under its ${given} before "${to}", where only the ${kept} is looked at, but there are ${shown}.`,
    {
      hint:
        to === 'canonical'
          ? 'Run migrateKeys({ dryRun: false }) in "retire-alias": it moves them; and stop whoever still pushes to the old names.'
          : 'Run migrateKeys({ dryRun: false }) in "prepare": it moves them back.',
    },
  )
}

function hintFor(operation: KeyOperation, phase: Phase, family: string, allowed: string): string {
  const leaveOut = `leave "${family}" out with { families }.`
  if (operation === 'sweep' && phase === 'canonical') {
    return `Nothing reads these aliases any more: look at what verify() finds missing, and remove them by hand; or ${leaveOut}`
  }
  return `Move every client to ${allowed} first; or ${leaveOut}`
}
