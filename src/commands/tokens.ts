/**
 * Arguments as words and numbers. A token may be a Buffer and in any letter case.
 *
 * @module
 */
import type { Arg } from './types.js'

/** The argument in lower case, for comparing it with a keyword. Latin-1 keeps one character a byte. */
export const word = (arg: Arg): string => (typeof arg === 'string' ? arg : arg.toString('latin1')).toLowerCase()

/** The argument as a count; 0 for anything that the server would refuse. */
export function count(arg: Arg | undefined): number {
  if (arg === undefined) return 0
  const text = arg.toString()
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}
