/**
 * Edges of the trie whose segments have literals around their holes, found by those literals.
 *
 * @module
 */
import { compareRank, suffixOf, type Segment } from './segment.js'

/** An edge, and the node that it leads to. */
export interface Edge<Node> {
  readonly segment: Segment
  readonly node: Node
}

/** Edges whose literals at both ends have the same lengths. */
interface Shape<Node> {
  readonly prefix: number
  readonly suffix: number
  readonly byEnds: Map<string, Edge<Node>[]>
}

// A colon stands in no segment but a rest, and a rest has no suffix.
const endsOf = (prefix: string, suffix: string): string => `${prefix}:${suffix}`

// Most nodes have no such edge, and every command asks.
const NONE: readonly never[] = []

/** A thousand edges `<id>-1` to `<id>-1000` cost one look-up for each length, not one comparison each. */
export class EdgeIndex<Node> {
  readonly #shapes: Shape<Node>[] = []

  /** The edges with the ends of this segment, to read and to extend. */
  listFor(segment: Segment): Edge<Node>[] {
    const suffix = suffixOf(segment)
    const length = { prefix: segment.prefix.length, suffix: suffix.length }
    let shape = this.#shapes.find((known) => known.prefix === length.prefix && known.suffix === length.suffix)
    if (shape === undefined) {
      shape = { ...length, byEnds: new Map() }
      this.#shapes.push(shape)
    }
    const ends = endsOf(segment.prefix, suffix)
    const list = shape.byEnds.get(ends) ?? []
    shape.byEnds.set(ends, list)
    return list
  }

  /** The edges that may match the text, the most specific first. */
  candidates(text: string): readonly Edge<Node>[] {
    if (this.#shapes.length === 0) return NONE
    const found: Edge<Node>[] = []
    let lists = 0
    for (const { prefix, suffix, byEnds } of this.#shapes) {
      // A hole between the ends takes at least one character.
      if (text.length <= prefix + suffix) continue
      const list = byEnds.get(endsOf(text.slice(0, prefix), text.slice(text.length - suffix)))
      if (list === undefined) continue
      found.push(...list)
      lists++
    }
    // Within one list the edges are sorted already.
    return lists < 2 ? found : found.sort((a, b) => compareRank(a.segment, b.segment))
  }
}
