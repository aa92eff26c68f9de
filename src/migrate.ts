/**
 * The migrator.
 *
 * @module
 */
export * from './errors.js'
export { RedisKeyMigrator } from './migrate/migrator.js'
export type {
  Analysis,
  AnalyzeOptions,
  BigKey,
  BigKeyOptions,
  CheckpointPlace,
  CleanupCounts,
  CleanupOptions,
  CleanupResult,
  Difference,
  EndedBy,
  Expiries,
  FamilyAnalysis,
  Impact,
  KeyError,
  LargeKey,
  LookAlike,
  MigrateCounts,
  MigrateOptions,
  MigrateResult,
  MigratorOptions,
  Note,
  Operation,
  Problem,
  Progress,
  RestoreCounts,
  RestoreOptions,
  RestoreResult,
  RollbackOptions,
  RollbackResult,
  RollbackStep,
  RunOptions,
  RunResult,
  Sampled,
  Sizes,
  ThrottleOptions,
  UnmanagedPrefix,
  VerifyCounts,
  VerifyOptions,
  VerifyResult,
} from './migrate/types/index.js'
