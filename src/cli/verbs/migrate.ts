/**
 * `canonical-redis migrate`: copies the keys.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { CanonicalRedisError } from '../../errors.js'
import type { MigrateOptions, MigrateResult } from '../../migrate/types/index.js'
import type { Exit } from '../exits.js'
import { liveFlags, oneOf, runFlags, whole, type LiveOptions } from '../flags.js'
import { agree, requireSomebody } from '../run/confirm.js'
import { extendReport } from '../run/record.js'
import { examples, familyTable, footer, next } from '../run/show.js'
import { withMigrator, type Work } from '../run/work.js'
import { bytes, plural } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'
import { verified } from './verify.js'

interface Options extends LiveOptions {
  readonly limit?: number
  readonly match?: string
  readonly direction?: 'forward' | 'reverse'
  readonly overwrite?: boolean
  /** A file; false after `--no-checkpoint`. */
  readonly checkpoint?: string | false
  readonly validate?: boolean
  /** False after `--no-prune`. */
  readonly prune?: boolean
}

/** The verb. */
export const migrate: Verb<Options> = {
  name: 'migrate',
  says: 'copy aliases to their canonical names',
  more:
    'Copies on the server what nobody touches: types, times to live and consumer groups come along, existing keys are ' +
    'never replaced (but with --overwrite), and running it again is always right.',
  flags: [
    ...runFlags,
    ...liveFlags,
    { flags: '--limit <keys>', says: 'at most so many keys; run again to go on', read: whole('--limit', 1, '100') },
    { flags: '--match <glob>', says: 'only aliases that the glob matches' },
    {
      flags: '--direction <way>',
      says: 'forward, or reverse: canonical keys replace their aliases',
      read: oneOf('--direction', ['forward', 'reverse']),
    },
    { flags: '--overwrite', says: 'replace canonical keys; only while nobody reads them' },
    { flags: '--no-prune', says: 'with --overwrite or reverse: remove nothing' },
    { flags: '--validate', says: 'with --live: verify afterwards; exit code 1 when something differs' },
    { flags: '--checkpoint <file>', says: 'go on from there after a kill (default: in the report folder)' },
    { flags: '--no-checkpoint', says: 'keep none' },
  ],
  examples: [
    ['migrate', 'a dry run: what would be copied'],
    ['migrate --live --phase dual-write', 'copy, after asking'],
    ['migrate --live --yes --json --rate 5000', 'from a script, gently; the phase stands in the config'],
    ['migrate --live --validate --phase dual-write', 'copy, and compare what was copied'],
    ['migrate --live --limit 100 --families step', 'a first try'],
  ],
  async run(call) {
    const { live = false, validate = false } = call.options
    if (validate && !live) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'A dry run copies nothing that could be validated.', {
        hint: 'canonical-redis migrate --live --validate, or canonical-redis verify',
      })
    }
    if (live) requireSomebody(call)
    return withMigrator(call, { what: 'Migrate', live }, async (work) => {
      if (live && !call.options.yes) await ask(call, work)
      const result = await work.migrator.migrateKeys({
        ...work.options,
        ...wanted(call.options),
        ...livePart(call, work),
      })
      const { big, bigOmitted, notes } = result
      await extendReport(work, result.reportFile, { big, bigOmitted, notes })
      const outcome = outcomeOf(call, work, result)
      if (!validate || outcome.exit === 'interrupted') return outcome
      return together(outcome, await verified(call, work, work.options))
    })
  },
}

/** A migration and its validation, as one outcome: what was found by either counts. */
const together = (migrated: Outcome, validated: Outcome): Outcome => ({
  exit: validated.exit === 'ok' ? migrated.exit : validated.exit,
  lines: [...migrated.lines, '', 'Validation', ...validated.lines],
  result: { ...(migrated.result as object), validation: validated.result },
})

function wanted({ limit, match, direction, overwrite, prune, bigKeys }: Options): MigrateOptions {
  return {
    ...(limit !== undefined && { limit }),
    ...(match !== undefined && { match }),
    ...(direction && { direction }),
    ...(overwrite && { overwrite }),
    ...(prune === false && { prune }),
    ...(bigKeys && { bigKeys: { how: bigKeys } }),
  }
}

/** What makes it live. The checkpoint's name holds what may not change between the runs that share it. */
function livePart({ options, io }: Call<Options>, { schema }: Work): MigrateOptions {
  if (!options.live) return {}
  const { checkpoint, families, group, match, direction, overwrite, prune, bigKeys } = options
  if (checkpoint === false || options.limit !== undefined) return { dryRun: false }
  if (checkpoint !== undefined) return { dryRun: false, checkpoint: resolve(io.cwd, checkpoint) }
  if (options.report === false) return { dryRun: false }
  const parts = JSON.stringify([schema.name, families, group, match, direction, overwrite, prune, bigKeys])
  const id = createHash('sha256').update(parts).digest('hex').slice(0, 8)
  return { dryRun: false, checkpoint: resolve(io.cwd, join(options.reportDir, `migrate_${id}.checkpoint`)) }
}

/** Shows what a dry run gives before it asks. */
async function ask(call: Call<Options>, { migrator, options, say, schema, connection, progress }: Work): Promise<void> {
  const { report: _report, ...quiet } = options
  const dry = await migrator.migrateKeys({ ...quiet, ...wanted(call.options) })
  progress.clear()
  if (call.io.signal.aborted) throw new DOMException('Stopped before anything was changed.', 'AbortError')
  if (dry.migrated + dry.removed === 0) return say('There is nothing to copy.')
  const removed = dry.removed > 0 ? `, and remove ${plural(dry.removed, 'key')}` : ''
  const where = `on ${connection.address} for the migration "${schema.name}"`
  await agree(call, `This will copy ${plural(dry.migrated, 'key')}${removed}, ${where}.`)
}

function outcomeOf({ io, options }: Call<Options>, { phase }: Work, result: MigrateResult): Outcome {
  const { dryRun, removed, timed, failed, endedBy, big, bigOmitted, migrated, lookAlikes, lookAlikesOmitted } = result
  const lines = familyTable(result, [
    ['found', 'found'],
    ['migrated', dryRun ? 'to copy' : 'copied'],
    ['skipped', 'there already'],
    ['vanished', 'vanished'],
    ['failed', 'failed'],
    ...(removed > 0 ? [['removed', dryRun ? 'to remove' : 'removed'] as const] : []),
    ...(timed > 0 ? [['timed', dryRun ? 'to get a TTL' : 'got a TTL'] as const] : []),
  ])
  lines.push(
    ...examples('Big keys', big, bigOmitted, ({ key, bytes: size, outcome }) => `${key}: ${bytes(size)}, ${outcome}`),
    ...examples('Left, since no rule takes it', lookAlikes, lookAlikesOmitted, ({ key, why }) => `${key}: it ${why}`),
    ...footer(result, io.cwd),
  )
  const isStopped = endedBy === 'signal'
  if (isStopped) lines.push('Stopped after the batch at hand. To go on, run the same command again.')
  else if (dryRun && migrated > 0)
    lines.push(...next(`canonical-redis migrate --live${phase.isKnown ? '' : ' --phase <phase>'}`))
  else if (failed > 0) lines.push(...next('look at what failed, and run the same command again'))
  else if (options.direction !== 'reverse' && !options.validate) lines.push(...next('canonical-redis verify'))
  const exit: Exit = isStopped ? 'interrupted' : failed > 0 ? 'findings' : 'ok'
  return { exit, lines, result }
}
