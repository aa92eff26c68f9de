/**
 * A rule: one pattern of one family, and how its holes become the canonical parameters and back.
 *
 * @module
 */
import type { Domain } from './constraint.js'
import type { Definition, Kind } from './definition.js'
import type { Pattern } from './pattern.js'
import { fits, piecesOf, slotsOf, type Segment, type Slot } from './segment.js'
import type { Glance, Side } from './types.js'

/** Where a canonical parameter comes from: a slot of the rule (its value perhaps renamed), or a default. */
export type Source =
  { readonly slot: number; readonly rename: ReadonlyMap<string, string> | undefined } | { readonly value: string }

/** What is known of a rule before it is compiled. */
export interface RuleParts {
  readonly family: string
  readonly side: Side
  /** 0 for the canonical rule; else the place among the aliases. */
  readonly index: number
  readonly db: number | undefined
  readonly pattern: Pattern
  readonly segments: readonly Segment[]
  /** One for each canonical hole, in the order of the canonical pattern. */
  readonly sources: readonly Source[]
}

/** A slot with the canonical parameter that fills it. */
interface Filling {
  readonly slot: Slot
  readonly param: number
  /** Canonical value to alias value, where it is renamed. */
  readonly rename: ReadonlyMap<string, string> | undefined
  /** The literal text behind it. */
  readonly after: string
}

/** A compiled rule. */
export interface Rule extends RuleParts {
  readonly before: string
  readonly fillings: readonly Filling[]
  /** Canonical parameters that must have these values for the name to exist. */
  readonly fixed: readonly (readonly [param: number, value: string])[]
  /** Two rules of one family with one meaning give the same logical key for the same holes. */
  readonly meaning: string
  /** The rule that stands for this pattern when names are matched; another one only if the pattern is the same. */
  claim: Rule
  /** What a name of this pattern is, made once. */
  glance: Glance
  /** The family, so that nobody has to look for it. */
  owner: Family
  /** The captures are the canonical parameters, in their order. */
  readonly isDirect: boolean
  /** How to spell a name, where a value has only to be put between two literals: the parameters in the order of the holes. */
  readonly template: { readonly pieces: readonly string[]; readonly params: readonly number[] } | undefined
  /** Some names of this pattern belong to a more specific rule, so every filled name has to be matched again. */
  contested: boolean
}

/** A compiled family. */
export interface Family extends Pick<Definition, 'fields' | 'ttl'> {
  readonly name: string
  readonly kind: Kind
  readonly canonical: Rule
  readonly aliases: readonly Rule[]
  readonly queue: boolean
  /** By canonical hole, in the order of the canonical pattern. */
  readonly domains: ReadonlyMap<string, Domain>
}

const invert = (map: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...map].map(([from, to]) => [to, from]))

function fillingsOf({ segments, sources }: RuleParts, pieces: readonly string[]): Filling[] {
  return slotsOf(segments).map((slot, index) => {
    const param = sources.findIndex((source) => 'slot' in source && source.slot === index)
    const source = sources[param] as Extract<Source, { slot: number }>
    return { slot, param, rename: source.rename && invert(source.rename), after: pieces[index + 1]! }
  })
}

/** Compiles a rule. */
export function makeRule(parts: RuleParts): Rule {
  const pieces = piecesOf(parts.segments)
  const fixed = parts.sources.flatMap((source, param) => ('value' in source ? [[param, source.value] as const] : []))
  const meaning = parts.sources.map((source) => ('slot' in source ? [source.slot, ...(source.rename ?? [])] : source))
  const fillings = fillingsOf(parts, pieces)
  const isPlain = fixed.length === 0 && fillings.every(({ slot, rename }) => !slot.rest && !slot.until && !rename)
  const rule = {
    ...parts,
    before: pieces[0]!,
    fillings,
    isDirect: parts.sources.every((source, i) => 'slot' in source && source.slot === i && !source.rename),
    template: isPlain ? { pieces, params: fillings.map(({ param }) => param) } : undefined,
    fixed,
    meaning: JSON.stringify(meaning),
    contested: false,
  } as Omit<Rule, 'claim' | 'owner' | 'glance'> as Rule
  rule.claim = rule
  return rule
}

/** The canonical parameters that a matched name means. */
export function paramsOf(rule: Rule, captures: readonly string[]): readonly string[] {
  if (rule.isDirect) return captures
  return rule.sources.map((source) => {
    if ('value' in source) return source.value
    const value = captures[source.slot]!
    return source.rename?.get(value) ?? value
  })
}

/**
 * The name of this rule for canonical parameters (which satisfy their constraints), if there is one: a default may
 * differ, or a value may contain the literal that ends its hole here.
 */
export function spell(rule: Rule, params: readonly string[]): string | undefined {
  if (rule.template) return fill(rule.template, params)
  for (const [param, value] of rule.fixed) if (params[param] !== value) return undefined
  let name = rule.before
  for (const { slot, param, rename, after } of rule.fillings) {
    const canonical = params[param]!
    const value = rename?.get(canonical) ?? canonical
    if (!fits(slot, value)) return undefined
    name += value + after
  }
  return name
}

function fill({ pieces, params: order }: NonNullable<Rule['template']>, params: readonly string[]): string | undefined {
  let name = pieces[0]!
  for (let i = 0; i < order.length; i++) {
    const value = params[order[i]!]!
    if (value === '' || value.includes(':')) return undefined
    name += value + pieces[i + 1]!
  }
  return name
}

/** For sentences: `alias "job:<id>" of family "step"`. */
export const describeRule = (rule: Rule): string =>
  rule.side === 'canonical'
    ? `the canonical pattern ${JSON.stringify(rule.pattern.source)} of family "${rule.family}"`
    : `the alias ${JSON.stringify(rule.pattern.source)} of family "${rule.family}"`
