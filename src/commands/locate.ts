/**
 * From a command line to its keys.
 *
 * @module
 */
import { findEntry } from './table.js'
import type { Arg, Located } from './types.js'

/**
 * The keys of a command line and how it uses each.
 *
 * Never throws: of a malformed command it gives the keys that can be found, and the server gives the error.
 * The result may be shared between calls; it is not to be changed.
 *
 * @param argv - the command with its arguments, strings or Buffers
 * @returns the row and the keys in the order of their positions; undefined for a command that the table lacks
 * @example
 * ```ts
 * locate(['ZUNIONSTORE', 'd', '2', 'a', 'b'])?.keys
 * // [{ index: 1, use: 'write' }, { index: 3, use: 'read' }, { index: 4, use: 'read' }]
 * ```
 */
export function locate(argv: readonly Arg[]): Located | undefined {
  const entry = findEntry(argv)
  return entry && { row: entry.row, keys: entry.find(argv) }
}
