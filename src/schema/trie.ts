/**
 * The matcher: a trie over the segments between colons. Its cost depends on the name and on how many rules differ
 * only in the kind of one segment, not on how many families there are.
 *
 * @module
 */
import type { Rule } from './rule.js'
import { compareRank, matchSegment, type Segment } from './segment.js'

/** A matched name: the rule, and what stands in its holes. */
export interface Match {
  readonly rule: Rule
  readonly captures: readonly string[]
}

interface Edge {
  readonly segment: Segment
  readonly node: Node
}

/** Segments that begin with a literal of one length, found by that literal. */
interface PrefixGroup {
  readonly length: number
  readonly edges: Map<string, Edge[]>
}

/** The edges stand in the order in which they are tried: the most specific first. */
interface Node {
  readonly literals: Map<string, Node>
  /** Longest prefix first. */
  readonly prefixed: PrefixGroup[]
  /** No prefix, but a literal later: `<id>-job`. */
  readonly suffixed: Edge[]
  /** A whole segment with listed values, by value. */
  readonly finite: Map<string, Edge[]>
  /** A whole segment: predicates, then the free hole. */
  readonly open: Edge[]
  readonly rests: Edge[]
  /** The rule that ends here. */
  rule: Rule | undefined
}

const newNode = (): Node => ({
  literals: new Map(),
  prefixed: [],
  suffixed: [],
  finite: new Map(),
  open: [],
  rests: [],
  rule: undefined,
})

const NONE: readonly Edge[] = []

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
}

function childFor(node: Node, segment: Segment): Node {
  if (segment.slots.length === 0) return getOrAdd(node.literals, segment.prefix, newNode)
  if (segment.rest) return edgeIn([node.rests], segment)
  if (segment.prefix !== '') return edgeIn([prefixedEdges(node, segment.prefix)], segment)
  const [slot] = segment.slots
  if (segment.slots.length > 1 || slot!.until !== '') return edgeIn([node.suffixed], segment)
  const { values } = slot!.domain
  if (values === undefined) return edgeIn([node.open], segment)
  return edgeIn(
    [...values].map((value) => getOrAdd(node.finite, value, () => [])),
    segment,
  )
}

function prefixedEdges(node: Node, prefix: string): Edge[] {
  let group = node.prefixed.find(({ length }) => length === prefix.length)
  if (group === undefined) {
    group = { length: prefix.length, edges: new Map() }
    node.prefixed.push(group)
    node.prefixed.sort((a, b) => b.length - a.length)
  }
  return getOrAdd(group.edges, prefix, () => [])
}

/** The node behind the segment; lists that lack it get one edge, put at its rank. */
function edgeIn(lists: readonly Edge[][], segment: Segment): Node {
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
  for (const { length, edges } of node.prefixed) {
    rule = tryEdges(edges.get(text.slice(0, length)) ?? NONE, text, name, colon, captures)
    if (rule) return rule
  }
  rule =
    tryEdges(node.suffixed, text, name, colon, captures) ??
    tryEdges(node.finite.get(text) ?? NONE, text, name, colon, captures) ??
    tryEdges(node.open, text, name, colon, captures)
  if (rule || node.rests.length === 0) return rule
  return tryEdges(node.rests, colon < 0 ? text : name.slice(start), name, -1, captures)
}

function step(node: Node, name: string, colon: number, captures: string[]): Rule | undefined {
  return colon < 0 ? node.rule : walk(node, name, colon + 1, captures)
}

function tryEdges(
  edges: readonly Edge[],
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
