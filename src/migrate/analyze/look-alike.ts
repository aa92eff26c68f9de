/**
 * Keys of no family that look as if they should be of one.
 *
 * @module
 */
import type { FamilyInfo, Schema } from '../../schema/index.js'

/** What a name resembles, and why. */
export interface Resemblance {
  readonly family: string
  readonly why: string
}

interface Stem {
  readonly family: string
  readonly pattern: string
  /** What the pattern begins with, up to its first hole. */
  readonly text: string
}

/** Looks at names that no rule matches. */
export class LookAlikes {
  readonly #stems: readonly Stem[]

  constructor(
    readonly schema: Schema,
    families: Iterable<string>,
  ) {
    // The longest first: it says the most. A catch-all begins as all others do.
    this.#stems = [...families]
      .flatMap((name) => stemsOf(name, schema.families.get(name)!))
      .sort((a, b) => b.text.length - a.text.length)
  }

  /** What the name resembles; undefined for nothing. The checks go from the surest to the vaguest. */
  find(name: string): Resemblance | undefined {
    return this.#spelled(name) ?? this.begins(name) ?? this.#nearStem(name)
  }

  /** In another case, with spaces around it, or with other separators it would be managed. */
  #spelled(name: string): Resemblance | undefined {
    const variants: readonly (readonly [string, string])[] = [
      [name.trim(), 'has spaces around it'],
      [name.toLowerCase(), 'differs in upper and lower case'],
      [name.replace(/[._/-]/g, ':'), 'has other separators'],
    ]
    for (const [variant, why] of variants) {
      if (variant === name) continue
      const found = this.schema.mapper.resolve(variant)
      if (found) return { family: found.family, why: `${why}: "${variant}" would be managed` }
    }
    return undefined
  }

  /** Begins as a pattern does, and goes on otherwise. */
  begins(name: string): Resemblance | undefined {
    const stem = this.#stems.find(({ text }) => text.length > 1 && name.startsWith(text))
    return stem && { family: stem.family, why: `begins as "${stem.pattern}" does, but does not match it` }
  }

  /** The first word is one letter off: `jobs:42` for `job:<id>`. */
  #nearStem(name: string): Resemblance | undefined {
    const [word = ''] = name.split(':')
    if (word.length < 3 || word === name) return undefined
    const stem = this.#stems.find(({ text }) => text.includes(':') && isOneOff(word, text.split(':')[0]!))
    return stem && { family: stem.family, why: `begins almost as "${stem.pattern}" does` }
  }
}

function stemsOf(family: string, { canonical, aliases }: FamilyInfo): Stem[] {
  return [...aliases, canonical]
    .filter(({ holes }) => holes.length > 0)
    .map(({ source }) => ({ family, pattern: source, text: source.slice(0, source.indexOf('<')) }))
}

/** Equal but for one letter added, left out or replaced. */
function isOneOff(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  let same = 0
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same++
  const [restA, restB] = [a.slice(same), b.slice(same)]
  return restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1)
}
