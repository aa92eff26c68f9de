/**
 * A family, compiled: its canonical rule, its alias rules, and the way between a name and the canonical parameters.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { compileAlias } from './alias.js'
import { toText } from './bytes.js'
import { domainOf, FREE } from './constraint.js'
import type { Definition } from './definition.js'
import { makeRule, type Family, type Rule } from './rule.js'
import { compileSegments, fits, slotsOf } from './segment.js'

/** A value that an enum lists but that can never stand in its hole would be a family that silently matches less. */
function checkValues(family: string, rule: Rule): void {
  for (const slot of slotsOf(rule.segments)) {
    const bad = [...(slot.domain.values ?? [])].find((value) => !fits(slot, value))
    if (bad === undefined) continue
    throw new CanonicalRedisError(
      'E_BAD_PATTERN',
      `Family "${family}": <${slot.name}> of ${JSON.stringify(rule.pattern.source)} lists the value ` +
        `${JSON.stringify(toText(bad))}, which cannot stand there.`,
      { hint: 'A value is not empty, has no ":" and does not contain the literal that follows its hole.' },
    )
  }
}

/** A blocking pop waits for both names at once, and a command waits in one database. */
function checkOneDatabase(family: string, aliases: readonly Rule[]): void {
  const far = aliases.find(({ db }) => db !== undefined)
  if (far === undefined) return
  throw new CanonicalRedisError(
    'E_BAD_ALIAS',
    `Family "${family}" is a queue, but its alias ${JSON.stringify(far.pattern.source)} lies in database ${far.db}: ` +
      'nothing can wait for jobs in two databases at once.',
    {
      hint: 'Declare the alias without `db`, and move the queue to the database of the new name while its workers stand.',
    },
  )
}

/** A rule that never does anything, or does harm, is a slip. */
function checkTtl(family: string, queue: boolean, aliases: readonly Rule[]): void {
  const [why, hint] = queue
    ? ['is a queue, and its jobs would vanish', 'declare the family without `queue`']
    : ['has no alias, so none of its keys is ever migrated', 'set the time where the keys are written']
  if (!queue && aliases.length > 0) return
  throw new CanonicalRedisError('E_BAD_OPTION', `Family "${family}" has a .ttl(), but it ${why}.`, {
    hint: `Take the .ttl() away, or ${hint}.`,
  })
}

/**
 * Compiles one family and checks it on its own; `checkRules` then compares it with the others.
 *
 * @throws CanonicalRedisError `E_BAD_PATTERN`, `E_ALIAS_LACKS_HOLE`, `E_ALIAS_EXTRA_HOLE`, `E_BAD_ALIAS`,
 * `E_MERGES_KEYS` or `E_AMBIGUOUS_RULES`.
 */
export function compileFamily(name: string, definition: Definition): Family {
  const { pattern, constraints, kind, queue, fields, ttl } = definition
  const domains = new Map(
    pattern.holes.map((hole) => {
      const schema = Object.hasOwn(constraints, hole) ? constraints[hole] : undefined
      return [hole, schema ? domainOf(schema, `Family "${name}", <${hole}> of "${pattern.source}"`) : FREE]
    }),
  )
  const canonical = makeRule({
    family: name,
    side: 'canonical',
    index: 0,
    db: undefined,
    pattern,
    segments: compileSegments(pattern.tokens, (hole) => domains.get(hole) ?? FREE),
    sources: pattern.holes.map((_, slot) => ({ slot, rename: undefined })),
  })
  checkValues(name, canonical)
  const aliases = definition.aliases.map((alias, index) => compileAlias({ kind, canonical, domains, alias, index }))
  if (queue) checkOneDatabase(name, aliases)
  if (ttl) checkTtl(name, queue, aliases)
  return { name, kind, canonical, aliases, domains, queue, ...(fields && { fields }), ...(ttl && { ttl }) }
}
