/**
 * Does a reply prove that the keys of its command exist? Then no alias has to be adopted.
 *
 * Most replies cannot: HGET gives nil for a missing key and for a missing field. Every rule errs on the side of "not
 * proved", which costs one more round trip and is never wrong.
 *
 * @module
 */
import type { Arg, Located, ProofRule } from './types.js'

type Rule = (reply: unknown, keys: number) => boolean

/**
 * A number that arrived as a string (ioredis with `stringNumbers`), which a string value looks like too. Bulk strings
 * as Buffers never are numbers.
 */
const INTEGER = /^-?\d+$/

/** The reply as a number; NaN for what is none. */
function numeric(reply: unknown): number {
  if (typeof reply === 'number' || typeof reply === 'bigint') return Number(reply)
  return typeof reply === 'string' && INTEGER.test(reply) ? Number(reply) : NaN
}

/** A non-empty string, or a number above zero. */
function isPositiveScalar(reply: unknown): boolean {
  if (Buffer.isBuffer(reply)) return reply.length > 0
  if (typeof reply === 'string' && !INTEGER.test(reply)) return reply !== ''
  return reply === true || numeric(reply) > 0
}

const isPresent = (reply: unknown): boolean => reply !== null && reply !== undefined

/** Elements of a list or a set, entries of a map or an object; undefined for anything else. */
function sizeOf(reply: unknown): number | undefined {
  if (Array.isArray(reply)) return reply.length
  if (reply instanceof Map || reply instanceof Set) return reply.size
  const isObject = typeof reply === 'object' && reply !== null && !Buffer.isBuffer(reply) && !(reply instanceof Error)
  return isObject ? Object.keys(reply).length : undefined
}

/** A list needs one element that says something: HMGET gives `[null]`, SMISMEMBER `[0]`, HTTL `[-2]` for nothing. */
const isPositive = (reply: unknown): boolean =>
  Array.isArray(reply) ? reply.some(isPositive) : isPositiveScalar(reply) || (sizeOf(reply) ?? 0) > 0

/** A flat list is name, entries, name, entries; the others have one element a stream. */
function streamsIn(reply: unknown): number {
  const size = sizeOf(reply) ?? 0
  return Array.isArray(reply) && size > 0 && !Array.isArray(reply[0]) ? size / 2 : size
}

const text = (reply: unknown): string | undefined =>
  typeof reply === 'string' ? reply : Buffer.isBuffer(reply) ? reply.toString() : undefined

/** A cursor other than 0 means that there is more of the key to come, even where this page matched nothing. */
function isLiveScan(reply: unknown): boolean {
  if (!Array.isArray(reply) || reply.length !== 2) return false
  const [cursor, elements] = reply as unknown[]
  return (sizeOf(elements) ?? 0) > 0 || /^[1-9]\d*$/.test(text(cursor) ?? String(cursor))
}

const rules: Readonly<Record<ProofRule, Rule>> = {
  positive: (reply, keys) => keys === 1 && isPositive(reply),
  present: (reply, keys) => keys === 1 && isPresent(reply),
  every: (reply, keys) => Array.isArray(reply) && reply.length === keys && reply.every(isPresent),
  count: (reply, keys) => numeric(reply) === keys,
  ttl: (reply, keys) => keys === 1 && numeric(reply) >= -1,
  type: (reply, keys) => keys === 1 && !['none', '', undefined].includes(text(reply)),
  all: (reply) => isPositiveScalar(reply) || (sizeOf(reply) ?? 0) > 0,
  streams: (reply, keys) => streamsIn(reply) === keys,
  scan: (reply, keys) => keys === 1 && isLiveScan(reply),
  scalar: isPositiveScalar,
  never: () => false,
}

/**
 * Does this reply prove that every key of the command exists?
 *
 * @param located - the command, from {@link locate}
 * @param _argv - what it was located from; no rule of today needs it
 * @param reply - as the client gives it: strings or Buffers, numbers, lists, maps, plain objects, or an Error. A
 *   WRONGTYPE error proves the key of a command that has only one; other errors prove nothing.
 * @example
 * ```ts
 * const argv = ['EXISTS', 'a', 'b']
 * proves(locate(argv)!, argv, 2) // true
 * proves(locate(argv)!, argv, 1) // false: which of the two?
 * ```
 */
export function proves(located: Located, _argv: readonly Arg[], reply: unknown): boolean {
  const { row, keys } = located
  if (keys.length === 0 || row.proof === 'never') return false
  if (reply instanceof Error) return keys.length === 1 && reply.message.startsWith('WRONGTYPE')
  return rules[row.proof](reply, keys.length)
}
