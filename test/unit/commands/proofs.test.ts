import { expect, test } from 'vitest'
import { locate, proves } from '../../../src/commands/index.js'

const wrongType = new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
const bytes = (text: string): Buffer => Buffer.from(text)

test.each<[line: string, reply: unknown, proved: boolean]>([
  // present
  ['get a', 'v', true],
  ['get a', '', true],
  ['get a', '0', true],
  ['get a', null, false],
  ['get a', undefined, false],
  ['get a', wrongType, true],
  ['get a', new Error('LOADING'), false],
  ['object idletime a', 0, true],
  // positive
  ['strlen a', 3, true],
  ['strlen a', 3n, true],
  ['strlen a', 0, false],
  ['strlen a', 0n, false],
  ['strlen a', '0', false], // a number, of a client that gives numbers as strings
  ['bitpos a 1', -1, false],
  ['hexists a f', true, true],
  ['hexists a f', false, false],
  ['zscore a m', bytes('0'), true], // bytes never are a number
  ['getrange a 0 1', bytes(''), false],
  ['hmget a f g', [null, null], false],
  ['hmget a f g', [null, 'v'], true],
  ['smismember a x y', [0, 0], false],
  ['httl a FIELDS 1 f', [-2], false],
  ['geopos a m', [null], false],
  ['geopos a m', [['1', '2']], true],
  ['hgetall a', {}, false],
  ['hgetall a', { f: '' }, true],
  ['hgetall a', new Map([['f', '']]), true],
  ['smembers a', new Set(), false],
  ['sunion a', ['x'], true],
  ['sunion a b', ['x'], false],
  ['pfcount a b', 3, false],
  ['sort a', ['1'], true],
  ['sort a STORE d', 1, false],
  // the others
  ['mget a b', ['1', ''], true],
  ['mget a b', ['1', null], false],
  ['mget a b', ['1'], false],
  ['exists a b', 2, true],
  ['exists a b', 1, false],
  ['touch a b', '2', true],
  ['ttl a', -1, true],
  ['ttl a', -2, false],
  ['pttl a', '-2', false],
  ['pttl a', null, false],
  ['type a', 'string', true],
  ['type a', bytes('none'), false],
  ['sinter a b', ['x'], true],
  ['sinter a b', [], false],
  ['sinter a b', new Set(['x']), true],
  ['zintercard 2 a b', 0, false],
  ['zintercard 2 a b', 1, true],
  ['sinter a b', wrongType, false],
  ['lcs a b', 'x', true],
  ['lcs a b', '', false],
  ['lcs a b LEN', 0, false],
  ['lcs a b IDX', ['matches', [], 'len', 0], false],
  ['hscan a 0', ['0', []], false],
  ['hscan a 0', ['0', ['f', 'v']], true],
  ['hscan a 0 MATCH x', ['17', []], true],
  ['hscan a 0 MATCH x', [bytes('0'), []], false],
  [
    'xread STREAMS a b 0 0',
    [
      ['a', []],
      ['b', []],
    ],
    true,
  ],
  ['xread STREAMS a b 0 0', [['a', []]], false],
  ['xread STREAMS a b 0 0', ['a', [], 'b', []], true],
  ['xread STREAMS a 0', ['a', []], true],
  ['xread STREAMS a b 0 0', new Map([['a', []]]), false],
  ['xread STREAMS a 0', { a: [] }, true],
  ['xread STREAMS a 0', null, false],
  ['eval_ro return 1 a', 'anything', false],
  ['eval_ro return 1 a', wrongType, false],
  ['debug digest-value a', '0'.repeat(40), false],
  // documented commands
  ['json.get a', '0', true],
  ['json.get a', null, false],
  ['json.mget a b $', ['[1]', '[2]'], true],
  ['json.mget a b $', ['[1]', null], false],
  ['ts.range a - +', [], false],
  ['ts.range a - +', [[1, '0']], true],
  ['ts.nrange 2 a b - +', [[1, '2', '3']], false],
  ['arget a 0', null, false],
  ['arop a 0 9 SUM', bytes('0'), false],
  ['arop a 0 9 SUM', bytes('5'), false], // no rule of today tells the two apart
  ['bf.exists a x', 0, false],
  ['bf.exists a x', 1, true],
  ['ft.search index * INKEYS 1 a', [1, 'a', []], false],
  ['ft.sugget a x', [], false],
  // writes and commands without keys have no proofs
  ['getdel a', 'v', false],
  ['ping', 'PONG', false],
])('%s → %o: %s', (line, reply, proved) => {
  const argv = line.split(' ')
  expect(proves(locate(argv)!, argv, reply)).toBe(proved)
})
