/**
 * The data of the server in memory: one database, with expiry, SCAN and the touches that WATCH needs.
 *
 * @module
 */
import { ReplyError } from './resp.js'
import { Stream } from './stream.js'

/** Members in no order; the order of a range is made when it is asked for. */
export type SortedSet = Map<string, { readonly score: number; readonly value: string }>
/** Without a prototype, so that `constructor` is no field. */
export type Hash = Record<string, string>
/** What a key holds. */
export type Value = string | string[] | Set<string> | SortedSet | Hash | Stream

/** As TYPE says it. */
export type TypeName = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream'

/** What TYPE says of a value. */
export function typeOf(value: Value): TypeName {
  if (typeof value === 'string') return 'string'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Set) return 'set'
  if (value instanceof Stream) return 'stream'
  return value instanceof Map ? 'zset' : 'hash'
}

/** A copy that shares nothing that changes (members of a sorted set are replaced, never changed). */
export function clone(value: Value): Value {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return [...value]
  if (value instanceof Set) return new Set(value)
  if (value instanceof Stream) return value.clone()
  if (value instanceof Map) return new Map(value)
  return Object.assign(Object.create(null) as Hash, value)
}

function isEmpty(value: Value): boolean {
  if (typeof value === 'string' || value instanceof Stream) return false
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Set || value instanceof Map) return value.size === 0
  for (const _field in value) return false
  return true
}

/** One numbered database. */
export class Database {
  readonly #values = new Map<string, Value>()
  readonly #expiries = new Map<string, number>()
  /**
   * SCAN walks the names in the order in which each was first seen, and a name keeps its place when it is removed and
   * comes back. So a cursor never skips a key that stays, whatever is removed beside it, and never runs after keys
   * that are written again and again.
   */
  readonly #names: string[] = []
  readonly #places = new Map<string, number>()

  /** @param touched called for every name that changes */
  constructor(private readonly touched: (name: string) => void) {}

  get size(): number {
    return this.names().length
  }

  /** The value itself, not a copy. Call {@link put} after changing it. */
  get(name: string): Value | undefined {
    const expiry = this.#expiries.get(name)
    if (expiry !== undefined && expiry <= Date.now()) this.remove(name)
    return this.#values.get(name)
  }

  /** The value, if it is of this type. */
  typed(name: string, type: 'string'): string | undefined
  typed(name: string, type: 'set'): Set<string> | undefined
  typed(name: string, type: 'zset'): SortedSet | undefined
  typed(name: string, type: 'hash'): Hash | undefined
  typed(name: string, type: 'stream'): Stream | undefined
  typed(name: string, type: TypeName): Value | undefined
  typed(name: string, type: TypeName): Value | undefined {
    const value = this.get(name)
    if (value !== undefined && typeOf(value) !== type) {
      throw new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
    }
    return value
  }

  /** Sets the value and keeps the expiry. */
  put(name: string, value: Value): void {
    if (!this.#places.has(name)) this.#places.set(name, this.#names.push(name) - 1)
    this.#values.set(name, value)
    this.touched(name)
  }

  /** After a collection has changed: an empty one is no key. */
  settle(name: string, value: Value): void {
    if (isEmpty(value)) this.remove(name)
    else this.put(name, value)
  }

  /** A new value without an expiry, whatever was there; undefined: none. */
  replace(name: string, value: Value | undefined): void {
    this.remove(name)
    if (value !== undefined) this.put(name, value)
  }

  /** Removes a key with its expiry; was it there? */
  remove(name: string): boolean {
    this.#expiries.delete(name)
    const was = this.#values.delete(name)
    if (was) this.touched(name)
    return was
  }

  /** Milliseconds since 1970; undefined: it stays. */
  expiryOf(name: string): number | undefined {
    return this.#expiries.get(name)
  }

  setExpiry(name: string, at: number | undefined): void {
    if (at === undefined) this.#expiries.delete(name)
    else this.#expiries.set(name, at)
    this.touched(name)
  }

  clear(): void {
    for (const name of this.names()) this.remove(name)
  }

  names(): string[] {
    return [...this.#values.keys()].filter((name) => this.get(name) !== undefined)
  }

  /** One page of SCAN: the next cursor (0 at the end), and the names that exist. */
  scan(cursor: number, count: number): [number, string[]] {
    const end = Math.min(cursor + count, this.#names.length)
    const page = this.#names.slice(cursor, end).filter((name) => this.get(name) !== undefined)
    return [end >= this.#names.length ? 0 : end, page]
  }
}
