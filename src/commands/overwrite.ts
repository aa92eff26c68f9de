/**
 * Which writes give the same result on both names of a key without knowing what was there.
 *
 * @module
 */
import { word } from './tokens.js'
import type { Arg, CommandRow } from './types.js'

/** The options of SET that depend on neither the old value nor the clock of the server, with their argument count. */
const BLIND_SET_OPTIONS: ReadonlyMap<string, number> = new Map([
  ['exat', 1],
  ['pxat', 1],
])

/**
 * May these very arguments simply be sent for both names (the `overwrite` way of mirroring)?
 *
 * SET only without NX, XX, IFEQ, GET and KEEPTTL, which depend on the old value, and without EX and PX: two commands
 * that count from "now" can expire at different milliseconds. EXAT and PXAT are absolute, and fine. MSET only with a
 * value for each key.
 *
 * @param row - the row of the command
 * @param argv - the command with its arguments
 * @example
 * ```ts
 * isPlainOverwrite(row, ['set', 'k', 'v', 'PXAT', '1800000000000']) // true
 * isPlainOverwrite(row, ['set', 'k', 'v', 'EX', '10']) // false
 * ```
 */
export function isPlainOverwrite(row: CommandRow, argv: readonly Arg[]): boolean {
  if (row.mirror !== 'overwrite') return false
  // `MSET a 1 b` fails when it runs, and one that mirrors a part of its keys would not.
  if (row.name === 'mset') return argv.length % 2 === 1
  if (row.name !== 'set') return true
  for (let i = 3; i < argv.length; i++) {
    const skip = BLIND_SET_OPTIONS.get(word(argv[i]!))
    if (skip === undefined) return false
    i += skip
  }
  return true
}
