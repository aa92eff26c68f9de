/**
 * What should be in Redis, kept in this process by those who changed it: the only witness that Redis cannot influence.
 *
 * @module
 */

/** Where a job can be. */
export type State = 'pending' | 'active' | 'completed' | 'failed'

/** One job as its clients know it. */
export interface Job {
  readonly id: string
  readonly priority: number
  /** The worker that took it last; loaded and waiting jobs have none. */
  worker: string | undefined
  /** The state that has been acknowledged, and its version: each change of state adds one. */
  state: State
  version: number
  /** The version that is being written; above `version` while a change is on its way. */
  versionSent: number
  /** HINCRBYs of the counter: acknowledged, and sent. */
  count: number
  countSent: number
}

/** What one service did. */
export type Kind = 'raw' | 'wrapped' | 'naive'

/** The record of one demonstration. */
export class Ledger {
  readonly jobs = new Map<string, Job>()
  /** For picking at random. */
  readonly ids: string[] = []
  /** Jobs that are active and that nobody is changing now. */
  readonly workable: Job[] = []
  /** Ids on their way into the queue: a worker may have one before its creator hears that it is there. */
  readonly creating = new Set<string>()
  readonly operations: Record<Kind, number> = { raw: 0, wrapped: 0, naive: 0 }
  readonly errors: string[] = []
  errorCount = 0
  staleReads = 0
  /** Jobs that came out of the queue a second time. */
  takenTwice = 0
  /** Events are numbered from 0. */
  events = 0
  /** Events whose PUBLISH failed: nobody can say whether they were sent. */
  readonly doubtful = new Set<number>()
  readonly #onTheirWay = new Set<number>()
  readonly #waiting: { readonly total: number; readonly resolve: () => void }[] = []
  #nextId = 0

  get total(): number {
    return this.operations.raw + this.operations.wrapped + this.operations.naive
  }

  /** A job that does not exist yet. */
  newJob(state: State, count: number, worker?: string): Job {
    const id = String(1000 + this.#nextId++)
    const priority = Number(id) % 100
    return { id, priority, worker, state, version: 1, versionSent: 1, count, countSent: count }
  }

  /** From here on others may find it. */
  add(job: Job): void {
    this.jobs.set(job.id, job)
    this.ids.push(job.id)
    if (job.state === 'active') this.workable.push(job)
  }

  /** Numbers an event, and notes when it has been published. */
  async event(publish: (number: number) => Promise<unknown>): Promise<void> {
    const number = this.events++
    this.#onTheirWay.add(number)
    try {
      await publish(number)
    } catch (error) {
      this.doubtful.add(number)
      throw error
    } finally {
      this.#onTheirWay.delete(number)
    }
  }

  /** Every event below this number has been published. */
  get eventsSettled(): number {
    return Math.min(this.events, ...this.#onTheirWay)
  }

  /** One more operation that was acknowledged. */
  done(kind: Kind): void {
    this.operations[kind]++
    for (let next = this.#waiting[0]; next && next.total <= this.total; next = this.#waiting[0]) {
      this.#waiting.shift()
      next.resolve()
    }
  }

  /** One that failed. */
  failed(error: unknown): void {
    this.errorCount++
    if (this.errors.length < 5) this.errors.push(error instanceof Error ? error.message : String(error))
  }

  /** Waits until so many more operations were acknowledged. */
  more(operations: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ total: this.total + operations, resolve }))
  }
}

/** Counts messages by their number. */
export class Inbox {
  readonly #received = new Map<number, number>()
  /** The events below this number have to be there. */
  #until = Infinity

  constructor(
    readonly name: string,
    readonly ledger: Ledger,
  ) {}

  readonly receive = (message: string): void => {
    const number = Number(message)
    this.#received.set(number, (this.#received.get(number) ?? 0) + 1)
  }

  /** Closes it before the end: it has to have what has been published by now. */
  close(): void {
    this.#until = this.ledger.eventsSettled
  }

  /** Call when nothing is on its way any more. */
  result(): { received: number; lost: number; doubled: number } {
    const { events, doubtful } = this.ledger
    const found = { received: 0, lost: 0, doubled: 0 }
    for (let number = 0; number < Math.min(this.#until, events); number++) {
      const times = this.#received.get(number) ?? 0
      if (times > 0) found.received++
      else if (!doubtful.has(number)) found.lost++
      if (times > 1) found.doubled += times - 1
    }
    return found
  }
}
