/**
 * The backfill: one name of each logical key is copied to the other, for keys that nobody touches.
 *
 * @module
 */
import { phaseTable, wrongPhase } from '../../phases/index.js'
import { copyInPieces } from '../big/copy.js'
import type { Answer } from '../calls.js'
import type { ExpressPlan } from '../express/express.js'
import { printable, type Job, type Place } from '../names.js'
import { apart, goesBack, moveQueues } from '../queues.js'
import type { ReportNames } from '../report.js'
import { backfillTransforms } from '../reshape/backfill.js'
import { distinctKeys, type Run } from '../run.js'
import { jobsOf, walkAll, type Met } from '../scan/walker.js'
import { copyScript, expressCopy, pruneScript, timeScript } from '../scripts/index.js'
import { Capped, EXAMPLES, Tally } from '../tally.js'
import { requireRoom } from '../throttle/fit.js'
import type { BigKey, MigrateCounts, MigrateOptions, MigrateResult, PhaseOf } from '../types/index.js'
import { Oddities } from './oddities.js'
import { wayOf, type Way } from './ways.js'

type Kind = keyof MigrateCounts
const kinds = [
  'found',
  'migrated',
  'skipped',
  'failed',
  'vanished',
  'removed',
  'timed',
] as const satisfies readonly Kind[]

/** Copies, and where it overwrites removes what has no counterpart. */
export async function backfill(
  run: Run,
  options: MigrateOptions,
  phaseOf: PhaseOf,
  report: ReportNames,
): Promise<MigrateResult> {
  const work = new Backfill(run, options, phaseOf, report)
  work.checkPhase()
  await run.session.requireCopy()
  await work.run()
  return work.result()
}

class Backfill {
  readonly #way: Way
  readonly #dryRun: boolean
  readonly #limit: number
  readonly #tally: Tally<Kind>
  readonly #big = new Capped<BigKey>(EXAMPLES)
  readonly #odd: Oddities
  /** Flags that say how to copy. */
  readonly #flags: string
  /** A key that has more than one alias is met once for each: without this it would count as migrated and as skipped. */
  readonly #metBefore = new Set<string>()

  constructor(
    readonly context: Run,
    readonly options: MigrateOptions,
    readonly phaseOf: PhaseOf,
    readonly report: ReportNames,
  ) {
    this.#way = wayOf(options)
    this.#odd = new Oddities(context, this.#way.source === 'aliases' ? (context.settings.types ?? {}) : {})
    this.#dryRun = options.dryRun ?? true
    this.#limit = options.limit ?? Infinity
    this.#flags = `${this.#way.copy}${this.#dryRun ? ' dry' : ''}${options.ttl === false ? ' keep' : ''}`
    this.#tally = new Tally<Kind>(kinds, context.names.families)
    this.#tally.restore(context.checkpoint?.memory?.counts)
    context.counts = this.#tally.total
  }

  checkPhase(): void {
    const wrong = this.#dryRun ? undefined : wrongPhase(this.#way.operation, this.context.names.families, this.phaseOf)
    if (wrong) throw wrong
  }

  async run(): Promise<void> {
    const { context: run } = this
    const { source, copy, sides } = this.#way
    const { match } = this.options
    if (!this.#dryRun) await requireRoom(run, { sides: source, flags: copy, match })
    await walkAll(run, {
      sides: goesBack(run, this.phaseOf) ? 'both' : sides,
      match,
      inTurn: this.#limit < Infinity,
      // A key with several aliases, met in two pages at a time, would count twice.
      overlaps: this.#limit === Infinity && run.names.aliasesAtMost(1),
      counts: () => this.#tally.families,
      each: (names, met) => {
        for (const left of this.#odd.meet(names, met.db)) this.report.left.push(left)
        return this.#page(jobsOf(run, names, met.db), met)
      },
      express: this.#express,
    })
    const { phaseOf, report, options } = this
    await backfillTransforms({ run, way: this.#way, options, phaseOf, tally: this.#tally, report })
  }

  /** Copies that replace nothing, and of which there may be any number, need no names on this side. */
  get #express(): ExpressPlan | undefined {
    if (this.#dryRun || this.#odd.hasTypes || this.#way.operation !== 'backfill' || this.#limit < Infinity)
      return undefined
    return {
      script: expressCopy,
      isNear: false,
      isWanted: () => {
        this.checkPhase()
        return !this.options.report || this.report.isFull
      },
      count: (family, migrated, skipped) => {
        this.#tally.add(family, 'found', migrated + skipped)
        this.#tally.add(family, 'migrated', migrated)
        this.#tally.add(family, 'skipped', skipped)
        this.report.migratedUnnamed(migrated)
      },
    }
  }

  result(): MigrateResult {
    const { direction = 'forward' } = this.options
    const { items: big, omitted: bigOmitted } = this.#big
    const { items: lookAlikes, omitted: lookAlikesOmitted } = this.#odd.lookAlikes
    return {
      ...this.context.result(),
      ...this.#tally.total,
      dryRun: this.#dryRun,
      direction,
      families: this.#tally.families,
      groups: this.context.grouped(this.#tally.families),
      big,
      bigOmitted,
      lookAlikes,
      lookAlikesOmitted,
    }
  }

  async #page(met: readonly Job[], place: Met): Promise<boolean> {
    const { context: run } = this
    const { queues, others: movable } = apart(met)
    const isSource = (job: Job): boolean => (job.met === -1) === (this.#way.source === 'canonical')
    const jobs = distinctKeys(movable.filter((job) => isSource(job) && !this.#metBefore.has(idOf(job))))
    const others = this.#way.prunes ? distinctKeys(movable.filter((job) => !isSource(job))) : []
    await this.#move(distinctKeys(queues.filter((job) => !this.#metBefore.has(idOf(job)))))
    while (jobs.length > 0 && !run.isStopped) {
      const left = this.#limit - this.#tally.total.migrated
      if (left <= 0) {
        run.stop('limit')
        break
      }
      await this.#copy(jobs.splice(0, Math.min(left, run.pacer.portion)), place)
    }
    while (others.length > 0 && !run.isStopped) await this.#prune(others.splice(0, run.pacer.portion), place)
    return jobs.length + others.length === 0
  }

  /** Queues lie under one name at a time: they are moved to the one that the phase wants, and the way back is a move too. */
  async #move(queues: readonly Job[]): Promise<void> {
    if (this.#way.copy === 'back') return
    const answers = await moveQueues(this.context, queues, this.#dryRun, this.phaseOf)
    queues.forEach((job, i) => this.#count(job, answers[i]!))
  }

  async #copy(portion: readonly Job[], place: Met): Promise<void> {
    const { context: run } = this
    await run.pacer.admit(place.server, portion.length)
    const jobs = await this.#withoutOdd(portion)
    // Again for each batch: the fleet may step on in between.
    this.checkPhase()
    const answers = await run.calls.run(
      copyScript,
      this.#flags,
      jobs.map((job) => this.#ruled(job)),
    )
    for (const [i, job] of jobs.entries()) {
      const answer = answers[i]!
      const isBig = !(answer instanceof Error) && answer[0] === 'big'
      this.#count(job, isBig ? await this.#copyBig(job, answer, place).catch((error: Error) => error) : answer)
    }
  }

  /** Those that may be copied; the others are counted. */
  async #withoutOdd(jobs: readonly Job[]): Promise<readonly Job[]> {
    if (!this.#odd.hasTypes) return jobs
    const refusals = await this.#odd.refusals(this.context.calls, jobs)
    jobs.forEach((job, i) => refusals[i] && this.#count(job, refusals[i]))
    return jobs.filter((_, i) => refusals[i] === undefined)
  }

  async #prune(jobs: readonly Job[], { server }: Met): Promise<void> {
    await this.context.pacer.admit(server, jobs.length)
    this.checkPhase()
    const flags = `${this.#way.prune}${this.#dryRun ? ' dry' : ''}`
    const answers = await this.context.calls.run(pruneScript, flags, jobs)
    jobs.forEach((job, i) => {
      const answer = answers[i]!
      if (answer instanceof Error) return this.#count(job, answer)
      if (answer[0] !== 'removed' || this.#metBefore.has(idOf(job))) return
      // In a dry run a key with several aliases is met by each of them.
      if (job.aliases.length > 1) this.#metBefore.add(idOf(job))
      this.#tally.add(job.family, 'removed')
    })
  }

  /** With what the rule of its family has to be told of its phase. */
  #ruled(job: Job): Job {
    const { phaseOf } = this
    if (job.rule === undefined || !phaseOf || phaseTable[phaseOf(job.family)].primary === 'alias') return job
    return { ...job, rule: `${job.rule} both` }
  }

  /** Gives a key its time that was copied in pieces; 1 if it was given any. Should it fail, the next run does it. */
  async #time(job: Job): Promise<number> {
    if (job.rule === undefined || this.#way.copy === 'back') return 0
    const [answer] = await this.context.calls.run(timeScript, this.#flags, [this.#ruled(job)])
    return !(answer instanceof Error) && answer?.[0] === 'given' ? 1 : 0
  }

  #count(job: Job, answer: Answer): void {
    const { name } = job.aliases[Math.max(0, job.met)]!
    const failed = answer instanceof Error
    const kind = failed ? 'failed' : (answer[0] as Kind)
    if (!failed && answer[2] === 1) this.#tally.add(job.family, 'timed')
    if (failed || Number(answer[1]) > 1) this.#metBefore.add(idOf(job))
    this.#tally.add(job.family, 'found')
    this.#tally.add(job.family, kind)
    const names = [printable(name), printable(job.canonical)] as const
    if (failed) {
      this.context.failed(job, name, answer)
      this.report.error(...names, job.family, answer.message)
    } else if (kind === 'migrated') this.report.migrated(...names)
  }

  /** What became of a big key, in the words of the script for small ones. */
  async #copyBig(job: Job, [, count, source, bytes]: readonly (string | number)[], { server }: Met): Promise<Answer> {
    const { context: run } = this
    const canonical: Place = { name: job.canonical, db: run.session.home }
    const back = this.#way.copy === 'back'
    const from = Number(source) === 0 ? canonical : job.aliases[Number(source) - 1]!
    const big = {
      key: printable(from.name),
      canonical: printable(job.canonical),
      family: job.family,
      bytes: Number(bytes),
    }
    const list = (outcome: BigKey['outcome'], retries = 0): void => this.#big.push({ ...big, outcome, retries })
    const how = this.#dryRun && run.big.how !== 'skip' ? 'would-copy' : run.big.how
    if (how === 'would-copy' || how === 'skip') {
      list(how)
      return [how === 'skip' ? 'skipped' : 'migrated', count!]
    }
    if (how === 'chunk') {
      await run.progress(`"${big.key}" (${big.bytes} bytes) to be copied in pieces`)
      const [to, overtaken] = back ? [job.aliases[0]!, job.aliases.slice(1)] : [canonical, []]
      const replace = this.#way.copy !== ''
      const { kind, retries } = await copyInPieces(run, server, { from, to, bytes: big.bytes, replace, overtaken })
      if (kind === 'changed') {
        list('changed', retries)
        return new Error(`it changed during each of ${retries + 1} attempts to copy it in pieces`)
      }
      if (kind !== 'whole') {
        if (kind !== 'migrated') return [kind, count!]
        list('chunk', retries)
        return [kind, count!, await this.#time(job)]
      }
    }
    await run.progress(`"${big.key}" (${big.bytes} bytes) to be copied in one piece: nobody else is served meanwhile`)
    const [answer] = await run.calls.run(copyScript, `${this.#flags} whole`, [this.#ruled(job)])
    if (!(answer instanceof Error) && answer![0] === 'migrated') list('copy')
    return answer!
  }
}

const idOf = ({ canonical }: Job): string => canonical.toString('latin1')
