import { describe, expect, test } from 'vitest'
import { commandRows, locate, type Arg } from '../../../src/commands/index.js'
import { compileSpecs } from '../../../src/commands/finders.js'
import { readSpecs } from '../../../src/commands/notation.js'

/** `a:read d:write`, from a line in which `""` is the empty argument. */
function keysOf(argv: readonly Arg[]): string {
  return locate(argv)!
    .keys.map(({ index, use }) => `${argv[index]!.toString() || '""'}:${use}`)
    .join(' ')
}
const split = (line: string): string[] => line.split(' ').map((token) => (token === '""' ? '' : token))

const cases: Record<string, readonly (readonly [line: string, keys: string])[]> = {
  'plain specs': [
    ['get a', 'a:read'],
    ['set a v GET', 'a:both'],
    ['del a b c', 'a:delete b:delete c:delete'],
    ['mset a 1 b 2', 'a:write b:write'],
    ['mset a 1 b', 'a:write b:write'],
    ['blpop a b 0', 'a:both b:both'],
    ['rename a b', 'a:both b:write'],
    ['bitop AND d a b', 'd:write a:read b:read'],
    ['pfmerge d', 'd:both'],
    ['pfcount a b', 'a:read b:read'],
    ['object encoding a', 'a:read'],
    ['spublish a m', ''],
    ['ping', ''],
  ],
  'destinations that are looked at first': [
    ['setnx a v', 'a:both'],
    ['msetnx a 1 b 2', 'a:both b:both'],
    ['copy a b REPLACE', 'a:read b:both'],
    ['renamenx a b', 'a:both b:both'],
    ['restore a 0 p', 'a:both'],
  ],
  'numbers of keys': [
    ['zunionstore d 2 a b WEIGHTS 1 2', 'd:write a:read b:read'],
    ['eval return 2 a b x', 'a:both b:both'],
    ['eval return 0 a', ''],
    ['eval_ro return 1 a', 'a:read'],
    ['eval return 9 a b', 'a:both b:both'],
    ['eval return 999999999999 a', ''],
    ['eval return -1 a', ''],
    ['eval return one a', ''],
    ['eval return', ''],
    ['bzmpop 0 2 2 MIN MAX', '2:both MIN:both'],
  ],
  sort: [
    ['sort a', 'a:read'],
    ['sort a BY w_* GET # GET o_*->f STORE d', 'a:read d:write'],
    ['sort a STORE x STORE d', 'a:read d:write'],
    ['sort a STORE d LIMIT 0 5', 'a:read d:write'],
    ['sort a BY STORE', 'a:read'],
    ['sort a GET store STORE d', 'a:read d:write'],
    ['sort a LIMIT STORE x STORE d', 'a:read d:write'],
    ['sort a LIMIT 0 STORE d', 'a:read'],
    ['sort a constructor STORE d', 'a:read d:write'],
    ['sort a STORE', 'a:read'],
    ['sort a STORE STORE', 'a:read STORE:write'],
    ['sort_ro a BY STORE GET x', 'a:read'],
    ['sort', ''],
  ],
  georadius: [
    ['georadius a 1 2 3 km', 'a:read'],
    ['georadius a 1 2 3 km STORE d', 'a:read d:write'],
    ['georadius a 1 2 3 km STORE x STORE d', 'a:read d:write'],
    ['georadius a 1 2 3 km STOREDIST x STORE d', 'a:read d:write'],
    ['georadius a 1 2 3 km STORE STOREDIST', 'a:read STOREDIST:write'],
    ['georadius a 1 2 3 km STORE', 'a:read'],
    ['georadius a 1 2 3 STORE d', 'a:read'],
    ['georadiusbymember a STORE 3 km', 'a:read'],
    ['georadiusbymember a m 3 km STORE d', 'a:read d:write'],
    ['georadius_ro a 1 2 3 km', 'a:read'],
  ],
  migrate: [
    ['migrate h 1 a 0 9', 'a:both'],
    ['migrate h 1 a 0 9 AUTH keys', 'a:both'],
    ['migrate h 1 a 0 9 KEYS b', 'a:both'],
    ['migrate h 1 "" 0 9 KEYS a b', 'a:both b:both'],
    ['migrate h 1 "" 0 9 COPY AUTH KEYS KEYS a', 'a:both'],
    ['migrate h 1 "" 0 9 AUTH2 KEYS KEYS KEYS KEYS', 'KEYS:both'],
    ['migrate h 1 "" 0 9', '"":both'],
    ['migrate h 1 "" 0 9 KEYS', ''],
    ['migrate h 1', ''],
  ],
  streams: [
    ['xread STREAMS a b 0 $', 'a:read b:read'],
    ['xread COUNT 1 BLOCK 0 STREAMS streams STREAMS 0 0', 'streams:read STREAMS:read'],
    ['xread COUNT streams STREAMS a 0', 'a:read'],
    ['xread STREAMS a b 0', 'a:read'],
    ['xread STREAMS a', ''],
    ['xread STREAMS', ''],
    ['xread NEWOPTION STREAMS a 0', 'a:read'],
    ['xreadgroup GROUP g c STREAMS a >', 'a:both'],
    ['xreadgroup COUNT 1 GROUP g streams STREAMS a >', 'a:both'],
    ['xreadgroup NOACK GROUP streams streams BLOCK 1 STREAMS a b > 0', 'a:both b:both'],
  ],
  'documented specs, and where they are wrong': [
    ['json.mget a b c $', 'a:read b:read c:read'],
    ['json.mget a $', 'a:read'],
    ['json.mset a $ 1 b $ 2', 'a:both b:both'],
    ['json.debug memory memory $', 'memory:read'],
    ['json.debug help', ''],
    ['json.get a $', 'a:read'],
    ['cms.merge d 2 a b WEIGHTS 1 2', 'd:both a:read b:read'],
    ['tdigest.merge d 2 a b OVERRIDE', 'd:both a:read b:read'],
    ['ts.madd a 1 2 b 3 4', 'a:both b:both'],
    ['ts.createrule a b AGGREGATION avg 10', 'a:both b:both'],
    ['ts.mrange - + FILTER a=b', ''],
    ['ts.nrange 2 a b - +', 'a:read b:read'],
    ['bf.scandump a 0', 'a:read'],
    ['vrange a - +', 'a:read'],
    ['ft.sugget a x', 'a:read'],
    ['ft.sugadd a x 1', 'a:both'],
    ['ft.get index a', 'a:read'],
    ['ft.mget index a b', 'a:read b:read'],
    ['ft.create index ON HASH PREFIX 1 a: SCHEMA t TEXT', ''],
    ['msetex 2 a 1 b 2 NX EX 10', 'a:both b:both'],
    ['delex a IFEQ v', 'a:both'],
    ['delifeq a v', 'a:both'],
    ['lmovem a b LEFT RIGHT COUNT 2', 'a:both b:both'],
    ['himport set a fieldset v w', 'a:write'],
    ['himport prepare fieldset f g', ''],
    ['clusterscan 0 MATCH a*', ''],
    ['cluster keyslot a', ''],
  ],
  'ft.search': [
    ['ft.search index *', ''],
    ['ft.search index INKEYS', ''],
    ['ft.search index INKEYS NOCONTENT', ''],
    ['ft.search index INKEYS 1 a', ''], // INKEYS stands where the query does
    ['ft.search index * INKEYS 2 a b LIMIT 0 1', 'a:read b:read'],
    ['ft.search index * INKEYS 1 INKEYS INKEYS 1 b', 'INKEYS:read b:read'],
    ['ft.search index * INKEYS 9 a', 'a:read'],
    ['ft.search index * INKEYS', ''],
    ['ft.search index * RETURN 2 INKEYS 1 INKEYS 1 a', 'a:read'],
    ['ft.search index * FILTER f 1 inkeys INKEYS 1 a', 'a:read'],
    ['ft.search index * SORTBY inkeys ASC INKEYS 1 a', 'a:read'],
    ['ft.search index * HIGHLIGHT FIELDS 1 inkeys TAGS inkeys inkeys INKEYS 1 a', 'a:read'],
    ['ft.search index * PARAMS 2 inkeys 1 LIMIT 0 INKEYS', ''],
    ['ft.search index * SUMMARIZE FRAGS 1 SEPARATOR inkeys INKEYS 1 a', 'a:read'],
    ['ft.search index * GEOFILTER f 1 2 3 inkeys INKEYS 1 a', 'a:read'],
    ['ft.search index * RETURN 1 inkeys 1 a', ''],
  ],
  debug: [
    ['debug object a', 'a:read'],
    ['debug object a fast', 'a:read'],
    ['debug digest-value a b', 'a:read b:read'],
    ['debug quicklist a 1', 'a:read'],
    ['debug sleep 0', ''],
    ['debug object', ''],
    ['debug constructor a', ''],
    ['debug', ''],
  ],
}

describe.each(Object.keys(cases))('%s', (group) => {
  test.each(cases[group]!)('%s', (line, keys) => {
    const argv = split(line)
    expect(keysOf(argv)).toBe(keys)
    expect(keysOf(argv.map((arg) => Buffer.from(arg)))).toBe(keys)
    expect(keysOf([argv[0]!.toUpperCase(), ...argv.slice(1)])).toBe(keys)
  })
})

test('an unknown command is not located', () => {
  expect(locate(['json.got', 'a'])).toBeUndefined()
  expect(locate(['constructor', 'a'])).toBeUndefined()
  expect(locate(['xgroup', 'constructor', 'a'])).toBeUndefined()
})

test('no argument list makes the locator throw or point outside of it', () => {
  const tails = ['', '1', '-1', '99', 'STORE', 'KEYS', 'streams', 'STREAMS', '\u0000', 'a']
  for (const { name } of commandRows) {
    for (let length = 0; length < 9; length++) {
      for (let shift = 0; shift < tails.length; shift++) {
        const tail = Array.from({ length }, (_, i) => tails[(i * 3 + shift) % tails.length]!)
        const argv = [...name.split(' '), ...tail]
        const indexes = locate(argv)?.keys.map(({ index }) => index) ?? []
        const ascending = [...new Set(indexes)].sort((x, y) => x - y)
        expect(indexes, argv.join(' ')).toEqual(ascending)
        expect(indexes.every((index) => index > 0 && index < argv.length)).toBe(true)
      }
    }
  }
})

test('a shared answer cannot be changed', () => {
  const { keys } = locate(['get', 'a'])!
  expect(() => (keys as unknown[]).push(1)).toThrow()
  expect(() => ((keys[0] as { index: number }).index = 2)).toThrow()
})

describe('keyword specs, which every command of today has a parser for', () => {
  const spelled = { end: 'read KEYS@-2 -1:1:0', half: 'read STREAMS@2 -1:1:2' }
  test.each<[keyof typeof spelled, line: string, indexes: number[]]>([
    ['end', 'x keys a', [2]],
    ['end', 'x KEYS a b', [2, 3]],
    ['end', 'x a b', []],
    ['end', 'keys', []],
    ['half', 'x y streams a b 0 0', [3, 4]],
    ['half', 'x streams STREAMS a 0', [3]],
    ['half', 'x streams a 0', []],
  ])('%s: %s', (spec, line, indexes) => {
    const find = compileSpecs(readSpecs(spelled[spec]))
    expect(find(line.split(' ')).map(({ index }) => index)).toEqual(indexes)
  })
})
