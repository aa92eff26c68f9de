/**
 * An alias, compiled against its canonical pattern, and everything that can be wrong with it alone.
 *
 * @module
 */
import { CanonicalRedisError, type ErrorCode } from '../errors.js'
import { toBytes, toText } from './bytes.js'
import { finite, FREE, type Domain } from './constraint.js'
import type { AliasDefinition, Kind } from './definition.js'
import type { Pattern } from './pattern.js'
import { describeRule, makeRule, type Rule, type Source } from './rule.js'
import { exampleOf } from './samples.js'
import { compileSegments, fits, slotsOf } from './segment.js'

/** What an alias is compiled from. */
export interface AliasParts {
  readonly kind: Kind
  readonly canonical: Rule
  readonly domains: ReadonlyMap<string, Domain>
  readonly alias: AliasDefinition
  readonly index: number
}

/** The options of `alias()`, taken apart. */
interface Options {
  readonly db: unknown
  readonly rename: Readonly<Record<string, unknown>>
  readonly defaults: ReadonlyMap<string, unknown>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value)

type Refuse = (code: ErrorCode, why: string, hint: string) => never

function refuser({ canonical, alias }: AliasParts): Refuse {
  const aliasExample = exampleOf(compileSegments(alias.pattern.tokens, () => FREE))
  const canonicalExample = exampleOf(canonical.segments)
  return (code, why, hint) => {
    throw new CanonicalRedisError(
      code,
      `Family "${canonical.family}": the alias ${quote(alias.pattern.source)} of ${describeRule(canonical)} ${why} ` +
        `(for example ${quote(aliasExample)} for ${quote(canonicalExample)}).`,
      { hint },
    )
  }
}

function readOptions({ alias, kind }: AliasParts, refuse: Refuse): Options {
  const { db, rename = {}, ...defaults } = alias.options
  if (db !== undefined && kind === 'channel') {
    refuse('E_BAD_ALIAS', 'names a database, and channels have none', 'Leave `db` out.')
  }
  if (db !== undefined && !(Number.isInteger(db) && (db as number) >= 0)) {
    refuse('E_BAD_ALIAS', `has the database ${quote(db)}`, 'Give `db` as a whole number from 0 up.')
  }
  if (!isRecord(rename)) {
    return refuse('E_BAD_ALIAS', `has the rename ${quote(rename)}`, 'Write { rename: { hole: { old: new } } }.')
  }
  const given = Object.entries(defaults).filter(([, value]) => value !== undefined)
  return { db, rename, defaults: new Map(given) }
}

function checkHoles({ canonical, alias }: AliasParts, { defaults }: Options, refuse: Refuse): void {
  const target = canonical.pattern
  for (const hole of alias.pattern.holes) {
    if (!target.holes.includes(hole)) {
      refuse(
        'E_ALIAS_EXTRA_HOLE',
        `has the hole <${hole}>, which the canonical pattern lacks, so two aliases would give one key`,
        `Add <${hole}> to the canonical pattern, or write its only value into the alias.`,
      )
    }
    if (takesRest(alias.pattern, hole) && !takesRest(target, hole)) {
      refuse(
        'E_BAD_ALIAS',
        `takes the rest in <${hole}*>, where the canonical pattern takes one segment`,
        `Write <${hole}*> in the canonical pattern too.`,
      )
    }
  }
  for (const hole of target.holes) {
    if (!alias.pattern.holes.includes(hole) && !defaults.has(hole)) {
      refuse(
        'E_ALIAS_LACKS_HOLE',
        `leaves out <${hole}> without a default, so it does not say which key it means`,
        `Give the value that the alias implies: .alias(${quote(alias.pattern.source)}, { ${hole}: '...' }).`,
      )
    }
  }
}

const takesRest = (pattern: Pattern, hole: string): boolean =>
  pattern.tokens.some((token) => token.kind === 'hole' && token.name === hole && token.rest)

function checkDefaults({ canonical, alias }: AliasParts, { defaults }: Options, refuse: Refuse): Map<string, string> {
  const bytes = new Map<string, string>()
  for (const [hole, value] of defaults) {
    const slot = slotsOf(canonical.segments).find(({ name }) => name === hole)
    if (slot === undefined) {
      return refuse(
        'E_BAD_ALIAS',
        `gives a default for <${hole}>, a hole that its family does not have`,
        `The holes are ${canonical.pattern.holes.map((name) => `<${name}>`).join(', ') || 'none'}.`,
      )
    }
    if (alias.pattern.holes.includes(hole)) {
      refuse(
        'E_BAD_ALIAS',
        `gives a default for <${hole}>, a hole that it has itself`,
        'Leave the default out, or the hole.',
      )
    }
    const text = typeof value === 'string' || Number.isFinite(value) ? toBytes(String(value)) : ''
    if (!fits(slot, text) || !slot.domain.accepts(text)) {
      refuse(
        'E_BAD_ALIAS',
        `gives <${hole}> the default ${quote(value)}, which cannot stand there`,
        `Allowed is ${slot.domain.allowed}.`,
      )
    }
    bytes.set(hole, text)
  }
  return bytes
}

/** Alias value to canonical value, for every value of the hole; undefined where nothing is renamed. */
function compileRename(hole: string, table: unknown, domain: Domain, refuse: Refuse): Map<string, string> {
  if (!isRecord(table)) {
    return refuse(
      'E_BAD_ALIAS',
      `has the rename ${quote(table)} for <${hole}>`,
      'Write { rename: { hole: { old: new } } }.',
    )
  }
  const { values } = domain
  if (values === undefined) {
    return refuse(
      'E_BAD_ALIAS',
      `renames values of <${hole}>, whose values are not listed`,
      `Constrain it: key(pattern, { ${hole}: z.enum([...]) }).`,
    )
  }
  const spelling = new Map<string, string>()
  for (const [from, to] of Object.entries(table)) {
    const canonical = typeof to === 'string' ? toBytes(to) : ''
    if (!values.has(canonical)) {
      refuse(
        'E_BAD_ALIAS',
        `renames ${quote(from)} of <${hole}> to ${quote(to)}, which <${hole}> does not accept`,
        `Allowed is ${domain.allowed}.`,
      )
    }
    const other = spelling.get(canonical)
    if (other !== undefined) {
      refuse(
        'E_MERGES_KEYS',
        `renames both ${quote(toText(other))} and ${quote(from)} of <${hole}> to ${quote(to)}, so two keys would become one`,
        'Give each old value a new value of its own.',
      )
    }
    spelling.set(canonical, toBytes(from))
  }
  return invertSpelling(hole, values, spelling, refuse)
}

function invertSpelling(
  hole: string,
  values: ReadonlySet<string>,
  spelling: ReadonlyMap<string, string>,
  refuse: Refuse,
): Map<string, string> {
  const meaning = new Map<string, string>()
  for (const value of values) {
    const spelled = spelling.get(value) ?? value
    const other = meaning.get(spelled)
    if (other !== undefined) {
      const both = `${quote(toText(other))} and ${quote(toText(value))}`
      refuse(
        'E_AMBIGUOUS_RULES',
        `spells both ${both} of <${hole}> as ${quote(toText(spelled))}, so one name would mean two keys`,
        'Rename the other value too, or leave it out of the enum.',
      )
    }
    meaning.set(spelled, value)
  }
  return meaning
}

function compileRenames(
  { alias, domains }: AliasParts,
  { rename }: Options,
  refuse: Refuse,
): Map<string, Map<string, string>> {
  const renames = new Map<string, Map<string, string>>()
  for (const [hole, table] of Object.entries(rename)) {
    if (table === undefined) continue
    if (!alias.pattern.holes.includes(hole)) {
      refuse(
        'E_BAD_ALIAS',
        `renames values of <${hole}>, a hole that it does not have`,
        'Rename values of its own holes only.',
      )
    }
    renames.set(hole, compileRename(hole, table, domains.get(hole) ?? FREE, refuse))
  }
  return renames
}

/**
 * Compiles one alias of a family.
 *
 * @throws CanonicalRedisError `E_ALIAS_LACKS_HOLE`, `E_ALIAS_EXTRA_HOLE`, `E_BAD_ALIAS`, `E_MERGES_KEYS`, or
 * `E_AMBIGUOUS_RULES` where a rename gives one alias value two meanings.
 */
export function compileAlias(parts: AliasParts): Rule {
  const { canonical, domains, alias, index } = parts
  const refuse = refuser(parts)
  const options = readOptions(parts, refuse)
  checkHoles(parts, options, refuse)
  const defaults = checkDefaults(parts, options, refuse)
  const renames = compileRenames(parts, options, refuse)
  const sources = canonical.pattern.holes.map((hole): Source => {
    const value = defaults.get(hole)
    if (value !== undefined) return { value }
    return { slot: alias.pattern.holes.indexOf(hole), rename: renames.get(hole) }
  })
  const segments = compileSegments(alias.pattern.tokens, (hole) => {
    const renamed = renames.get(hole)
    return renamed ? finite(renamed.keys()) : (domains.get(hole) ?? FREE)
  })
  const unfit = slotsOf(segments).find((slot) => [...(slot.domain.values ?? [])].some((value) => !fits(slot, value)))
  if (unfit) {
    refuse(
      'E_BAD_ALIAS',
      `cannot hold every value of <${unfit.name}> (${unfit.domain.allowed})`,
      'A value is not empty, has no ":" and does not contain the literal that follows its hole.',
    )
  }
  return makeRule({
    family: canonical.family,
    side: 'alias',
    index,
    db: options.db as number | undefined,
    pattern: alias.pattern,
    segments,
    sources,
  })
}
