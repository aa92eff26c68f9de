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

/** The names of a command's keys as they are sent. */
export function idsOf(located: Located, argv: readonly Arg[]): string[] {
  return located.keys.map(({ index }) => {
    const name = argv[index] as Arg
    return typeof name === 'string' ? name : name.toString('latin1')
  })
}
