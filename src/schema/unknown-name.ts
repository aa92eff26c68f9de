/**
 * The sentence for a family or a group that is not in the schema.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'

const codes = { family: 'E_UNKNOWN_FAMILY', group: 'E_UNKNOWN_GROUP' } as const
const several = { family: 'families', group: 'groups' } as const

/** `E_UNKNOWN_FAMILY` or `E_UNKNOWN_GROUP`, with those that there are. */
export function unknownName(what: 'family' | 'group', name: string, known: Iterable<string>): CanonicalRedisError {
  const names = [...known].map((one) => JSON.stringify(one)).join(', ')
  return new CanonicalRedisError(codes[what], `The schema has no ${what} ${JSON.stringify(name)}.`, {
    hint: `Its ${several[what]} are ${names || 'none'}.`,
  })
}
