/**
 * Key finders written by hand, for the commands whose key specs are wrong or missing.
 *
 * They never throw: of a malformed command they give the keys that can be found, and the server gives the error.
 *
 * @module
 */
import { count, word } from './tokens.js'
import type { Arg, KeyRef, KeyUse, ParserName } from './types.js'

/** Finds the keys of a command line, in the order of their positions. */
export type Finder = (argv: readonly Arg[]) => readonly KeyRef[]

const none: readonly KeyRef[] = Object.freeze([])

const run = (first: number, length: number, use: KeyUse): KeyRef[] =>
  Array.from({ length: Math.max(length, 0) }, (_, i) => ({ index: first + i, use }))

/** Arguments to skip behind each option. An option that is not listed has none. A Map, for `constructor` is no option. */
type Skips = ReadonlyMap<string, number>

/**
 * Reads options in order from `from`, stepping over their arguments, so that an argument is never taken for an option
 * (`BY store`). Stops at the end or when `visit` gives true.
 */
function eachOption(
  argv: readonly Arg[],
  from: number,
  skips: Skips,
  visit: (option: string, index: number) => boolean | void,
): void {
  for (let i = from; i < argv.length; i++) {
    const option = word(argv[i]!)
    if (visit(option, i) === true) return
    i += skips.get(option) ?? 0
  }
}

/** One source, and the destination of the last STORE (or STOREDIST) if there is one. */
function storing(from: number, skips: Skips, stores: readonly string[]): Finder {
  return (argv) => {
    if (argv.length < 2) return none
    let destination = 0
    eachOption(argv, from, skips, (option, index) => {
      if (stores.includes(option) && index + 1 < argv.length) destination = index + 1
    })
    const source: KeyRef = { index: 1, use: 'read' }
    return destination === 0 ? [source] : [source, { index: destination, use: 'write' }]
  }
}

const SORT_SKIPS: Skips = new Map([
  ['limit', 2],
  ['by', 1],
  ['get', 1],
  ['store', 1],
])
const GEO_SKIPS: Skips = new Map([
  ['count', 1],
  ['store', 1],
  ['storedist', 1],
])
const XREAD_SKIPS: Skips = new Map([
  ['count', 1],
  ['block', 1],
])
const XREADGROUP_SKIPS: Skips = new Map([...XREAD_SKIPS, ['group', 2]])
const MIGRATE_SKIPS: Skips = new Map([
  ['auth', 1],
  ['auth2', 2],
])

/** `STREAMS key… id…`, behind options. An option of a newer server is stepped over one word at a time. */
function streams(skips: Skips, use: KeyUse): Finder {
  return (argv) => {
    let start = 0
    eachOption(argv, 1, skips, (option, index) => {
      if (option === 'streams') start = index + 1
      return start > 0
    })
    return start === 0 ? none : run(start, Math.floor((argv.length - start) / 2), use)
  }
}

/**
 * `MIGRATE host port key|"" db timeout [options] [KEYS key…]`. Without KEYS even the empty string is a key, for that is
 * a name that a key can have.
 */
const migrate: Finder = (argv) => {
  if (argv.length < 4) return none
  let first = 0
  eachOption(argv, 6, MIGRATE_SKIPS, (option, index) => {
    if (option === 'keys') first = index + 1
    return first > 0
  })
  return first === 0 || argv[3]!.length > 0 ? run(3, 1, 'both') : run(first, argv.length - first, 'both')
}

/** How many keys follow a subcommand of DEBUG; the subcommands not listed have none. */
const DEBUG_KEYS: ReadonlyMap<string, number> = new Map([
  ...['object', 'sdslen', 'listpack', 'ziplist', 'quicklist', 'htstats-key'].map((name) => [name, 1] as const),
  ['digest-value', Infinity],
])

const debug: Finder = (argv) => {
  const keys = argv.length < 3 ? 0 : (DEBUG_KEYS.get(word(argv[1]!)) ?? 0)
  return run(2, Math.min(keys, argv.length - 2), 'read')
}

/** Options of FT.SEARCH that are followed by a number and so many arguments. */
const SEARCH_COUNTED: ReadonlySet<string> = new Set(['inkeys', 'infields', 'return', 'params', 'fields'])
const SEARCH_SKIPS: Skips = new Map([
  ...['slop', 'timeout', 'language', 'expander', 'scorer', 'sortby', 'payload', 'dialect'].map((n) => [n, 1] as const),
  ...['frags', 'len', 'separator'].map((name) => [name, 1] as const),
  ['limit', 2],
  ['tags', 2],
  ['filter', 3],
  ['geofilter', 5],
])

/** `FT.SEARCH index query [options]`: the name of the index is no key, and those behind INKEYS are. */
const ftSearch: Finder = (argv) => {
  const found: KeyRef[] = []
  for (let i = 3; i < argv.length; i++) {
    const option = word(argv[i]!)
    const counted = SEARCH_COUNTED.has(option)
    const length = counted ? count(argv[i + 1]) : (SEARCH_SKIPS.get(option) ?? 0)
    if (option === 'inkeys') found.push(...run(i + 2, Math.min(length, argv.length - i - 2), 'read'))
    i += counted ? length + 1 : length
  }
  return found
}

/** The finders by the name that overrides.ts uses. */
export const parsers: Readonly<Record<ParserName, Finder>> = {
  sort: storing(2, SORT_SKIPS, ['store']),
  migrate,
  xread: streams(XREAD_SKIPS, 'read'),
  xreadgroup: streams(XREADGROUP_SKIPS, 'both'),
  georadius: storing(6, GEO_SKIPS, ['store', 'storedist']),
  georadiusbymember: storing(5, GEO_SKIPS, ['store', 'storedist']),
  debug,
  ftsearch: ftSearch,
}
