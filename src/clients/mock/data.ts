/**
 * What lies in the server in memory, as plain values: to put something there, and to look.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import type { RedisKeyMapper } from '../../schema/index.js'
import { pairs } from './command.js'
import type { Engine } from './engine.js'
import type { Hash, Value } from './store.js'
import { idText, parseId, Stream, type StreamEntry } from './stream.js'

/** An entry of a stream. */
export interface MockEntry {
  /** Such as `1-1`. */
  readonly id: string
  readonly fields: Readonly<Record<string, string | number>>
}

/**
 * A value to put in: a string (or a number), a list as an array, a set as a `Set`, a sorted set as a `Map` from members
 * to scores, a hash as an object, a stream as an array of its entries, oldest first.
 */
export type MockValue =
  | string
  | number
  | readonly (string | number)[]
  | readonly MockEntry[]
  | ReadonlySet<string>
  | ReadonlyMap<string, number>
  | { readonly [field: string]: string | number }

/** A value as it lies there; see {@link MockValue}. */
export type StoredValue =
  | string
  | string[]
  | Set<string>
  | Map<string, number>
  | Record<string, string>
  | { id: string; fields: Record<string, string> }[]

/** The server keeps text as latin1, one character a byte. */
const encode = (text: string | number): string => Buffer.from(String(text)).toString('latin1')
const decode = (text: string): string => Buffer.from(text, 'latin1').toString()

/**
 * Puts values under the names given, as a client that knows nothing of the schema would.
 *
 * @throws {@link CanonicalRedisError} `E_BAD_OPTION` for a value that Redis has no type for, or that is empty
 */
export function seed(engine: Engine, mapper: RedisKeyMapper, data: Readonly<Record<string, MockValue>>): void {
  const entries = Object.entries(data).map(([name, value]) => [name, stored(name, value)] as const)
  for (const [name, value] of entries) engine.database(databaseOf(mapper, name)).replace(encode(name), value)
}

/** Legacy code keeps some aliases in another database: that is where the alias means the key. */
function databaseOf(mapper: RedisKeyMapper, name: string): number {
  const key = mapper.resolve(name)
  if (key === undefined || key.side === 'canonical') return 0
  return key.aliases.find((alias) => alias.name === name)?.db ?? 0
}

function stored(name: string, value: MockValue): Value {
  const made = converted(value)
  if (made === undefined) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `expected the value of "${name}" to be one that Redis can hold, got ${Object.prototype.toString.call(value)}`,
      {
        hint: 'a string, a number, an array (a list, or entries of a stream), a Set, a Map of scores (a sorted set) or an object (a hash), not empty',
      },
    )
  }
  return made
}

const isText = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
const isScore = (value: unknown): boolean => typeof value === 'number' && !Number.isNaN(value)

function converted(value: MockValue): Value | undefined {
  if (typeof value === 'string' || typeof value === 'number') return encode(value)
  if (typeof value !== 'object' || value === null) return undefined
  const filled = <V extends Value>(made: V, size: number): V | undefined => (size > 0 ? made : undefined)
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[]
    if (typeof first === 'object' && first !== null) return streamOf(value as readonly MockEntry[])
    return value.every(isText) ? filled(value.map(encode), value.length) : undefined
  }
  if (value instanceof Set)
    return [...value].every(isText) ? filled(new Set([...(value as Set<string>)].map(encode)), value.size) : undefined
  if (value instanceof Map) {
    if (![...(value as Map<unknown, unknown>)].every(([member, score]) => isText(member) && isScore(score)))
      return undefined
    const entries = [...(value as Map<string, number>)].map(([member, score]) => ({ value: encode(member), score }))
    return filled(new Map(entries.map((entry) => [entry.value, entry])), entries.length)
  }
  // A Buffer or a Date is no hash.
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return undefined
  const fields = Object.entries(value as MockEntry['fields'])
  if (!fields.every(([, one]) => isText(one))) return undefined
  const hash = Object.create(null) as Hash
  for (const [field, one] of fields) hash[encode(field)] = encode(one)
  return filled(hash, fields.length)
}

/** Entries whose IDs do not grow are none that Redis could hold. */
function streamOf(entries: readonly MockEntry[]): Stream | undefined {
  const stream = new Stream()
  for (const { id, fields } of entries) {
    if (
      typeof id !== 'string' ||
      !Object.values(fields ?? {}).every(isText) ||
      !/^\d+-\d+$/.test(id) ||
      parseId(id) <= stream.lastId
    )
      return undefined
    stream.add(parseId(id), Object.entries(fields).flat().map(encode))
  }
  return stream
}

const shownEntry = ({ id, fields }: StreamEntry): { id: string; fields: Record<string, string> } => ({
  id: idText(id),
  fields: Object.fromEntries(pairs(fields.map(decode))),
})

/** Everything in a database, by the names it is stored under, in the order of the names. */
export function physicalKeys(engine: Engine, db: number): Record<string, StoredValue> {
  const database = engine.database(db)
  const names = database.names().sort()
  return Object.fromEntries(names.map((name) => [decode(name), shown(database.get(name) as Value)]))
}

function shown(value: Value): StoredValue {
  if (typeof value === 'string') return decode(value)
  if (Array.isArray(value)) return value.map(decode)
  if (value instanceof Stream) return value.entries.map(shownEntry)
  if (value instanceof Set) return new Set([...value].map(decode))
  if (value instanceof Map) return new Map([...value.values()].map((entry) => [decode(entry.value), entry.score]))
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [decode(field), decode(one)]))
}
