/**
 * The matcher: a trie over the segments between colons. Every kind of edge is found by a look-up, so the cost depends
 * on the name and not on how many families there are. Literals, by far the commonest, stand in one table for the whole
 * trie, and a free hole between colons is followed without looking at its text.
 *
 * @module
 */
import { isAscii, toBytes } from './bytes.js'
import { FREE } from './constraint.js'
import { EdgeIndex, type Edge } from './edges.js'
import { HASH_SEED, hashWith, LiteralIndex } from './literals.js'
import type { Rule } from './rule.js'
import { compareRank, matchSegment, suffixOf, type Segment } from './segment.js'

/** A matched name: the rule, and what stands in its holes. */
export interface Match {
  readonly rule: Rule
  readonly captures: readonly string[]
}

/** The kinds of edges, in the order in which they are tried: the most specific first. Before them all come literals. */
interface Node {
  /** By which {@link LiteralIndex} knows it. */
  readonly number: number
  /** Does any literal segment leave it? */
  hasLiterals: boolean
  /** Holes with literals around them: `{<symbol>}`, `user-<id>`. */
  readonly mixed: EdgeIndex<Node>
  /** A whole segment with listed values, by value. */
  readonly finite: Map<string, Edge<Node>[]>
  /** A whole segment: predicates, then the free hole. */
  readonly open: Edge<Node>[]
  readonly rests: EdgeIndex<Node>
  /** What leaves it besides literals is one free hole, and no text has to be cut out to follow it: `<id>`. */
  only: Node | undefined
  /** Nothing leaves it besides literals. */
  isPlain: boolean
  /** The rule that ends here. */
  rule: Rule | undefined
}

const NONE: readonly Edge<Node>[] = []

/** Matches names, each one character a byte, to rules. */
export class Trie {
  readonly #literals = new LiteralIndex<Node>()
  #nodes = 0
  readonly #newNode = (): Node => ({
    number: this.#nodes++,
    hasLiterals: false,
    mixed: new EdgeIndex(),
    finite: new Map(),
    open: [],
    rests: new EdgeIndex(),
    only: undefined,
    isPlain: true,
    rule: undefined,
  })
  readonly #root = this.#newNode()
  /** Every character that the last walk looked at, ORed. */
  #seen = 0

  /** Adds a rule, and gives the rule that ends at its place: an earlier one if their patterns are the same. */
  insert(rule: Rule): Rule {
    let node = this.#root
    for (const segment of rule.segments) node = this.#childFor(node, segment)
    node.rule ??= rule
    return node.rule
  }

  /** The most specific rule that the name belongs to. */
  match(name: string): Match | undefined {
    const captures: string[] = []
    const rule = this.#walk(this.#root, name, 0, captures)
    return rule && { rule, captures }
  }

  /** Only the rule, which mostly makes nothing. */
  ruleOf(name: string): Rule | undefined {
    return this.#walk(this.#root, name, 0, undefined)
  }

  /**
   * The same for a text, which is its own bytes as long as it is ASCII. The walk sees for itself whether it is, as far as
   * it looks, and nothing else of the name matters.
   */
  ruleOfText(text: string): Rule | undefined {
    this.#seen = 0
    const rule = this.#walk(this.#root, text, 0, undefined)
    return this.#seen < 0x80 ? rule : this.ruleOf(toBytes(text))
  }

  #childFor(node: Node, segment: Segment): Node {
    if (segment.slots.length === 0) {
      node.hasLiterals = true
      return this.#literals.getOrAdd(node.number, segment.prefix, this.#newNode)
    }
    const child = edgeIn(listsFor(node, segment), segment, this.#newNode)
    const isFree = node.open[0]?.node === child && segment.slots[0]?.domain === FREE
    node.only = node.isPlain && isFree ? child : node.only === child ? child : undefined
    node.isPlain = false
    return child
  }

  /** Depth first, the most specific edge first; goes back where it leads nowhere. */
  #walk(node: Node, name: string, start: number, captures: string[] | undefined): Rule | undefined {
    // A free hole takes whatever stands there: of a long name only the next colon is looked for.
    const isFree = node.only !== undefined && !node.hasLiterals
    let end = isFree && name.length - start > LONG ? endOfSegment(name, start) : start
    let hash = HASH_SEED
    let seen = 0
    for (; end < name.length; end++) {
      const character = name.charCodeAt(end)
      if (character === COLON) break
      hash = hashWith(hash, character)
      seen |= character
    }
    this.#seen |= seen
    if (node.hasLiterals) {
      const next = this.#literals.find(node.number, hash, name, start, end)
      const rule = next && this.#step(next, name, end, captures)
      if (rule) return rule
    }
    if (node.isPlain) return undefined
    if (node.only === undefined) return this.#others(node, name, start, end, captures)
    if (end === start) return undefined
    const mark = captures?.push(name.slice(start, end)) ?? 0
    const rule = this.#step(node.only, name, end, captures)
    if (rule === undefined && captures) captures.length = mark - 1
    return rule
  }

  /** Edges that look at the text. */
  #others(node: Node, name: string, start: number, end: number, captures: string[] = []): Rule | undefined {
    const text = name.slice(start, end)
    const rule =
      this.#tryEdges(node.mixed.candidates(text), text, name, end, captures) ??
      this.#tryEdges(node.finite.get(text) ?? NONE, text, name, end, captures) ??
      this.#tryEdges(node.open, text, name, end, captures)
    if (rule) return rule
    const tail = name.slice(start)
    if (!isAscii(tail)) this.#seen |= 0x80
    return this.#tryEdges(node.rests.candidates(tail), tail, name, name.length, captures)
  }

  #step(node: Node, name: string, end: number, captures: string[] | undefined): Rule | undefined {
    return end === name.length ? node.rule : this.#walk(node, name, end + 1, captures)
  }

  #tryEdges(
    edges: readonly Edge<Node>[],
    text: string,
    name: string,
    end: number,
    captures: string[],
  ): Rule | undefined {
    const mark = captures.length
    for (const { segment, node } of edges) {
      const rule = matchSegment(segment, text, captures) ? this.#step(node, name, end, captures) : undefined
      if (rule) return rule
      captures.length = mark
    }
    return undefined
  }
}

const COLON = 58

/** Shorter texts are faster gone through than searched. */
const LONG = 12

function endOfSegment(name: string, start: number): number {
  const colon = name.indexOf(':', start)
  return colon < 0 ? name.length : colon
}

/** Where an edge of this segment stands; several places for a hole with listed values. */
function listsFor(node: Node, segment: Segment): Edge<Node>[][] {
  if (segment.rest) return [node.rests.listFor(segment)]
  const [slot] = segment.slots
  const whole = segment.slots.length === 1 && segment.prefix === '' && suffixOf(segment) === ''
  if (!whole) return [node.mixed.listFor(segment)]
  const { values } = slot!.domain
  return values ? [...values].map((value) => getOrAdd(node.finite, value, () => [])) : [node.open]
}

/** The node behind the segment; lists that lack it get one edge, put at its rank. */
function edgeIn(lists: readonly Edge<Node>[][], segment: Segment, newNode: () => Node): Node {
  const known = lists[0]!.find((edge) => edge.segment.id === segment.id)
  if (known) return known.node
  const edge = { segment, node: newNode() }
  for (const list of lists) {
    list.push(edge)
    list.sort((a, b) => compareRank(a.segment, b.segment))
  }
  return edge.node
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
