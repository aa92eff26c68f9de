import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandRows, locate, lookup, type Arg, type KeyUse } from '../../src/commands/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'
import { examples, type Example } from './command-examples.js'

const GEO = 'the server reports the first STORE, but writes only to the last destination'
const GROUP = 'the key spec searches for STREAMS from argument 4, and finds the name of the group or the consumer'

/** Where `COMMAND GETKEYS` is wrong, and why; the last test runs the commands to see who is right. */
const wrongAnswers: readonly { line: RegExp; why: string }[] = [
  { line: /^georadius(bymember)? .* store(dist)? x store(dist)? d$/, why: GEO },
  { line: /^xreadgroup (count 1|block 1|noack) .*group (g streams|streams c) /, why: GROUP },
  { line: /^pfmerge d$/, why: 'the server calls it invalid, yet it runs, and creates d' },
]

/** Uses that differ from the key spec on purpose; the reasons are in overrides.ts. */
const otherUses = /^(setnx|msetnx|restore|restore-asking|renamenx|copy|pfcount|xreadgroup|v[a-z]+)$/

const specUses: Record<string, KeyUse> = { RO: 'read', OW: 'write', RW: 'both', RM: 'delete' }

type Entry = readonly [string, number, string[], number, number, number, string[], string[], unknown[][], Entry[]]

/** The spellings of one example that all mean the same. Keys keep their case; the rest is in capitals or bytes. */
const spellings: readonly ((example: Example) => readonly Arg[])[] = [
  ({ argv }) => argv,
  ({ argv, keys }) => argv.map((arg, i) => (keys.includes(i) ? arg : arg.toUpperCase())),
  ({ argv, keys }) => argv.map((arg, i) => (keys.includes(i) ? arg : arg.toLowerCase())),
  ({ argv }) => argv.map((arg) => Buffer.from(arg)),
]

const found = (argv: readonly Arg[]): string[] =>
  locate(argv)!
    .keys.map(({ index }) => argv[index]!.toString())
    .sort()

describe.each(availableServers())('the command table on %s', (kind) => {
  let server: TestServer
  let client: Redis
  let entries: Entry[]

  beforeAll(async () => {
    server = await startServer({ kind })
    client = new Redis(server.port)
    entries = ((await client.call('COMMAND')) as Entry[]).flatMap((entry) => [entry, ...entry[9]])
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  const words = (name: string): string[] => name.toLowerCase().split('|')
  const supported = (example: Example): boolean => lookup(example.argv)!.servers.includes(kind)

  /** GETKEYS, or nothing where the server says that there are none. */
  const ask = async (argv: readonly Arg[]): Promise<string[] | string> =>
    client.call('COMMAND', 'GETKEYS', ...argv).then(
      (keys) => (keys as string[]).sort(),
      (error: Error) => (/no key arguments/.test(error.message) ? [] : error.message),
    )

  test('has a row for every command of the server', () => {
    // A container that demands a subcommand has none; whoever sends it bare is told so by the server.
    const missing = entries
      .filter(([, arity, , , , , , , , subcommands]) => subcommands.length === 0 || arity === -1)
      .map(([name]) => words(name))
      .filter((argv) => lookup(argv)?.name !== argv.join(' '))
    expect(missing).toEqual([])
    expect(entries.filter(([name]) => name.includes('|')).length).toBeGreaterThan(100) // subcommands were among them
  })

  test('claims no command that the server lacks', () => {
    const names = new Set(entries.map(([name]) => words(name).join(' ')))
    const claimed = commandRows.filter((row) => row.servers.includes(kind) && !names.has(row.name))
    expect(claimed).toEqual([])
  })

  test('has an example for every command with keys', () => {
    const named = new Set(examples.map(({ argv }) => lookup(argv)!.name))
    const without = entries
      .filter(([, , flags, , , , , , specs]) => specs.length > 0 || flags.includes('movablekeys'))
      .filter(([, , flags]) => !flags.includes('pubsub')) // their NOT_KEY specs name channels
      .map(([name]) => words(name).join(' '))
      .filter((name) => !named.has(name))
    expect(without).toEqual([])
  })

  test('finds the keys that COMMAND GETKEYS finds', async () => {
    let compared = 0
    const known = new Set<string>()
    const differences: unknown[] = []
    for (const example of examples.filter(supported)) {
      const truth = example.keys.map((i) => example.argv[i]!).sort()
      for (const spell of spellings) {
        const argv = spell(example)
        const line = argv.join(' ').toLowerCase()
        const theirs = await ask(argv)
        compared++
        const ours = found(argv)
        if (JSON.stringify(ours) !== JSON.stringify(truth)) differences.push({ line, ours, truth })
        if (JSON.stringify(theirs) === JSON.stringify(truth)) continue
        const wrong = wrongAnswers.find((answer) => answer.line.test(line))
        if (wrong) known.add(line)
        else differences.push({ line, theirs, truth })
      }
    }
    console.log(`${kind}: ${compared} comparisons with GETKEYS, ${known.size} known wrong answers of the server`)
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(1500)
  })

  test('still needs every known wrong answer', async () => {
    for (const { line, why } of wrongAnswers) {
      const wrong = examples.filter(({ argv }) => line.test(argv.join(' ').toLowerCase()))
      const stillWrong = await Promise.all(
        wrong.map(async ({ argv, keys }) => {
          const theirs = await ask(argv)
          return JSON.stringify(theirs) !== JSON.stringify(keys.map((i) => argv[i]!).sort())
        }),
      )
      expect(stillWrong, `${line.source}: ${why}`).toContain(true)
    }
  })

  test('uses each key as the server says, or for a reason of its own', async () => {
    let compared = 0
    const differences: unknown[] = []
    for (const { argv } of examples.filter(supported)) {
      const { row, keys } = locate(argv)!
      if (otherUses.test(row.name) || keys.length === 0) continue
      if (wrongAnswers.some(({ line }) => line.test(argv.join(' ').toLowerCase()))) continue
      const theirs = (await client.call('COMMAND', 'GETKEYSANDFLAGS', ...argv)) as [string, string[]][]
      const spell = (pairs: [string, KeyUse][]) => pairs.map((pair) => pair.join(' ')).sort()
      const expected = spell(theirs.map(([key, flags]) => [key, specUses[flags.find((flag) => flag in specUses)!]!]))
      const ours = spell(keys.map(({ index, use }) => [argv[index]!, use]))
      compared++
      // Ours is one answer for all arguments where theirs depends on them (SET without GET only overwrites).
      if (row.name === 'set' || row.name === 'bitfield') expect(ours).toEqual(['a both'])
      // Before 7.4 the server called the destination read.
      else if (row.name === 'sinterstore') expect(ours).toContain('d write')
      else if (JSON.stringify(ours) !== JSON.stringify(expected)) differences.push({ argv, ours, expected })
    }
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(300)
  })

  test('has a documented row for no command of the server', () => {
    const names = new Set(entries.map(([name]) => words(name).join(' ')))
    expect(commandRows.filter((row) => row.documented && names.has(row.name))).toEqual([])
  })

  test('says of the commands whose values COPY refuses that it does', async () => {
    const marked = commandRows.filter(({ uncopyable, servers }) => uncopyable && servers.includes(kind))
    const ofVectors = entries.map(([name]) => name).filter((name) => /^V[A-Z]+$/.test(name))
    expect(marked.map(({ name }) => name.toUpperCase())).toEqual(ofVectors.sort())
    if (ofVectors.length === 0) return // a server without vector sets: nothing to try
    await client.call('VADD', 'vectors', 'VALUES', '1', '1', 'e')
    await expect(client.copy('vectors', 'other')).rejects.toThrow('not supported for this module key')
  })

  test('is right where it contradicts the server', async () => {
    await client.geoadd('places', 1, 1, 'm')
    await client.xadd('a', '1-1', 'f', 'v')
    await client.xgroup('CREATE', 'a', 'g', '0')
    await client.xgroup('CREATE', 'a', 'streams', '0')
    const writes = [
      'georadius places 1 1 9 km STORE x STORE d',
      'georadius places 1 1 9 km STORE x STOREDIST d',
      'georadiusbymember places m 9 km STOREDIST x STORE d',
      'pfmerge d',
    ]
    for (const line of writes) {
      await client.call(...(line.split(' ') as [string]))
      expect([line, await client.exists('x'), await client.exists('d')]).toEqual([line, 0, 1])
      await client.del('d')
    }
    for (const line of ['COUNT 1 GROUP g streams STREAMS a >', 'COUNT 1 GROUP streams c STREAMS a >']) {
      const reply = (await client.call('xreadgroup', ...line.split(' '))) as [string, unknown][]
      expect(reply.map(([name]) => name)).toEqual(['a'])
    }
  })
})
