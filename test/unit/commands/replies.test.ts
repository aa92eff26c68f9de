import { describe, expect, test } from 'vitest'
import { mapReplyNames, type ReplyPath } from '../../../src/commands/index.js'

/** Shows where it was called, and with what kind of name. */
const rename = (name: Buffer | string): Buffer | string =>
  typeof name === 'string' ? `<${name}>` : Buffer.concat([Buffer.from('<'), name, Buffer.from('>')])

const entries = [['1-1', ['f', 'v']]]

test.each<[path: ReplyPath, what: string, reply: unknown, expected: unknown]>([
  ['none', 'anything', ['a'], ['a']],
  ['whole', 'RANDOMKEY', 'a', '<a>'],
  ['whole', 'bytes', Buffer.from('a'), Buffer.from('<a>')],
  ['first', 'BLPOP', ['a', 'a'], ['<a>', 'a']],
  ['first', 'LMPOP', ['a', ['a', 'b']], ['<a>', ['a', 'b']]],
  ['first', 'an empty list', [], []],
  ['list', 'KEYS', ['a', Buffer.from('b')], ['<a>', Buffer.from('<b>')]],
  ['list', 'a set', new Set(['a']), new Set(['<a>'])],
  ['scan', 'SCAN', ['0', ['0', 'b']], ['0', ['<0>', '<b>']]],
  [
    'streams',
    'lists of two',
    [
      ['a', entries],
      ['b', []],
    ],
    [
      ['<a>', entries],
      ['<b>', []],
    ],
  ],
  ['streams', 'a flat list', ['a', entries, 'b', []], ['<a>', entries, '<b>', []]],
  ['streams', 'a flat list of bytes', [Buffer.from('a'), entries], [Buffer.from('<a>'), entries]],
  ['streams', 'PUBSUB NUMSUB', ['a', 2], ['<a>', 2]],
  ['streams', 'PUBSUB NUMSUB with numbers as strings', ['a', '2'], ['<a>', '2']],
  ['streams', 'a Map', new Map([['a', entries]]), new Map([['<a>', entries]])],
  ['streams', 'an object', { a: entries, b: [] }, { '<a>': entries, '<b>': [] }],
  ['streams', 'an empty list', [], []],
  ['streams', 'TS.MGET', [['a', [], [1, '2']]], [['<a>', [], [1, '2']]]],
  ['documents', 'ids and fields', [2, 'a', ['f', 'a'], 'b', []], [2, '<a>', ['f', 'a'], '<b>', []]],
  [
    'documents',
    'scores in between',
    [2, 'a', '1', ['f', 'v'], 'b', '1', []],
    [2, '<a>', '1', ['f', 'v'], '<b>', '1', []],
  ],
  ['documents', 'ids alone', [2, 'a', Buffer.from('b')], [2, '<a>', Buffer.from('<b>')]],
  ['documents', 'a number as a string', ['1', 'a', []], ['1', '<a>', []]],
  ['documents', 'no document', [0], [0]],
  [
    'documents',
    'a Map',
    new Map<string, unknown>([
      ['total_results', 1],
      [
        'results',
        [
          new Map([
            ['id', 'a'],
            ['values', 'a'],
          ]),
        ],
      ],
    ]),
    new Map<string, unknown>([
      ['total_results', 1],
      [
        'results',
        [
          new Map([
            ['id', '<a>'],
            ['values', 'a'],
          ]),
        ],
      ],
    ]),
  ],
  ['documents', 'an object', { results: [{ id: 'a', extra: 'id' }] }, { results: [{ id: '<a>', extra: 'id' }] }],
  [
    'documents',
    'a map as a list',
    ['x', 'results', 'results', [['x', 'id', 'id', 'a']]],
    ['x', 'results', 'results', [['x', 'id', 'id', '<a>']]],
  ],
  ['documents', 'a map without results', { other: ['a'] }, { other: ['a'] }],
])('%s: %s', (path, _what, reply, expected) => {
  expect(mapReplyNames(path, reply, rename)).toEqual(expected)
})

const paths: ReplyPath[] = ['none', 'first', 'streams', 'list', 'scan', 'whole', 'documents']

describe.each(paths)('%s', (path) => {
  test.each([null, undefined, 0, 1n, true, new Error('ERR a')])('leaves %s as it is', (reply) => {
    expect(mapReplyNames(path, reply, rename)).toBe(reply)
  })
})

test('an object keeps its order, its prototype and a stream called __proto__', () => {
  const reply = Object.create(null) as Record<string, unknown>
  reply['b'] = 1
  reply['__proto__'] = 2
  const renamed = mapReplyNames('streams', reply, (name) => name) as Record<string, unknown>
  expect(Object.getPrototypeOf(renamed)).toBeNull()
  expect(Object.entries(renamed)).toEqual([
    ['b', 1],
    ['__proto__', 2],
  ])
  const ordinary = mapReplyNames('streams', { b: 1 }, () => '__proto__') as object
  expect(Object.entries(ordinary)).toEqual([['__proto__', 1]])
})

test('a constant that replies share is not changed', () => {
  const shared = Object.freeze(new Map([['a', entries]]))
  mapReplyNames('streams', shared, rename)
  expect([...shared.keys()]).toEqual(['a'])
})
