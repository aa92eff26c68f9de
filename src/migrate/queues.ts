/**
 * Queues in the migrator: they are moved, never copied, compared or swept. A copy of a job is a job that runs twice.
 *
 * @module
 */
import type { Phase } from '../phases/index.js'
import { gatherScript } from '../plan/index.js'
import type { PhaseOf } from './types/index.js'
import type { Answer } from './calls.js'
import type { Job } from './names.js'
import type { Run } from './run.js'
import { frame } from './scripts/index.js'

/**
 * Moves a queue to one name, with the jobs of the aliases before those of the canonical name. Flags: `move` (to the canonical
 * name) or `back` (to the first alias); `dry` to only say what would be. Reply: `{outcome, names that the
 * walk may meet it by}`; `skipped` lies there already, or is a stream with groups under both names.
 */
export const moveScript = frame(`
local function gather(KEYS, ARGV)
${gatherScript}
end
local function each(canonical, aliases)
  local back = flags.back
  -- The other names, the nearest in the order of serving first.
  local others, waiting = {}, 0
  if back then
    for i = 2, #aliases do others[#others + 1] = aliases[i] end
    others[#others + 1] = canonical
  else
    for i = #aliases, 1, -1 do others[#others + 1] = aliases[i] end
  end
  local home = back and aliases[1] or canonical
  local names = { home.name }
  for i = 1, #others do
    waiting = waiting + call(others[i], 'EXISTS')
    names[#names + 1] = others[i].name
  end
  if waiting == 0 then return { call(home, 'EXISTS') == 1 and 'skipped' or 'vanished', 1 } end
  if flags.dry then return { 'migrated', 2 } end
  gather(names, { back and 'after' or 'before', 'left', 'move' })
  for i = 1, #others do if call(others[i], 'EXISTS') == 1 then return { 'skipped', 2 } end end
  return { 'migrated', 2 }
end`)

/** The keys that are queues, and the others. */
export function apart(jobs: readonly Job[]): { queues: Job[]; others: Job[] } {
  return { queues: jobs.filter(({ queue }) => queue), others: jobs.filter(({ queue }) => !queue) }
}

/** Where the migrator moves a queue in each phase. Between, its clients do so themselves; at the ends it must lie still. */
const directions: Readonly<Record<Phase, 'move' | 'back' | undefined>> = {
  alias: undefined,
  // On the way back. A stream stays under its canonical name there, until all clients of later phases have gone.
  prepare: 'back',
  'dual-write': 'back',
  'dual-read': 'move',
  'canonical-primary': 'move',
  'retire-alias': 'move',
  canonical: undefined,
}

/** Do queues of these families have to be looked for under their canonical names? */
export function goesBack(run: Run, phaseOf: PhaseOf): boolean {
  return [...run.names.families].some((family) => directionOf(run, family, phaseOf) === 'back')
}

function directionOf({ names }: Run, family: string, phaseOf: PhaseOf): 'move' | 'back' | undefined {
  return phaseOf && names.schema.families.get(family)?.queue ? directions[phaseOf(family)] : undefined
}

/**
 * Moves queues to the name that their clients look under first; `skipped` where the phase has no such move, and where no
 * phase is known: a job under a name that nobody looks under would wait for ever.
 */
export async function moveQueues(run: Run, jobs: readonly Job[], dryRun: boolean, phaseOf: PhaseOf): Promise<Answer[]> {
  const answers = new Map<Job, Answer>(jobs.map((job) => [job, ['skipped', 1]]))
  for (const direction of ['move', 'back'] as const) {
    const part = jobs.filter(({ family }) => directionOf(run, family, phaseOf) === direction)
    const moved = await run.calls.run(moveScript, `${direction}${dryRun ? ' dry' : ''}`, part)
    part.forEach((job, i) => answers.set(job, moved[i]!))
  }
  return [...answers.values()]
}
