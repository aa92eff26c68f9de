/**
 * A command line of Redis, as redis-cli reads it.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\u0007' }

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)/gy

const unescape = (text: string): string =>
  text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(parseInt(escaped.slice(1), 16)) : (escapes[escaped] ?? escaped),
  )

/**
 * Splits a command into words; `"…"` with escapes and `'…'` without hold spaces together.
 *
 * @throws CanonicalRedisError `E_BAD_OPTION`: a quote is not closed, or text follows one
 * @example
 * ```ts
 * splitCommand('SET job:42 "two words"') // ['SET', 'job:42', 'two words']
 * ```
 */
export function splitCommand(line: string): string[] {
  const words: string[] = []
  const text = line.trim()
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (found === null) {
      throw new CanonicalRedisError('E_BAD_OPTION', `Cannot read the command from "${text.slice(at).trim()}" on.`, {
        hint: 'Close every quote, and leave a space behind it: SET job:42 "two words"',
      })
    }
    const [, double, single, bare] = found
    words.push(double !== undefined ? unescape(double) : (single?.replace(/\\'/g, "'") ?? bare!))
  }
  return words
}
