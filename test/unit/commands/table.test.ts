import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { renderDocumented } from '../../../scripts/documented-commands.js'
import { commandRows, lookup } from '../../../src/commands/index.js'
import { readSpecs, writeSpec } from '../../../src/commands/notation.js'
import { overrides } from '../../../src/commands/overrides.js'
import { generatedRows } from '../../../src/commands/table.generated.js'

describe('lookup', () => {
  test.each([
    ['a lower-case name', ['get', 'k'], 'get'],
    ['capitals', ['GET', 'k'], 'get'],
    ['a Buffer', [Buffer.from('GeT'), 'k'], 'get'],
    ['a subcommand', ['xgroup', 'create', 'k'], 'xgroup create'],
    ['a subcommand in capitals', ['XGROUP', 'CREATE', 'k'], 'xgroup create'],
    ['a subcommand as Buffers', [Buffer.from('Object'), Buffer.from('ENCODING'), 'k'], 'object encoding'],
    ['COMMAND, which also works alone', ['COMMAND'], 'command'],
    ['a subcommand of COMMAND', ['command', 'getkeys', 'get', 'k'], 'command getkeys'],
    ['the name of a module command, which the server spells in capitals', ['vsim', 'k'], 'vsim'],
  ])('finds %s', (_what, argv, name) => {
    expect(lookup(argv)?.name).toBe(name)
  })

  test.each([
    ['an unknown command', ['json.got', 'k']],
    ['nothing', []],
    ['an empty name', ['']],
    ['a container without its subcommand', ['xgroup']],
    ['an unknown subcommand', ['xgroup', 'explode', 'k']],
    ['a subcommand as one word', ['xgroup create', 'k']],
    ['a name that every object has', ['constructor', 'k']],
    ['a subcommand that every object has', ['xgroup', 'toString', 'k']],
    ['a name that would reach the prototype', ['__proto__', 'constructor']],
  ])('gives undefined for %s', (_what, argv) => {
    expect(lookup(argv)).toBeUndefined()
  })
})

describe('the rows', () => {
  test('every override is of a command that exists', () => {
    const names = new Set(commandRows.map(({ name }) => name))
    expect(Object.keys(overrides).filter((name) => !names.has(name))).toEqual([])
  })

  test('each command has one row, sorted by name', () => {
    const names = commandRows.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
  })

  test('each is found by its own name, in capitals and as bytes', () => {
    for (const row of commandRows) {
      const words = row.name.split(' ')
      expect(lookup(words)).toBe(row)
      expect(lookup(words.map((word) => word.toUpperCase()))).toBe(row)
      expect(lookup(words.map((word) => Buffer.from(word)))).toBe(row)
    }
  })

  test('each comes from servers or from a document, never from both', () => {
    const wrong = commandRows.filter(({ servers, documented }) => servers.length > 0 === (documented !== undefined))
    expect(wrong).toEqual([])
  })

  test('every write of keys is mirrored somehow, and no read is', () => {
    const keyed = commandRows.filter(({ keys, parser }) => keys.length > 0 || parser)
    const unmirrored = keyed.filter(({ flags, mirror }) => flags.includes('write') && mirror === 'none')
    const mirrored = keyed.filter(({ flags, mirror }) => flags.includes('readonly') && mirror !== 'none')
    const changing = commandRows.filter(({ keys }) => keys.some(({ use }) => use !== 'read'))
    const forgotten = changing.filter(({ mirror }) => mirror === 'none')
    expect({ unmirrored, mirrored, forgotten }).toEqual({ unmirrored: [], mirrored: [], forgotten: [] })
  })

  test('what mirrors has keys to mirror', () => {
    expect(commandRows.filter(({ mirror, keys, parser }) => mirror !== 'none' && !keys.length && !parser)).toEqual([])
  })

  test('every write that a server has says how it is mirrored; those only read about are copied', () => {
    const writes = commandRows.filter(({ mirror }) => mirror !== 'none')
    const byServer = writes.filter(({ documented }) => documented === undefined).map(({ name }) => name)
    expect(byServer.filter((name) => overrides[name]?.mirror === undefined)).toEqual([])
    const documented = writes.filter(({ documented }) => documented !== undefined)
    expect(documented.filter(({ mirror }) => mirror !== 'state')).toEqual([])
    const ways = byServer.map((name) => lookup(name.split(' '))!.mirror)
    const count = (way: string): number => ways.filter((one) => one === way).length
    expect({ overwrite: count('overwrite'), replay: count('replay'), effect: count('effect') }).toEqual({
      overwrite: 4,
      replay: 68,
      effect: 11,
    })
  })

  test('every effect has a recipe, and a replay only for values of any type', () => {
    const effects = commandRows.filter(({ mirror }) => mirror === 'effect')
    expect(effects.filter(({ recipe }) => recipe === undefined)).toEqual([])
    const others = commandRows.filter(({ mirror, recipe }) => mirror !== 'effect' && recipe !== undefined)
    expect(others.map(({ name }) => name)).toEqual(['expireat', 'persist', 'pexpireat'])
    expect(others.every(({ mirror, anyType }) => mirror === 'replay' && anyType)).toBe(true)
  })

  test('only reads prove anything', () => {
    const proving = commandRows.filter(({ proof }) => proof !== 'never')
    const writing = proving.filter(({ mirror }) => mirror !== 'none').map(({ name }) => name)
    // Without STORE they read one key, and their rule wants one.
    expect(writing).toEqual(['georadius', 'georadiusbymember', 'sort'])
    expect(writing.map((name) => lookup([name])!.proof)).toEqual(['positive', 'positive', 'positive'])
    expect(proving.filter(({ keys, parser }) => keys.length === 0 && !parser)).toEqual([])
  })

  test('a reply carries names only of commands that name keys or channels', () => {
    const carrying = commandRows.filter(({ reply }) => reply !== 'none')
    const nameless = carrying.filter(({ keys, parser, special }) => !keys.length && !parser && !special)
    // These choose keys by something else: a slot, a cursor, labels.
    const chosen = ['cluster getkeysinslot', 'clusterscan', 'ts.mget', 'ts.mrange', 'ts.mrevrange', 'ts.queryindex']
    expect(nameless.map(({ name }) => name)).toEqual(chosen)
    expect(nameless.every(({ unfollowed }) => unfollowed)).toBe(true)
  })

  test('whatever COPY refuses is marked, by family', () => {
    const count = (start: string): number =>
      commandRows.filter(({ name, uncopyable }) => uncopyable && name.startsWith(start)).length
    const starts = ['v', 'bf.', 'cf.', 'cms.', 'topk.', 'tdigest.', 'ft.sug']
    const marked = Object.fromEntries(starts.map((start) => [start, count(start)]))
    expect(marked).toEqual({ v: 13, 'bf.': 12, 'cf.': 14, 'cms.': 6, 'topk.': 7, 'tdigest.': 14, 'ft.sug': 4 })
    expect(commandRows.filter(({ uncopyable }) => uncopyable)).toHaveLength(70)
  })

  test('TS.READ waits, although its documentation has no flag for it', () => {
    expect(lookup(['ts.read'])!.flags).toContain('blocking')
  })

  test('scripts that may write are mirrored, and their readonly forms are not', () => {
    const ways = ['eval', 'evalsha', 'fcall', 'eval_ro', 'evalsha_ro', 'fcall_ro'].map((name) => lookup([name])!.mirror)
    expect(ways).toEqual(['state', 'state', 'state', 'none', 'none', 'none'])
  })

  test('a command flagged readonly only reads', () => {
    const writing = commandRows.filter(
      ({ flags, keys }) => flags.includes('readonly') && keys.some(({ use }) => use !== 'read'),
    )
    expect(writing).toEqual([])
  })

  test('only commands that overwrite unread are said to: the others would overlook an alias', () => {
    const blind = commandRows.filter(({ keys }) => keys.some(({ use }) => use === 'write')).map(({ name }) => name)
    expect(blind).toEqual([
      'bitop',
      'georadius',
      'georadiusbymember',
      'geosearchstore',
      'himport set',
      'mset',
      'psetex',
      'rename',
      'sdiffstore',
      'setex',
      'sinterstore',
      'sunionstore',
      'zdiffstore',
      'zinterstore',
      'zrangestore',
      'zunionstore',
    ])
  })

  test('only DEL and UNLINK do nothing but delete', () => {
    const deleting = commandRows.filter(({ keys }) => keys.some(({ use }) => use === 'delete'))
    expect(deleting.map(({ name }) => name)).toEqual(['del', 'unlink'])
  })
})

test('a key spec survives its spelling', () => {
  const spelled = ['read 1', 'both 2 #0:1:1', 'write 1 -1:2:0', 'read STREAMS@1 -1:1:2', 'both KEYS@-2 -1:1:0']
  expect(readSpecs(spelled.join('; ')).map(writeSpec)).toEqual(spelled)
  expect(readSpecs('')).toEqual([])
  expect(readSpecs('read STREAMS@1 -1:1:2; both 2 #0:1:1')).toEqual([
    { use: 'read', begin: { keyword: 'STREAMS', from: 1 }, find: { last: -1, step: 1, limit: 2 } },
    { use: 'both', begin: { index: 2 }, find: { keynum: 0, first: 1, step: 1 } },
  ])
})

describe('the documented rows', () => {
  const data = readFileSync(new URL('../../../scripts/data/documented-commands.tsv', import.meta.url), 'utf8')
  const table = readFileSync(new URL('../../../src/commands/table.documented.ts', import.meta.url), 'utf8')
  const live = new Set(generatedRows.map(([name]) => name))

  test('are what the script makes of the data', () => {
    expect(renderDocumented(data, live)).toBe(table)
  })

  test('give way to a row of a server', () => {
    const [first] = /\['digest'.*/.exec(table)!
    expect(renderDocumented(data, new Set([...live, 'digest']))).toBe(
      table.replace(`    ${first}\n`, '').replace(/(\d+) rows/, (_, rows) => `${Number(rows) - 1} rows`),
    )
  })

  test.each([
    ['a column is missing', 'redis-9\tnew\t2\tfast'],
    ['the name is in capitals', 'redis-9\tNEW\t2\tfast\tread 1'],
    ['the arity is no number', 'redis-9\tnew\ttwo\tfast\tread 1'],
    ['a key spec is spelled otherwise', 'redis-9\tnew\t2\tfast\tread 1 0:1:0'],
    ['a command stands twice', 'redis-9\tnew\t2\tfast\tread 1\nredis-9\tnew\t2\tfast\tread 1'],
  ])('are refused where %s', (_what, line) => {
    expect(() => renderDocumented(line, live)).toThrow(/Expected/)
  })
})

describe('docs/commands.md', () => {
  const page = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8')

  test('names every command that cannot be followed', () => {
    const listed = commandRows.filter(({ unfollowed }) => unfollowed).map(({ name }) => name)
    expect(listed.filter((name) => !page.includes(`\`${name.toUpperCase()}\``))).toEqual([])
  })

  test('counts the rows of every source', () => {
    const counts = new Map<string, number>()
    for (const { documented } of commandRows) {
      if (documented) counts.set(documented, (counts.get(documented) ?? 0) + 1)
    }
    expect([...counts].filter(([source, rows]) => !page.includes(`| \`${source}\` | ${rows} |`))).toEqual([])
    expect(page).toContain(`${generatedRows.length} rows`)
  })

  test('counts the rows of every mirror, and names each recipe with its commands', () => {
    for (const way of ['overwrite', 'replay', 'effect']) {
      expect(page).toContain(`| \`${way}\` | ${commandRows.filter(({ mirror }) => mirror === way).length} |`)
    }
    for (const { name, recipe } of commandRows.filter(({ mirror }) => mirror === 'effect')) {
      expect(page.split('\n').find((line) => line.startsWith(`| \`${recipe}\``))).toContain(`\`${name.toUpperCase()}\``)
    }
  })
})
