/**
 * Reads on their way that may still turn out to be misses.
 *
 * A read of C whose reply does not prove that C exists is asked again after a COPY. Commands that the caller sent
 * behind it, without waiting, must not change the answer: `get(k)` then `del(k)` must still read the value. So what
 * is about to change a key first has the second question of every such read of that key sent.
 *
 * @module
 */

/** A read whose second question can be sent early. */
export interface OpenRead {
  readonly ids: readonly string[]
  ask(): void
}

/** The open reads of one connection. */
export class OpenReads {
  readonly #byKey = new Map<string, Set<OpenRead>>()

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  add(read: OpenRead): void {
    for (const id of read.ids) {
      const reads = this.#byKey.get(id)
      if (reads) reads.add(read)
      else this.#byKey.set(id, new Set([read]))
    }
  }

  remove(read: OpenRead): void {
    for (const id of read.ids) {
      const reads = this.#byKey.get(id)
      reads?.delete(read)
      if (reads?.size === 0) this.#byKey.delete(id)
    }
  }

  /** Has the second question of the open reads of these keys sent, or of all of them. */
  ask(ids?: Iterable<string>): void {
    for (const id of ids ?? this.#byKey.keys()) {
      for (const read of this.#byKey.get(id) ?? []) read.ask()
    }
  }
}
