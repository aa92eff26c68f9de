/**
 * The families of one kind, checked and ready to be asked. Names are bytes here (see `bytes.ts`).
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { beginningOf } from './beginning.js'
import { toText } from './bytes.js'
import { checkRules, rulesOf } from './check.js'
import { describeRule, paramsOf, spell, type Family, type Rule } from './rule.js'
import { Trie } from './trie.js'
import type { AliasName, Glance, KeyName } from './types.js'

/** A logical key, found by one of its names. */
export interface Found {
  readonly family: Family
  /** The rule that the name matched. */
  readonly rule: Rule
  readonly params: readonly string[]
  readonly canonical: string
}

function glanceOf(rule: Rule, { canonical, aliases, queue }: Family): Glance {
  const { family, side, index, db } = rule
  const [first] = aliases
  return {
    family,
    side,
    index,
    db,
    queue,
    plain: !queue && aliases.every((alias) => alias.db === undefined),
    aliases: aliases.length,
    beginnings: { canonical: beginningOf(rule, canonical), alias: first && beginningOf(rule, first) },
  }
}

/** The families of one kind: keys, or channels. */
export class Rulebook {
  readonly families: ReadonlyMap<string, Family>
  readonly #trie = new Trie()

  /** @throws CanonicalRedisError What {@link checkRules} throws. */
  constructor(families: Iterable<Family>) {
    this.families = new Map([...families].map((family) => [family.name, family]))
    checkRules(this.families.values())
    for (const rule of rulesOf(this.families.values())) {
      rule.claim = this.#trie.insert(rule)
      rule.owner = this.families.get(rule.family)!
      rule.glance = glanceOf(rule, rule.owner)
    }
  }

  /** The logical key that the name belongs to. */
  find(name: string): Found | undefined {
    const match = this.#trie.match(name)
    if (match === undefined) return undefined
    const { rule, captures } = match
    const family = rule.owner
    const params = paramsOf(rule, captures)
    // A matched canonical name is its own spelling. An alias name may lead to a canonical name that cannot be spelled
    // or belongs to a more specific family; mapping it there would merge two keys, so it is left alone.
    const canonical = rule.side === 'canonical' ? name : this.nameOf(family.canonical, params)
    return canonical === undefined ? undefined : { family, rule, params, canonical }
  }

  /** Whose name it seems to be, without any other name: cheap, and asked of every command. */
  glance(name: KeyName): Glance | undefined {
    const rule = typeof name === 'string' ? this.#trie.ruleOfText(name) : this.#trie.ruleOf(name.toString('latin1'))
    return rule?.glance
  }

  /** The name that a rule gives to a logical key, if it has one there and no more specific rule owns it. */
  nameOf(rule: Rule, params: readonly string[]): string | undefined {
    const name = spell(rule, params)
    if (name === undefined || !rule.contested) return name
    return this.#trie.match(name)?.rule === rule.claim ? name : undefined
  }

  /** The first alias that a logical key has, without the others. */
  firstAliasOf({ family, params }: Found): string | undefined {
    for (const rule of family.aliases) {
      const name = this.nameOf(rule, params)
      if (name !== undefined) return name
    }
    return undefined
  }

  /** The alias names of a logical key, in the order of the schema. */
  aliasesOf<N extends KeyName>(family: Family, params: readonly string[], write: (name: string) => N): AliasName<N>[] {
    const aliases: AliasName<N>[] = []
    for (const rule of family.aliases) {
      const name = this.nameOf(rule, params)
      if (name !== undefined) aliases.push({ name: write(name), db: rule.db })
    }
    return aliases
  }

  /**
   * The canonical name for checked parameters.
   *
   * @throws CanonicalRedisError `E_BAD_PARAM`: the name belongs to a more specific family.
   */
  canonicalOf(family: Family, params: readonly string[]): string {
    const name = this.nameOf(family.canonical, params)
    if (name !== undefined) return name
    const taken = spell(family.canonical, params)!
    const owner = this.#trie.match(taken)!.rule
    throw new CanonicalRedisError(
      'E_BAD_PARAM',
      `Family "${family.name}": the name ${JSON.stringify(toText(taken))} of ${describeRule(family.canonical)} belongs ` +
        `to ${describeRule(owner)}, which is more specific.`,
      { hint: `Use the family "${owner.family}" for it.` },
    )
  }
}
