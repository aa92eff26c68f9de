import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CanonicalRedisError, type ErrorCode } from '../../../src/errors.js'
import { channel, defineSchema, key, type Declared } from '../../../src/schema/index.js'

function refusal(keys: Record<string, Declared<'key'>>, channels: Record<string, Declared<'channel'>> = {}) {
  try {
    defineSchema({ name: 'refused', keys, channels })
  } catch (error) {
    if (error instanceof CanonicalRedisError) return error
    throw error
  }
  throw new Error('the schema was accepted')
}

/** Written by people who do not use the type checker. */
const loose = (pattern: string, constraints?: Parameters<typeof key<string>>[1]) => key(pattern, constraints)

const side = z.enum(['long', 'short'])
const digits = z.string().regex(/^\d+$/)
const letters = z.string().regex(/^[a-z]+$/)

interface Case {
  readonly what: string
  readonly keys: Record<string, Declared<'key'>>
  readonly code: ErrorCode
  /** Families, patterns and the example: all of them stand in the sentence. */
  readonly says: readonly string[]
}

const holes: Case[] = [
  {
    what: 'an alias that leaves out a hole',
    keys: { p: loose('p:<user>:<side>').alias('q:<user>') },
    code: 'E_ALIAS_LACKS_HOLE',
    says: [
      '"p"',
      '"p:<user>:<side>"',
      '"q:<user>"',
      '<side>',
      '"q:1" for "p:1:1"',
      '.alias("q:<user>", { side: \'...\' })',
    ],
  },
  {
    what: 'an undefined default',
    keys: { p: loose('p:<user>:<side>').alias('q:<user>', { side: undefined }) },
    code: 'E_ALIAS_LACKS_HOLE',
    says: ['<side>'],
  },
  {
    what: 'an alias with a hole too many',
    keys: { p: loose('p:<user>').alias('q:<user>:<side>') },
    code: 'E_ALIAS_EXTRA_HOLE',
    says: ['"p"', '"p:<user>"', '"q:<user>:<side>"', '<side>', '"q:1:1" for "p:1"'],
  },
  {
    what: 'a default for a hole that the alias has',
    keys: { p: loose('p:<user>').alias('q:<user>', { user: '1' }) },
    code: 'E_BAD_ALIAS',
    says: ['"p:<user>"', '"q:<user>"', 'default for <user>'],
  },
  {
    what: 'a default for a hole that nobody has',
    keys: { p: loose('p:<user>').alias('q:<user>', { exchange: '1' }) },
    code: 'E_BAD_ALIAS',
    says: ['default for <exchange>', 'The holes are <user>'],
  },
  {
    what: 'a default that the constraint refuses',
    keys: { p: loose('p:<side>', { side }).alias('q', { side: 'up' }) },
    code: 'E_BAD_ALIAS',
    says: ['default "up"', 'one of "long", "short"'],
  },
  {
    what: 'a default with a colon',
    keys: { p: loose('p:<x>').alias('q', { x: 'a:b' }) },
    code: 'E_BAD_ALIAS',
    says: ['default "a:b"'],
  },
  {
    what: 'a default that is not a text',
    keys: { p: loose('p:<x>').alias('q', { x: Number.NaN }) },
    code: 'E_BAD_ALIAS',
    says: ['<x> the default null'],
  },
  {
    what: 'a rest where the canonical pattern takes a segment',
    keys: { p: loose('p:<x>').alias('q:<x*>') },
    code: 'E_BAD_ALIAS',
    says: ['"p:<x>"', '"q:<x*>"', 'takes the rest'],
  },
  {
    what: 'a database that is not a number',
    keys: { p: loose('p:<x>').alias('q:<x>', { db: '2' }) },
    code: 'E_BAD_ALIAS',
    says: ['database "2"'],
  },
  {
    what: 'an alias that cannot hold a listed value',
    keys: { p: loose('p:<x>', { x: z.enum(['a-q']) }).alias('<x>-q') },
    code: 'E_BAD_ALIAS',
    says: ['"<x>-q"', '"a-q"'],
  },
]

const renames: Case[] = [
  {
    what: 'two old values for one new value',
    keys: {
      p: loose('p:<n>', { n: z.enum(['ratio']) }).alias('q:<n>', { rename: { n: { vr: 'ratio', r: 'ratio' } } }),
    },
    code: 'E_MERGES_KEYS',
    says: ['"p:<n>"', '"q:<n>"', '"vr"', '"r"', '"ratio"', '"p:ratio"'],
  },
  {
    what: 'one old value for two new values',
    keys: { p: loose('p:<n>', { n: z.enum(['a', 'b']) }).alias('q:<n>', { rename: { n: { b: 'a' } } }) },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"a"', '"b"', '<n>'],
  },
  {
    what: 'a rename to a value that is not listed',
    keys: { p: loose('p:<n>', { n: z.enum(['a']) }).alias('q:<n>', { rename: { n: { x: 'y' } } }) },
    code: 'E_BAD_ALIAS',
    says: ['"x"', '"y"', 'one of "a"'],
  },
  {
    what: 'a rename of a free hole',
    keys: { p: loose('p:<n>').alias('q:<n>', { rename: { n: { x: 'y' } } }) },
    code: 'E_BAD_ALIAS',
    says: ['not listed', 'z.enum'],
  },
  {
    what: 'a rename of a hole with a predicate',
    keys: { p: loose('p:<n>', { n: digits }).alias('q:<n>', { rename: { n: { x: '1' } } }) },
    code: 'E_BAD_ALIAS',
    says: ['not listed'],
  },
  {
    what: 'a rename of a hole that the alias lacks',
    keys: { p: loose('p:<n>', { n: side }).alias('q', { n: 'long', rename: { n: { x: 'long' } } }) },
    code: 'E_BAD_ALIAS',
    says: ['<n>, a hole that it does not have'],
  },
  {
    what: 'a rename that is not a table',
    keys: { p: loose('p:<n>', { n: side }).alias('q:<n>', { rename: { n: 'long' } }) },
    code: 'E_BAD_ALIAS',
    says: ['rename "long"'],
  },
]

const constraints: Case[] = [
  {
    what: 'a listed value that cannot stand in its hole',
    keys: { p: loose('p:<n>', { n: z.enum(['a:b']) }) },
    code: 'E_BAD_PATTERN',
    says: ['"p"', '"p:<n>"', '"a:b"'],
  },
  {
    what: 'a constraint that accepts no text',
    keys: { p: loose('p:<n>', { n: z.number() }) },
    code: 'E_BAD_PATTERN',
    says: ['"p"', '<n>', 'z.coerce.number()'],
  },
  {
    what: 'a list without a text',
    keys: { p: loose('p:<n>', { n: z.literal([1, 2]) }) },
    code: 'E_BAD_PATTERN',
    says: ['<n>', 'lists no text'],
  },
  {
    what: 'a constraint that is not a schema',
    keys: { p: loose('p:<n>', { n: /x/ }) },
    code: 'E_BAD_PATTERN',
    says: ['<n>', 'zod 4'],
  },
]

const ambiguous: Case[] = [
  {
    what: 'two families with the same canonical names',
    keys: { a: key('x:<id>'), b: key('x:<name>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"x:1"', 'canonical pattern "x:<id>" of family "a"', 'canonical pattern "x:<name>" of family "b"'],
  },
  {
    what: 'two families with one alias',
    keys: { a: key('x:<id>').alias('old:<id>'), b: key('y:<id>').alias('old:<id>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"old:1"', 'alias "old:<id>" of family "a"', 'alias "old:<id>" of family "b"'],
  },
  {
    what: 'listed values that overlap',
    keys: {
      a: key('x:<n>', { n: z.enum(['p', 'q']) }).alias('old:<n>'),
      b: key('y:<n>', { n: z.enum(['q', 'r']) }).alias('old:<n>'),
    },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"old:q"', 'family "a"', 'family "b"'],
  },
  {
    what: 'two predicates that a sample satisfies both',
    keys: { a: key('x:<n>', { n: z.string().min(1) }), b: key('x:<m>', { m: digits }) },
    code: 'E_AMBIGUOUS_RULES',
    says: ['The name "x:1"', '"x:<n>"', '"x:<m>"'],
  },
  {
    what: 'two predicates of which nothing is known',
    keys: { a: key('x:<n>', { n: letters }), b: key('x:<m>', { m: digits }) },
    code: 'E_AMBIGUOUS_RULES',
    says: ['A name like "x:<n>"', '"x:<m>"'],
  },
  {
    what: 'two predicates that meet only in a sample with a colon, which is no example',
    keys: { a: key('x:<n>', { n: z.string().startsWith('https:') }), b: key('x:<m>', { m: z.url() }) },
    code: 'E_AMBIGUOUS_RULES',
    says: ['A name like "x:<n>"'],
  },
  {
    what: 'two shapes of one weight',
    keys: { a: key('x:<p>-<q>'), b: key('x:<p>_<q>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"x:<p>-<q>"', '"x:<p>_<q>"'],
  },
  {
    what: 'two aliases of one family that differ in a default',
    keys: {
      a: key('x:<id>:<side>', { side }).alias('old:<id>', { side: 'long' }).alias('old:<id>', { side: 'short' }),
    },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"old:1"', 'family "a"'],
  },
  {
    what: 'an alias that swaps the holes of its canonical pattern',
    keys: { a: key('x:<p>:<q>').alias('x:<q>:<p>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"x:1:1"', 'canonical pattern "x:<p>:<q>"', 'alias "x:<q>:<p>"'],
  },
  {
    what: 'two rests',
    keys: { a: key('x:<rest*>'), b: key('x:<other*>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"x:1"', '"x:<rest*>"', '"x:<other*>"'],
  },
]

const lost: Case[] = [
  {
    what: 'a canonical name that an alias would win',
    keys: { all: key('app:<rest*>'), one: key('new:<id>').alias('app:old:<id>') },
    code: 'E_NOT_IDEMPOTENT',
    says: ['"app:old:1"', 'canonical pattern "app:<rest*>" of family "all"', 'alias "app:old:<id>" of family "one"'],
  },
  {
    what: 'a canonical name that is an alias of another family',
    keys: { a: key('b:<id>').alias('a:<id>'), b: key('c:<id>').alias('b:<id>') },
    code: 'E_AMBIGUOUS_RULES',
    says: ['"b:1"', 'canonical pattern "b:<id>" of family "a"', 'alias "b:<id>" of family "b"'],
  },
  {
    what: 'an own alias inside the canonical names',
    keys: { a: key('x:<side>', { side }).alias('x:long', { side: 'long' }) },
    code: 'E_NOT_IDEMPOTENT',
    says: ['"x:long"', '"x:<side>"', 'alias "x:long"'],
  },
  {
    what: 'an alias with a predicate inside free canonical names',
    keys: { a: key('x:<id>'), b: key('y:<n>', { n: digits }).alias('x:<n>') },
    code: 'E_NOT_IDEMPOTENT',
    says: ['The name "x:1"', '"x:<id>"', 'alias "x:<n>"'],
  },
  {
    // The shortest common name: after "aa", a third "a" still leaves two of them read.
    what: 'an alias that meets canonical names only around a literal that repeats itself',
    keys: { a: key('<p>aab'), b: key('y:<q>').alias('aa<q>') },
    code: 'E_NOT_IDEMPOTENT',
    says: ['"aaab"', '"<p>aab"', 'alias "aa<q>"'],
  },
  {
    what: 'the canonical pattern as its own alias',
    keys: { a: key('x:<id>').alias('x:<id>') },
    code: 'E_BAD_ALIAS',
    says: ['"x:1"', 'canonical pattern "x:<id>"', 'alias "x:<id>"', '{ db: 2 }'],
  },
  {
    what: 'one alias twice',
    keys: { a: key('x:<id>').alias('y:<id>', { db: 1 }).alias('y:<id>', { db: 1 }) },
    code: 'E_BAD_ALIAS',
    says: ['"y:1"', 'alias "y:<id>"'],
  },
]

describe.each(Object.entries({ holes, renames, constraints, ambiguous, lost }))('%s', (_, cases) => {
  it.each(cases)('refuses $what', ({ keys, code, says }) => {
    const error = refusal(keys)
    expect(error.code).toBe(code)
    for (const part of says) expect(error.message).toContain(part)
    expect(error.hint).toBeTruthy()
  })
})

describe('options', () => {
  it('refuses what is not a declaration, a name or a family', () => {
    const bad = (definition: unknown) => () => defineSchema(definition as Parameters<typeof defineSchema>[0])
    expect(bad({ name: '', keys: {} })).toThrow(/Expected `name` to be a non-empty text/)
    expect(bad({ name: 'x' })).toThrow(/Expected `keys` to be an object/)
    expect(bad({ name: 'x', keys: { a: 'step:<id>' } })).toThrow(/Expected `keys\.a` to be made by key\(\)/)
    expect(bad({ name: 'x', keys: { a: channel('a') } })).toThrow(/Expected `keys\.a` to be made by key\(\)/)
    expect(bad({ name: 'x', keys: {}, channels: { a: key('a') } })).toThrow(/`channels\.a` to be made by channel\(\)/)
  })

  it('refuses a database for a channel', () => {
    const write = channel('c').alias as (pattern: string, options: object) => Declared<'channel'>
    const error = refusal({}, { c: write('d', { db: 1 }) })
    expect(error.code).toBe('E_BAD_ALIAS')
    expect(error.message).toContain('names a database')
  })
})

describe('what looks alike and is fine', () => {
  const fine: Record<string, Record<string, Declared<'key'>>> = {
    'everything under a prefix': { a: key('app:<rest*>').alias('<rest*>') },
    'a catch-all behind a named rule': { a: key('app:<rest*>'), b: key('app:reminder:<id>') },
    'disjoint listed values': {
      a: key('x:<n>', { n: z.enum(['p']) }).alias('old:<n>'),
      b: key('y:<n>', { n: z.enum(['q']) }).alias('old:<n>'),
    },
    'overlapping values that a later literal parts': {
      a: key('x:<n>:1', { n: z.enum(['p', 'q']) }),
      b: key('x:<n>:2', { n: z.enum(['q', 'r']) }),
    },
    'a listed value that a predicate refuses': {
      a: key('x:<n>', { n: digits }),
      b: key('x:<n>', { n: z.enum(['a']) }),
    },
    'one predicate in two families': {
      a: key('x:<n>:1', { n: digits }),
      b: key('x:<n>:2', { n: digits }),
    },
    'shapes that cannot meet': { a: key('x:<p>-1'), b: key('x:<p>-2') },
    'a swap of values': {
      a: key('x:<s>', { s: side }).alias('y:<s>', { rename: { s: { long: 'short', short: 'long' } } }),
    },
    'a key moved between databases': { a: key('x:<id>').alias('x:<id>', { db: 2 }).alias('x:<id>', { db: 3 }) },
    'two aliases of which one is inside the other': {
      a: key('x:<id>:<side>', { side }).alias('y:<id>:<side>').alias('y:<id>:long', { side: 'long' }),
    },
  }
  it.each(Object.entries(fine))('%s', (_, keys) => {
    expect(() => defineSchema({ name: 'fine', keys })).not.toThrow()
  })
})
