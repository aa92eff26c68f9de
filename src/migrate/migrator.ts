/**
 * The migrator's public face.
 *
 * @module
 */
import { portFor, type Source } from '../clients/port-of.js'
import { CanonicalRedisError } from '../errors.js'
import { wrongPhase } from '../phases/index.js'
import type { Schema } from '../schema/index.js'
import { backfill } from './backfill.js'
import { findAliases } from './find.js'
import { Names } from './names.js'
import { checkFamilies, checkOptions } from './options.js'
import { ReportNames, writeReport, type Reported, type ReportedOperation } from './report.js'
import { Run } from './run.js'
import { Session } from './session.js'
import { notClean, sweep } from './sweep.js'
import type {
  CleanupOptions,
  CleanupResult,
  MigrateOptions,
  MigrateResult,
  MigratorOptions,
  Operation,
  PhaseOf,
  RunOptions,
  RunResult,
  VerifyOptions,
  VerifyResult,
} from './types.js'
import { verifyPairs } from './verify.js'

/**
 * Moves the keys that nobody touches: finds them, copies them, checks the copies, and removes the old names at the end.
 *
 * It works on connections of its own, one for each database that holds aliases, and closes them after each call; the
 * client that it is given is only asked how to connect. Where the server refuses a single key, that key is counted as
 * `failed` and the run goes on; when a connection is lost, the call rejects with the client's error, what was done
 * stays done, and calling again is always right.
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
   * @param client A standalone ioredis 5 or 6 client, or one wrapped by `CanonicalRedisClient`, whose phases then count
   * in `verify` and `cleanupAliases`. The database it has selected is the home of the canonical names.
   * @param schema What `defineSchema` gave; for a wrapped client, the schema it was wrapped with.
   * @throws CanonicalRedisError `E_NOT_A_CLIENT`, `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   */
  constructor(client: unknown, schema: Schema, options: MigratorOptions = {}) {
    this.#source = portFor(client)
    this.#schema = checkSchema(schema, this.#source)
    this.#options = checkOptions('new', options)
    checkFamilies(schema, options.families)
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
    if (typeof pattern !== 'string' || pattern === '') {
      throw new CanonicalRedisError(
        'E_BAD_OPTION',
        `Expected the pattern to be a non-empty glob, got ${String(pattern)}.`,
        {
          hint: "findAliasKeys('job:*'), or findAliasKeys() for all.",
        },
      )
    }
    return this.#run('find', {}, (run) => findAliases(run, pattern))
  }

  /**
   * The backfill: copies aliases to their canonical names on the server, with their time to live, never replacing what
   * is there (but with `overwrite`). Where a logical key has several aliases, the first of them that exists is copied.
   * A dry run unless told otherwise.
   *
   * With a wrapped client the live run refuses the phases in which it would do harm; with a raw one that is yours to know.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`, `E_WRONG_PHASE`, `E_SERVER_TOO_OLD` (no COPY)
   * @example
   * ```ts
   * const { migrated, skipped, failed, errors } = await migrator.migrateKeys({ dryRun: false, families: ['step'] })
   * ```
   */
  async migrateKeys(options: MigrateOptions = {}): Promise<MigrateResult> {
    checkOptions('migrateKeys', options)
    const names = new ReportNames()
    const result = await this.#run('migrate', options, (run) => backfill(run, options, this.#phaseOf, names))
    return reported('migrate', options, result, names)
  }

  /**
   * Compares every alias with its canonical key on the server: there, of one type, of one value (whatever the encoding),
   * expiring at the same millisecond, hash fields and consumer groups included; and looks for canonical keys without an
   * alias. Each pair is read in one atomic piece, and looked at again before a difference counts. Changes nothing.
   *
   * @throws CanonicalRedisError `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * const { clean, missing, different, orphans, details } = await migrator.verify()
   * ```
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    checkOptions('verify', options)
    const names = new ReportNames()
    const result = await this.#run('verify', options, (run) => verifyPairs(run, options, this.#phaseOf, names))
    return reported('verify', options, result, names)
  }

  /**
   * The sweep: removes aliases, each only if its canonical key exists at that moment. A dry run unless told otherwise.
   * The live run verifies first, and refuses where an alias has no equal. With a wrapped client every family must be in
   * `retire-alias`; with a raw one that is yours to know.
   *
   * @throws CanonicalRedisError `E_NOT_CLEAN`, `E_WRONG_PHASE`, `E_BAD_OPTION`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * await migrator.cleanupAliases()                  // what would go
   * await migrator.cleanupAliases({ dryRun: false })
   * ```
   */
  async cleanupAliases(options: CleanupOptions = {}): Promise<CleanupResult> {
    checkOptions('cleanupAliases', options)
    const { dryRun = true, afterMigration = true } = options
    if (!dryRun && !afterMigration) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'Expected `afterMigration` to be true when `dryRun` is false.', {
        hint: 'Aliases that were never migrated are the data itself: run migrateKeys({ dryRun: false }) and verify() first.',
      })
    }
    const families = [...checkFamilies(this.#schema, options.families ?? this.#options.families)]
    const early = wrongPhase('sweep', families, this.#phaseOf)
    if (early && !dryRun) throw early
    const verified = afterMigration ? await this.verify({ families }) : undefined
    const refusal = early ?? (verified && notClean(verified))
    if (refusal && !dryRun) throw refusal
    const agreed = dryRun || !options.confirm || !verified || (await options.confirm(verified)) === true
    const names = new ReportNames()
    const result = await this.#run('cleanup', options, (run) => sweep(run, dryRun || !agreed, this.#phaseOf, names))
    return reported(
      'cleanup',
      options,
      { ...result, ...(verified && { verified }), ...(refusal && { refusal }) },
      names,
    )
  }

  get #phaseOf(): PhaseOf {
    return this.#source.wrapped?.phaseOf
  }

  async #run<T>(operation: Operation, options: RunOptions, work: (run: Run) => Promise<T>): Promise<T> {
    const { port, keyPrefix } = this.#source
    const { batch = 500, onProgress } = this.#options
    const families = checkFamilies(this.#schema, options.families ?? this.#options.families)
    return Session.run(port, (session) =>
      work(
        new Run(operation, session, new Names(this.#schema, families, session.home.db, keyPrefix), batch, onProgress),
      ),
    )
  }
}

async function reported<R extends RunResult & Pick<Reported, 'families'>>(
  operation: ReportedOperation,
  options: RunOptions,
  result: R,
  names: ReportNames,
): Promise<R> {
  if (options.report === undefined || options.report === false) return result
  return { ...result, reportFile: await writeReport(options.report, operation, result, names) }
}

function checkSchema(schema: Schema, { wrapped }: Source): Schema {
  const given: Partial<Schema> | undefined = schema
  if (typeof given?.mapper?.resolve !== 'function') {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `Expected \`schema\` to be what defineSchema gives, got ${typeof given}.`,
      {
        hint: 'new RedisKeyMigrator(client, defineSchema({ … })).',
      },
    )
  }
  // Phases go by family: those of another schema say nothing about this one.
  if (wrapped && wrapped.schema.hash !== schema.hash) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `Expected the schema that the client was wrapped with ("${wrapped.schema.name}"), got "${schema.name}", which maps otherwise.`,
      { hint: 'Pass redis.canonical.schema, or a client that is not wrapped.' },
    )
  }
  return schema
}
