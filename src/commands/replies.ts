/**
 * Names inside replies, turned into the names that the caller used.
 *
 * @module
 */
import type { ReplyPath } from './types.js'

/** Gives the name to show for a name that the server sent. */
export type RenameInReply = (name: Buffer | string) => Buffer | string

type Mapper = (reply: unknown, rename: RenameInReply) => unknown

const isName = (value: unknown): value is Buffer | string => typeof value === 'string' || Buffer.isBuffer(value)

const one: Mapper = (value, rename) => (isName(value) ? rename(value) : value)

const first: Mapper = (reply, rename) => {
  if (Array.isArray(reply) && reply.length > 0) reply[0] = one(reply[0], rename)
  return reply
}

const list: Mapper = (reply, rename) => {
  if (reply instanceof Set) return new Set([...reply].map((name) => one(name, rename)))
  if (Array.isArray(reply)) reply.forEach((name, i) => (reply[i] = one(name, rename)))
  return reply
}

const scan: Mapper = (reply, rename) => {
  if (Array.isArray(reply) && reply.length > 1) reply[1] = list(reply[1], rename)
  return reply
}

const streams: Mapper = (reply, rename) => {
  if (Array.isArray(reply)) return streamList(reply, rename)
  if (reply instanceof Map) return new Map([...reply].map(([name, entries]) => [one(name, rename), entries]))
  return isPlainObject(reply) ? renameProperties(reply, rename) : reply
}

/** Either `[[name, entries], …]` or `[name, entries, …]`. */
function streamList(reply: unknown[], rename: RenameInReply): unknown[] {
  if (Array.isArray(reply[0])) for (const pair of reply) first(pair, rename)
  else for (let i = 0; i < reply.length; i += 2) reply[i] = one(reply[i], rename)
  return reply
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof Error)
}

/** Defines instead of assigning: a stream may be called `__proto__`. */
function renameProperties(reply: Record<string, unknown>, rename: RenameInReply): Record<string, unknown> {
  const renamed = Object.create(Object.getPrototypeOf(reply) as object | null) as Record<string, unknown>
  for (const [name, value] of Object.entries(reply)) {
    Object.defineProperty(renamed, rename(name).toString(), {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return renamed
}

const mappers: Readonly<Record<ReplyPath, Mapper>> = {
  none: (reply) => reply,
  whole: one,
  first,
  list,
  scan,
  streams,
}

/**
 * The reply with every name in it replaced. What carries no name where the path says (nil, an error) is given back
 * untouched.
 *
 * @param path - where the names are, from the command's row
 * @param reply - as the client gives it; lists are changed in place
 * @param rename - called for each name, a Buffer or a string as it arrived
 * @example
 * ```ts
 * mapReplyNames('first', ['step:1', 'payload'], () => 'job:1') // ['job:1', 'payload']
 * ```
 */
export function mapReplyNames(path: ReplyPath, reply: unknown, rename: RenameInReply): unknown {
  return mappers[path](reply, rename)
}
