/**
 * Random schemas against a reference that knows nothing of tries, bytes or automata: one regular expression a rule,
 * every rule tried, and the most specific one sorted out by hand.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CanonicalRedisError } from '../../src/errors.js'
import { defineSchema, key, type Declared, type Schema } from '../../src/schema/index.js'

// ---- random schemas, of an alphabet so small that rules meet all the time

/** A segment: literals around holes. A hole ending in * is a rest. */
type Segment = readonly (string | { readonly hole: string; readonly rest?: boolean })[]

const constraints = {
  none: undefined,
  ab: z.enum(['a', 'b']),
  bé: z.enum(['b', 'é', '-a']),
  digits: z.string().regex(/^\d+$/),
  noA: z.string().regex(/^[^a]*$/),
} as const
type ConstraintName = keyof typeof constraints

interface Spelling {
  readonly segments: readonly Segment[]
  readonly defaults: Readonly<Record<string, string>>
  readonly rename?: { readonly hole: string; readonly from: string; readonly to: string }
}
interface Family {
  readonly name: string
  readonly canonical: readonly Segment[]
  readonly constraints: Readonly<Record<string, ConstraintName>>
  readonly aliases: readonly Spelling[]
}

const sourceOf = (segments: readonly Segment[]): string =>
  segments
    .map((parts) =>
      parts.map((part) => (typeof part === 'string' ? part : `<${part.hole}${part.rest ? '*' : ''}>`)).join(''),
    )
    .join(':')

const literal = fc.constantFrom('a', 'b', 'k', 'é', 'ab', '1', '')
const affix = fc.constantFrom('', '', '-', '{', 'a-', 'aa', '-a')

/** A pattern with exactly these holes, in this order. */
const patternWith = (holes: readonly string[], restLast: boolean): fc.Arbitrary<Segment[]> => {
  const segment = (hole: string, rest: boolean): fc.Arbitrary<Segment> =>
    fc.tuple(affix, affix).map(([before, after]) => [before, { hole, rest }, ...(rest ? [] : [after])])
  const parts = holes.map((hole, index) => segment(hole, restLast && index === holes.length - 1))
  const plain = fc.array(
    literal.map((text): Segment => [text]),
    { minLength: holes.length ? 0 : 1, maxLength: 1 },
  )
  const joined = fc.constantFrom('separate', 'separate', 'joined')
  return fc
    .tuple(plain, fc.tuple(...parts), restLast ? fc.constant([]) : plain, joined)
    .map(([head, body, tail, how]) => {
      const middle: Segment[] =
        how === 'joined' && body.length > 1 ? [body.reduce((a, b) => [...a, '_', ...b], [])] : body
      return [...head, ...middle, ...tail]
    })
}

const familyNamed = (name: string): fc.Arbitrary<Family> =>
  fc
    .record({
      holes: fc.constantFrom([], ['x'], ['x'], ['x', 'y']),
      rest: fc.constantFrom(false, false, true),
      x: fc.constantFrom(...(Object.keys(constraints) as ConstraintName[])),
      y: fc.constantFrom<ConstraintName>('none', 'ab'),
    })
    .chain(({ holes, rest, x, y }) => {
      const restLast = rest && holes.length > 0
      const aliasWith = fc.subarray([...holes]).chain((kept) => {
        const keepsRest = restLast && kept.at(-1) === holes.at(-1)
        const defaults = fc.record(
          Object.fromEntries(
            holes.filter((hole) => !kept.includes(hole)).map((hole) => [hole, fc.constantFrom('a', 'b', '1')]),
          ),
        )
        const renamed = fc.constantFrom(undefined, undefined, { hole: 'x', from: 'old', to: 'b' })
        return fc
          .record({ segments: patternWith(kept, keepsRest), defaults, renamed })
          .map(({ renamed: rename, ...spelling }): Spelling =>
            rename && kept.includes('x') && (x === 'ab' || x === 'bé') ? { ...spelling, rename } : spelling,
          )
      })
      return fc.record({
        name: fc.constant(name),
        canonical: patternWith(holes, restLast),
        constraints: fc.constant(Object.fromEntries(holes.map((hole) => [hole, hole === 'x' ? x : y]))),
        aliases: fc.array(aliasWith, { maxLength: 2 }),
      })
    })

function declare(family: Family): Declared<'key'> {
  const given = Object.entries(family.constraints).filter(([, name]) => name !== 'none')
  const start = key(
    sourceOf(family.canonical),
    Object.fromEntries(given.map(([hole, name]) => [hole, constraints[name]!])),
  )
  return family.aliases.reduce((builder, { segments, defaults, rename }) => {
    const renames = rename ? { rename: { [rename.hole]: { [rename.from]: rename.to } } } : {}
    return builder.alias(sourceOf(segments), { ...defaults, ...renames })
  }, start)
}

const define = (families: readonly Family[]): Schema =>
  defineSchema({ name: 'random', keys: Object.fromEntries(families.map((family) => [family.name, declare(family)])) })

/** Families that go together: each one is kept unless it is refused beside those before it. */
function compatible(candidates: readonly Family[]): { schema: Schema; families: Family[]; refusals: Refusal[] } {
  const families: Family[] = []
  const refusals: Refusal[] = []
  for (const family of candidates) {
    try {
      define([...families, family])
      families.push(family)
    } catch (error) {
      if (!(error instanceof CanonicalRedisError)) throw error
      refusals.push({ error, families: [...families, family] })
    }
  }
  return { schema: define(families), families, refusals }
}
interface Refusal {
  readonly error: CanonicalRedisError
  readonly families: readonly Family[]
}

const schemas = fc.tuple(...['f0', 'f1', 'f2', 'f3', 'f4'].map(familyNamed)).map(compatible)
const randomName = fc.string({
  unit: fc.constantFrom('a', 'b', 'k', 'é', '1', '-', '_', '{', ':', ':', '😀'),
  maxLength: 9,
})

// ---- the reference

interface ReferenceRule {
  readonly family: Family
  readonly alias: number | undefined
  readonly regex: RegExp
  readonly holes: readonly string[]
  readonly weight: readonly number[]
  readonly spelling: Spelling
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Adjacent literals joined, empty ones dropped. */
function merged(segment: Segment): Segment {
  const parts: Segment[number][] = []
  for (const part of segment) {
    const last = parts.at(-1)
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part
    else if (part !== '') parts.push(part)
  }
  return parts
}

function allowedIn(family: Family, spelling: Spelling, hole: string): string[] | RegExp | undefined {
  const name = family.constraints[hole]!
  if (name === 'digits') return /^\d+$/
  if (name === 'noA') return /^[^a]*$/
  if (name === 'none') return undefined
  const { rename } = spelling
  return constraints[name].options.map((value) => (rename?.hole === hole && rename.to === value ? rename.from : value))
}

function segmentRegex(segment: Segment): string {
  return merged(segment)
    .map((part, index, parts) => {
      if (typeof part === 'string') return escaped(part)
      if (part.rest) return '([^]+)'
      const next = parts[index + 1]
      return typeof next === 'string' ? `((?:(?!${escaped(next)})[^:])+)` : '([^:]+)'
    })
    .join('')
}

const bytes = (text: string): number => Buffer.byteLength(text)

/** Smaller is more specific: kind of segment, literal in front, literal characters, constraints. */
function weightOf(family: Family, spelling: Spelling): number[] {
  return spelling.segments.flatMap((segment) => {
    const parts = merged(segment)
    const texts = parts.filter((part) => typeof part === 'string')
    const holes = parts.filter((part) => typeof part !== 'string')
    if (holes.length === 0) return [0, 0, 0, 0, 0]
    const front = typeof parts[0] === 'string' ? bytes(parts[0]) : 0
    const kinds = holes.map(({ hole }) => {
      const allowed = allowedIn(family, spelling, hole)
      return allowed === undefined ? 2 : Array.isArray(allowed) ? 0 : 1
    })
    return [
      holes.some(({ rest }) => rest) ? 2 : 1,
      -front,
      -texts.reduce((sum, text) => sum + bytes(text), 0),
      kinds[0]!,
      kinds[1] ?? 0,
    ]
  })
}

const toRule = (family: Family, alias: number | undefined): ReferenceRule => {
  const spelling = alias === undefined ? { segments: family.canonical, defaults: {} } : family.aliases[alias]!
  const holes = spelling.segments.flatMap((segment) =>
    segment.flatMap((part) => (typeof part === 'string' ? [] : [part.hole])),
  )
  const regex = new RegExp(`^${spelling.segments.map(segmentRegex).join(':')}$`, 'u')
  return { family, alias, regex, holes, weight: weightOf(family, spelling), spelling }
}

const referenceRules = (families: readonly Family[]): ReferenceRule[] =>
  families.flatMap((family) => [toRule(family, undefined), ...family.aliases.map((_, index) => toRule(family, index))])

function paramsBy(rule: ReferenceRule, name: string): Record<string, string> | undefined {
  const match = rule.regex.exec(name)
  if (!match) return undefined
  const values = rule.holes.map((hole, index): [string, string] => [hole, match[index + 1]!])
  const { rename, defaults } = rule.spelling
  for (const [hole, value] of values) {
    const allowed = allowedIn(rule.family, rule.spelling, hole)
    if (Array.isArray(allowed) ? !allowed.includes(value) : allowed && !allowed.test(value)) return undefined
  }
  const meant = values.map(([hole, value]) => [
    hole,
    rename?.hole === hole && rename.from === value ? rename.to : value,
  ])
  return { ...defaults, ...Object.fromEntries(meant) }
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

function matching(rules: readonly ReferenceRule[], name: string) {
  const hits = rules.flatMap((rule) => {
    const params = paramsBy(rule, name)
    return params ? [{ rule, params }] : []
  })
  return hits.sort((a, b) => compare(a.rule.weight, b.rule.weight))
}

/** The name that a rule gives, if reading it back gives the same parameters. */
function fillBy(rule: ReferenceRule, params: Readonly<Record<string, string>>): string | undefined {
  const { segments, rename } = rule.spelling
  const name = segments
    .map((segment) =>
      segment
        .map((part) => {
          if (typeof part === 'string') return part
          const value = params[part.hole]!
          return rename?.hole === part.hole && rename.to === value ? rename.from : value
        })
        .join(''),
    )
    .join(':')
  const back = paramsBy(rule, name)
  return back && JSON.stringify(sorted(back)) === JSON.stringify(sorted(params)) ? name : undefined
}
const sorted = (params: Readonly<Record<string, string>>) => Object.entries(params).sort()

/** What the name means, by the reference. */
function expected(families: readonly Family[], name: string) {
  const rules = referenceRules(families)
  const winner = (text: string) => matching(rules, text)[0]
  const hit = winner(name)
  if (!hit) return undefined
  const { rule, params } = hit
  const owned = (candidate: ReferenceRule): string[] => {
    const text = fillBy(candidate, params)
    return text !== undefined && winner(text)?.rule === candidate ? [text] : []
  }
  const own = rules.filter(({ family }) => family === rule.family)
  const [canonical] = own.filter(({ alias }) => alias === undefined).flatMap(owned)
  if (canonical === undefined) return undefined
  const aliases = own.filter(({ alias }) => alias !== undefined).flatMap(owned)
  const side = rule.alias === undefined ? 'canonical' : 'alias'
  return { family: rule.family.name, params, side, index: rule.alias ?? 0, canonical, aliases }
}

// ---- names that mean something, beside random ones

const valuesFor = ['a', 'b', '1', 'é', 'old', '-a', 'a-', 'aa', 'k', '{', ':', 'a:b', '_']
const namesOf = (families: readonly Family[]): fc.Arbitrary<string> => {
  const rules = referenceRules(families)
  if (rules.length === 0) return randomName
  const filled = fc
    .tuple(fc.constantFrom(...rules), fc.constantFrom(...valuesFor), fc.constantFrom(...valuesFor))
    .map(([rule, x, y]) =>
      rule.spelling.segments
        .map((segment) => segment.map((part) => (typeof part === 'string' ? part : part.hole === 'x' ? x : y)).join(''))
        .join(':'),
    )
  return fc.oneof({ arbitrary: filled, weight: 4 }, { arbitrary: randomName, weight: 1 })
}
const schemaAndNames = schemas.chain((made) =>
  fc.record({ made: fc.constant(made), names: fc.array(namesOf(made.families), { minLength: 1, maxLength: 12 }) }),
)

const runs = { numRuns: 800 }

describe('random schemas', () => {
  it('the mapper agrees with the reference: family, parameters, side and every name', () => {
    let managed = 0
    let aliased = 0
    let short = 0
    fc.assert(
      fc.property(schemaAndNames, ({ made: { schema, families }, names }) => {
        for (const name of names) {
          const want = expected(families, name)
          const { mapper } = schema
          const key = mapper.resolve(name)
          const got = key && {
            ...mapper.parse(name),
            canonical: key.canonical,
            aliases: key.aliases.map((alias) => alias.name),
          }
          expect(got, name).toEqual(want)
          expect(mapper.isKeyManaged(name)).toBe(want !== undefined)
          const seen = mapper.glance(name)
          if (key) expect(seen).toMatchObject({ family: key.family, side: key.side, index: key.index })
          // What seems to be an alias may belong to nobody; a canonical name never.
          else expect(seen?.side, name).not.toBe('canonical')
          for (const side of ['canonical', 'alias'] as const) {
            const [alias] = key?.aliases ?? []
            const wanted = key === undefined ? name : side === 'alias' && alias ? alias.name : key.canonical
            expect(mapper.nameOn(side, name, seen), name).toBe(wanted)
            if (seen?.beginnings[side]) short++
          }
          if (want) managed++
          if (want?.side === 'alias') aliased++
        }
      }),
      runs,
    )
    // A property over names that nobody manages proves nothing.
    expect(managed).toBeGreaterThan(1000)
    expect(aliased).toBeGreaterThan(200)
    expect(short).toBeGreaterThan(200)
  })

  it('every listed name leads to the same logical key, and mapping twice is mapping once', () => {
    fc.assert(
      fc.property(
        schemaAndNames,
        ({
          made: {
            schema: { mapper },
          },
          names,
        }) => {
          for (const name of names) {
            const canonical = mapper.getCanonicalKey(name)
            expect(mapper.getCanonicalKey(canonical)).toBe(canonical)
            const found = mapper.resolve(name)
            if (!found) continue
            const listed = [found.canonical, ...found.aliases.map((alias) => alias.name)]
            expect(listed).toContain(name)
            for (const other of listed) {
              const again = mapper.resolve(other)
              expect({ ...again, side: '', index: 0 }, other).toEqual({ ...found, side: '', index: 0 })
              expect(mapper.parse(other)?.params).toEqual(mapper.parse(name)?.params)
            }
          }
        },
      ),
      runs,
    )
  })

  it('what is parsed can be filled, and what can be filled is parsed', () => {
    fc.assert(
      fc.property(
        schemaAndNames,
        fc.constantFrom(...valuesFor),
        fc.constantFrom(...valuesFor),
        ({ made: { schema, families }, names }, x, y) => {
          const { mapper } = schema
          for (const name of names) {
            const parsed = mapper.parse(name)
            if (parsed) expect(mapper.names(parsed.family, parsed.params).canonical).toBe(mapper.getCanonicalKey(name))
          }
          for (const family of families) {
            const params = Object.fromEntries(
              Object.keys(family.constraints).map((hole) => [hole, hole === 'x' ? x : y]),
            )
            const rule = toRule(family, undefined)
            const want = fillBy(rule, params)
            const free = want !== undefined && expected(families, want)?.family === family.name
            let made: string | undefined
            try {
              made = mapper.names(family.name, params).canonical
            } catch (error) {
              expect((error as CanonicalRedisError).code).toBe('E_BAD_PARAM')
            }
            expect(made).toBe(free ? want : undefined)
            if (made !== undefined)
              expect(mapper.parse(made)).toMatchObject({ family: family.name, params, side: 'canonical' })
          }
        },
      ),
      runs,
    )
  })

  it('Buffers and strings agree', () => {
    fc.assert(
      fc.property(
        schemaAndNames,
        ({
          made: {
            schema: { mapper },
          },
          names,
        }) => {
          for (const name of names) {
            const text = mapper.resolve(name)
            const binary = mapper.resolve(Buffer.from(name))
            expect(binary?.canonical.toString()).toBe(text?.canonical)
            expect(binary?.aliases.map((alias) => alias.name.toString())).toEqual(
              text?.aliases.map((alias) => alias.name),
            )
            expect([binary?.family, binary?.side, binary?.index]).toEqual([text?.family, text?.side, text?.index])
            for (const [hole, value] of Object.entries(mapper.parse(Buffer.from(name))?.params ?? {})) {
              expect(value.toString()).toBe(mapper.parse(name)?.params[hole])
            }
          }
        },
      ),
      runs,
    )
  })

  it('no name of an accepted schema has two equal owners, and no canonical name a better one', () => {
    fc.assert(
      fc.property(schemaAndNames, ({ made: { families }, names }) => {
        const rules = referenceRules(families)
        for (const name of names) {
          const [first, second] = matching(rules, name)
          if (first && second) expect(compare(first.rule.weight, second.rule.weight), name).toBeLessThan(0)
          if (first?.rule.alias === undefined) continue
          expect(
            matching(rules, name).filter(({ rule }) => rule.alias === undefined),
            name,
          ).toEqual([])
        }
      }),
      runs,
    )
  })

  it('a refusal between two rules gives a name that both match', () => {
    let checked = 0
    fc.assert(
      fc.property(schemas, ({ refusals }) => {
        for (const { error, families } of refusals) {
          const quoted = /^The name ("(?:[^"\\]|\\.)*") (?:belongs|is a name)/.exec(error.message)?.[1]
          if (quoted === undefined) continue
          const name = JSON.parse(quoted) as string
          expect(matching(referenceRules(families), name).length, error.message).toBeGreaterThan(1)
          checked++
        }
      }),
      runs,
    )
    expect(checked).toBeGreaterThan(50)
  })
})
