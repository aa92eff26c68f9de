/**
 * The way through the phases, as several examples go it: what is done in each, and the sums for their last table.
 *
 * @module
 */
import type { MigrateResult, Phase, PhaseSource, RedisKeyMigrator } from 'canonical-redis'
import type { Board } from './programs.js'
import { number, type Row, type Screen } from './screen.js'

/** What {@link Journey} needs. */
export interface JourneyOptions {
  readonly screen: Screen
  readonly board: Board
  readonly migrator: RedisKeyMigrator
  /** By deployment: each steps on its own, one after the other. */
  readonly deployments: Readonly<Record<string, PhaseSource>>
  /** Commands that the programs send between two changes. */
  readonly operations: number
}

/** One migration under way. */
export class Journey {
  /** Keys moved, by family. */
  readonly moved: Record<string, number> = {}
  /** What `verify` found to differ, over all of them. */
  differences = 0
  swept = 0

  constructor(readonly options: JourneyOptions) {}

  /** Says whether something holds; what does not is reported. */
  readonly check = (what: string, holds: boolean): void => {
    const { screen, board } = this.options
    screen.event(what, holds ? 'yes' : 'NO', holds)
    if (!holds) board.report(what)
  }

  /** One deployment after the other enters a phase, with traffic in between: neighbours run side by side for a while. */
  async enter(phase: Phase, why: string): Promise<void> {
    const { screen, board, deployments, operations } = this.options
    screen.title(phase, why)
    for (const [name, source] of Object.entries(deployments)) {
      source.set?.(phase)
      const before = [board.total, board.errors, board.wrong] as const
      await board.more(operations)
      const [done, errors, wrong] = [board.total - before[0], board.errors - before[1], board.wrong - before[2]]
      screen.event(
        `${name}: ${phase}`,
        `${number(done)} commands, ${errors} errors, ${wrong} wrong`,
        errors + wrong === 0,
      )
    }
  }

  /** Copies; with `overwrite` also over copies that raw writers have left behind. */
  async backfill(overwrite = false): Promise<MigrateResult> {
    const { screen, migrator } = this.options
    const result = await migrator.migrateKeys({ dryRun: false, overwrite })
    for (const [family, { migrated }] of Object.entries(result.families)) {
      this.moved[family] = Math.max(this.moved[family] ?? 0, migrated)
    }
    const { migrated, skipped, failed, timed } = result
    const times = timed > 0 ? `, ${number(timed)} given a time to live` : ''
    screen.event(
      overwrite ? 'backfill, overwriting' : 'backfill',
      `${number(migrated)} copied, ${number(skipped)} there already, ${failed} failed${times}`,
    )
    for (const { key, error } of result.errors) screen.event('  left', `${key}: ${error}`)
    for (const { key, why } of result.lookAlikes) screen.event('  left', `${key}: ${why}`)
    return result
  }

  /** @throws when something differs: the next phase would lose data */
  async verify(): Promise<void> {
    const { screen, migrator } = this.options
    const { compared, missing, different, failed, clean, details } = await migrator.verify()
    const found = missing + different + failed
    this.differences += found
    screen.event('verify', `${number(compared)} pairs compared, ${found} differ`, clean)
    if (!clean) throw new Error(`verify is not clean: ${JSON.stringify(details[0])}`)
  }

  /** First what would go; then, if `confirm` agrees, it goes. */
  async cleanup(confirm: (question: string) => boolean | Promise<boolean>, backup?: string): Promise<void> {
    const { screen, migrator } = this.options
    const dry = await migrator.cleanupAliases()
    screen.event('cleanup, dry run', `would delete ${number(dry.deleted)} alias keys`, dry.refusal === undefined)
    const result = await migrator.cleanupAliases({
      dryRun: false,
      confirm: () => confirm(`Delete ${number(dry.deleted)} alias keys?`),
      ...(backup !== undefined && { backup }),
    })
    if (result.dryRun) throw new Error('the cleanup was not confirmed')
    this.swept += result.deleted
    screen.event('cleanup', `deleted ${number(result.deleted)} alias keys, ${result.kept} kept`, result.kept === 0)
  }

  /** The last table, in the order in which it is read. */
  rows(more: readonly Row[] = []): Row[] {
    const { board } = this.options
    const zero = (label: string, count: number): Row => ({ label, value: number(count), good: count === 0 })
    return [
      ...Object.entries(this.moved).map(([family, count]) => ({
        label: `keys moved: ${family}`,
        value: number(count),
      })),
      { label: 'old names removed', value: number(this.swept) },
      { label: 'commands, legacy clients', value: number(board.operations.legacy) },
      { label: 'commands, wrapped clients', value: number(board.operations.wrapped) },
      ...more,
      zero('differences found by verify', this.differences),
      zero('errors', board.errors),
      zero('lost, doubled or stale', board.wrong),
    ]
  }
}

/** `7 of 15 lines` */
export const linesRow = (changes: readonly { readonly of: number; readonly added: number }[]): Row => {
  const sum = (field: 'of' | 'added'): number => changes.reduce((total, change) => total + change[field], 0)
  return { label: 'lines of application code changed', value: `${sum('added')} of ${sum('of')}` }
}
