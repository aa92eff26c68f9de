import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isCanonicalRedisError } from '../../../src/errors.js'
import { channel, defineSchema, key, type Declared } from '../../../src/schema/index.js'

const mapperOf = (keys: Record<string, Declared<'key'>>) => defineSchema({ name: 'test', keys }).mapper

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act()
    return undefined
  } catch (error) {
    return isCanonicalRedisError(error) ? error.code : String(error)
  }
}

describe('the most specific rule wins', () => {
  const digits = z.string().regex(/^\d+$/)
  // From the least specific to the most, so that the order of declaration cannot help.
  const mapper = mapperOf({
    rest: key('k:<rest*>'),
    prefixedRest: key('k:us<rest*>'),
    free: key('k:<id>'),
    predicate: key('k:<id>', { id: digits }),
    finite: key('k:<id>', { id: z.enum(['red', '7']) }),
    suffix: key('k:<id>-job'),
    prefix: key('k:user-<id>'),
    longer: key('k:user-admin-<id>'),
    both: key('k:user-<id>-job'),
    listed: key('k:user-<id>', { id: z.enum(['1', '2']) }),
    literal: key('k:user-1'),
  })
  const cases: readonly (readonly [name: string, family: string])[] = [
    ['k:user-1', 'literal'],
    ['k:user-2', 'listed'],
    ['k:user-3', 'prefix'],
    ['k:user-admin-3', 'longer'],
    ['k:user-3-job', 'both'],
    ['k:x-job', 'suffix'],
    ['k:7', 'finite'],
    ['k:8', 'predicate'],
    ['k:blue', 'free'],
    ['k:usa', 'free'],
    ['k:usa:1', 'prefixedRest'],
    ['k:user-1:1', 'prefixedRest'],
    ['k:blue:1', 'rest'],
    ['k::', 'rest'],
  ]
  it.each(cases)('%s is %s', (name, family) => {
    expect(mapper.parse(name)?.family).toBe(family)
  })

  it('a literal in front counts before more literals behind', () => {
    const shapes = mapperOf({ behind: key('<id>-long-suffix'), front: key('user-<id>') })
    expect(shapes.parse('user-1-long-suffix')).toMatchObject({ family: 'front', params: { id: '1-long-suffix' } })
  })

  it('and gives way where it leads nowhere', () => {
    const deep = mapperOf({
      literal: key('a:b:<x>:end'),
      listed: key('a:<m>:<x>:stop', { m: z.enum(['b', 'c']) }),
      free: key('a:<m>:<x>:<y>'),
      rest: key('a:<rest*>'),
    })
    expect(deep.parse('a:b:1:end')).toMatchObject({ family: 'literal', params: { x: '1' } })
    expect(deep.parse('a:b:1:stop')).toMatchObject({ family: 'listed', params: { m: 'b', x: '1' } })
    expect(deep.parse('a:b:1:go')).toMatchObject({ family: 'free', params: { m: 'b', x: '1', y: 'go' } })
    expect(deep.parse('a:b:1:end:more')).toMatchObject({ family: 'rest', params: { rest: 'b:1:end:more' } })
  })
})

describe('a catch-all', () => {
  const schema = defineSchema({
    name: 'catch-all',
    keys: {
      all: key('app:<rest*>').alias('<rest*>'),
      reminder: key('app:reminder:<id>').alias('rem:<id>'),
    },
  })
  const { mapper } = schema

  it('takes what nobody else takes', () => {
    expect(mapper.getCanonicalKey('a:b')).toBe('app:a:b')
    expect(mapper.getAliasKeys('app:a:b')).toEqual(['a:b'])
    expect(mapper.getCanonicalKey('app:reminder:1')).toBe('app:reminder:1')
    expect(mapper.getAliasKeys('app:reminder:1')).toEqual(['rem:1'])
  })

  it('leaves alone a name whose canonical name is taken: mapping it would merge two keys', () => {
    expect(mapper.resolve('reminder:1')).toBeUndefined()
    expect(mapper.getCanonicalKey('reminder:1')).toBe('reminder:1')
  })

  it('does not list an alias that belongs to another rule', () => {
    expect(mapper.resolve('app:rem:1')).toMatchObject({ family: 'all', canonical: 'app:rem:1', aliases: [] })
    expect(mapper.getAliasKeys('app:app:x')).toEqual([])
  })

  it('cannot be filled with a name of another family', () => {
    expect(codeOf(() => schema.key.all({ rest: 'reminder:1' }))).toBe('E_BAD_PARAM')
    expect(() => schema.key.all({ rest: 'reminder:1' })).toThrow(/"app:reminder:1".*"app:<rest\*>".*family "reminder"/)
    expect(schema.key.all({ rest: 'reminder:1:x' })).toBe('app:reminder:1:x')
  })
})

describe('constraints', () => {
  const isManaged = (schema: z.ZodType, value: string) =>
    mapperOf({ a: key('x:<n>', { n: schema }) }).isKeyManaged(`x:${value}`)
  const cases: readonly (readonly [what: string, schema: z.ZodType, yes: readonly string[], no: readonly string[]])[] =
    [
      ['an enum', z.enum(['a', 'b']), ['a', 'b'], ['c']],
      ['an enum with a check', z.enum(['a', 'b']).refine((value) => value === 'a'), ['a'], ['b', 'c']],
      // It passes the values of the enum on, and accepts everything.
      ['an enum that catches', z.enum(['a', 'b']).catch('a'), ['a', 'c'], []],
      ['literals', z.literal(['a', 'b']), ['a', 'b'], ['c']],
      ['a union of lists', z.union([z.literal('a'), z.enum(['b'])]), ['a', 'b'], ['c']],
      ['a union with a predicate', z.union([z.literal('a'), z.uuid()]), ['a'], ['b']],
      ['a number', z.coerce.number(), ['1', '1.5'], ['one']],
      ['a list of which some are texts', z.literal(['a', 1]), ['a'], ['1']],
    ]
  it.each(cases)('%s', (_, schema, yes, no) => {
    expect(yes.filter((value) => !isManaged(schema, value))).toEqual([])
    expect(no.filter((value) => isManaged(schema, value))).toEqual([])
  })

  it('a union of lists is a list: its values can be renamed', () => {
    const names = z.union([z.literal('a'), z.enum(['b'])])
    const mapper = mapperOf({ a: key('x:<n>', { n: names }).alias('y:<n>', { rename: { n: { old: 'a' } } }) })
    expect(mapper.getAliasKeys('x:a')).toEqual(['y:old'])
  })
})

describe('aliases of one family', () => {
  it('keep their order, and a name stands once', () => {
    const mapper = mapperOf({
      a: key('x:<id>:<side>', { side: z.enum(['long', 'short']) })
        .alias('z:<id>:<side>')
        .alias('y:<id>:<side>')
        .alias('y:<id>:long', { side: 'long' }),
    })
    expect(mapper.getAliasKeys('x:1:short')).toEqual(['z:1:short', 'y:1:short'])
    expect(mapper.getAliasKeys('x:1:long')).toEqual(['z:1:long', 'y:1:long'])
    expect(mapper.resolve('y:1:long')).toMatchObject({ canonical: 'x:1:long', side: 'alias', index: 2 })
    expect(mapper.resolve('y:1:short')).toMatchObject({ canonical: 'x:1:short', side: 'alias', index: 1 })
  })

  it('may live in several databases under one name', () => {
    const mapper = mapperOf({ a: key('x:<id>').alias('x:<id>', { db: 2 }).alias('y:<id>').alias('y:<id>', { db: 3 }) })
    const aliases = [
      { name: 'x:1', db: 2 },
      { name: 'y:1', db: undefined },
      { name: 'y:1', db: 3 },
    ]
    expect(mapper.resolve('x:1')).toEqual({ family: 'a', canonical: 'x:1', aliases, side: 'canonical', index: 0 })
    expect(mapper.resolve('y:1')).toEqual({ family: 'a', canonical: 'x:1', aliases, side: 'alias', index: 1 })
  })

  it('that only move between databases lose the names of more specific rules, and no others', () => {
    const mapper = mapperOf({
      all: key('app:<rest*>').alias('app:<rest*>', { db: 2 }),
      one: key('app:reminder:<id>').alias('rem:<id>'),
    })
    expect(mapper.resolve('app:x')?.aliases).toEqual([{ name: 'app:x', db: 2 }])
    expect(mapper.resolve('app:reminder:1')?.aliases).toEqual([{ name: 'rem:1', db: undefined }])
  })

  it('exist only where the value fits them', () => {
    const mapper = mapperOf({ a: key('x:<id>').alias('y:{<id>}') })
    expect(mapper.getAliasKeys('x:1')).toEqual(['y:{1}'])
    expect(mapper.getAliasKeys('x:a}b')).toEqual([])
    expect(mapperOf({ a: key('y:{<id>}').alias('x:<id>') }).resolve('x:a}b')).toBeUndefined()
  })

  it('may swap values', () => {
    const mapper = mapperOf({
      a: key('x:<s>', { s: z.enum(['long', 'short', 'flat']) }).alias('y:<s>', {
        rename: { s: { long: 'short', short: 'long' } },
      }),
    })
    expect(['y:long', 'y:short', 'y:flat'].map((name) => mapper.getCanonicalKey(name))).toEqual([
      'x:short',
      'x:long',
      'x:flat',
    ])
    expect(mapper.getAliasKeys('x:long')).toEqual(['y:short'])
  })
})

describe('Buffers', () => {
  const mapper = mapperOf({
    step: key('step:<id>').alias('job:<id>'),
    accent: key('clé:<id>').alias('schlüssel:<id>', { db: 1 }),
    digits: key('n:<id>', { id: z.string().regex(/^[é\d]+$/) }).alias('o:<id>'),
    listed: key('l:<id>', { id: z.enum(['ü', 'x']) }).alias('m:<id>', { rename: { id: { ß: 'ü' } } }),
  })

  it('in gives Buffers out', () => {
    expect(mapper.resolve(Buffer.from('job:1'))).toEqual({
      family: 'step',
      canonical: Buffer.from('step:1'),
      aliases: [{ name: Buffer.from('job:1'), db: undefined }],
      side: 'alias',
      index: 0,
    })
    expect(mapper.parse(Buffer.from('job:1'))?.params).toEqual({ id: Buffer.from('1') })
    expect(mapper.getAliasKeys(Buffer.from('step:1'))).toEqual([Buffer.from('job:1')])
    const unmanaged = Buffer.from('other')
    expect(mapper.getCanonicalKey(unmanaged)).toBe(unmanaged)
  })

  it('that are not UTF-8 survive', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x0a, 0x80])
    const name = Buffer.concat([Buffer.from('job:'), bytes])
    expect(mapper.getCanonicalKey(name)).toEqual(Buffer.concat([Buffer.from('step:'), bytes]))
    expect(mapper.parse(name)?.params['id']).toEqual(bytes)
    expect(mapper.names('step', { id: bytes }).aliases[0]?.name).toEqual(name)
  })

  it('and strings agree beyond ASCII', () => {
    for (const name of ['schlüssel:漢', 'clé:x', 'job:😀', 'o:é1', 'm:ß', 'm:ü', 'l:ü', 'o:ü']) {
      expect(mapper.getCanonicalKey(Buffer.from(name)).toString()).toBe(mapper.getCanonicalKey(name))
    }
    expect(mapper.getCanonicalKey('schlüssel:漢')).toBe('clé:漢')
    expect(mapper.getCanonicalKey('m:ß')).toBe('l:ü')
    expect(mapper.isKeyManaged('m:ü')).toBe(false)
    expect(mapper.isKeyManaged('o:ü')).toBe(false)
    expect(mapper.getCanonicalKey('o:é1')).toBe('n:é1')
    expect(mapper.parse('o:é1')?.params).toEqual({ id: 'é1' })
  })
})

describe('names', () => {
  const schema = defineSchema({
    name: 'names',
    keys: {
      step: key('step:<id>').alias('job:<id>'),
      shape: key('s:<a>--<b>:{<c>}', { c: z.enum(['x', 'y']) }),
      rest: key('r:<rest*>'),
      pending: key('steps:pending').alias('jobs:pending'),
    },
    channels: { events: channel('events:<id>').alias('news:<id>') },
  })

  it('gives every name', () => {
    expect(schema.mapper.names('step', { id: 42 })).toEqual({
      family: 'step',
      canonical: 'step:42',
      aliases: [{ name: 'job:42', db: undefined }],
      side: 'canonical',
      index: 0,
    })
    expect(schema.key.step({ id: 42 })).toBe('step:42')
    expect(schema.key.pending()).toBe('steps:pending')
    expect(schema.channel.events({ id: 'a' })).toBe('events:a')
    expect(schema.key.rest({ rest: 'a:b' })).toBe('r:a:b')
    expect(schema.key.shape({ a: 'p-q', b: 'r', c: 'x' })).toBe('s:p-q--r:{x}')
  })

  const bad: readonly (readonly [family: string, params: Record<string, unknown>, says: RegExp])[] = [
    ['step', { id: '' }, /"step:<id>": "" cannot stand in <id>/],
    ['step', { id: 'a:b' }, /"a:b" cannot stand in <id>[^]*without ":"/],
    ['step', { id: Number.NaN }, /NaN cannot stand in <id>/],
    ['step', { id: undefined }, /<id>/],
    ['step', { id: {} }, /<id>/],
    ['step', {}, /the value of <id> is missing/],
    ['step', { id: 1, no: 2 }, /no hole <no>/],
    ['pending', { id: 1 }, /no hole <id>[^]*none/],
    // 'p---r' would read as p and -r.
    ['shape', { a: 'p-', b: 'r', c: 'x' }, /"p-" cannot stand in <a>[^]*run into "--"/],
    ['shape', { a: 'p--q', b: 'r', c: 'x' }, /"p--q" cannot stand in <a>/],
    ['shape', { a: 'p', b: 'r', c: 'z' }, /"z" cannot stand in <c>[^]*one of "x", "y"/],
  ]
  it.each(bad)('refuses %s %j', (family, params, says) => {
    const act = () => schema.mapper.names(family, params as Record<string, string>)
    expect(codeOf(act)).toBe('E_BAD_PARAM')
    expect(act).toThrow(says)
    expect(act).toThrow(new RegExp(`Family "${family}"`))
  })

  it('refuses a family that is not there, also where objects have one', () => {
    expect(codeOf(() => schema.mapper.names('constructor', {}))).toBe('E_UNKNOWN_FAMILY')
    expect(() => schema.mapper.names('stepp', {})).toThrow(/"stepp"[^]*"step", "shape"/)
  })
})

describe('the size of a schema', () => {
  it('a thousand families resolve', () => {
    const families = Array.from({ length: 1000 }, (_, n) => [
      `f${n}`,
      key(`new${n}:<id>`).alias(`old:<id>:${n}`).alias(`older:{<id>}-${n}`),
    ])
    const mapper = mapperOf(Object.fromEntries(families))
    for (let n = 0; n < 1000; n++) {
      expect(mapper.getCanonicalKey(`old:x:${n}`)).toBe(`new${n}:x`)
      expect(mapper.getCanonicalKey(`older:{x}-${n}`)).toBe(`new${n}:x`)
    }
  })
})

describe('nameOn, with what a glance gave', () => {
  const { mapper } = defineSchema({
    name: 'beginnings',
    keys: {
      item: key('item:<id>').alias('thing:<id>').alias('old:<id>'),
      count: key('item:count').alias('count'),
      turned: key('new:<a>:<b>').alias('was:<b>:<a>'),
      shorter: key('short:<a>:<b>').alias('long:<a>:is:<b>'),
      umlaut: key('köln:<id>').alias('koeln:<id>'),
    },
  })
  const on = (side: 'canonical' | 'alias', name: string): string => mapper.nameOn(side, name, mapper.glance(name))

  it.each([
    ['canonical', 'old:42', 'item:42'],
    ['alias', 'old:42', 'thing:42'],
    ['alias', 'item:42', 'thing:42'],
    ['alias', 'item:é', 'thing:é'],
    ['canonical', 'was:1:2', 'new:2:1'],
    ['canonical', 'long:1:is:2', 'short:1:2'],
    ['canonical', 'koeln:1', 'köln:1'],
    ['alias', 'köln:ü', 'koeln:ü'],
    // Its canonical name would be that of the family "count": it belongs to nobody.
    ['canonical', 'thing:count', 'thing:count'],
    ['alias', 'item:count', 'count'],
  ] as const)('on the %s side %s is %s', (side, name, wanted) => {
    expect(on(side, name)).toBe(wanted)
    expect(mapper.nameOn(side, Buffer.from(name), mapper.glance(name))).toEqual(Buffer.from(wanted))
  })
})

describe('a glance at a text sees the same as one at its bytes', () => {
  const { mapper } = defineSchema({
    name: 'glances',
    keys: {
      tree: key('tree:<path*>', { path: z.enum(['a:é', 'a:e']) }).alias('path:<path*>'),
      town: key('<name>-köln:<id>').alias('town:<name>:<id>'),
      long: key('long:<id>:end').alias('lang:<id>:ende'),
    },
  })

  it.each([
    ['tree:a:é', 'tree'],
    ['tree:a:e', 'tree'],
    ['tree:a:è', undefined],
    ['x-köln:1', 'town'],
    ['é-koeln:1', undefined],
    ['town:é:1', 'town'],
    ['long:1:end', 'long'],
    [`long:${'é'.repeat(20)}:end`, 'long'],
    [`lang:${'1'.repeat(20)}:ende`, 'long'],
    [`long:${'1'.repeat(20)}:ende`, undefined],
    [`long:${'1'.repeat(20)}:é`, undefined],
    [`long:${'1'.repeat(20)}`, undefined],
    [`long::${'1'.repeat(20)}:end`, undefined],
    [`long:1:end:${'1'.repeat(20)}`, undefined],
  ])('%s', (name, family) => {
    expect(mapper.glance(name)?.family).toBe(family)
    expect(mapper.glance(Buffer.from(name))?.family).toBe(family)
  })
})
