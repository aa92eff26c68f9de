/**
 * Packages that only tests need. They are optional peers, so they are looked for when a mock is made and not before.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CanonicalRedisError } from '../../errors.js'

/** Where to look: from the project that runs the tests, and from this package, which may be linked to elsewhere. */
const places: readonly (() => NodeJS.Require)[] = [
  () => createRequire(join(process.cwd(), 'package.json')),
  () => createRequire(import.meta.url),
]

/** The package, or undefined where it is not installed. */
export const findPackage = (name: string): unknown => firstOf((require) => require(name) as unknown)

/** A package that another one brings along, which a strict package manager does not put beside it. */
export const findThrough = (carrier: string, name: string): unknown =>
  firstOf((require) => createRequire(require.resolve(carrier))(name) as unknown)

function firstOf(load: (require: NodeJS.Require) => unknown): unknown {
  for (const place of places) {
    try {
      return load(place())
    } catch (error) {
      // A package that is there and fails must say so itself.
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}

/** @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE`, always */
export function missing(name: string, why: string, install: string): never {
  throw new CanonicalRedisError(
    'E_MISSING_PACKAGE',
    `the mock needs the package ${name} for ${why}, and it is not installed`,
    {
      hint: install,
    },
  )
}
