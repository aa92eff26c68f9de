/**
 * The migrator.
 *
 * @module
 */
export * from './errors.js'
export { RedisKeyMigrator } from './migrate/migrator.js'
export type {
  CleanupCounts,
  CleanupOptions,
  CleanupResult,
  Difference,
  KeyError,
  MigrateCounts,
  MigrateOptions,
  MigrateResult,
  MigratorOptions,
  Operation,
  Problem,
  Progress,
  RunOptions,
  RunResult,
  VerifyCounts,
  VerifyOptions,
  VerifyResult,
} from './migrate/types.js'
