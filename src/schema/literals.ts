/**
 * The edges of the trie that are literal segments, all of them in one hash table: a look-up cuts no text out of the name,
 * and touches the same few places of memory however many families there are.
 *
 * @module
 */

/** The hash of a text that begins. */
export const HASH_SEED = 0x811c9dc5 | 0

/** FNV-1a, character by character. */
export const hashWith = (hash: number, character: number): number => Math.imul(hash ^ character, 0x01000193)

interface Edge<Node> {
  readonly parent: number
  readonly text: string
  readonly hash: number
  readonly node: Node
}

/** Literal segments, by the number of the node that they leave and by their text. */
export class LiteralIndex<Node> {
  #edges: Edge<Node>[] = []
  /** Open addressing, at most half full. */
  #slots: (Edge<Node> | undefined)[] = new Array<undefined>(16).fill(undefined)

  /** The node behind the text that stands in `name` from `start` to `end`, `hash` being that of the text. */
  find(parent: number, hash: number, name: string, start: number, end: number): Node | undefined {
    const mask = this.#slots.length - 1
    for (let slot = slotOf(parent, hash, mask); ; slot = (slot + 1) & mask) {
      const edge = this.#slots[slot]
      if (edge === undefined) return undefined
      if (edge.hash !== hash || edge.parent !== parent || edge.text.length !== end - start) continue
      if (name.startsWith(edge.text, start)) return edge.node
    }
  }

  /** The node behind a text, made where it is missing. */
  getOrAdd(parent: number, text: string, make: () => Node): Node {
    let hash = HASH_SEED
    for (let i = 0; i < text.length; i++) hash = hashWith(hash, text.charCodeAt(i))
    const known = this.find(parent, hash, text, 0, text.length)
    if (known !== undefined) return known
    const edge = { parent, text, hash, node: make() }
    this.#edges.push(edge)
    if (this.#edges.length * 2 <= this.#slots.length) this.#place(edge)
    else {
      this.#slots = new Array<undefined>(this.#slots.length * 2).fill(undefined)
      for (const each of this.#edges) this.#place(each)
    }
    return edge.node
  }

  #place(edge: Edge<Node>): void {
    const mask = this.#slots.length - 1
    let slot = slotOf(edge.parent, edge.hash, mask)
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask
    this.#slots[slot] = edge
  }
}

/** The low bits of FNV-1a are its best, and those of the node's number must not fall on them in a row. */
const slotOf = (parent: number, hash: number, mask: number): number => (hash ^ Math.imul(parent, 0x9e3779b1)) & mask
