/**
 * Groups of families: a name for several of them, to choose and to count them by.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { unknownName } from './unknown-name.js'

/** Groups by name, each a list of names of key families. */
export type Groups = Readonly<Record<string, readonly string[]>>

/** They become names in reports: `volume` gives `volume_migrated`. */
const NAME = /^[A-Za-z][\w-]*$/

/**
 * Checks the groups of a schema. A family may be in several.
 *
 * @throws CanonicalRedisError `E_UNKNOWN_FAMILY`; `E_BAD_OPTION`: a name that is none, or a list that is empty or names a
 * family twice.
 */
export function groupsOf(groups: Groups, families: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const bad = (group: string, what: string): never => {
    throw new CanonicalRedisError('E_BAD_OPTION', `The group ${JSON.stringify(group)} ${what}.`, {
      hint: "Write groups: { historical: ['volumeState', 'volumeBaseline'] }.",
    })
  }
  const checked = Object.entries(groups).map(([group, given]): [string, readonly string[]] => {
    const names = Array.isArray(given) ? (given as readonly string[]) : []
    if (!NAME.test(group)) bad(group, 'has a name that is not letters, digits, "_" and "-", a letter first')
    if (names.length === 0) bad(group, 'is not a list of at least one family')
    const missing = names.find((name) => !families.has(name))
    if (missing !== undefined) throw unknownName('family', missing, families)
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) bad(group, `names the family ${JSON.stringify(twice)} twice`)
    return [group, Object.freeze([...names])]
  })
  return new Map(checked)
}
