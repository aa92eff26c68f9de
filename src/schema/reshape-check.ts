/**
 * What can be wrong between a transform and its families.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Declared } from './builder.js'
import type { Pattern } from './pattern.js'
import type { TransformParts } from './reshape.js'
import type { TransformDefinition } from './transform-definition.js'

/** A family as a transform needs it. */
interface Known {
  readonly pattern: Pattern
  readonly aliases: readonly unknown[]
  readonly queue: boolean
  readonly transform?: TransformDefinition
}

/**
 * Finds the families of each transform, and checks that they fit.
 *
 * @throws CanonicalRedisError `E_BAD_TRANSFORM`
 */
export function compileTransforms(declared: Readonly<Record<string, Declared>>): TransformParts[] {
  const taken = new Map<string, string>()
  return Object.entries(declared).flatMap(([name, { definition }]) => {
    const { transform, pattern: source } = definition as Known
    if (transform === undefined) return []
    const refuse = (why: string, hint: string): never => {
      throw new CanonicalRedisError('E_BAD_TRANSFORM', `The transform "${name}" of "${source.source}" ${why}.`, {
        hint,
      })
    }
    const find = (which: string, family: object): string => {
      const found = Object.keys(declared).find((key) => declared[key] === family)
      if (found === undefined) {
        return refuse(
          `has an \`${which}\` that is no family of this schema`,
          'Put the same declaration under `keys` too.',
        )
      }
      const { aliases, queue, transform: other } = declared[found]!.definition as Known
      if (aliases.length > 0 || queue || other) {
        refuse(
          `has the \`${which}\` "${found}", which is a queue, a transform or has aliases`,
          'Declare it by its pattern alone.',
        )
      }
      if (taken.has(found))
        refuse(`shares "${found}" with "${taken.get(found)}"`, 'Give each transform families of its own.')
      taken.set(found, name)
      return found
    }
    const into = find('into', transform.into)
    const index = transform.index && find('index', transform.index)
    const target = (declared[into]!.definition as Known).pattern
    checkHoles(source, target, index ? (declared[index]!.definition as Known).pattern : undefined, refuse)
    return [{ name, into, index, source, target, definition: transform }]
  })
}

function checkHoles(
  source: Pattern,
  target: Pattern,
  index: Pattern | undefined,
  refuse: (why: string, hint: string) => never,
): void {
  const own = target.holes.slice(0, source.holes.length)
  const rest = target.holes.slice(source.holes.length)
  if (!sameHoles(own, source.holes)) {
    refuse(
      `has the holes ${shown(source.holes)}, and "${target.source}" does not begin with them`,
      'Put the holes of the old pattern first: what stands behind them tells the pieces of one value apart.',
    )
  }
  if (rest.length > 0 && index === undefined) {
    refuse(
      `has no \`index\`, and ${shown(rest)} of "${target.source}" tell its pieces apart`,
      "Give `index`, a family of sets with the holes of the old pattern: key('positions:index:<user>:<exchange>').",
    )
  }
  if (rest.length === 0 && index) refuse('has an `index`, but only one piece', 'Leave `index` out.')
  if (index && !sameHoles(index.holes, source.holes)) {
    refuse(
      `has the holes ${shown(source.holes)}, and its index "${index.source}" has others`,
      'Give it the same holes.',
    )
  }
}

const sameHoles = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((hole) => b.includes(hole))

const shown = (holes: readonly string[]): string => holes.map((hole) => `<${hole}>`).join(', ') || 'none'
