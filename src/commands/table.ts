/**
 * The command table: generated rows, documented rows and overrides, merged once when the module loads.
 *
 * @module
 */
import { compilePlaces, compileSpecs } from './finders.js'
import { readSpecs, type DocumentedRow } from './notation.js'
import { overrides } from './overrides.js'
import { parsers, type Finder } from './parsers.js'
import { documentedRows } from './table.documented.js'
import { generatedRows, generatedServers } from './table.generated.js'
import { word } from './tokens.js'
import type { Arg, CommandRow, KeySpec, Located, MirrorWay, ProofRule } from './types.js'
import { isUncopyable } from './unfollowed.js'

/** A row, and the closure that finds its keys. */
export interface Entry {
  readonly row: CommandRow
  readonly find: Finder
}

/** A first word: a command of its own, a container of subcommands, or (COMMAND) both. */
interface Node {
  entry?: Entry
  subcommands?: Record<string, Entry>
}

/** Where a row comes from: servers that have the command, or a document. */
type Origin = Pick<CommandRow, 'servers' | 'documented'>

const allServers: Origin = { servers: generatedServers.split(' ') }

// Without a prototype, so that a command called `constructor` is unknown and not a function.
const index = Object.create(null) as Record<string, Node>

const soleKeys = Object.create(null) as Record<string, Located>

/** Commands whose keys follow from the number of their words, by name: what {@link locate} gives for each number. */
const severalKeysOf = Object.create(null) as Record<string, (words: number) => Located>

/** Every row, sorted by name. */
export const commandRows: readonly CommandRow[] = [
  ...generatedRows.map(([name, arity, flags, keys, servers]) =>
    mergeRow([name, arity, flags, keys], servers ? { servers: servers.split(' ') } : allServers),
  ),
  ...Object.entries(documentedRows).flatMap(([source, rows]) =>
    rows.map((row) => mergeRow(row, { servers: [], documented: source })),
  ),
]
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .map(addRow)

function addRow(row: CommandRow): CommandRow {
  const entry: Entry = { row, find: row.parser ? parsers[row.parser] : compileSpecs(row.keys) }
  const [first, second] = row.name.split(' ') as [string, string?]
  const node = (index[first] ??= {})
  if (second === undefined) node.entry = entry
  else (node.subcommands ??= Object.create(null) as Record<string, Entry>)[second] = entry
  if (second !== undefined || !isPlain(row)) return row
  const places = compilePlaces(row.keys)
  if (hasSoleKey(row)) soleKeys[first] = soleKeys[first.toUpperCase()] = { row, keys: entry.find(['', '']) }
  else if (places)
    severalKeysOf[first] = severalKeysOf[first.toUpperCase()] = kept((words) => ({ row, keys: places(words) }))
  return row
}

/** For longer lines it would be much to keep for little. */
const MOST_WORDS = 256

function kept(find: (words: number) => Located): (words: number) => Located {
  const known: Located[] = []
  return (words) => (words > MOST_WORDS ? find(words) : (known[words] ??= find(words)))
}

/** There is nothing to know of it but its keys before it is sent. */
function isPlain({ keys, parser, special, reply, proof, flags, uncopyable }: CommandRow): boolean {
  if (parser || special || uncopyable || reply !== 'none' || flags.includes('blocking')) return false
  return keys.length > 0 && (proof !== 'never' || keys.some(({ use }) => use !== 'read'))
}

/** One key, right behind the name. */
function hasSoleKey({ keys: [key, ...more] }: CommandRow): boolean {
  if (key === undefined || more.length > 0) return false
  const { begin, find } = key
  return 'index' in begin && begin.index === 1 && 'last' in find && find.last === 0
}

/**
 * What {@link locate} would give for a command that has one key, right behind its name, whose reply names no key, and that
 * does not wait: by far the commonest, and known by the name alone.
 *
 * @param name - in lower or in upper case, as ioredis and node-redis send it
 * @returns undefined for all other commands
 * @example
 * ```ts
 * soleKey('get')?.keys // [{ index: 1, use: 'read' }]
 * soleKey('mget') // undefined
 * ```
 */
export function soleKey(name: string): Located | undefined {
  return soleKeys[name]
}

/**
 * The same for commands with several keys, or one that is not the first argument, whose places the number of words tells.
 *
 * @param name - in lower or in upper case, as ioredis and node-redis send it
 * @param words - how many the command line has, the name among them
 * @returns undefined for all other commands, and where no key is given
 * @example
 * ```ts
 * severalKeys('mget', 3)?.keys // [{ index: 1, use: 'read' }, { index: 2, use: 'read' }]
 * severalKeys('zunion', 4) // undefined
 * ```
 */
export function severalKeys(name: string, words: number): Located | undefined {
  const found = severalKeysOf[name]?.(words)
  return found && found.keys.length > 0 ? found : undefined
}

function mergeRow([name, arity, flagText, keyText]: DocumentedRow, origin: Origin): CommandRow {
  const { uses, specs = keyText, addFlags = [], ...columns } = overrides[name] ?? {}
  const flags = [...flagText.split(' ').filter(Boolean), ...addFlags]
  const keys = readSpecs(specs).map((spec, i) => ({ ...spec, use: uses?.[i] ?? uses?.at(-1) ?? spec.use }))
  return Object.freeze({
    name,
    arity,
    flags,
    keys,
    mirror: defaultMirror(keys),
    proof: defaultProof(keys, flags),
    reply: 'none',
    ...columns,
    ...(isUncopyable(name) && { uncopyable: true as const }),
    ...origin,
  })
}

/** Whatever writes a key is copied afterwards, unless the overrides know better. */
function defaultMirror(keys: readonly KeySpec[]): MirrorWay {
  return keys.some(({ use }) => use !== 'read') ? 'state' : 'none'
}

/** A reply can be a proof for reads only. Scripts that may write are flagged neither write nor readonly. */
function defaultProof(keys: readonly KeySpec[], flags: readonly string[]): ProofRule {
  return keys.length > 0 && flags.includes('readonly') ? 'positive' : 'never'
}

/** The entry of a command line; undefined where the table has none. */
export function findEntry(argv: readonly Arg[]): Entry | undefined {
  const name = argv[0]
  if (name === undefined) return undefined
  // Clients send lower-case strings: those are found without making a new string.
  const node = (typeof name === 'string' ? index[name] : undefined) ?? index[word(name)]
  if (node?.subcommands === undefined || argv.length === 1) return node?.entry
  const second = argv[1]!
  return (typeof second === 'string' ? node.subcommands[second] : undefined) ?? node.subcommands[word(second)]
}

/**
 * The row of a command line.
 *
 * @param argv - the command with its arguments; the name may be in any letter case, and a Buffer
 * @returns the row, or undefined for a command (or a subcommand of a container) that the table lacks
 * @example
 * ```ts
 * lookup(['XGROUP', 'Create', 'job:1', 'g', '$'])?.name // 'xgroup create'
 * lookup(['get.json', 'job:1']) // undefined
 * ```
 */
export function lookup(argv: readonly Arg[]): CommandRow | undefined {
  return findEntry(argv)?.row
}
