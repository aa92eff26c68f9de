/**
 * Reads on their way that may still turn out to be misses.
 *
 * A read of C whose reply does not prove that C exists is asked again after a COPY. Commands that the caller sent
 * behind it, without waiting, must not change the answer: `get(k)` then `del(k)` must still read the value. So what
 * is about to change a key first has the second question of every such read of that key sent.
 *
 * @module
 */
import type { Arg, Located } from '../../commands/index.js'
import { withoutAdopting, type Plan } from '../../plan/index.js'

/** A read whose second question can be sent early. */
export interface OpenRead {
  readonly ids: readonly string[]
  /** Until its first reply is there; {@link OpenReads} sees to it. */
  isOpen: boolean
  ask(): void
}

/**
 * The open reads of one connection. A read costs next to nothing: only when something is about to change a key are they
 * looked up, and put in order for that.
 */
export class OpenReads<Read extends OpenRead = OpenRead> {
  /** In the order they were sent; closed ones among them until too many are. */
  #reads: Read[] = []
  #open = 0
  readonly #byKey = new Map<string, Read[]>()
  /** How many of them stand in the map. */
  #indexed = 0

  get isEmpty(): boolean {
    return this.#open === 0
  }

  add(read: Read): void {
    if (this.#reads.length > 2 * this.#open + 1_000) this.#forget(this.#reads.filter(({ isOpen }) => isOpen))
    this.#reads.push(read)
    this.#open++
  }

  remove(read: Read): void {
    if (!read.isOpen) return
    read.isOpen = false
    this.#open--
    if (this.#open === 0) this.#forget([])
  }

  /** The open reads of these keys, or all of them, each once. */
  of(ids?: Iterable<string>): Iterable<Read> {
    if (this.#open === 0) return []
    const reads = ids === undefined ? this.#reads : [...ids].flatMap((id) => this.#at(id))
    return new Set(reads.filter(({ isOpen }) => isOpen))
  }

  /** Is any read of this key open? */
  has(id: string): boolean {
    return this.#open > 0 && this.#at(id).some(({ isOpen }) => isOpen)
  }

  /** Has the second question of the open reads of these keys sent, or of all of them. */
  ask(ids?: Iterable<string>): void {
    for (const read of this.of(ids)) read.ask()
  }

  #at(id: string): readonly Read[] {
    for (; this.#indexed < this.#reads.length; this.#indexed++) {
      const read = this.#reads[this.#indexed] as Read
      for (const key of read.ids) {
        const reads = this.#byKey.get(key)
        if (reads) reads.push(read)
        else this.#byKey.set(key, [read])
      }
    }
    return this.#byKey.get(id) ?? []
  }

  #forget(rest: Read[]): void {
    this.#reads = rest
    this.#indexed = 0
    this.#byKey.clear()
  }
}

/** The second try of a read; where nothing can be copied, it looks under every name instead. */
export async function adoptOrLook(plan: Plan, carryOut: (plan: Plan) => Promise<unknown>): Promise<unknown> {
  try {
    return await carryOut(plan)
  } catch (error) {
    const look = cannotCopy(error) && withoutAdopting(plan)
    if (!look) throw error
    return carryOut(look)
  }
}

/** The server is out of memory, or has become a replica: a read still has an answer there. */
function cannotCopy(error: unknown): boolean {
  return error instanceof Error && /^(OOM|READONLY) /.test(error.message)
}

/**
 * The open reads whose answer a command could change. Keys that are not managed count too.
 *
 * @param plan how the command goes out, unless it goes out as it is
 */
export function endangered<Read extends OpenRead>(
  reads: OpenReads<Read>,
  argv: readonly Arg[],
  located: Located | undefined,
  plan: Plan | undefined,
): Iterable<Read> {
  if (reads.isEmpty) return []
  if (located === undefined) return reads.of()
  const { row, keys } = located
  if (keys.some((key) => key.use !== 'read')) return reads.of(idsOf(located, plan?.steps[plan.op]?.argv ?? argv))
  // Behind a SELECT they would be asked elsewhere, and nothing of ours may be asked inside the caller's transaction.
  const endangersAll = row.special === 'select' || row.special === 'multi' || row.flags.includes('write')
  return keys.length === 0 && endangersAll ? reads.of() : []
}

/** Could a command of several keys, which goes out as `argv`, change the answer of any open read? */
export function changesAnswer(reads: OpenReads, argv: readonly Arg[], located: Located): boolean {
  return [...endangered(reads, argv, located, undefined)].length > 0
}

/** The names of a command's keys as they are sent. */
export function idsOf(located: Located, argv: readonly Arg[]): string[] {
  return located.keys.map(({ index }) => idOf(argv[index] as Arg))
}

/** One id for a name, be it a string or its bytes. */
export const idOf = (name: Arg): string => (typeof name === 'string' ? name : name.toString())
