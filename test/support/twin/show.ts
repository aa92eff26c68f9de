/**
 * Replies as plain values that can be compared and printed.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { isCanonicalRedisError } from '../../../src/errors.js'
import type { Traits } from './grammar.js'

/** The bare twin's name for each name that was sent to the library. */
export type Names = ReadonlyMap<string, string>

/** An error, as it is compared. `refused` is the code of an error of the library's own. */
export interface ShownError {
  readonly error: string
  readonly command?: unknown
  readonly refused?: string
}

/** A reply without its classes, and under the bare twin's names. */
export function plain(reply: unknown, names: Names): unknown {
  if (typeof reply === 'string') return names.get(reply) ?? reply
  if (Buffer.isBuffer(reply)) return { bytes: names.get(reply.toString()) ?? reply.toString('latin1') }
  if (reply instanceof Error) return plainError(reply, names)
  if (Array.isArray(reply)) return reply.map((one) => plain(one, names))
  if (reply instanceof Map) return { map: [...reply].map(([key, value]) => [plain(key, names), plain(value, names)]) }
  if (reply instanceof Set) return { set: [...reply].map((one) => plain(one, names)) }
  if (typeof reply !== 'object' || reply === null) return reply
  return Object.fromEntries(Object.entries(reply).map(([key, value]) => [names.get(key) ?? key, plain(value, names)]))
}

function plainError(error: Error & { command?: { name: string; args: unknown[] } }, names: Names): ShownError {
  const quoted = /'([^']*)'/g
  const message = error.message.replace(quoted, (_whole, name: string) => `'${names.get(name) ?? name}'`)
  if (isCanonicalRedisError(error)) return { error: message, refused: error.code }
  if (isCanonicalRedisError(error.cause)) return { error: 'EXECABORT', refused: error.cause.code }
  const { command } = error
  if (command === undefined) return { error: message }
  return {
    error: message,
    command: [command.name.toLowerCase(), ...command.args.map((arg) => plain(text(arg), names))],
  }
}

const text = (arg: unknown): unknown => (Buffer.isBuffer(arg) ? arg.toString() : arg)

/** Is it an error, of the server or of the library? */
export const isError = (shown: unknown): shown is ShownError =>
  typeof shown === 'object' && shown !== null && typeof (shown as Partial<ShownError>).error === 'string'

/** Are the two replies the same, as far as the traits of their command say? */
export function same(got: unknown, expected: unknown, traits: Traits): boolean {
  if (isError(got) || isError(expected)) return sameError(got, expected)
  if (traits.presence) return (got === null) === (expected === null)
  const [a, b] = [got, expected].map((reply) => ordered(traits.clock ? timeless(reply) : reply, traits.order))
  return isDeepStrictEqual(traits.near === undefined ? a : snapped(a, b, traits.near), b)
}

/** A command that the library does not know is one that the server does not know either: only the words differ. */
function sameError(got: unknown, expected: unknown): boolean {
  if (!isError(got) || !isError(expected)) return false
  if (got.refused === 'E_UNKNOWN_COMMAND') return /unknown (sub)?command|^EXECABORT/i.test(expected.error)
  return isDeepStrictEqual(got, expected)
}

function ordered(reply: unknown, order: Traits['order']): unknown {
  if (order === undefined || reply === null || typeof reply !== 'object') return reply
  if (!Array.isArray(reply)) return order === 'sorted' && 'set' in reply ? ordered(reply.set, order) : reply
  if (order === 'scan' || order === 'scanpairs') {
    return [reply[0], ordered(reply[1], order === 'scan' ? 'sorted' : 'pairs')]
  }
  return (order === 'sorted' || Array.isArray(reply[0]) ? [...reply] : chunked(reply)).sort(byText)
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const chunked = (flat: readonly unknown[]): unknown[][] =>
  flat.flatMap((_, i) => (i % 2 === 0 ? [flat.slice(i, i + 2)] : []))

/** Numbers that are near those of the other reply become those. -1 and -2 are answers, not times. */
function snapped(got: unknown, expected: unknown, near: number): unknown {
  if (Array.isArray(got) && Array.isArray(expected)) return got.map((one, i) => snapped(one, expected[i], near))
  if (typeof got !== 'number' || typeof expected !== 'number' || got < 1000 || expected < 1000) return got
  return Math.abs(got - expected) <= near ? expected : got
}

const clocks = new Set(['idle', 'inactive', 'seen-time', 'active-time'])
const label = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : value

/**
 * Takes the clock out of XINFO and XPENDING: what stands behind a label of time, the moment of a delivery, and the
 * third of the four parts of a pending entry.
 */
export function timeless(reply: unknown): unknown {
  if (Array.isArray(reply)) {
    if (reply.length === 4 && typeof reply[3] === 'number' && typeof reply[2] === 'number') {
      return [reply[0], reply[1], 'a time', reply[3]]
    }
    return reply.map((one, i) => (clocks.has(String(label(reply[i - 1]))) ? 'a time' : timeless(one)))
  }
  if (typeof reply === 'number') return reply > 1e12 ? 'a time' : reply
  if (typeof reply !== 'object' || reply === null) return reply
  return Object.fromEntries(
    Object.entries(reply).map(([key, value]) => [key, clocks.has(key) ? 'a time' : timeless(value)]),
  )
}
