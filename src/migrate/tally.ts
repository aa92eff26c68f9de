/**
 * Counting and listing, in bounded memory.
 *
 * @module
 */

/** How many examples a result carries. */
export const EXAMPLES = 100

/** Counts by kind, in total and by family. */
export class Tally<K extends string> {
  readonly total: Record<K, number>
  readonly families: Record<string, Record<K, number>>
  readonly #zero: Record<K, number>

  constructor(kinds: readonly K[], families: Iterable<string>) {
    this.#zero = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>
    this.total = { ...this.#zero }
    this.families = Object.fromEntries([...families].map((family) => [family, { ...this.#zero }]))
  }

  add(family: string, kind: K, count = 1): void {
    this.total[kind] += count
    const own = (this.families[family] ??= { ...this.#zero })
    own[kind] += count
  }

  /** Adds counts as `families` gave them, in an earlier run. */
  restore(families: unknown): void {
    for (const [family, counts] of Object.entries((families ?? {}) as Record<string, Record<string, unknown>>)) {
      for (const kind of Object.keys(this.#zero) as K[]) this.add(family, kind, Number(counts[kind] ?? 0))
    }
  }
}

/** The first so many of a list, and how many more there were. */
export class Capped<T> {
  readonly items: T[] = []
  omitted = 0

  constructor(readonly limit: number) {}

  push(item: T): void {
    if (this.items.length < this.limit) this.items.push(item)
    else this.omitted++
  }
}
