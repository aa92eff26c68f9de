/**
 * The schema: families of keys and channels, every name of each, and the way between the names.
 *
 * @module
 */
export { channel, key, type ChannelBuilder, type Declared, type KeyBuilder, type PatternBuilder } from './builder.js'
export type { Constraints, HoleSchema } from './constraint.js'
export {
  defineSchema,
  type Declarations,
  type KeyFunctions,
  type Schema,
  type SchemaDefinition,
  type TypedSchema,
  type WithFields,
} from './define.js'
export type { Exchange, Spelling } from './exchange.js'
export type { FieldsOptions, FieldsSchema, OutputOf } from './fields.js'
export type { FieldValues, Normalized } from './normalize.js'
export type { TtlRule, TtlWhen } from './ttl.js'
export { unknownName } from './unknown-name.js'
export type { HoleValue, Kind } from './definition.js'
export type { HolesOf, KeyFunction, KeyTypeError, NameOf, ParamsOf } from './infer.js'
export { RedisKeyMapper, type NameLike } from './mapper.js'
export type { Params } from './params.js'
export {
  difference,
  lacksDown,
  samePieces,
  type Group,
  type Part,
  type PieceFields,
  type Pieces,
  type Transform,
  type Transforms,
} from './reshape.js'
export {
  transform,
  type NewPiece,
  type OldPiece,
  type PieceFamily,
  type Texts,
  type TransformDeclaration,
  type TransformOptions,
} from './transform.js'
export type { AliasName, FamilyInfo, Glance, KeyName, LogicalKey, ParsedKey, PatternInfo, Side } from './types.js'
