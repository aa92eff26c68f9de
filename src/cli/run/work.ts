/**
 * What every verb does that goes through the keys: open, log, show progress, run, and close.
 *
 * @module
 */
import { resolve } from 'node:path'
import { RedisKeyMigrator } from '../../migrate/migrator.js'
import type { MigratorOptions, RunOptions } from '../../migrate/types/index.js'
import type { LiveOptions, RunFlagOptions } from '../flags.js'
import { problemOf } from '../problem.js'
import { wrap } from '../text.js'
import type { Call, Outcome } from '../verb.js'
import { Journal } from './journal.js'
import { phased, requirePhase, titleOf, withServer, type Opened, type Phased } from './open.js'
import { ProgressView } from './progress.js'

/** A migrator that is ready, and what belongs to its run. */
export interface Work extends Opened {
  readonly migrator: RedisKeyMigrator
  readonly phase: Phased
  readonly journal: Journal
  readonly progress: ProgressView
  /** For every call of the migrator. */
  readonly options: RunOptions
  /** Says a line, in the log as well. */
  readonly say: (line: string) => void
}

/** What is done, in which mode. */
export interface Task {
  /** `Migrate`, for the first line. */
  readonly what: string
  /** Is anything changed? Left out where nothing ever is. */
  readonly live?: boolean
}

/** Gives a migrator to `work`, and what came of it to the caller. */
export async function withMigrator(
  call: Call<RunFlagOptions>,
  { what, live }: Task,
  work: (work: Work) => Promise<Outcome>,
): Promise<Outcome> {
  return withServer(call, async (opened) => {
    const phase = phased(opened, call.options)
    if (live) requirePhase(phase)
    const folder = call.options.report === false ? undefined : resolve(call.io.cwd, call.options.reportDir)
    const journal = Journal.open(folder)
    const progress = new ProgressView(call.io, journal)
    const say = (line: string): void => {
      progress.clear()
      journal.write(line)
      for (const part of wrap(line, 80)) call.say(part)
    }
    say(titleOf(opened, phase, live === undefined ? what : `${what} (${live ? 'live' : 'dry run'})`))
    const migrator = new RedisKeyMigrator(phase.client, opened.schema, migratorOptions(opened, call.options, progress))
    const { families, group, rate } = call.options
    const options: RunOptions = {
      signal: call.io.signal,
      ...(families && { families }),
      ...(group && { groups: group }),
      ...(rate !== undefined && { rate }),
      ...(folder !== undefined && { report: folder }),
    }
    try {
      const outcome = await work({ ...opened, migrator, phase, journal, progress, options, say })
      for (const line of outcome.lines) if (line !== '') journal.write(line)
      journal.write(`ended: ${outcome.exit}`)
      const { name, hash } = opened.schema
      return { ...outcome, migration: { name, hash } }
    } catch (error) {
      const { code, message } = problemOf(error)
      journal.write(`ended with ${code}: ${message}`)
      throw error
    } finally {
      progress.clear()
    }
  })
}

/** Flags win over the config file. */
function migratorOptions({ config }: Opened, options: LiveOptions, progress: ProgressView): MigratorOptions {
  const given = config.migrator ?? {}
  const { memory, batch, bigKeys } = options
  const throttle = typeof given.throttle === 'object' ? given.throttle : {}
  return {
    ...given,
    ...(batch !== undefined && { batch }),
    ...(memory !== undefined && { throttle: { ...throttle, memory } }),
    ...(options.throttle === false && { throttle: false }),
    ...(bigKeys && { bigKeys: { ...given.bigKeys, how: bigKeys } }),
    onProgress: progress.onProgress,
  }
}
