/**
 * A fair sample of a stream whose length nobody knows, and shapes of names.
 *
 * @module
 */

/** Keeps so many of what it is given, each with the same chance. */
export class Reservoir<T> {
  readonly items: T[] = []
  seen = 0

  constructor(readonly size: number) {}

  add(item: T): void {
    this.seen++
    if (this.items.length < this.size) this.items.push(item)
    else {
      const at = Math.floor(Math.random() * this.seen)
      if (at < this.size) this.items[at] = item
    }
  }
}

/** Parts of a name that are ids rather than words: numbers, long hex or base64, anything with several digits. */
const ID = /^(\d+|[0-9a-f-]{8,}|.*\d.*\d.*|[A-Za-z0-9+/_=-]{20,})$/

/** A name with its ids as `*`: `job:42:progress` gives `job:*:progress`. At most four parts. */
export function shapeOf(name: string): string {
  const parts = name.split(':')
  const shown = parts.slice(0, 4).map((part) => (ID.test(part) ? '*' : part.slice(0, 40)))
  return parts.length > 4 ? `${shown.join(':')}:…` : shown.join(':')
}
