/**
 * The keys of a live Redis under two names at once.
 *
 * @module
 */
export * from './errors.js'
export * from './migrate.js'
export { hookChannels, type Hooks, type KeyEvent, type MigratedEvent, type MissEvent } from './clients/shared/hooks.js'
export {
  CanonicalRedisClient,
  type Canonical,
  type CanonicalOptions,
  type FamilyHealth,
  type Health,
} from './clients/canonical.js'
export type { FamilyCounts, LastFailure } from './clients/shared/counts.js'
export {
  constantPhase,
  environmentPhase,
  isPhase,
  mayCoexist,
  notDrained,
  pathBetween,
  phases,
  phaseTable,
  queueTable,
  polledPhase,
  type EnvironmentOptions,
  type EnvironmentPhase,
  type Phase,
  type PhaseChange,
  type PhaseFunction,
  type PhaseRule,
  type PhaseSetting,
  type QueueRule,
  type PhaseSource,
  type PolledPhase,
  type PollOptions,
} from './phases/index.js'
export {
  channel,
  defineSchema,
  key,
  RedisKeyMapper,
  transform,
  type AliasName,
  type FamilyInfo,
  type FieldsOptions,
  type FieldsSchema,
  type FieldValues,
  type KeyName,
  type NewPiece,
  type OldPiece,
  type LogicalKey,
  type Normalized,
  type ParamsOf,
  type ParsedKey,
  type PatternInfo,
  type Schema,
  type Side,
  type TransformDeclaration,
  type TransformOptions,
  type TtlRule,
  type TtlWhen,
  type TypedSchema,
} from './schema/index.js'
