/**
 * The matcher: a trie over the segments between colons. Every kind of edge is found by a look-up, so the cost depends
 * on the name and not on how many families there are.
 *
 * @module
 */
import { EdgeIndex, type Edge } from './edges.js'
import type { Rule } from './rule.js'
import { compareRank, matchSegment, suffixOf, type Segment } from './segment.js'

/** A matched name: the rule, and what stands in its holes. */
export interface Match {
  readonly rule: Rule
  readonly captures: readonly string[]
}

/** The kinds of edges, in the order in which they are tried: the most specific first. */
interface Node {
  readonly literals: Map<string, Node>
  /** Holes with literals around them: `{<symbol>}`, `user-<id>`. */
  readonly mixed: EdgeIndex<Node>
  /** A whole segment with listed values, by value. */
  readonly finite: Map<string, Edge<Node>[]>
  /** A whole segment: predicates, then the free hole. */
  readonly open: Edge<Node>[]
  readonly rests: EdgeIndex<Node>
  /** The rule that ends here. */
  rule: Rule | undefined
}

const newNode = (): Node => ({
  literals: new Map(),
  mixed: new EdgeIndex(),
  finite: new Map(),
  open: [],
  rests: new EdgeIndex(),
  rule: undefined,
})

const NONE: readonly Edge<Node>[] = []

/** Matches names, each one character a byte, to rules. */
export class Trie {
  readonly #root = newNode()

  /** Adds a rule, and gives the rule that ends at its place: an earlier one if their patterns are the same. */
  insert(rule: Rule): Rule {
    let node = this.#root
    for (const segment of rule.segments) node = childFor(node, segment)
    node.rule ??= rule
    return node.rule
  }

  /** The most specific rule that the name belongs to. */
  match(name: string): Match | undefined {
    const captures: string[] = []
    const rule = walk(this.#root, name, 0, captures)
    return rule && { rule, captures }
  }

  /** Only the rule, which allocates nothing but the segments. */
  ruleOf(name: string): Rule | undefined {
    scratch.length = 0
    return walk(this.#root, name, 0, scratch)
  }
}

/** Captures that nobody asks for. */
const scratch: string[] = []

function childFor(node: Node, segment: Segment): Node {
  if (segment.slots.length === 0) return getOrAdd(node.literals, segment.prefix, newNode)
  return edgeIn(listsFor(node, segment), segment)
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
function edgeIn(lists: readonly Edge<Node>[][], segment: Segment): Node {
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

/** Depth first, the most specific edge first; goes back where it leads nowhere. */
function walk(node: Node, name: string, start: number, captures: string[]): Rule | undefined {
  const colon = name.indexOf(':', start)
  const text = colon < 0 ? name.slice(start) : name.slice(start, colon)
  const literal = node.literals.get(text)
  let rule = literal && step(literal, name, colon, captures)
  if (rule) return rule
  rule =
    tryEdges(node.mixed.candidates(text), text, name, colon, captures) ??
    tryEdges(node.finite.get(text) ?? NONE, text, name, colon, captures) ??
    tryEdges(node.open, text, name, colon, captures)
  if (rule) return rule
  const tail = colon < 0 ? text : name.slice(start)
  return tryEdges(node.rests.candidates(tail), tail, name, -1, captures)
}

function step(node: Node, name: string, colon: number, captures: string[]): Rule | undefined {
  return colon < 0 ? node.rule : walk(node, name, colon + 1, captures)
}

function tryEdges(
  edges: readonly Edge<Node>[],
  text: string,
  name: string,
  colon: number,
  captures: string[],
): Rule | undefined {
  const mark = captures.length
  for (const { segment, node } of edges) {
    const rule = matchSegment(segment, text, captures) ? step(node, name, colon, captures) : undefined
    if (rule) return rule
    captures.length = mark
  }
  return undefined
}
