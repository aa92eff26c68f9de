/**
 * What the programs know of each position: every write has a number that only grows, so a reader can tell a stale value from a
 * fresh one, and a position that came back from one that was never closed.
 *
 * @module
 */

/** The last write of a position. */
interface Written {
  readonly seq: number
  readonly open: boolean
}

const NEVER: Written = { seq: 0, open: false }

/** One position, in the memory of the programs. */
export interface Entry {
  /** Its reply has come. */
  done: Written
  /** Under way; the same as `done` while nothing is. */
  next: Written
}

/** The positions of all programs. */
export class Ledger {
  readonly entries = new Map<string, Entry>()

  entry(id: string): Entry {
    const known = this.entries.get(id) ?? { done: NEVER, next: NEVER }
    this.entries.set(id, known)
    return known
  }

  /** Writes, and notes it before and after. */
  async write(id: string, open: boolean, work: (seq: number) => Promise<void>): Promise<void> {
    const entry = this.entry(id)
    entry.next = { seq: entry.next.seq + 1, open }
    await work(entry.next.seq)
    entry.done = entry.next
  }

  /**
   * Reads, and says what is wrong with what was read: a value older than one that had its reply before the read began, or
   * one that is missing although nobody has closed it.
   *
   * @param read the number of the value; undefined: there is none
   */
  async read(id: string, read: () => Promise<number | undefined>): Promise<string | undefined> {
    const entry = this.entry(id)
    const before = { ...entry }
    const seq = await read()
    if (seq === undefined) {
      const mayBeClosed = [before.done, before.next, entry.done, entry.next].some(({ open }) => !open)
      return mayBeClosed ? undefined : `${id} is missing, but was written as number ${before.done.seq}`
    }
    const isKnown = seq <= entry.next.seq
    const isFresh = seq > before.done.seq || (seq === before.done.seq && before.done.open)
    return isKnown && isFresh ? undefined : `${id} is number ${seq}, but number ${before.done.seq} was written before`
  }
}
