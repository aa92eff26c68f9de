/**
 * What a command of the server in memory is, and what several of them need.
 *
 * @module
 */
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

/** An argument that has to be an integer. */
export function integer(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new ReplyError('ERR value is not an integer or out of range')
  }
  return value
}

/** An argument that has to be a number. */
export function float(text: string | undefined): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text ?? '')
  const value = infinite ? (infinite[1] === '-' ? -Infinity : Infinity) : Number(text)
  if (text === undefined || text.trim() === '' || Number.isNaN(value)) {
    throw new ReplyError('ERR value is not a valid float')
  }
  return value
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

/** A sum as INCRBYFLOAT writes it. Redis adds with more digits than JavaScript has: 0.1 + 0.2 is 0.3 there. */
export const numberText = (value: number): string => String(Number(value.toPrecision(15)))

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
  integer(cursor)
  const found = options(rest, { match: 1, count: 1 })
  const matches = glob(found.get('match')?.[0] ?? '*')
  return ['0', entries.filter((entry) => matches.test(nameOf(entry))).flat()]
}
