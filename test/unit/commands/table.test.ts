import { describe, expect, test } from 'vitest'
import { commandRows, lookup } from '../../../src/commands/index.js'
import { readSpecs, writeSpec } from '../../../src/commands/notation.js'
import { overrides } from '../../../src/commands/overrides.js'

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
    ['an unknown command', ['json.get', 'k']],
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

  test('every write of keys is mirrored somehow, and no read is', () => {
    const keyed = commandRows.filter(({ keys, parser }) => keys.length > 0 || parser)
    const unmirrored = keyed.filter(({ flags, mirror }) => flags.includes('write') && mirror === 'none')
    const mirrored = keyed.filter(({ flags, mirror }) => flags.includes('readonly') && mirror !== 'none')
    expect({ unmirrored, mirrored }).toEqual({ unmirrored: [], mirrored: [] })
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
