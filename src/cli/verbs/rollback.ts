/**
 * `canonical-redis rollback`: the way back.
 *
 * @module
 */
import { relative, resolve } from 'node:path'
import { CanonicalRedisError } from '../../errors.js'
import type { RestoreResult, RollbackResult } from '../../migrate/types/index.js'
import { phases, type Phase } from '../../phases/index.js'
import { liveFlags, OFFLINE, oneOf, runFlags, type LiveOptions } from '../flags.js'
import { agree, requireSomebody } from '../run/confirm.js'
import { extendReport } from '../run/record.js'
import { familyTable, footer, next } from '../run/show.js'
import { withMigrator, type Work } from '../run/work.js'
import { table } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options extends LiveOptions {
  readonly to?: Phase
  readonly restore?: string
  readonly overwrite?: boolean
}

/** The verb. */
export const rollback: Verb<Options> = {
  name: 'rollback',
  says: 'go back to an earlier phase, or restore aliases from a backup',
  more:
    'Goes back phase by phase, with what each step needs of the keys, and stops where the next step would lose data. The ' +
    'phase of the fleet is moved by `setPhase` of the config file; without one you are asked to move it yourself.',
  flags: [
    ...runFlags,
    ...liveFlags,
    { flags: '--to <phase>', says: 'the phase to go back to', read: oneOf('--to', phases) },
    { flags: '--restore <file>', says: 'instead: bring back aliases from a backup of cleanup' },
    { flags: '--overwrite', says: 'with --restore: replace keys that exist' },
  ],
  examples: [
    ['rollback --to dual-write --phase retire-alias', 'a dry run: the steps'],
    ['rollback --to dual-write --phase retire-alias --live', 'go, asking before each step that moves the fleet'],
    ['rollback --restore aliases.backup', 'a dry run: what of a backup of cleanup would come back'],
  ],
  async run(call) {
    const { live = false, to, restore } = call.options
    if ((to === undefined) === (restore === undefined)) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'Expected one of --to <phase> and --restore <file>.', {
        hint: 'canonical-redis rollback --to dual-write --phase retire-alias',
      })
    }
    if (live) requireSomebody(call)
    const task = { what: restore === undefined ? `Rollback to ${to}` : `Restore from ${restore}`, live }
    return withMigrator(call, task, (work) =>
      restore === undefined ? goBack(call, work) : bringBack(call, work, restore),
    )
  },
}

async function goBack(call: Call<Options>, work: Work): Promise<Outcome> {
  const { migrator, phase, options } = work
  if (!phase.isKnown || phase.phases.length === 0) {
    throw new CanonicalRedisError('E_BAD_OPTION', 'Expected to be told in which phase the fleet is.', {
      hint: `Add --phase <phase>, or \`phase\` to the config file. "${OFFLINE}" has no way back: use migrate --direction reverse.`,
    })
  }
  const to = call.options.to!
  const plan = await migrator.rollback({ ...options, to })
  if (!call.options.live) return steps(plan, 'canonical-redis rollback --live, with the same flags')
  const mover = moverOf(call, work)
  for (const line of stepLines(plan)) work.say(line)
  await agree(call, `This will go back from ${plan.from} to ${to}, for the migration "${work.schema.name}".`)
  const result = await migrator.rollback({ ...options, to, dryRun: false, setPhase: mover })
  await extendReport(work, result.reportFile, {})
  return steps(result, to === 'alias' ? undefined : 'canonical-redis verify')
}

type Mover = (phase: Phase, families: readonly string[]) => Promise<void>

/**
 * Moves the fleet: by the config's function, or by the person at the terminal. `--yes` cannot stand in for either, since
 * the next step would then run beside clients of the old phase.
 */
function moverOf(call: Call<Options>, { config, phase, schema, say }: Work): Mover {
  const { setPhase } = config
  if (setPhase === undefined && !call.io.stdin.isTTY) {
    throw new CanonicalRedisError('E_NOT_CONFIRMED', 'Nobody can move the fleet from phase to phase.', {
      hint: 'Add `setPhase` to the config file, or run it on a terminal and move the fleet yourself.',
    })
  }
  return async (to, families) => {
    if (setPhase) await setPhase(to, families)
    else {
      const asked = { io: call.io, options: {} }
      await agree(
        asked,
        `Now move every client of "${schema.name}" to the phase "${to}", and wait until all are there.`,
      )
    }
    phase.own?.set?.(to)
    say(`The fleet is in ${to}.`)
  }
}

const stepLines = ({ steps: list }: RollbackResult): string[] =>
  table(
    [{ title: 'step' }, { title: 'in' }, { title: 'done' }],
    list.map(({ what, phase, done }) => [
      what === 'phase' ? `move the fleet to ${phase}` : what,
      what === 'phase' ? '' : phase,
      done ? 'yes' : '',
    ]),
  )

function steps(result: RollbackResult, then: string | undefined): Outcome {
  return { exit: 'ok', lines: [...stepLines(result), ...next(then)], result }
}

async function bringBack(call: Call<Options>, work: Work, file: string): Promise<Outcome> {
  const { live = false, overwrite = false } = call.options
  const path = resolve(call.io.cwd, file)
  if (live) {
    const where = `on ${work.connection.address} for the migration "${work.schema.name}"`
    await agree(call, `This will bring back the aliases of ${relative(call.io.cwd, path)}, ${where}.`)
  }
  const result = await work.migrator.restore(path, { ...work.options, dryRun: !live, overwrite })
  await extendReport(work, result.reportFile, { notes: result.notes, backup: path })
  return restored(result, call.io.cwd)
}

function restored(result: RestoreResult, cwd: string): Outcome {
  const { dryRun, failed, complete, endedBy } = result
  const lines = familyTable(result, [
    ['restored', dryRun ? 'to restore' : 'restored'],
    ['skipped', 'there already'],
    ['expired', 'expired'],
    ['failed', 'failed'],
  ])
  lines.push(...footer(result, cwd))
  if (!complete)
    lines.push('The cleanup that wrote this backup was stopped: the file holds what it had removed by then.')
  lines.push(
    ...next(dryRun ? 'canonical-redis rollback --restore --live, with the same flags' : 'canonical-redis verify'),
  )
  return { exit: endedBy === 'signal' ? 'interrupted' : failed > 0 ? 'findings' : 'ok', lines, result }
}
