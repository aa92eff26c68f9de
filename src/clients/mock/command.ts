/**
 * What a command of the server in memory is, and what several of them need.
 *
 * @module
 */
import { sumText } from './long-double.js'
import { ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'

/** Where a command runs. */
export interface Context {
  /** The database selected. */
  readonly db: Database
  /** Another database, by number. */
  database(index: string): Database
}

/** A command: how many arguments it takes at least, at most (-1: no limit), and what it does. */
export type Command = readonly [min: number, max: number, run: (context: Context, ...args: string[]) => Reply]

/** Commands by lower-case name. */
export type Commands = Readonly<Record<string, Command>>

/** A table of commands, each of which may name its arguments: the numbers say how many there are when it runs. */
export function table(
  rows: Record<string, readonly [number, number, (context: Context, ...args: never[]) => Reply]>,
): Commands {
  return Object.assign(Object.create(null) as Record<string, Command>, rows)
}

export const syntaxError = (): ReplyError => new ReplyError('ERR syntax error')

export const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const notAnInteger = (): ReplyError => new ReplyError('ERR value is not an integer or out of range')

/** Is it an integer as Redis writes them? `007` and `+7` are none. */
export const isInt64 = (text: string | undefined): boolean => {
  if (text === undefined || !/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return false
  const value = BigInt(text)
  return value >= MIN_INT64 && value <= MAX_INT64
}

/** An argument that has to be an integer, to calculate with. */
export function int64(text: string | undefined): bigint {
  if (!isInt64(text)) throw notAnInteger()
  return BigInt(text as string)
}

/** A sum that has to fit into 64 bits. */
export function inInt64(value: bigint): bigint {
  if (value < MIN_INT64 || value > MAX_INT64) throw new ReplyError('ERR increment or decrement would overflow')
  return value
}

/** An argument that has to be an integer: an index, a count, a time. */
export const integer = (text: string | undefined): number => Number(int64(text))

const FLOAT = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[\da-f]+|inf(?:inity)?)$/i

export const isFloat = (text: string | undefined): boolean => text !== undefined && FLOAT.test(text)

/** An argument that has to be a number. */
export function float(text: string | undefined): number {
  if (text === undefined || !FLOAT.test(text)) throw new ReplyError('ERR value is not a valid float')
  const [, sign, rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? []
  const size = /^inf/i.test(rest) ? Infinity : Number(rest)
  return sign === '-' ? -size : size
}

/** The sum of two numbers, as INCRBYFLOAT writes it. */
export function addFloats(one: string, other: string): string {
  if (!Number.isFinite(float(one) + float(other))) {
    throw new ReplyError('ERR increment would produce NaN or Infinity')
  }
  return sumText(one, other)
}

/** Keyword options behind the fixed arguments: `MATCH x COUNT 10`, with how many values each takes. */
export function options(args: readonly string[], known: Readonly<Record<string, number>>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (let i = 0; i < args.length;) {
    const name = (args[i] as string).toLowerCase()
    const size = known[name]
    if (size === undefined || i + size >= args.length) throw syntaxError()
    found.set(name, args.slice(i + 1, i + 1 + size))
    i += 1 + size
  }
  return found
}

/** LMPOP and ZMPOP: how many names, the names, an end, and how many elements. @throws ReplyError */
export function popArguments(count: string, rest: readonly string[]) {
  const amount = positive(count, 'numkeys')
  const names = rest.slice(0, amount)
  const [where, ...more] = rest.slice(amount)
  if (names.length < amount || where === undefined || (more.length !== 0 && more.length !== 2)) throw syntaxError()
  return { names, where, size: positive(options(more, { count: 1 }).get('count')?.[0] ?? '1', 'count') }
}

/** @throws ReplyError */
export function positive(text: string, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1) throw new ReplyError(`ERR ${what} should be greater than 0`)
  return value
}

/** FLUSHDB and FLUSHALL take one word. @throws ReplyError */
export function flushesAll(words: readonly string[]): void {
  if (words.length > 1 || !/^(?:a?sync)?$/i.test(words[0] ?? '')) throw syntaxError()
}

/** Options of which a command takes one at most. @throws ReplyError */
export function oneOf(found: ReadonlyMap<string, unknown>, ...names: readonly string[]): void {
  if (names.filter((name) => found.has(name)).length > 1) throw syntaxError()
}

/** SINTERCARD and ZINTERCARD. @throws ReplyError */
export function limitOf(found: ReadonlyMap<string, readonly string[]>): number {
  const limit = integer(found.get('limit')?.[0] ?? '0')
  if (limit < 0) throw new ReplyError("ERR LIMIT can't be negative")
  return limit === 0 ? Infinity : limit
}

/** @throws ReplyError */
export function cursorOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new ReplyError('ERR invalid cursor')
  return Number(text)
}

/** Field and value, score and member: arguments two by two. */
export function pairs(args: readonly string[]): [string, string][] {
  if (args.length % 2 !== 0) throw syntaxError()
  return Array.from({ length: args.length / 2 }, (_, i) => [args[2 * i] as string, args[2 * i + 1] as string])
}

/** A glob of Redis as a regular expression. */
export function glob(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\[(\^?)((?:\\.|[^\]])*)\]|([*?])|([\s\S])/g, (...found: string[]) => {
    const [, escaped, negated, set, wild, plain] = found
    if (set !== undefined) return `[${negated}${set.replace(/[[^]/g, '\\$&')}]`
    if (wild !== undefined) return wild === '*' ? '[\\s\\S]*' : '[\\s\\S]'
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}

/** A negative index counts from the end. */
export function range<T>(list: readonly T[], start: string, stop: string): T[] {
  const from = integer(start)
  const upto = integer(stop)
  const first = Math.max(0, from < 0 ? list.length + from : from)
  const last = upto < 0 ? list.length + upto : upto
  return list.slice(first, Math.max(first, last + 1))
}

/** Some of them, by chance: as many different ones as asked, or with a negative number that many, some of them twice. */
export function draw<T>(all: readonly T[], count: number): T[] {
  if (all.length === 0) return []
  if (count < 0) return Array.from({ length: -count }, () => all[Math.floor(Math.random() * all.length)] as T)
  const left = [...all]
  const picked: T[] = []
  while (picked.length < count && left.length > 0) {
    picked.push(...left.splice(Math.floor(Math.random() * left.length), 1))
  }
  return picked
}

/** HSCAN and its sisters: everything on one page, so that nothing can be missed. */
export function page<T extends readonly string[]>(
  entries: readonly T[],
  cursor: string,
  rest: readonly string[],
  nameOf: (entry: T) => string,
): Reply {
  cursorOf(cursor)
  if (entries.length === 0) return ['0', []]
  const found = options(rest, { match: 1, count: 1 })
  if (integer(found.get('count')?.[0] ?? '1') < 1) throw syntaxError()
  const matches = glob(found.get('match')?.[0] ?? '*')
  return ['0', entries.filter((entry) => matches.test(nameOf(entry))).flat()]
}
