/**
 * The exit codes, which scripts rely on, and which error ends with which.
 *
 * @module
 */
import type { ErrorCode } from '../errors.js'

/** Every exit code. They are part of the public contract: see docs/cli.md. */
export const exits = {
  /** Done, and nothing to complain about. */
  ok: 0,
  /** Done, and something was found: keys that differ, keys that failed, problems. */
  findings: 1,
  /** Wrong use: a flag, the config file, a file or folder. */
  usage: 2,
  /** The server cannot be reached, does not allow it, or is too old. */
  server: 3,
  /** Refused, because data could be lost; or nobody confirmed. */
  refused: 4,
  /** A fault of the program itself. */
  fault: 70,
  /** Stopped by Ctrl-C or SIGTERM; what was done stays done. */
  interrupted: 130,
} as const

/** The name of an exit code. */
export type Exit = keyof typeof exits

/** The exit of each error. All others are wrong use: of a flag, or of the schema in the config file. */
const ofCode: Readonly<Partial<Record<ErrorCode, Exit>>> = {
  E_CONNECTION: 'server',
  E_SERVER_TOO_OLD: 'server',
  E_OVERLOADED: 'server',
  E_NOT_CLEAN: 'refused',
  E_WRONG_PHASE: 'refused',
  E_NO_MEMORY: 'refused',
  E_UNSAFE_TRANSITION: 'refused',
  E_SCHEMA_CHANGED: 'refused',
  E_CHECKPOINT: 'refused',
  E_NOT_DRAINED: 'refused',
  E_NOT_CONFIRMED: 'refused',
  E_VETOED: 'refused',
  E_CROSS_SLOT: 'refused',
  E_CROSS_DATABASE: 'refused',
  E_BLOCKING_MIRRORED: 'refused',
  E_UNSUPPORTED: 'refused',
  E_UNKNOWN_COMMAND: 'refused',
}

/** How the program ends when this error ends it. */
export const exitOf = (code: ErrorCode): Exit => ofCode[code] ?? 'usage'
