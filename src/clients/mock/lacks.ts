/**
 * What the server in memory lacks reaches the caller as an error of ours, which says what to do.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { LACKS } from './engine.js'

const lacked = new RegExp(`unknown command '([^']+)', ${LACKS}`)

/** The same error, or, where the server lacks a command that Redis has, `E_UNSUPPORTED`. */
export function explained(error: Error): Error {
  const command = lacked.exec(error.message)?.[1]?.toUpperCase()
  if (command === undefined) return error
  return new CanonicalRedisError('E_UNSUPPORTED', `the mock has no ${command}`, {
    cause: error,
    hint: `test what uses ${command} on a real server; docs/testing.md lists what the mock has`,
  })
}
