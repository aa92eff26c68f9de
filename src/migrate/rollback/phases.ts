/**
 * Where a rollback starts, and how it moves the fleet.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import type { Phase, PhaseSource } from '../../phases/index.js'
import type { PhaseOf, RollbackOptions } from '../types/index.js'

/**
 * The one phase that the families are in.
 * @throws CanonicalRedisError `E_BAD_OPTION` (nobody says it), `E_WRONG_PHASE` (there are several, or another than said)
 */
export function startOf({ from }: RollbackOptions, families: readonly string[], phaseOf: PhaseOf): Phase {
  if (phaseOf === undefined) {
    if (from !== undefined) return from
    throw new CanonicalRedisError('E_BAD_OPTION', 'Expected `from` to be a phase, since a raw client has none.', {
      hint: 'rollback({ from: "retire-alias", to: "dual-write", setPhase }), or pass the wrapped client.',
    })
  }
  const phases = [...new Set(families.map(phaseOf))]
  const [only] = phases
  if (phases.length === 1 && only !== undefined && (from ?? only) === only) return only
  throw new CanonicalRedisError(
    'E_WRONG_PHASE',
    `Expected every family to be in ${from === undefined ? 'one phase' : `"${from}"`}, got ${phases.join(', ')}.`,
    { hint: 'Roll back families of one phase at a time, with { families }.' },
  )
}

/**
 * Sets the phase where the wrapped client's source allows it.
 *
 * @param isWhole All families go: then the general phase goes with them, for channels.
 */
export function setterOf(source: PhaseSource | undefined, isWhole: boolean): NonNullable<RollbackOptions['setPhase']> {
  return (phase, families) => {
    if (source?.set === undefined) {
      throw new CanonicalRedisError(
        'E_BAD_OPTION',
        'Expected `setPhase`, since this client cannot set the phase itself.',
        {
          hint: 'rollback({ dryRun: false, setPhase: async (phase, families) => { … } }); resolve when every client is there.',
        },
      )
    }
    if (isWhole) source.set(phase)
    for (const family of families) if (source.phaseOf(family) !== phase) source.set(phase, family)
  }
}
