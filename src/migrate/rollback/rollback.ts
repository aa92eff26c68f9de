/**
 * The way back, phase by phase, with what each step needs of the keys.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { phases, phaseTable, type Phase } from '../../phases/index.js'
import type { MigrateResult, RollbackResult, RollbackStep, VerifyResult } from '../types/index.js'

type Planned = Omit<RollbackStep, 'done'>

/** What has to be done in a phase before the one before it is entered. */
const before: Readonly<Partial<Record<Phase, readonly Omit<Planned, 'phase'>[]>>> = {
  'retire-alias': [
    { what: 'backfill', why: 'an alias that nobody has adopted yet is data, and "canonical-primary" would not see it' },
  ],
  'canonical-primary': [
    { what: 'reverse backfill', why: 'aliases were removed, or left behind, while only the canonical names were kept' },
    { what: 'verify', why: 'from here on somebody may read the aliases again' },
  ],
  'dual-read': [{ what: 'verify', why: 'in "dual-write" the aliases are read: each has to be there, and to be right' }],
}

/**
 * The phase before this one on the way back. Not through `retire-alias` from `canonical`: clients there would adopt
 * aliases of keys that were deleted in `canonical`.
 */
function previous(phase: Phase): Phase {
  return phase === 'canonical' ? 'canonical-primary' : phases[phases.indexOf(phase) - 1]!
}

/** In `alias` nobody looks under the canonical name of a queue. */
const moveBack: Planned = {
  what: 'move queues',
  phase: 'prepare',
  why: 'jobs under canonical names would wait for ever in "alias"',
}

/** All steps from one phase to an earlier one. */
export function planRollback(from: Phase, to: Phase, hasQueues = false): Planned[] {
  const steps: Planned[] = []
  for (let phase = from; phase !== to;) {
    for (const step of before[phase] ?? []) steps.push({ ...step, phase })
    if (hasQueues && phase === 'prepare') steps.push(moveBack)
    const next = previous(phase)
    steps.push({ what: 'phase', phase: next, why: reads(next) })
    phase = next
  }
  // Arrived where raw readers read the aliases: they have to be right there too.
  if (to === 'canonical-primary' && from !== to) for (const step of before[to] ?? []) steps.push({ ...step, phase: to })
  return steps
}

const reads = (phase: Phase): string =>
  `reads the ${phaseTable[phase].primary === 'alias' ? 'aliases' : 'canonical names'}${phaseTable[phase].secondary === 'mirror' ? ', keeps both equal' : ''}`

/** What a rollback works with. */
export interface RollbackTools {
  /** Moves the queues of the families, if there are any. */
  readonly moveQueues: (() => Promise<MigrateResult>) | undefined
  readonly setPhase: (phase: Phase) => void | Promise<void>
  readonly migrate: (direction: 'forward' | 'reverse') => Promise<MigrateResult>
  readonly verify: () => Promise<VerifyResult>
}

/**
 * Goes back.
 * @throws CanonicalRedisError `E_BAD_OPTION` (not a way back), `E_NOT_CLEAN` (the next step would lose data)
 */
export async function rollBack(from: Phase, to: Phase, dryRun: boolean, tools: RollbackTools): Promise<RollbackResult> {
  if (phases.indexOf(to) >= phases.indexOf(from)) {
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected \`to\` to come before "${from}", got "${to}".`, {
      hint: `The phases, in order: ${phases.join(', ')}.`,
    })
  }
  if (from === 'canonical' && to === 'retire-alias') {
    throw new CanonicalRedisError('E_WRONG_PHASE', 'There is no way from "canonical" back to "retire-alias".', {
      hint: 'Clients there would adopt aliases of keys deleted meanwhile. Go back to "canonical-primary", and on from there.',
    })
  }
  const steps = planRollback(from, to, tools.moveQueues !== undefined).map((step) => ({ ...step, done: false }))
  const migrated: MigrateResult[] = []
  const verified: VerifyResult[] = []
  const act: Readonly<Record<RollbackStep['what'], (step: Planned) => Promise<void>>> = {
    phase: async ({ phase }) => tools.setPhase(phase),
    backfill: async (step) => void migrated.push(whole(await tools.migrate('forward'), step)),
    'reverse backfill': async (step) => void migrated.push(whole(await tools.migrate('reverse'), step)),
    'move queues': async (step) => void migrated.push(whole(await tools.moveQueues!(), step)),
    verify: async (step) => void verified.push(clean(await tools.verify(), step)),
  }
  if (!dryRun) {
    for (const step of steps) {
      await act[step.what](step)
      step.done = true
    }
  }
  return { dryRun, from, to, steps, migrated, verified }
}

function whole(result: MigrateResult, { what, phase }: Planned): MigrateResult {
  if (result.endedBy === 'done' && result.failed === 0) return result
  const why =
    result.endedBy === 'done' ? `${result.failed} keys failed, for example ${example(result.errors)}` : 'it was ended'
  throw stopped(`the ${what} in "${phase}" to reach every key, but ${why}`, phase)
}

function clean(result: VerifyResult, { phase }: Planned): VerifyResult {
  const { missing, different, orphans, failed, endedBy, details, errors } = result
  // In `dual-read` an alias without its canonical key is data that nobody has read yet, and the aliases are what counts next.
  const harmful = different + orphans + failed + (phase === 'dual-read' ? 0 : missing)
  if (harmful === 0 && endedBy === 'done') return result
  const counts = `${missing} missing, ${different} different, ${orphans} orphans, ${failed} failed`
  const [first] = details
  const shown = first ? `; for example "${first.alias}" and "${first.canonical}" (${first.problem})` : example(errors)
  throw stopped(`the aliases to be equal to the canonical keys in "${phase}", but there are ${counts}${shown}`, phase)
}

const example = ([first]: readonly { key: string; error: string }[]): string =>
  first ? ` "${first.key}" (${first.error})` : ''

function stopped(expected: string, phase: Phase): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_NOT_CLEAN',
    `Expected ${expected}. The rollback stopped here, where nothing is lost.`,
    {
      hint: `The fleet is in "${phase}". Look at verify(), put it right with verify({ repair: true }), and roll back again.`,
    },
  )
}
