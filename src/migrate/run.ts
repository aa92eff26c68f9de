/**
 * What the operations share: the walk through the keyspace, the counts, the errors, the clock.
 *
 * @module
 */
import { printable, type Job, type Names } from './names.js'
import { planWalks, scanNames } from './scan.js'
import type { Session } from './session.js'
import type { KeyError, Operation, Progress, RunResult } from './types.js'

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

/** One operation under way. */
export class Run {
  readonly #startedAt = new Date()
  readonly #errors = new Capped<KeyError>(EXAMPLES)
  #scanned = 0
  #total = 0

  constructor(
    readonly operation: Operation,
    readonly session: Session,
    readonly names: Names,
    readonly batch: number,
    readonly onProgress: ((progress: Progress) => void | Promise<void>) | undefined,
  ) {}

  /**
   * The logical keys met, in batches. The same one may come again in a later batch: by another of its aliases, or
   * because SCAN gives a name twice when the server's table shrinks.
   *
   * @param counts What `onProgress` is told; it is called when the consumer comes back for the next batch.
   */
  async *jobs(sides: 'aliases' | 'both', counts: Readonly<Record<string, number>>, match?: string) {
    const walks = planWalks(this.names, sides, match)
    const sizes: number[] = []
    for (const { db } of walks) sizes.push(await this.#size(db))
    this.#total = sizes.reduce((sum, size) => sum + size, 0)
    for (const [index, walk] of walks.entries()) {
      let walked = 0
      const before = this.#scanned
      for await (const found of scanNames(await this.session.port(walk.db), walk, this.batch)) {
        yield found.map((name) => this.names.resolve(name, walk.db)).filter((job) => job !== undefined)
        walked += this.batch
        this.#scanned = before + Math.min(walked, sizes[index]!)
        await this.onProgress?.({ operation: this.operation, scanned: this.#scanned, total: this.#total, counts })
      }
      this.#scanned = before + sizes[index]!
    }
  }

  async #size(db: number): Promise<number> {
    return Number(await (await this.session.port(db)).send(['DBSIZE']))
  }

  /** Notes a key that failed. */
  failed(job: Job, name: Buffer, error: Error): void {
    const { family, canonical } = job
    this.#errors.push({ key: printable(name), canonical: printable(canonical), family, error: error.message })
  }

  /** The part of the result that every operation has. */
  result(): RunResult {
    const finishedAt = new Date()
    return {
      startedAt: this.#startedAt,
      finishedAt,
      durationMs: finishedAt.getTime() - this.#startedAt.getTime(),
      schema: this.names.schema.name,
      hash: this.names.schema.hash,
      scanned: this.#scanned,
      errors: this.#errors.items,
      errorsOmitted: this.#errors.omitted,
    }
  }
}

/** Jobs without those for the same logical key. */
export function distinctKeys(jobs: readonly Job[]): Job[] {
  return [...new Map(jobs.map((job) => [job.canonical.toString('latin1'), job])).values()]
}
