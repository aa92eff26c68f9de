/**
 * A read of node-redis: one command for a hit, and a second question when its reply proves nothing.
 *
 * @module
 */
import { proves, type Arg, type Located } from '../../commands/index.js'
import type { Phase } from '../../phases/index.js'
import type { Plan, PlanContext, Rename, Step } from '../../plan/index.js'
import { renameError, renameReply, renamesOf } from '../shared/names.js'
import { idsOf, type OpenRead, type OpenReads } from '../shared/open-reads.js'
import type { Wrapping } from '../shared/wrapping.js'
import type { CommandOptions, RawConnection } from './types.js'
import { isServerError, type Wire } from './wire.js'

/** What a read needs of the connection it goes through. */
export interface Asker {
  readonly reads: OpenReads
  readonly wire: Wire
  /** Carries out the plan of a second question. */
  again(plan: Plan, from: RawConnection, options?: CommandOptions): Promise<unknown>
}

/** What is asked, and how to ask it again. Made for each read: it computes what only a miss or an error needs when they come. */
export interface Question {
  readonly located: Located
  /** The command line as it is sent. */
  readonly argv: readonly Arg[]
  renames(): readonly Rename[]
  /** The plan with the COPY in front; undefined where there turns out to be nothing to copy. */
  plan(): Plan | undefined
}

/** A read that is tried under one name first. */
export class TriedRead implements OpenRead {
  isOpen = true
  #second: Promise<unknown> | undefined

  constructor(
    readonly question: Question,
    readonly asker: Asker,
    readonly from: RawConnection,
    readonly options: CommandOptions | undefined,
  ) {}

  get ids(): readonly string[] {
    return idsOf(this.question.located, this.question.argv)
  }

  /** Gives the answer, under the caller's names, from the reply to the command under one name. */
  follow(reply: Promise<unknown>): Promise<unknown> {
    this.asker.reads.add(this)
    return reply.then(
      (value) => this.#answered(value),
      (error: Error) => this.#failed(error),
    )
  }

  ask(): void {
    if (this.#second) return
    try {
      const plan = this.question.plan()
      if (plan?.optimistic) this.#second = this.asker.again(plan, this.from, this.options)
    } catch (refusal) {
      const error = refusal as Error
      this.#second = Promise.reject(error)
    }
    this.#second?.catch(() => undefined)
  }

  #answered(value: unknown): unknown {
    this.asker.reads.remove(this)
    return this.#proves(value) ? this.#named(value) : (this.#fromSecond() ?? this.#named(value))
  }

  #failed(error: Error): unknown {
    this.asker.reads.remove(this)
    // A connection that closed, or a timeout: there is nobody to ask again.
    const second = !isServerError(error) || this.#proves(error) ? undefined : this.#fromSecond()
    if (second === undefined) throw error
    return second
  }

  #proves(reply: unknown): boolean {
    return proves(this.question.located, this.question.argv, reply)
  }

  /** The answer to the second question, which is asked now if it has not been. */
  #fromSecond(): Promise<unknown> | undefined {
    this.ask()
    return this.#second?.then(
      (value) => this.#named(value),
      (error: Error) => {
        throw renameError(error, this.question.renames())
      },
    )
  }

  #named(value: unknown): unknown {
    const { reply } = this.question.located.row
    return reply === 'none' ? value : renameReply(reply, value, this.question.renames())
  }
}

/** One command for a hit; COPY and the command again when the reply does not prove that every key exists. */
export function tryRead(
  question: Question,
  asker: Asker,
  from: RawConnection,
  options: CommandOptions | undefined,
): Promise<unknown> {
  return new TriedRead(question, asker, from, options).follow(asker.wire.one(from, question.argv, options))
}

/** A read whose plan was made. */
export class PlannedQuestion implements Question {
  constructor(readonly made: Plan) {}

  get located(): Located {
    return this.made.located
  }

  get argv(): readonly Arg[] {
    return (this.made.steps[this.made.op] as Step).argv
  }

  renames(): readonly Rename[] {
    return this.made.renames
  }

  plan(): Plan {
    return this.made
  }
}

/** A read that took the short way: its plan is made if it is needed, as it would have been made at first. */
export class ShortQuestion implements Question {
  constructor(
    readonly located: Located,
    /** Our own: the caller may change his while the reply is awaited. */
    readonly argv: readonly Arg[],
    /** Its arguments as the caller wrote them, up to the last key. */
    readonly asked: readonly Arg[],
    readonly phase: Phase,
    readonly context: PlanContext,
    readonly wrapping: Wrapping,
  ) {}

  renames(): readonly Rename[] {
    return renamesOf(this.located, this.asked, this.argv.slice(1))
  }

  plan(): Plan | undefined {
    const context = { ...this.context, phaseOf: () => this.phase }
    return this.wrapping.plan(this.argv, context, this.located, true)
  }
}
