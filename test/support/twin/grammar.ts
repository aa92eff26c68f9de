/**
 * The little language of command shapes, and how a shape becomes a command line.
 *
 * `<k>` is a value of that kind, `(A|B)` one of several, `[A|B]` the same or nothing. What stands behind `~` says how
 * the reply is compared; see {@link Traits}.
 *
 * @module
 */
import fc from 'fast-check'
import { logical } from './keys.js'

/** How the replies of a shape are compared, and what may be done with it. */
export interface Traits {
  /** The order of the reply means nothing: elements, `field value` pairs, or either behind a cursor. */
  readonly order?: 'sorted' | 'pairs' | 'scan' | 'scanpairs'
  /** Times count from "now", and the two sides send at different moments: numbers so near are the same. */
  readonly near?: number
  /** Only nil or not nil is compared: the value is a property of the copy (memory, idle time) and not of the data. */
  readonly presence?: boolean
  /** Replies with clock times in them (idle, seen, delivered), which are taken out. */
  readonly clock?: boolean
  /** Sent as it stands: a changed argument would block, or put a key's name where a value is. */
  readonly exact?: boolean
  /** Only there on this server. */
  readonly only?: string
}

/** One line of the command tables. */
export interface Shape {
  readonly text: string
  readonly theme: string
  readonly traits: Traits
}

/** A command line. Keys are `$` and the bare twin's name; payloads and scripts are `#` and their name. */
export interface Line {
  readonly argv: readonly string[]
  readonly shape: Shape
}

/** The bare twin's name in a part of a line that is a key; undefined for others, as `$`, the end of a stream. */
export const keyIn = (part: string): string | undefined =>
  part.startsWith('$') && part.length > 1 ? part.slice(1) : undefined

const kinds: Readonly<Record<string, fc.Arbitrary<string>>> = {
  k: fc.constantFrom(...logical.map(({ bare }) => `$${bare}`)),
  v: fc.constantFrom('a', 'b', '1', '2', '10', '', 'ü', 'a'.repeat(70), '#bytes'),
  f: fc.constantFrom('f', 'g', 'h'),
  n: fc.integer({ min: -3, max: 3 }).map(String),
  score: fc.constantFrom('1', '2', '-1.5', 'inf', '0'),
  lex: fc.constantFrom('[a', '(a', '-', '+', '[b'),
  side: fc.constantFrom('LEFT', 'RIGHT'),
  // Far away, so that the clock plays no part: what is absolute is compared to the millisecond.
  soon: fc.constantFrom('4000000000000', '4100000000000'),
  soons: fc.constantFrom('4000000000', '4100000000'),
  ttl: fc.constantFrom('500000', '700000'),
  pttl: fc.constantFrom('500000000', '700000000'),
  id: fc.constantFrom('5-0', '5-1', '6-0', '9-0', '5'),
  g: fc.constantFrom('g', 'g', 'g2'),
  c: fc.constantFrom('c', 'd'),
  payload: fc.constantFrom('#dump-string', '#dump-hash', '#dump-list', '#dump-set', '#dump-lex', '#dump-stream'),
}

/** The shapes of one theme, one a line. */
export function shapes(theme: string, text: string): Shape[] {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).map((line) => {
    const [command = '', ...traits] = line.split(/ ~(?=[a-z])/)
    return { text: command, theme, traits: Object.assign({}, ...traits.map(trait)) as Traits }
  })
}

function trait(text: string): Traits {
  const [name = '', value] = text.split(':')
  if (['sorted', 'pairs', 'scan', 'scanpairs'].includes(name)) return { order: name as Required<Traits>['order'] }
  if (name === 'near') return { near: Number(value) }
  if (name === 'only' && value !== undefined) return { only: value }
  if (['presence', 'clock', 'exact'].includes(name)) return { [name]: true }
  throw new Error(`Expected a trait of a shape, got ~${text}`)
}

/** Command lines of one shape. */
export function lineOf(shape: Shape): fc.Arbitrary<Line> {
  const argv = sequence(shape.text)
  return (shape.traits.exact ? argv : bent(argv)).map((parts) => ({ argv: parts, shape }))
}

function sequence(text: string): fc.Arbitrary<string[]> {
  const parts = text.match(/\[[^\]]*\]|\([^)]*\)|\S+/g) ?? []
  return fc.tuple(...parts.map(part)).map((lists) => lists.flat())
}

function part(text: string): fc.Arbitrary<string[]> {
  if (/^\[.+\]$/.test(text)) return fc.oneof(fc.constant<string[]>([]), ...choices(text))
  if (/^\(.+\)$/.test(text)) return fc.oneof(...choices(text))
  const kind = /^<(\w+)>$/.exec(text)?.[1]
  if (kind === undefined) return fc.constant([text === '""' ? '' : text])
  const values = kinds[kind]
  if (values === undefined) throw new Error(`Expected a kind of value, got ${text}`)
  return values.map((value) => [value])
}

const choices = (text: string): fc.Arbitrary<string[]>[] => text.slice(1, -1).split('|').map(sequence)

/**
 * A line in eight is broken: an argument too few or too many, a number that is none, a count beyond the end.
 * Keys are left out or stay where they are, since a name that became a value would differ between the twins.
 */
function bent(line: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> {
  const bend = fc.record({
    how: fc.constantFrom('drop', 'add', 'replace', 'replace'),
    at: fc.nat({ max: 7 }),
    // Never a small number of milliseconds: a key must not expire while the twins are compared.
    by: fc.constantFrom('x', '-1', '0', '99000', '1.5', '', '9223372036854775807'),
  })
  const seldom = fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: bend })
  return fc.tuple(line, seldom).map(([argv, how]) => {
    if (how === null || argv.length < 2) return argv
    const at = 1 + (how.at % (argv.length - 1))
    if (how.how === 'add') return [...argv, 'x']
    if (how.how === 'drop') return argv.filter((_, i) => i !== at)
    return argv.map((part, i) => (i === at && keyIn(part) === undefined ? how.by : part))
  })
}
