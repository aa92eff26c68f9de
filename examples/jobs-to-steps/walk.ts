/**
 * The way from `alias` to `canonical`, with everything running.
 *
 * @module
 */
import type { Phase } from 'canonical-redis'
import { RedisKeyMigrator, type Progress, type VerifyResult } from 'canonical-redis/migrate'
import { countNames } from './audit.js'
import { schema } from './schema.js'
import { number, type Screen, type Tick } from '../support/screen.js'
import type { Deployment, World } from './world.js'

/** What the migrator did, for the final table. */
export interface Walked {
  copied: number
  swept: number
  /** Keys that differed where nothing may differ. */
  differing: number
}

/** What {@link walk} needs. */
export interface WalkOptions {
  readonly world: World
  readonly screen: Screen
  /** Operations between two changes. */
  readonly operations: number
  /** Go on where a gate says stop. */
  readonly broken: boolean
}

interface Stage {
  readonly phase: Phase
  readonly why: string
  /** What has to be done when both services are in this phase, before the next one. */
  readonly then: readonly ((walk: Walk) => Promise<void>)[]
}

const stages: readonly Stage[] = [
  {
    phase: 'alias',
    why: 'every command goes to the old name, whichever name the code uses',
    then: [(w) => w.noNewKeys()],
  },
  { phase: 'prepare', why: 'each write also removes the new name: no stale copy can wait there', then: [] },
  {
    phase: 'dual-write',
    why: 'each write leaves both names equal, in one transaction',
    then: [(w) => w.retireWriters(), (w) => w.backfill(true), (w) => w.verify()],
  },
  {
    phase: 'dual-read',
    why: 'reads the new name, and adopts what only the old one has',
    then: [(w) => w.backfill(false), (w) => w.verify()],
  },
  {
    phase: 'canonical-primary',
    why: 'reads the new name alone; the old one is kept equal for raw readers',
    then: [(w) => w.verify(), (w) => w.retireReaders()],
  },
  {
    phase: 'retire-alias',
    why: 'each write removes the old name',
    then: [(w) => w.sweep(), (w) => w.verify()],
  },
  { phase: 'canonical', why: 'only the new names are left', then: [] },
]

/** Walks all the way. @throws when a gate says that the next phase would lose data */
export async function walk(options: WalkOptions): Promise<Walked> {
  const walk = new Walk(options)
  for (const { phase, why, then } of stages) {
    options.screen.title(phase, why)
    for (const deployment of options.world.deployments) await walk.move(deployment, phase)
    for (const step of then) await step(walk)
  }
  return walk.walked
}

class Walk {
  readonly walked: Walked = { copied: 0, swept: 0, differing: 0 }
  #tick: Tick = () => undefined
  readonly #migrator: RedisKeyMigrator

  constructor(readonly options: WalkOptions) {
    const onProgress = ({ scanned, total }: Progress): void => this.#tick(scanned, total)
    this.#migrator = new RedisKeyMigrator(options.world.api, schema, { onProgress })
  }

  /** One service changes its phase while the other is still in the one before; then some traffic. */
  async move({ name, source }: Deployment, phase: Phase): Promise<void> {
    const { world, screen, operations } = this.options
    if (source.phaseOf('step') !== phase) source.set?.(phase)
    const { ledger } = world
    const before = {
      began: performance.now(),
      total: ledger.total,
      errors: ledger.errorCount,
      stale: ledger.staleReads,
    }
    await ledger.more(operations)
    const done = ledger.total - before.total
    const rate = (done * 1000) / (performance.now() - before.began)
    const [errors, stale] = [ledger.errorCount - before.errors, ledger.staleReads - before.stale]
    const counts = `${number(done)} operations, ${number(rate)}/s, ${errors} errors, ${stale} stale reads`
    screen.event(`${name} is in ${phase}`, counts, errors + stale === 0)
  }

  /** `prepare` removes the new name at every write: what is there already would be lost. */
  async noNewKeys(): Promise<void> {
    const there = await countNames(this.options.world.admin, 'canonical')
    this.#gate('nothing under the new names yet', there === 0, `${there} keys`)
  }

  async retireWriters(): Promise<void> {
    await this.options.world.retireLegacyWriters()
    this.options.screen.event('legacy writers retire', 'from dual-read on, what they write would be lost')
  }

  async retireReaders(): Promise<void> {
    await this.options.world.retireLegacyReaders()
    this.options.screen.event('legacy readers retire', 'from retire-alias on, the old names go')
  }

  /** Overwriting, where raw writers have left copies behind that are stale. Nobody may read the new names then. */
  async backfill(overwrite: boolean): Promise<void> {
    const { screen } = this.options
    const what = overwrite ? 'backfill, overwriting' : 'backfill'
    const result = await this.#progress(what, () => this.#migrator.migrateKeys({ dryRun: false, overwrite }))
    this.walked.copied += result.migrated
    const rate = number((result.found * 1000) / Math.max(1, result.durationMs))
    // Raw writers removed old names, and could not know of the copies.
    const removed = overwrite ? `, ${number(result.removed)} copies without an original removed` : ''
    const sentence = `${number(result.migrated)} copied, ${number(result.skipped)} there already, ${result.failed} failed, ${rate}/s${removed}`
    screen.event(what, sentence, result.failed === 0)
  }

  async verify(): Promise<void> {
    const result = await this.#check('verify')
    const differing = result.missing + result.different + result.failed
    this.walked.differing += differing
    this.#gate(
      'verify',
      result.clean,
      `${number(result.compared)} pairs compared, ${differing} differ${result.clean ? '' : firstOf(result)}`,
    )
  }

  async sweep(): Promise<void> {
    try {
      const result = await this.#progress('sweep', () => this.#migrator.cleanupAliases({ dryRun: false }))
      this.walked.swept += result.deleted
      const rate = number((result.deleted * 1000) / Math.max(1, result.durationMs))
      this.#gate(
        'sweep',
        result.kept + result.failed === 0,
        `${number(result.deleted)} old names removed, ${result.kept} kept, ${rate}/s`,
      )
    } catch (error) {
      this.#gate('sweep', false, (error as Error).message)
    }
  }

  #check(what: string): Promise<VerifyResult> {
    return this.#progress(what, () => this.#migrator.verify())
  }

  #progress<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.options.screen.progress(what, (tick) => {
      this.#tick = tick
      return work()
    })
  }

  #gate(what: string, passed: boolean, result: string): void {
    const { screen, broken } = this.options
    screen.event(
      what,
      passed ? result : `${result}\n    a rollout stops here${broken ? '; --break goes on' : ''}`,
      passed,
    )
    if (!passed && !broken) throw new Error(`${what}: ${result}`)
  }
}

/** One of the differences, for the eye. */
function firstOf({ details, orphans, errors }: VerifyResult): string {
  const [first] = details
  if (first === undefined) return errors[0] ? `; ${errors[0].key}: ${errors[0].error}` : ''
  const found = first.found ? `: ${first.found.alias} and ${first.found.canonical}` : ''
  return `, ${orphans} copies without an original; ${first.alias} and ${first.canonical} (${first.problem}${found})`
}
