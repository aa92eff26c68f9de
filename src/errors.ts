/**
 * Every error of this package, on one page: the stable code, what it means, and the class that carries it.
 *
 * @module
 */

/** What each code means. The codes are part of the public contract: they are never renamed. */
export const errorCodes = {
  // schema
  E_BAD_PATTERN: 'a pattern cannot be read',
  E_BAD_PARAM: 'a value cannot stand in the hole of a pattern',
  E_UNKNOWN_FAMILY: 'no family of that name is in the schema',
  E_ALIAS_LACKS_HOLE: 'an alias leaves out a hole and gives no default for it',
  E_ALIAS_EXTRA_HOLE: 'an alias has a hole that its canonical pattern lacks, so two aliases would give one key',
  E_AMBIGUOUS_RULES: 'two rules claim the same name and neither is more specific',
  E_NOT_IDEMPOTENT: 'a canonical name would be taken for an alias of something else',
  E_MERGES_KEYS: 'two aliases can give one canonical key',
  E_BAD_ALIAS: 'an alias has an option that does not fit',
  E_UNKNOWN_GROUP: 'no group of that name is in the schema',
  E_BAD_FIELD: 'a field of a value is missing, or is not what its family says',
  E_BAD_TRANSFORM: 'a transform does not fit its families',
  // commands and plans
  E_UNKNOWN_COMMAND: 'the command has no row in the command table, so its keys cannot be found',
  E_CROSS_DATABASE: 'one command would touch keys in two databases',
  E_CROSS_SLOT: 'on a cluster, the two names of a key lie in different slots, so nothing can be one unit',
  E_BLOCKING_MIRRORED: 'a blocking write on a family that the phase mirrors',
  E_UNSUPPORTED: 'the command cannot be followed in this phase',
  E_VETOED: 'a hook did not let a key migrate, and the command needs it to',
  E_TRANSFORM: '`up` or `down` of a transform threw, or a value does not fit it',
  E_CONTENTION: 'a value that a transform has to change was changed by others during every try',
  // phases
  E_BAD_PHASE: 'not a phase, or not a phase source',
  E_UNSAFE_TRANSITION: 'the change of phase could lose or resurrect data',
  // clients and servers
  E_NOT_A_CLIENT: 'the object is not a Redis client that can be wrapped',
  E_SERVER_TOO_OLD: 'the server is older than 6.2 and has no COPY',
  E_BAD_OPTION: 'an option has a value that is not allowed',
  E_MISSING_PACKAGE: 'a package that this needs is not installed',
  // migrator
  E_NOT_CLEAN: 'the verification found differences, so nothing was removed',
  E_WRONG_PHASE: 'the operation is not safe in this phase',
  E_NO_MEMORY: 'the copy would not fit into the memory of the server',
  E_OVERLOADED: 'the server had no room for the run for longer than patience allows',
  E_SCHEMA_CHANGED: 'a checkpoint or a backup was written for a schema that maps otherwise',
  E_CHECKPOINT: 'a checkpoint belongs to another run',
  E_BAD_FILE: 'a file is not what it should be, or is damaged',
  E_NOT_DRAINED: 'jobs wait under a name that the next phase does not look at',
  // command line
  E_CONFIG: 'the config file is missing, cannot be loaded, or lacks something',
  E_CONNECTION: 'the server cannot be reached, or lets nobody in',
  E_NOT_CONFIRMED: 'nobody agreed to a change of data',
} as const

/** A stable error code; see {@link errorCodes} for what each means. */
export type ErrorCode = keyof typeof errorCodes

const brand = Symbol.for('canonical-redis.error')

/** What an error carries besides its sentence. */
export interface ErrorDetails {
  /** The next thing to do, as a sentence or a command. */
  hint?: string
  /** The error underneath. */
  cause?: unknown
  /** The field of a value that is at fault. */
  field?: string
}

/**
 * The one error class of this package.
 *
 * @example
 * ```ts
 * try { await redis.call('NEWCMD', 'job:1') }
 * catch (error) { if (isCanonicalRedisError(error, 'E_UNKNOWN_COMMAND')) console.error(error.hint) }
 * ```
 */
export class CanonicalRedisError extends Error {
  override readonly name = 'CanonicalRedisError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** Of `E_BAD_FIELD`: the first field at fault, by its canonical name, where it is one. */
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(details.hint ? `${message}\n  → ${details.hint}` : message, { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.field = details.field
    // A second copy of the package (ESM beside CJS, two versions) must still recognise the error.
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Is this an error of ours (even from a second copy of the package), and of this code if one is given? */
export function isCanonicalRedisError(error: unknown, code?: ErrorCode): error is CanonicalRedisError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as { code?: unknown }).code === code
}
