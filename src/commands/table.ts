/**
 * The command table: generated rows, documented rows and overrides, merged once when the module loads.
 *
 * @module
 */
import { compileSpecs } from './finders.js'
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
  if (second === undefined && hasSoleKey(row)) {
    soleKeys[first] = soleKeys[first.toUpperCase()] = { row, keys: entry.find(['', '']) }
  }
  return row
}

/** One key, right behind the name, and nothing else that one would have to know of the command to send it. */
function hasSoleKey({ keys: [key, ...more], parser, special, reply, proof, flags, uncopyable }: CommandRow): boolean {
  if (key === undefined || more.length > 0 || parser || special || uncopyable || flags.includes('blocking'))
    return false
  const { begin, find, use } = key
  const isFixed = 'index' in begin && begin.index === 1 && 'last' in find && find.last === 0
  return isFixed && reply === 'none' && (use !== 'read' || proof !== 'never')
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
