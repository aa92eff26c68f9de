/**
 * Puts differences right, by the side that is authoritative in the phase.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { phases, type Phase } from '../../phases/index.js'
import { copyInPieces } from '../big/copy.js'
import type { Run } from '../run.js'
import { repairScript } from '../scripts/index.js'
import type { VerifyOptions, PhaseOf } from '../types/index.js'
import { ownerOf, type Seen } from './look.js'

type Way = 'fill' | 'forward' | 'back' | 'drop-alias' | 'drop-canonical'
type State = 'missing' | 'orphan' | 'differs'

/**
 * What to do about each state in each phase; nothing where neither side can be said to be right. `canonical-primary`
 * leaves an alias without its canonical key: it may have been deleted, or never have been copied.
 */
const ways: Readonly<Partial<Record<Phase, Readonly<Partial<Record<State, Way>>>>>> = {
  prepare: { missing: 'fill', differs: 'forward', orphan: 'drop-canonical' },
  'dual-write': { missing: 'fill', differs: 'forward', orphan: 'drop-canonical' },
  'dual-read': { missing: 'fill', differs: 'back', orphan: 'back' },
  'canonical-primary': { differs: 'back', orphan: 'back' },
  'retire-alias': { missing: 'fill', differs: 'drop-alias' },
}

/** By which phase each family is repaired; undefined: nothing is. */
export type RepairPhase = ((family: string) => Phase) | undefined

/**
 * Reads the option.
 * @throws CanonicalRedisError `E_BAD_OPTION` when the phase is not known, `E_WRONG_PHASE` when nothing can be repaired in it
 */
export function repairPhase(
  repair: VerifyOptions['repair'],
  families: Iterable<string>,
  phaseOf: PhaseOf,
): RepairPhase {
  if (repair === undefined || repair === false) return undefined
  const phaseFor = repair === true ? phaseOf : (): Phase => repair
  if (phaseFor === undefined) {
    throw new CanonicalRedisError('E_BAD_OPTION', 'Expected `repair` to name the phase, since a raw client has none.', {
      hint: `verify({ repair: 'dual-write' }), say; one of: ${Object.keys(ways).join(', ')}.`,
    })
  }
  for (const family of families) {
    const phase = phaseFor(family)
    if (ways[phase] !== undefined) continue
    const allowed = phases.filter((one) => ways[one] !== undefined)
    throw new CanonicalRedisError(
      'E_WRONG_PHASE',
      `Expected every family to be in ${allowed.map((one) => `"${one}"`).join(' or ')} for a repair, but "${family}" is in ` +
        `"${phase}", where only one of the names is used.`,
      { hint: `Verify without { repair }, or leave "${family}" out with { families }.` },
    )
  }
  return phaseFor
}

const stateOf = ({ answer }: Seen): State =>
  answer instanceof Error || !['missing', 'orphan'].includes(String(answer[0])) ? 'differs' : (answer[0] as State)

/** Repairs what it can; gives those that are right now. */
export async function repair(run: Run, problems: readonly Seen[], phaseFor: RepairPhase): Promise<ReadonlySet<Seen>> {
  const right = new Set<Seen>()
  if (phaseFor === undefined) return right
  const groups = new Map<string, Seen[]>()
  for (const seen of problems) {
    if (seen.answer instanceof Error) continue
    const state = stateOf(seen)
    const way = ways[phaseFor(seen.job.family)]?.[state]
    if (way === undefined) continue
    if (seen.bytes !== undefined && (way === 'forward' || way === 'back')) {
      if (await repairBig(run, seen, way)) right.add(seen)
      continue
    }
    const flags = `${state} ${way}${seen.bytes === undefined ? '' : ' seen'}`
    groups.set(flags, [...(groups.get(flags) ?? []), seen])
  }
  for (const [flags, group] of groups) {
    const answers = await run.calls.run(
      repairScript,
      flags,
      group.map(({ job }) => job),
    )
    answers.forEach((answer, i) => {
      if (!(answer instanceof Error) && answer[0] === 'repaired') right.add(group[i]!)
    })
  }
  return right
}

async function repairBig(run: Run, seen: Seen, way: 'forward' | 'back'): Promise<boolean> {
  const { job, bytes = 0, answer } = seen
  const canonical = { name: job.canonical, db: run.session.home }
  const alias = job.aliases[Math.max(0, Number((answer as readonly unknown[])[1]) - 1)]!
  const [from, to, overtaken] =
    way === 'forward' ? [alias, canonical, []] : [canonical, job.aliases[0]!, job.aliases.slice(1)]
  const { kind } = await copyInPieces(run, await ownerOf(run, job), { from, to, bytes, replace: true, overtaken })
  if (kind !== 'whole') return kind === 'migrated'
  const [whole] = await run.calls.run(repairScript, `differs ${way} seen`, [job])
  return !(whole instanceof Error) && whole?.[0] === 'repaired'
}
