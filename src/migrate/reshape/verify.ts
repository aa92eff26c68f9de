/**
 * Verification of transforms: each old value has exactly its pieces, and no piece is without its old value.
 *
 * @module
 */
import { phaseTable, type Phase } from '../../phases/index.js'
import { reshapeTable } from '../../plan/index.js'
import { printable } from '../names.js'
import type { ReportNames } from '../report.js'
import type { Run } from '../run.js'
import type { Capped, Tally } from '../tally.js'
import type { Difference, Problem, VerifyCounts, VerifyOptions } from '../types/index.js'
import { countedAs } from '../verify/look.js'
import type { RepairPhase } from '../verify/repair.js'
import { compare, dropPieces, giveBack, takeUp, type Comparison, type Moved } from './flows.js'
import { hasTransforms, newName, runOn, walkGroups, type Met } from './groups.js'

/** What the verification around it has. */
export interface Verifying {
  readonly run: Run
  readonly options: VerifyOptions
  readonly phaseFor: RepairPhase
  readonly tally: Tally<keyof VerifyCounts>
  readonly details: Capped<Difference>
  readonly report: ReportNames
}

/** Between two looks at a difference. */
const SETTLE_MS = 50

/** Compares what belongs to transforms. */
export async function verifyTransforms(work: Verifying): Promise<void> {
  if (!hasTransforms(work.run) || work.run.isStopped) return
  await walkGroups(work.run, ['source', 'index', 'piece'], undefined, (met) => verifyOne(work, met))
}

async function verifyOne(work: Verifying, met: Met): Promise<void> {
  const { run, tally, report } = work
  const { group, name, part } = met
  const family = group.transform.name
  try {
    const first = await runOn(run, met.server, compare(met))
    // A value is compared when its old name is met; from the other side it is enough to know that there is one.
    const isOurs = part === 'source' ? first.state !== 'orphan' : first.state === 'orphan'
    if (!isOurs || first.state === 'vanished') return
    if (part === 'source') tally.add(family, 'compared')
    if (first.state === 'equal') return
    const last = await settled(work, met)
    if (last.state === 'equal' || last.state === 'vanished') return tally.add(family, 'settled')
    await differs(work, met, last)
  } catch (error) {
    tally.add(family, 'failed')
    run.failed({ family, canonical: Buffer.from(newName(group)) }, name, error as Error)
    report.error(printable(name), newName(group), family, (error as Error).message)
  }
}

async function settled({ run, options }: Verifying, met: Met): Promise<Comparison> {
  let last: Comparison
  let round = 2
  do {
    await run.sleep(SETTLE_MS)
    last = await runOn(run, met.server, compare(met))
  } while (last.state !== 'equal' && ++round <= (options.rounds ?? 3))
  return last
}

async function differs(work: Verifying, met: Met, { state, why }: Comparison): Promise<void> {
  const { run, phaseFor, tally, details, report } = work
  const { group, part, name } = met
  const family = group.transform.name
  const flow = phaseFor && repairFlow(met, state, phaseFor(family))
  const repaired = flow !== undefined && (await runOn(run, met.server, flow)) !== 'skipped'
  const problem = state as Problem
  tally.add(family, repaired ? 'repaired' : countedAs[problem]!)
  details.push({
    family,
    canonical: part === 'piece' ? printable(name) : newName(group),
    alias: group.source,
    db: run.session.home,
    problem,
    ...(why !== undefined && { why }),
    ...(repaired && { repaired }),
  })
  if (!repaired) report.error(group.source, newName(group), family, why === undefined ? problem : `${problem}: ${why}`)
}

/** What puts a difference right; nothing where neither side can be said to be right. */
function repairFlow(
  met: Met,
  state: Comparison['state'],
  phase: Phase,
): Generator<{ argv: readonly (string | Buffer)[] }, Moved, unknown> | undefined {
  const live = { dryRun: false, overwrite: true }
  if (state === 'orphan' && met.part === 'piece') return dropPieces(met, false)
  if (reshapeTable[phase].primary === 'source') return state === 'orphan' ? dropPieces(met, false) : takeUp(met, live)
  if (state === 'missing') return reshapeTable[phase].adopt ? takeUp(met, live) : undefined
  return phaseTable[phase].secondary === 'mirror' ? giveBack(met, live) : undefined
}
