/**
 * Redis glob patterns, matched as the server matches them (`stringmatchlen` in util.c): `*`, `?`, `[a-z]`, `[^a]`, `\`.
 *
 * @module
 */

/** Does the name match the glob? Both as latin1 text, so that one character is one byte. */
export function matchesGlob(glob: string, name: string): boolean {
  let g = 0
  let n = 0
  // The last star, and where in the name it began: on a mismatch it takes one more character. No recursion, so
  // `a*a*a*a*b` costs no more than its length times the name's.
  let star = -1
  let from = 0
  while (n < name.length) {
    if (glob[g] === '*') {
      star = g++
      from = n
      continue
    }
    const next = g < glob.length ? matchOne(glob, g, name.charCodeAt(n)) : -1
    if (next !== -1) {
      g = next
      n++
    } else if (star !== -1) {
      g = star + 1
      n = ++from
    } else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}

/** Where the glob goes on after it has matched one character, or -1. */
function matchOne(glob: string, at: number, char: number): number {
  switch (glob[at]) {
    case '?':
      return at + 1
    case '[':
      return matchClass(glob, at + 1, char)
    case '\\': {
      const escaped = at + 1 < glob.length ? at + 1 : at
      return glob.charCodeAt(escaped) === char ? escaped + 1 : -1
    }
    default:
      return glob.charCodeAt(at) === char ? at + 1 : -1
  }
}

/** A class without its closing bracket ends with the pattern, as on the server. */
function matchClass(glob: string, start: number, char: number): number {
  const negated = glob[start] === '^'
  let at = negated ? start + 1 : start
  let found = false
  while (at < glob.length && glob[at] !== ']') {
    if (glob[at] === '\\' && at + 1 < glob.length) {
      if (glob.charCodeAt(++at) === char) found = true
      at++
    } else if (glob[at + 1] === '-' && at + 2 < glob.length) {
      const [low, high] = [glob.charCodeAt(at), glob.charCodeAt(at + 2)].sort((a, b) => a - b) as [number, number]
      if (char >= low && char <= high) found = true
      at += 3
    } else {
      if (glob.charCodeAt(at) === char) found = true
      at++
    }
  }
  return found !== negated ? Math.min(at + 1, glob.length) : -1
}

/** The part of a glob before its first special character. */
export function literalPrefix(glob: string): string {
  return /^[^*?[\\]*/.exec(glob)?.[0] ?? ''
}
