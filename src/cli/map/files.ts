/**
 * Lists of names: a file, or what comes through a pipe.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { CanonicalRedisError } from '../../errors.js'
import type { Io } from '../io.js'

/** A name, and what it is to become; `-` for a name that no family may have. */
export interface Expected {
  readonly name: string
  readonly expected: string
}

/** The lines of a file, or of stdin for `-`, without those that are empty or begin with `#`. */
async function linesOf(io: Io, file: string): Promise<{ line: string; at: number }[]> {
  const content =
    file === '-' ? await text(io.stdin as NodeJS.ReadStream) : await readFile(resolve(io.cwd, file), 'utf8')
  return content
    .split('\n')
    .map((line, index) => ({ line: line.trim(), at: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
}

/** Names, one a line. */
export const readNames = async (io: Io, file: string): Promise<string[]> =>
  (await linesOf(io, file)).map(({ line }) => line)

/**
 * Pairs, one a line: the name and what it is to become, with blanks between them.
 * @throws CanonicalRedisError `E_BAD_FILE`
 */
export async function readExpected(io: Io, file: string): Promise<Expected[]> {
  return (await linesOf(io, file)).map(({ line, at }) => {
    const [name, expected, ...more] = line.split(/\s+/)
    if (name !== undefined && expected !== undefined && more.length === 0) return { name, expected }
    throw new CanonicalRedisError('E_BAD_FILE', `Expected two names in line ${at} of ${file}, got "${line}".`, {
      hint: 'One pair a line, old name and new: job:42 step:42. A name that stays as it is: cache:7 -',
    })
  })
}
