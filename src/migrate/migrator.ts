/**
 * The migrator's public face.
 *
 * @module
 */
import { sourceFor, type Source } from '../clients/source.js'
import { CanonicalRedisError } from '../errors.js'
import { wrongPhase, type Phase } from '../phases/index.js'
import type { Schema } from '../schema/index.js'
import { analyzeKeys } from './analyze/analyze.js'
import { backfill } from './backfill/backfill.js'
import { restoreBackup } from './backup/restore.js'
import { BackupWriter } from './backup/writer.js'
import { Checkpoint, type Pinned } from './checkpoint/checkpoint.js'
import { storeFor } from './checkpoint/store.js'
import { findAliases } from './find.js'
import { Names } from './names.js'
import { checkFamilies, checkOptions, checkPattern, checkSchema, defined, shared } from './options.js'
import { reported, ReportNames, writeAnalysis } from './report.js'
import { withReport } from './rollback/report.js'
import { rollBack } from './rollback/rollback.js'
import { setterOf, startOf } from './rollback/phases.js'
import { Run, type RunSettings } from './run.js'
import { Session } from './session.js'
import { notClean, sweep } from './sweep/sweep.js'
import type {
  Analysis,
  AnalyzeOptions,
  CheckpointPlace,
  CleanupOptions,
  CleanupResult,
  MigrateOptions,
  MigrateResult,
  MigratorOptions,
  Operation,
  PhaseOf,
  RestoreOptions,
  RestoreResult,
  RollbackOptions,
  RollbackResult,
  RunOptions,
  VerifyOptions,
  VerifyResult,
} from './types/index.js'
import { verifyPairs } from './verify/verify.js'

/**
 * Moves the keys that nobody touches: finds them, copies them, checks the copies, removes the old names at the end, and
 * knows the way back.
 *
 * It works on connections of its own, to every server that holds keys, and closes them after each call; the client that
 * it is given is only asked how to connect. Where the server refuses a single key, that key is counted as `failed` and
 * the run goes on. Where another server takes over (cluster, Sentinel), the run goes on there; otherwise a lost
 * connection ends it with the client's error, what was done stays done, and calling again is always right.
 *
 * @example
 * ```ts
 * const migrator = new RedisKeyMigrator(redis, schema)
 * await migrator.migrateKeys()                  // a dry run: what would happen
 * await migrator.migrateKeys({ dryRun: false })
 * const { clean, details } = await migrator.verify()
 * ```
 */
export class RedisKeyMigrator {
  readonly #source: Source
  readonly #schema: Schema
  readonly #options: MigratorOptions

  /**
   * @param client An ioredis 5 or 6 client or cluster, or an iovalkey one; wrapped by `CanonicalRedisClient` or not. The
   * phases of a wrapped one then count. The database it has selected is the home of the canonical names.
   * @param schema What `defineSchema` gave; for a wrapped client, the schema it was wrapped with.
   * @throws CanonicalRedisError `E_NOT_A_CLIENT`, `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   */
  constructor(client: unknown, schema: Schema, options: MigratorOptions = {}) {
    this.#source = sourceFor(client)
    this.#schema = checkSchema(schema, this.#source.wrapped?.schema)
    this.#options = checkOptions('new', options)
    checkFamilies(schema, options)
    checkFamilies(schema, { families: Object.keys(options.types ?? {}) })
  }

  /**
   * What is there: keys by family, type, size and time to live, names that no rule matches, and what a backfill would
   * come to. Every key is counted; sizes, types and expiries are measured on a sample, whose size is said.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * const { families, lookAlikes, impact } = await migrator.analyze({ report: true }) // redis_analysis_….json
   * ```
   */
  async analyze(options: AnalyzeOptions = {}): Promise<Analysis> {
    checkOptions('analyze', options)
    const { report = false } = options
    const result = await this.#run('analyze', options, (run) => analyzeKeys(run, options))
    return report === false ? result : { ...result, reportFile: await writeAnalysis(report, result) }
  }

  /**
   * The aliases that are there now, by canonical name. All of them are held in memory: meant for a look, and for
   * patterns that are not too wide.
   *
   * @param pattern A Redis glob on the alias name as stored.
   * @returns Canonical name to the alias names present. Names that are not UTF-8 are written with `\xNN`.
   * @example
   * ```ts
   * await migrator.findAliasKeys('job:4*') // Map { 'step:42' → ['job:42'] }
   * ```
   */
  async findAliasKeys(pattern = '*'): Promise<Map<string, string[]>> {
    checkPattern(pattern)
    return this.#run('find', {}, (run) => findAliases(run, pattern))
  }

  /**
   * The backfill: copies aliases to their canonical names on the server, with their time to live, never replacing what
   * is there (but with `overwrite`). Where a logical key has several aliases, the first of them that exists is copied.
   * `direction: 'reverse'` is the way back. A dry run unless told otherwise.
   *
   * With a wrapped client the live run refuses the phases in which it would do harm; with a raw one that is yours to know.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`, `E_WRONG_PHASE`, `E_SERVER_TOO_OLD` (no COPY),
   * `E_NO_MEMORY` (it would not fit), `E_OVERLOADED` (the throttle's patience is over), `E_SCHEMA_CHANGED`,
   * `E_CHECKPOINT` and `E_BAD_FILE` (of the checkpoint)
   * @example
   * ```ts
   * const { migrated, skipped, failed, errors } = await migrator.migrateKeys({
   *   dryRun: false,
   *   families: ['step'],
   *   rate: 10_000,
   *   checkpoint: 'steps.checkpoint',
   * })
   * ```
   */
  async migrateKeys(options: MigrateOptions = {}): Promise<MigrateResult> {
    checkOptions('migrateKeys', options)
    const { dryRun = true, direction = 'forward', overwrite = false, prune = true, match, ttl, checkpoint } = options
    const names = new ReportNames()
    const result = await this.#run('migrate', options, async (run) => {
      // A dry run changes nothing, so there is nothing to go on from.
      const pinned = { direction, overwrite, prune, match, how: run.big.how, ...(ttl === false && { ttl }) }
      if (!dryRun) await this.#open(run, checkpoint, pinned)
      return backfill(run, options, this.#phaseOf, names)
    })
    return reported('migrate', options, result, names)
  }

  /**
   * Compares every alias with its canonical key on the server: there, of one type, of one value (whatever the encoding),
   * expiring at the same millisecond, hash fields and consumer groups included; and looks for canonical keys without an
   * alias. Each pair is read in one atomic piece (big ones in several), and looked at again before a difference counts.
   * Changes nothing, unless told to `repair`.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`, `E_WRONG_PHASE` (nothing can be repaired in it),
   * `E_SCHEMA_CHANGED`, `E_CHECKPOINT`, `E_BAD_FILE`
   * @example
   * ```ts
   * const { clean, missing, different, orphans, details } = await migrator.verify()
   * ```
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    checkOptions('verify', options)
    const { checkpoint, repair = false } = options
    const names = new ReportNames()
    const result = await this.#run('verify', options, async (run) => {
      await this.#open(run, checkpoint, { repair })
      return verifyPairs(run, options, this.#phaseOf, names)
    })
    return reported('verify', options, result, names)
  }

  /**
   * The sweep: removes aliases, each only if its canonical key exists and equals it at that moment. A dry run unless
   * told otherwise. The live run verifies first, and refuses where an alias has no equal. With a wrapped client every
   * family must be in `retire-alias`; with a raw one that is yours to know.
   *
   * @throws CanonicalRedisError `E_NOT_CLEAN`, `E_WRONG_PHASE`, `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * await migrator.cleanupAliases()                  // what would go
   * await migrator.cleanupAliases({ dryRun: false, backup: 'aliases.backup' })
   * ```
   */
  async cleanupAliases(options: CleanupOptions = {}): Promise<CleanupResult> {
    checkOptions('cleanupAliases', options)
    const { dryRun = true, afterMigration = true, backup, confirm } = options
    if (!dryRun && !afterMigration) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'Expected `afterMigration` to be true when `dryRun` is false.', {
        hint: 'Aliases that were never migrated are the data itself: run migrateKeys({ dryRun: false }) and verify() first.',
      })
    }
    const early = wrongPhase('sweep', this.#families(options), this.#phaseOf)
    if (early && !dryRun) throw early
    const verified = afterMigration ? await this.verify(shared(options)) : undefined
    const refusal = early ?? (verified && notClean(verified))
    if (refusal && !dryRun) throw refusal
    const agreed = dryRun || !confirm || !verified || (await confirm(verified)) === true
    const names = new ReportNames()
    const result = await this.#run('cleanup', options, async (run) => {
      const live = !dryRun && agreed
      const writer = live && backup !== undefined ? await BackupWriter.create(run, backup) : undefined
      try {
        const swept = await sweep(run, { dryRun: !live, phaseOf: this.#phaseOf, report: names, backup: writer })
        // Ended early, it has no trailer, and `restore` says that it is not complete.
        if (swept.endedBy === 'done') await writer?.finish()
        return { ...swept, ...(writer && { backupFile: writer.file }) }
      } finally {
        await writer?.close()
      }
    })
    const whole = { ...result, ...(verified && { verified }), ...(refusal && { refusal }) }
    return reported('cleanup', options, whole, names)
  }

  /**
   * Brings aliases back from a file that `cleanupAliases` wrote. The whole file is checked first. Keys that exist are
   * left alone (but with `overwrite`), those whose time is over stay away. A dry run unless told otherwise.
   *
   * @throws CanonicalRedisError `E_BAD_FILE`, `E_SCHEMA_CHANGED`, `E_WRONG_PHASE` (clients would adopt what was deleted
   * since), `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * const { restored, skipped, complete } = await migrator.restore('aliases.backup', { dryRun: false })
   * ```
   */
  async restore(file: string, options: RestoreOptions = {}): Promise<RestoreResult> {
    checkOptions('restore', options)
    const names = new ReportNames()
    const work = (run: Run): Promise<RestoreResult> => restoreBackup(run, file, options, this.#phaseOf, names)
    return reported('restore', options, await this.#run('restore', options, work), names)
  }

  /**
   * The way back to an earlier phase, step by step, with what each step needs of the keys: from `retire-alias` or
   * `canonical` to `canonical-primary`, there the reverse backfill, then on. Refuses and stops where the next step would
   * lose data. A dry run unless told otherwise: it gives the steps.
   *
   * @throws CanonicalRedisError `E_NOT_CLEAN`, `E_WRONG_PHASE`, `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * const { steps } = await migrator.rollback({ to: 'dual-write' })
   * await migrator.rollback({ to: 'dual-write', dryRun: false, setPhase: (phase) => flags.set('steps', phase) })
   * ```
   */
  async rollback(options: RollbackOptions = {}): Promise<RollbackResult> {
    checkOptions('rollback', options)
    const { to = 'alias', dryRun = true } = options
    const [startedAt, names] = [new Date(), new ReportNames()]
    const families = this.#families(options)
    const from = startOf(options, families, this.#phaseOf)
    // Where a raw client has no phases, the gates go by the step that the rollback is at.
    let phase = from
    const phaseOf = this.#phaseOf ?? ((): Phase => phase)
    const copy = (direction: 'forward' | 'reverse', only: RunOptions): Promise<MigrateResult> =>
      this.#run('migrate', only, (run) =>
        // The way back gives no key an end that it had not before.
        backfill(run, { dryRun: false, direction, ttl: false }, phaseOf, names),
      )
    const isWhole = [options, this.#options].every((some) => some.families === undefined && some.groups === undefined)
    const setPhase = options.setPhase ?? setterOf(this.#source.wrapped?.source, isWhole)
    const queues = families.filter((family) => this.#schema.families.get(family)?.queue)
    const result = await rollBack(from, to, dryRun, {
      setPhase: async (next) => {
        await setPhase(next, families)
        phase = next
      },
      migrate: (direction) => copy(direction, options),
      moveQueues: queues.length > 0 ? () => copy('forward', { ...options, families: queues }) : undefined,
      verify: () => this.#run('verify', options, (run) => verifyPairs(run, {}, phaseOf, new ReportNames())),
    })
    if (dryRun || !options.report) return result
    const { name, hash } = this.#schema
    return withReport(options.report, result, { startedAt, schema: name, hash, names })
  }

  get #phaseOf(): PhaseOf {
    const source = this.#source.wrapped?.source
    return source && ((family) => source.phaseOf(family))
  }

  #families({ families, groups }: RunOptions): string[] {
    return [...checkFamilies(this.#schema, families || groups ? { families, groups } : this.#options)]
  }

  async #open(run: Run, place: CheckpointPlace | undefined, options: Pinned['options']): Promise<void> {
    if (place === undefined) return
    const { name: schema, hash } = this.#schema
    const pinned = {
      operation: run.operation,
      schema,
      hash,
      options: { ...options, families: [...run.names.families].sort() },
    }
    run.resume(await Checkpoint.open(storeFor(place, run.session), pinned))
  }

  async #run<T>(operation: Operation, options: RunOptions, work: (run: Run) => Promise<T>): Promise<T> {
    const { servers, keyPrefix } = this.#source
    const settings: RunSettings = { ...this.#options, ...defined(options) }
    const families = new Set(this.#families(options))
    const { failover: patience = 60_000, signal } = settings
    let run: Run | undefined
    const onWait = (reason: string): Promise<void> | undefined => run?.progress(reason)
    return Session.run(servers, { patience, onWait, signal }, (session) => {
      const names = new Names(this.#schema, families, session.home, keyPrefix, servers.isCluster)
      return work((run = new Run(operation, session, names, settings)))
    })
  }
}
