/**
 * Checking the values that a caller wants to put into a pattern.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { toBytes } from './bytes.js'
import type { Family } from './rule.js'
import { fits, type Slot } from './segment.js'

/** Values by hole name. A Buffer is taken as it is; a number as its decimal text. */
export type Params = Readonly<Record<string, string | number | Buffer>>

const shown = (value: unknown): string =>
  Buffer.isBuffer(value)
    ? JSON.stringify(value.toString())
    : typeof value === 'number'
      ? String(value)
      : JSON.stringify(value)

function refuse({ name, canonical }: Family, why: string, hint: string): never {
  throw new CanonicalRedisError(
    'E_BAD_PARAM',
    `Family "${name}", pattern ${JSON.stringify(canonical.pattern.source)}: ${why}.`,
    { hint },
  )
}

function bytesOf(value: unknown): string | undefined {
  if (typeof value === 'string') return toBytes(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return Buffer.isBuffer(value) ? value.toString('latin1') : undefined
}

const allowedIn = ({ rest, until, domain }: Slot): string => {
  const colon = rest ? '' : ' without ":"'
  const literal = until === '' ? '' : ` that does not contain or run into ${JSON.stringify(until)}`
  return `Allowed is ${domain.allowed}: not empty,${colon}${literal}`.replace(/[,:]$/, '') + '.'
}

/**
 * The parameters of a family as bytes, in the order of its canonical pattern.
 *
 * @throws CanonicalRedisError `E_BAD_PARAM`: a hole is missing or unknown, or a value cannot stand in it.
 */
export function checkParams(family: Family, params: Params): string[] {
  const { holes } = family.canonical.pattern
  const unknown = Object.keys(params).find((hole) => !holes.includes(hole))
  if (unknown !== undefined) {
    refuse(
      family,
      `it has no hole <${unknown}>`,
      `Its holes are ${holes.map((hole) => `<${hole}>`).join(', ') || 'none'}.`,
    )
  }
  return family.canonical.fillings.map(({ slot }) => {
    if (!Object.hasOwn(params, slot.name)) refuse(family, `the value of <${slot.name}> is missing`, allowedIn(slot))
    const value = params[slot.name]
    const bytes = bytesOf(value)
    if (bytes === undefined || !fits(slot, bytes) || !slot.domain.accepts(bytes)) {
      refuse(family, `${shown(value)} cannot stand in <${slot.name}>`, allowedIn(slot))
    }
    return bytes
  })
}
