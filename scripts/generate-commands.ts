/**
 * Writes src/commands/table.generated.ts from what running servers say of themselves (`COMMAND`), and
 * table.documented.ts from documentation, for the commands that none of them has.
 *
 * `npm run generate` starts every server of the matrix. The same servers give the same bytes.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { writeSpec } from '../src/commands/notation.js'
import { overrides } from '../src/commands/overrides.js'
import type { KeySpec, KeyUse } from '../src/commands/types.js'
import { serverKinds, serverVersion, startServer, type ServerKind } from '../test/support/servers.js'
import { writeDocumented } from './documented-commands.js'

/** What one server says of one command. */
interface Said {
  readonly name: string
  readonly arity: number
  readonly flags: string
  readonly keys: string
  /** A key position that the server's own specs cannot express, so that a parser of ours is needed. */
  readonly vague: boolean
}

/** `COMMAND` in RESP2: name, arity, flags, three legacy columns, ACL categories, tips, key specs, subcommands. */
type Entry = readonly [string, number, string[], number, number, number, string[], string[], unknown[][], Entry[]]

const uses: Record<string, KeyUse> = { RO: 'read', OW: 'write', RW: 'both', RM: 'delete' }

/** Where servers disagree, the newest Redis wins; Valkey speaks only for commands of its own. */
const preference: readonly ServerKind[] = ['redis-8.0', 'redis-7.0', 'valkey-8.1']

/** RESP2 sends maps as flat arrays. */
function toObject(flat: readonly unknown[]): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (let i = 0; i < flat.length; i += 2) found[String(flat[i])] = flat[i + 1]
  return found
}

function readServerSpec(flat: readonly unknown[]): KeySpec | 'vague' | undefined {
  const { flags, begin_search, find_keys } = toObject(flat) as Record<'begin_search' | 'find_keys', unknown[]> & {
    flags: string[]
  }
  // Channels of sharded pub/sub: they have a slot, but they are no keys.
  if (flags.includes('not_key')) return undefined
  const begin = toObject(begin_search)
  const find = toObject(find_keys)
  if (begin['type'] === 'unknown' || find['type'] === 'unknown' || flags.includes('incomplete')) return 'vague'
  const at = toObject(begin['spec'] as unknown[]) as Record<string, number> & { keyword: string }
  const then = toObject(find['spec'] as unknown[]) as Record<string, number>
  const use = flags.map((flag) => uses[flag]).find((found) => found !== undefined)
  if (use === undefined)
    throw new Error(`Expected one of ${Object.keys(uses).join(', ')} in a key spec, got ${flags.join(', ')}`)
  return {
    use,
    begin: begin['type'] === 'index' ? { index: at['index']! } : { keyword: at.keyword, from: at['startfrom']! },
    find:
      find['type'] === 'range'
        ? { last: then['lastkey']!, step: then['keystep']!, limit: then['limit']! }
        : { keynum: then['keynumidx']!, first: then['firstkey']!, step: then['keystep']! },
  }
}

function* readEntry(entry: Entry): Generator<Said> {
  const [name, arity, flags, , , , , , specs, subcommands] = entry
  // A container that demands a subcommand is no command of its own; COMMAND is one, for it also works alone.
  if (subcommands.length === 0 || arity === -1) {
    const found = specs.map(readServerSpec)
    yield {
      name: name.toLowerCase().replace('|', ' '),
      arity,
      flags: [...flags].sort().join(' '),
      keys: found
        .filter((spec) => typeof spec === 'object')
        .map(writeSpec)
        .join('; '),
      vague: found.includes('vague'),
    }
  }
  for (const subcommand of subcommands) yield* readEntry(subcommand)
}

async function ask(kind: ServerKind): Promise<Map<string, Said>> {
  const expected = kind.split('-')[1]!
  if (!serverVersion(kind)?.startsWith(`${expected}.`)) {
    throw new Error(`Expected ${kind} to be version ${expected}.*, got ${serverVersion(kind) ?? 'none'}`)
  }
  const server = await startServer({ kind })
  const client = new Redis(server.port)
  try {
    const entries = (await client.call('COMMAND')) as Entry[]
    return new Map(entries.flatMap((entry) => [...readEntry(entry)]).map((said) => [said.name, said]))
  } finally {
    client.disconnect()
    await server.stop()
  }
}

function mergeRow(name: string, said: ReadonlyMap<ServerKind, ReadonlyMap<string, Said>>): string {
  const having = serverKinds.filter((kind) => said.get(kind)!.has(name))
  const winner = preference.find((kind) => having.includes(kind))!
  const row = said.get(winner)!.get(name)!
  for (const kind of having) {
    const other = said.get(kind)!.get(name)!
    for (const column of ['keys', 'arity'] as const) {
      if (other[column] === row[column]) continue
      console.log(`conflict: ${name}, ${column}: ${kind} says ${other[column]}, ${winner} (taken) says ${row[column]}`)
    }
  }
  if (row.vague && overrides[name]?.parser === undefined) {
    throw new Error(`Expected a parser for \`${name}\` in overrides.ts, since the server's key specs are incomplete`)
  }
  const columns = [`'${name}'`, row.arity, `'${row.flags}'`, `'${row.keys}'`]
  if (having.length < serverKinds.length) columns.push(`'${having.join(' ')}'`)
  return `  [${columns.join(', ')}],`
}

async function main(): Promise<void> {
  const said = new Map<ServerKind, Map<string, Said>>()
  for (const kind of serverKinds) said.set(kind, await ask(kind))
  // By code unit, not by locale: the same order on every machine.
  const names = [...new Set([...said.values()].flatMap((rows) => [...rows.keys()]))].sort()
  const counts = serverKinds.map((kind) => `${kind} ${serverVersion(kind)} (${said.get(kind)!.size} rows)`)
  const text = `/**
 * Generated by scripts/generate-commands.ts; do not edit. To regenerate: \`npm run generate\`.
 * Sources: COMMAND of ${counts.join(', ')}.
 * ${names.length} rows. Where servers disagree, the newest Redis wins; corrections are in overrides.ts.
 *
 * @module
 */
import type { GeneratedRow } from './notation.js'

/** The servers that the rows come from. A row without a list of its own is on all of them. */
export const generatedServers = '${serverKinds.join(' ')}'

// prettier-ignore
export const generatedRows: readonly GeneratedRow[] = [
${names.map((name) => mergeRow(name, said)).join('\n')}
]
`
  writeFileSync(new URL('../src/commands/table.generated.ts', import.meta.url), text)
  writeDocumented(new Set(names))
  console.log(`${names.length} rows from ${counts.join(', ')}`)
}

await main()
