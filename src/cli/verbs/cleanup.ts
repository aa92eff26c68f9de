/**
 * `canonical-redis cleanup`: removes the aliases at the end.
 *
 * @module
 */
import { relative, resolve } from 'node:path'
import type { CleanupOptions, CleanupResult, VerifyResult } from '../../migrate/types/index.js'
import type { Exit } from '../exits.js'
import { liveFlags, runFlags, type LiveOptions } from '../flags.js'
import { problemOf } from '../problem.js'
import { agree, requireSomebody } from '../run/confirm.js'
import { extendReport } from '../run/record.js'
import { familyTable, footer, next } from '../run/show.js'
import { withMigrator, type Work } from '../run/work.js'
import { plural, wrap } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options extends LiveOptions {
  readonly backup?: string
}

/** The verb. */
export const cleanup: Verb<Options> = {
  name: 'cleanup',
  says: 'remove aliases whose canonical key equals them',
  more:
    'Verifies first, and then removes each alias only if its canonical key exists and equals it at that moment. Right in ' +
    'the phase retire-alias alone; refused (exit code 4) in others, and while anything differs.',
  flags: [
    ...runFlags,
    ...liveFlags,
    { flags: '--backup <file>', says: 'write every alias there before it goes; rollback --restore reads it' },
  ],
  examples: [
    ['cleanup', 'a dry run: what would go, or why it would be refused'],
    ['cleanup --live --phase retire-alias --backup aliases.backup', 'remove, after asking; with a way back'],
    ['cleanup --live --yes --backup aliases.backup --json', 'from a script'],
  ],
  async run(call) {
    const { live = false, backup } = call.options
    if (live) requireSomebody(call)
    return withMigrator(call, { what: 'Cleanup', live }, async (work) => {
      const options: CleanupOptions = {
        ...work.options,
        dryRun: !live,
        ...(live && { confirm: (verified) => confirm(call, work, verified) }),
        ...(live && backup !== undefined && { backup: resolve(call.io.cwd, backup) }),
      }
      const result = await work.migrator.cleanupAliases(options)
      const { big, bigOmitted, notes, backupFile } = result
      await extendReport(work, result.reportFile, { big, bigOmitted, notes, backup: backupFile })
      return outcomeOf(call, work, result)
    })
  },
}

/** Asked after the verification. What is removed is gone, so more than a habit has to be typed. */
async function confirm(
  call: Call<Options>,
  { connection, schema, progress }: Work,
  verified: VerifyResult,
): Promise<true> {
  progress.clear()
  const backup =
    call.options.backup === undefined ? 'no backup: --backup <file> makes one' : `backup in ${call.options.backup}`
  const question = [
    `Verified: ${plural(verified.compared, 'key')} compared, nothing differs.`,
    `This will REMOVE their aliases on ${connection.address} for the migration "${schema.name}" (${backup}).`,
  ]
  await agree(call, question.join('\n'), schema.name)
  return true
}

function outcomeOf({ io, options }: Call<Options>, { phase }: Work, result: CleanupResult): Outcome {
  const { dryRun, endedBy, failed, kept, refusal, deleted, backupFile } = result
  const lines = familyTable(result, [
    ['deleted', dryRun ? 'to remove' : 'removed'],
    ['kept', 'kept'],
    ['failed', 'failed'],
  ])
  lines.push(...footer(result, io.cwd))
  if (backupFile !== undefined) lines.push(`Backup: ${relative(io.cwd, backupFile)}`)
  const isStopped = endedBy === 'signal'
  if (isStopped)
    lines.push('Stopped after the batch at hand. To go on, run the same command again, with another --backup.')
  const problem = refusal && problemOf(refusal)
  if (problem) {
    lines.push('', ...wrap(`The live run would be refused: ${problem.message} [${problem.code}]`, 80))
    lines.push(...next(problem.next))
  } else if (dryRun && !isStopped && deleted > 0) {
    const which = phase.isKnown ? '' : ' --phase retire-alias'
    lines.push(...next(`canonical-redis cleanup --live${which} --backup aliases.backup`))
  } else if (!isStopped) lines.push(...next('canonical-redis verify'))
  const found = failed > 0 || (kept > 0 && options.live === true)
  const exit: Exit = isStopped ? 'interrupted' : problem ? problem.exit : found ? 'findings' : 'ok'
  return { exit, lines, result }
}
