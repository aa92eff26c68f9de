/**
 * Reading patterns: `step:<id>:progress` to literals and holes.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { PatternInfo } from './types.js'

/** A piece of a pattern, in the order it was written. */
export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'hole'; readonly name: string; readonly rest: boolean }

/** A pattern, read. */
export interface Pattern extends PatternInfo {
  readonly tokens: readonly Token[]
}

/**
 * Names that no hole may have: the flat options of `alias()` use the first two, and `__proto__` would not become a
 * property of the params.
 */
const RESERVED = new Set(['db', 'rename', '__proto__'])

// `<<` first, so that `<<<id>` is a literal `<` before a hole. The last branch is a `<` that opens nothing.
const TOKEN = /<<|<([A-Za-z_$][\w$]*)(\*?)>|[^<]+|</g
const LONE_SURROGATE = /\p{Surrogate}/u
const GLOB_SPECIAL = /[\\*?[\]^]/g

const refuse = (source: unknown, why: string, hint: string): never => {
  throw new CanonicalRedisError('E_BAD_PATTERN', `The pattern ${JSON.stringify(source)} cannot be read: ${why}.`, {
    hint,
  })
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  for (const [text, name, star] of source.matchAll(TOKEN)) {
    if (text === '<') {
      refuse(
        source,
        'a "<" opens no hole',
        'A hole is <name> or <name*>, with identifier characters; write << for a literal <.',
      )
    }
    const previous = tokens.at(-1)
    if (name !== undefined) tokens.push({ kind: 'hole', name, rest: star === '*' })
    else {
      const literal = text === '<<' ? '<' : text
      if (previous?.kind === 'literal') tokens[tokens.length - 1] = { kind: 'literal', text: previous.text + literal }
      else tokens.push({ kind: 'literal', text: literal })
    }
  }
  return tokens
}

function checkHoles(source: string, tokens: readonly Token[]): void {
  const seen = new Set<string>()
  tokens.forEach((token, index) => {
    if (token.kind !== 'hole') return
    const { name, rest } = token
    if (RESERVED.has(name)) refuse(source, `a hole cannot be called <${name}>`, 'Choose another name for the hole.')
    if (seen.has(name)) refuse(source, `it has two holes called <${name}>`, 'Give each hole a name of its own.')
    seen.add(name)
    if (rest && index !== tokens.length - 1) {
      refuse(
        source,
        `<${name}*> takes the rest but is not the last`,
        `Put it last, or write <${name}> for one segment.`,
      )
    }
    const next = tokens[index + 1]
    if (next?.kind === 'hole') {
      refuse(
        source,
        `nothing stands between <${name}> and <${next.name}>, so they cannot be told apart`,
        `Put a literal, such as ":", between them.`,
      )
    }
  })
}

const globOf = (tokens: readonly Token[]): string =>
  tokens.map((token) => (token.kind === 'hole' ? '*' : token.text.replace(GLOB_SPECIAL, '\\$&'))).join('')

/**
 * Reads a pattern. Holes are `<id>`; `<rest*>` takes the rest, colons included; `<<` is a literal `<`; braces are
 * literals, since in Redis they are hash tags.
 *
 * @param source The pattern as written.
 * @throws CanonicalRedisError `E_BAD_PATTERN`: the text is empty or cannot be read, or its holes cannot be told apart.
 * @example
 * ```ts
 * parsePattern('step:<id>:progress').glob // 'step:*:progress'
 * ```
 */
export function parsePattern(source: string): Pattern {
  if (typeof source !== 'string' || source === '') {
    refuse(source, 'a pattern is a non-empty text', "Write it as key('step:<id>').")
  }
  // The server would store U+FFFD for it, which is another name than the one written.
  if (LONE_SURROGATE.test(source)) refuse(source, 'it has half of a surrogate pair', 'Write the whole character.')
  const tokens = tokenize(source)
  checkHoles(source, tokens)
  const holes = tokens.flatMap((token) => (token.kind === 'hole' ? [token.name] : []))
  return { source, tokens, holes, glob: globOf(tokens) }
}
