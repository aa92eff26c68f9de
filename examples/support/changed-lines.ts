/**
 * How much code a migration changes: the lines that differ between an application before and after it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** Lines of two files that the other one has not. */
export interface ChangedLines {
  /** Lines of the file before. */
  readonly of: number
  readonly removed: number
  readonly added: number
}

/**
 * Compares two files line by line, as `diff` does: what is left when the longest common sequence of lines is taken away.
 * Blank lines do not count.
 *
 * @example
 * ```ts
 * const { of, added } = changedLines('before/app.ts', 'after/app.ts')
 * ```
 */
export function changedLines(before: string | URL, after: string | URL): ChangedLines {
  const [a, b] = [linesOf(before), linesOf(after)]
  const same = longestCommon(a, b)
  return { of: a.length, removed: a.length - same, added: b.length - same }
}

const linesOf = (file: string | URL): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** The length of the longest common sequence. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const line of a) {
    const next = [0]
    b.forEach((other, j) => next.push(line === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!)))
    row = next
  }
  return row[b.length]!
}
