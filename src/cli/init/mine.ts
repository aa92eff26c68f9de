/**
 * Patterns from names: which parts are the same in many names, and which are ids.
 *
 * Names are split at separators into parts. A part that looks like an id is a hole; so is a place where too many
 * different words stand. What is left are literals.
 *
 * @module
 */
import { kindOf, trailingId } from './kinds.js'

/** A pattern that was found, with what it was found from. */
export interface Mined {
  /** `job:<id>:progress` */
  readonly pattern: string
  /** Names of the sample that it stands for. */
  readonly count: number
  /** Up to {@link EXAMPLES} of them. */
  readonly examples: readonly string[]
  /** What its holes hold, by name: `id` → `a number`. */
  readonly holes: ReadonlyMap<string, string>
}

/** Names kept for each pattern: enough to ask the server for their types. */
export const EXAMPLES = 20

/** So many different words at one place are no words of a language but names of something. */
const WORDS = 24
/** Or more than one word for every so many names, from {@link FEW} names on. */
const NAMES_A_WORD = 3
const FEW = 12

/** A part of a name, with the separator in front of it. */
interface Part {
  readonly text: string
  /** What the pattern has here: the text, or for an id the kind of it. */
  readonly shape: string
}

/** Braces are hash tags: what they hold is a name of its own. */
const separators = /([:/|{}]|\.(?![\d.]*$))/

/** A name as parts and separators by turns. E-mail addresses, dates and the like stay whole. */
function split(name: string): Part[] {
  const parts = name.split(':').flatMap((piece, i) => {
    const inner = kindOf(piece) ? [piece] : piece.split(separators)
    return i === 0 ? inner : [':', ...inner]
  })
  return parts.filter((text) => text !== '').map((text) => ({ text, shape: shapeOf(text) }))
}

const ID = '\u0000'

function shapeOf(text: string): string {
  const kind = kindOf(text)
  if (kind) return `${ID}${kind.hole}`
  const trailing = trailingId(text)
  return trailing ? `${trailing.words}${ID}${trailing.kind.hole}` : text
}

/** Names of one shape so far. */
interface Group {
  readonly names: readonly (readonly Part[])[]
}

/** The patterns of the names, the most frequent first. */
export function mine(names: readonly string[]): Mined[] {
  const byLength = new Map<string, Part[][]>()
  for (const name of new Set(names)) {
    if (name === '') continue
    const parts = split(name)
    // Names that are apart in number or kind of separators never share a pattern.
    const id = parts.map(({ text }) => (/^[:/|.{}]$/.test(text) ? text : '_')).join('')
    const group = byLength.get(id)
    if (group) group.push(parts)
    else byLength.set(id, [parts])
  }
  const groups = [...byLength.values()].flatMap((parts) => divide({ names: parts }, 0, []))
  return merged(groups.sort(byCount)).sort(byCount)
}

const byCount = (a: Mined, b: Mined): number => b.count - a.count || (a.pattern < b.pattern ? -1 : 1)

/** `log:<id>` and `log:<date>` claim the same names: they are one pattern, of which the more frequent gives the holes. */
function merged(groups: readonly Mined[]): Mined[] {
  const byPlaces = new Map<string, Mined>()
  for (const group of groups) {
    const places = group.pattern.replace(/<\w+>/g, '<>')
    const known = byPlaces.get(places)
    byPlaces.set(places, known ? join(known, group) : group)
  }
  return [...byPlaces.values()]
}

function join(a: Mined, b: Mined): Mined {
  const theirs = [...b.holes.values()]
  const holes = [...a.holes].map(([name, kind], i): [string, string] => {
    const other = theirs[i]!
    return [name, kind.split(' or ').includes(other) ? kind : `${kind} or ${other}`]
  })
  const examples = [...a.examples.slice(0, EXAMPLES - 1), ...b.examples].slice(0, EXAMPLES)
  return { pattern: a.pattern, count: a.count + b.count, examples, holes: new Map(holes) }
}

/** Divides names at one place after the other, by what stands there. */
function divide(group: Group, at: number, before: readonly string[]): Mined[] {
  const [first] = group.names
  if (first === undefined) return []
  if (at >= first.length) return [finish(group, before)]
  const shapes = new Map<string, (readonly Part[])[]>()
  for (const name of group.names) {
    const { shape } = name[at]!
    const same = shapes.get(shape)
    if (same) same.push(name)
    else shapes.set(shape, [name])
  }
  const words = [...shapes.keys()].filter((shape) => !shape.includes(ID)).length
  // At the very beginning words stay words: a hole there would claim every name of so many parts.
  const isFree = at > 0 && words > 1 && isMany(words, group.names.length)
  if (isFree) return divide(group, at + 1, [...before, `${ID}name`])
  return [...shapes].flatMap(([shape, same]) => divide({ names: same }, at + 1, [...before, shape]))
}

const isMany = (words: number, names: number): boolean =>
  words > WORDS || (names >= FEW && words * NAMES_A_WORD > names && words > FEW / 2)

function finish({ names }: Group, shapes: readonly string[]): Mined {
  const holes = new Map<string, string>()
  const pattern = shapes.map((shape, at) => {
    const [words, hole] = shape.split(ID)
    if (hole === undefined) return escape(words!)
    const name = fresh(holeName(shapes, at, hole), holes)
    const [example] = names
    const text = example![at]!.text
    holes.set(name, (hole === 'name' ? undefined : (kindOf(text) ?? trailingId(text)?.kind)?.name) ?? 'many words')
    return `${escape(words!)}<${name}>`
  })
  const examples = names.slice(0, EXAMPLES).map((parts) => parts.map(({ text }) => text).join(''))
  return { pattern: pattern.join(''), count: names.length, examples, holes }
}

const escape = (text: string): string => text.replaceAll('<', '<<')

/** A hole for a name is called by the word before it, in the singular: `user:anna` gives `user:<user>`. */
function holeName(shapes: readonly string[], at: number, hole: string): string {
  const before = shapes[at - 2]
  const isFirst = shapes.findIndex((shape) => shape.includes(ID)) === at
  if ((hole !== 'name' && isFirst) || before === undefined || !/^[A-Za-z][\w-]*$/.test(before)) return hole
  const word = before.replace(/[^A-Za-z0-9]+(\w)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())
  const single = word.replace(/ies$/, 'y').replace(/([^s])s$/, '$1')
  return hole === 'name' ? single : `${single}${hole[0]!.toUpperCase()}${hole.slice(1)}`
}

/** Names that the flat options of `alias()` use. */
const RESERVED = ['db', 'rename', 'queue']

function fresh(wanted: string, taken: ReadonlyMap<string, string>): string {
  const base = RESERVED.includes(wanted) ? `${wanted}Id` : wanted
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}${i}`
    if (!taken.has(name)) return name
  }
}
