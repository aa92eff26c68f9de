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

/**
 * FT.SEARCH: a list of the total and then, for each document, its id, what was asked for along with it (a score) and
 * its fields; or (RESP3) a map with `results`, each of which has an `id`.
 */
const documents: Mapper = (reply, rename) => {
  if (Array.isArray(reply) && /^\d+$/.test(String(reply[0]))) return documentList(reply, rename)
  return changeEntry(reply, 'results', (results) =>
    Array.isArray(results) ? results.map((result) => changeEntry(result, 'id', (id) => one(id, rename))) : results,
  )
}

/** Fields are lists, so the first list tells how far apart the ids are. Without any (NOCONTENT), each string may be one. */
function documentList(reply: unknown[], rename: RenameInReply): unknown[] {
  const step = Math.max(reply.findIndex(Array.isArray), 1)
  for (let i = 1; i < reply.length; i += step) reply[i] = one(reply[i], rename)
  return reply
}

/** Changes one value of a map in any of its forms: a Map, an object, a flat list. */
function changeEntry(map: unknown, name: string, change: (value: unknown) => unknown): unknown {
  const isIt = (key: unknown): boolean => isName(key) && key.toString() === name
  if (Array.isArray(map))
    return map.map((value: unknown, i) => (i % 2 === 1 && isIt(map[i - 1]) ? change(value) : value))
  if (map instanceof Map) return new Map([...map].map(([key, value]) => [key, isIt(key) ? change(value) : value]))
  return isPlainObject(map) && name in map ? { ...map, [name]: change(map[name]) } : map
}

const mappers: Readonly<Record<ReplyPath, Mapper>> = {
  none: (reply) => reply,
  whole: one,
  first,
  list,
  scan,
  streams,
  documents,
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
