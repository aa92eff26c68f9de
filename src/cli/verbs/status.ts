/**
 * `canonical-redis status`: how far the migration is.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { FamilyAnalysis, MigrateCounts } from '../../migrate/types/index.js'
import type { Phase } from '../../phases/index.js'
import { runFlags, type RunFlagOptions } from '../flags.js'
import { next } from '../run/show.js'
import { withMigrator } from '../run/work.js'
import { count, percent, table } from '../text.js'
import type { Verb } from '../verb.js'

/** The verb. */
export const status: Verb<RunFlagOptions> = {
  name: 'status',
  says: 'how far the migration is, and what comes next',
  more: 'Reads only: counts the keys of each family, and looks at the checkpoints and reports of earlier runs.',
  flags: runFlags.filter(({ flags }) => flags !== '--no-report'),
  examples: [
    ['status', 'how far is it?'],
    ['status --phase dual-read --json', 'for a dashboard'],
  ],
  run: (call) => {
    const folder = resolve(call.io.cwd, call.options.reportDir)
    return withMigrator({ ...call, options: { ...call.options, report: false } }, { what: 'Status' }, async (work) => {
      const analysis = await work.migrator.analyze({ ...work.options, sample: 1 })
      // Sizes and samples are not asked for, but how many keys are left to copy, exactly.
      const copies = await work.migrator.migrateKeys(work.options)
      const families = Object.fromEntries(
        Object.entries(analysis.families).map(([name, family]) => [name, stateOf(family, copies.families[name])]),
      )
      const [runs, checkpoints] = [await earlierRuns(folder), await openCheckpoints(folder)]
      const { phases } = work.phase
      const result = { phases, families, runs, checkpoints, next: nextStep(phases, Object.values(families)) }
      const isStopped = copies.endedBy === 'signal'
      return { exit: isStopped ? 'interrupted' : 'ok', lines: linesOf(result), result }
    })
  },
}

const RUNS = 5

interface State {
  readonly aliases: number
  readonly canonical: number
  /** Of the keys that have an alias, those that have their canonical key, and those that do not. */
  readonly copied: number
  readonly left: number
  readonly queue: boolean
}

function stateOf(family: FamilyAnalysis, { migrated, skipped }: MigrateCounts = none): State {
  const { aliasKeys, canonicalKeys, queue } = family
  return { aliases: aliasKeys, canonical: canonicalKeys, copied: skipped, left: migrated, queue }
}

/** A family without aliases has nothing to copy. */
const none: MigrateCounts = { found: 0, migrated: 0, skipped: 0, failed: 0, vanished: 0, removed: 0, timed: 0 }

/** What to do in a phase, while aliases are left without a copy and when none are. */
const steps: Readonly<Record<Phase, (open: number, aliases: number) => string>> = {
  alias: () => 'move every client to prepare',
  prepare: () => 'move every client to dual-write',
  'dual-write': (open) => (open > 0 ? 'canonical-redis migrate --live' : 'move every client to dual-read'),
  'dual-read': (open) =>
    open > 0 ? 'canonical-redis migrate --live' : 'canonical-redis verify, then move every client to canonical-primary',
  'canonical-primary': () =>
    'canonical-redis verify; when nobody reads the old names: move every client to retire-alias',
  'retire-alias': (_, aliases) =>
    aliases > 0 ? 'canonical-redis cleanup' : 'canonical-redis verify, then move every client to canonical',
  canonical: () => 'nothing: the migration is done',
}

function nextStep([phase, ...others]: readonly Phase[], states: readonly State[]): string {
  if (phase === undefined) return 'say in which phase the fleet is, to hear what comes next: --phase <phase>'
  if (others.length > 0) return 'the families are in several phases; look at one: --families <name>'
  const copies = states.filter(({ queue }) => !queue)
  const aliases = copies.reduce((sum, state) => sum + state.aliases, 0)
  const left = copies.reduce((sum, state) => sum + state.left, 0)
  return steps[phase](left, aliases)
}

/** A run, by its report. */
interface EarlierRun {
  readonly file: string
  readonly operation: string
  readonly at: string
  readonly dryRun: boolean
  readonly done: number
  readonly errors: number
  readonly ended: string
}

/** JSON files of the folder whose names begin so, the newest first; none where there is no folder. */
async function filesOf(folder: string, holds: (name: string) => boolean): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter(holds).sort().reverse()
}

async function jsonOf(folder: string, name: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>
  } catch {
    // A file of somebody else, or half written: not worth failing for.
    return {}
  }
}

/** A text of a file that may hold anything. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '?')

async function earlierRuns(folder: string): Promise<EarlierRun[]> {
  const names = await filesOf(folder, (name) => /^migration_report_.*\.json$/.test(name))
  const runs = names.slice(0, RUNS).map(async (file) => {
    const json = await jsonOf(folder, file)
    return {
      file,
      operation: textOf(json['operation']),
      at: textOf(json['timestamp']),
      dryRun: json['dry_run'] === true,
      done: Number(json['total_keys_migrated'] ?? 0),
      errors: Number(json['errors'] ?? 0),
      ended: textOf(json['ended_by']),
    }
  })
  return Promise.all(runs)
}

interface OpenCheckpoint {
  readonly file: string
  readonly savedAt: string
  readonly scanned: number
}

async function openCheckpoints(folder: string): Promise<OpenCheckpoint[]> {
  const names = await filesOf(folder, (name) => name.endsWith('.checkpoint'))
  return Promise.all(
    names.map(async (file) => {
      const json = await jsonOf(folder, file)
      return { file, savedAt: textOf(json['savedAt']), scanned: Number(json['scanned'] ?? 0) }
    }),
  )
}

interface Whole {
  readonly families: Readonly<Record<string, State>>
  readonly runs: readonly EarlierRun[]
  readonly checkpoints: readonly OpenCheckpoint[]
  readonly next: string
}

function linesOf({ families, runs, checkpoints, next: step }: Whole): string[] {
  const right = true
  const keys = table(
    [
      { title: 'family' },
      { title: 'old names', right },
      { title: 'new names', right },
      { title: 'copied', right },
      { title: 'left', right },
    ],
    Object.entries(families).map(([name, { aliases, canonical, copied, left, queue }]) => [
      name,
      count(aliases),
      count(canonical),
      queue ? 'queue' : percent(copied, copied + left),
      queue ? '' : count(left),
    ]),
  )
  const earlier = table(
    [
      { title: 'earlier run' },
      { title: 'at' },
      { title: 'done', right },
      { title: 'errors', right },
      { title: 'ended' },
    ],
    runs.map(({ operation, dryRun, at, done, errors, ended }) => [
      `${operation}${dryRun && operation !== 'verify' ? ' (dry run)' : ''}`,
      at.replace('T', ' ').replace(/\..*/, ''),
      count(done),
      count(errors),
      ended,
    ]),
  )
  const open = checkpoints.map(
    ({ file, savedAt, scanned }) =>
      `Interrupted run: ${file}, ${count(scanned)} keys in, ${savedAt}; run it again to go on.`,
  )
  return [
    ...keys,
    ...(earlier.length > 0 ? ['', ...earlier] : []),
    ...(open.length > 0 ? ['', ...open] : []),
    ...next(step),
  ]
}
