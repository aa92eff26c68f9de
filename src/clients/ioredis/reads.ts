/**
 * A read of ioredis: one command for a hit, and a second question when its reply proves nothing.
 *
 * @module
 */
import { proves, type Arg, type Located } from '../../commands/index.js'
import type { Phase } from '../../phases/index.js'
import type { Plan, PlanContext, Rename, Step } from '../../plan/index.js'
import { renameError, renamesOf } from '../shared/names.js'
import { adoptOrLook, idOf, idsOf, type OpenRead, type OpenReads } from '../shared/open-reads.js'
import type { Wrapping } from '../shared/wrapping.js'
import { asAsked } from './renames.js'
import type { Route } from './sender.js'
import { planned, type RawCommand } from './types.js'

/** What a read needs of the connection it goes through. */
export interface Asker {
  readonly reads: OpenReads<TriedRead>
  readonly wrapping: Wrapping
  /** The plan as it is to be carried out now. */
  again(plan: Plan): Plan
  carriedOut(plan: Plan, command: RawCommand, route: Route): Promise<unknown>
}

/**
 * A read that is tried under one name first, and how to ask it again. There is one for each read, on its command, so it
 * computes what only a miss or an error needs when they come.
 */
export abstract class TriedRead implements OpenRead {
  isOpen = true
  #second: Promise<unknown> | undefined
  readonly #resolve: RawCommand['resolve']
  readonly #reject: RawCommand['reject']

  /** The command answers through this from now on. */
  constructor(
    readonly command: RawCommand,
    readonly asker: Asker,
  ) {
    this.#resolve = command.resolve
    this.#reject = command.reject
    command[planned] = true
    // Closures, and not one function for all commands: tracers take these off a command and call them by themselves.
    command.resolve = (reply) => this.answered(reply)
    command.reject = (error) => this.failed(error)
    asker.reads.add(this)
  }

  protected abstract readonly located: Located
  /** The names of its keys as they are sent. */
  abstract readonly ids: readonly string[]
  protected abstract renames(): readonly Rename[]
  /** The caller's own arguments. */
  protected abstract asked(): readonly Arg[]
  /** The plan with the COPY in front; undefined where there turns out to be nothing to copy. */
  protected abstract plan(): Plan | undefined

  ask(): void {
    this.prepare()?.({ stream: undefined, node: undefined })
  }

  /**
   * Plans the second question, unless it has been sent already.
   *
   * @returns what sends it, in one write to the stream of the route
   */
  prepare(): ((route: Route) => void) | undefined {
    if (this.#second) return undefined
    const { command, asker } = this
    let plan: Plan | undefined
    try {
      plan = this.plan()
      if (!plan?.optimistic) return undefined
      plan = asker.again(plan)
    } catch (error) {
      this.#second = Promise.reject(error instanceof Error ? error : new Error(String(error)))
      this.#second.catch(() => undefined)
      return undefined
    }
    const first = plan
    return (route) => {
      let way: Route = route
      this.#second = adoptOrLook(first, (one) => {
        const sent = asker.carriedOut(one, command, way)
        // A third question comes when the stream of a pipeline has long been written.
        way = { stream: undefined, node: route.node }
        return sent
      })
      this.#second.catch(() => undefined)
    }
  }

  answered(reply: unknown): unknown {
    this.asker.reads.remove(this)
    if (this.#proves(reply) || !this.#isAsked()) return this.#resolve.call(this.command, reply)
    this.#followSecond()
    return this.command.promise
  }

  failed(error: Error): void {
    this.asker.reads.remove(this)
    // A connection that closed, or a timeout: there is nobody to ask again.
    if (error.name !== 'ReplyError' || this.#proves(error) || !this.#isAsked()) this.#fail(error)
    else this.#followSecond()
  }

  #proves(reply: unknown): boolean {
    return proves(this.located, this.command.args, reply)
  }

  /** Has the second question been asked, if only now? */
  #isAsked(): boolean {
    this.ask()
    return this.#second !== undefined
  }

  #followSecond(): void {
    void this.#second?.then(
      (value) => this.#resolve.call(this.command, value),
      (error: Error) => this.#fail(error),
    )
  }

  #fail(error: Error): void {
    const { command } = this
    this.#reject.call(command, asAsked(renameError(error, this.renames()), command.name, this.asked()))
  }
}

/** A read whose plan was made. */
export class PlannedRead extends TriedRead {
  readonly ids: readonly string[]
  readonly #args: readonly Arg[]

  constructor(
    command: RawCommand,
    asker: Asker,
    readonly made: Plan,
  ) {
    super(command, asker)
    this.#args = [...command.args]
    this.ids = idsOf(made.located, (made.steps[made.op] as Step).argv)
  }

  protected get located(): Located {
    return this.made.located
  }

  protected renames(): readonly Rename[] {
    return this.made.renames
  }

  protected asked(): readonly Arg[] {
    return this.#args
  }

  protected plan(): Plan {
    return this.made
  }
}

/** A read that took the short way: its plan is made if it is needed, as it would have been made at first. */
abstract class UnplannedRead extends TriedRead {
  constructor(
    command: RawCommand,
    asker: Asker,
    protected readonly located: Located,
    readonly phase: Phase,
    readonly context: PlanContext,
  ) {
    super(command, asker)
  }

  protected plan(): Plan | undefined {
    const context = { ...this.context, phaseOf: () => this.phase }
    return this.asker.wrapping.plan([this.command.name, ...this.asked()], context, this.located, true)
  }
}

/** One of one key, which is its first argument. */
export class ShortRead extends UnplannedRead {
  constructor(
    command: RawCommand,
    asker: Asker,
    located: Located,
    /** Its name as the caller wrote it. */
    readonly name: Arg,
    phase: Phase,
    context: PlanContext,
  ) {
    super(command, asker, located, phase, context)
  }

  get ids(): readonly string[] {
    return [idOf(this.#sent)]
  }

  get #sent(): Arg {
    return this.command.args[0] as Arg
  }

  protected renames(): readonly Rename[] {
    return [{ sent: this.#sent, asked: this.name }]
  }

  protected asked(): readonly Arg[] {
    return this.command.args.with(0, this.name)
  }
}

/** One of several keys. */
export class ShortReadOfSeveral extends UnplannedRead {
  constructor(
    command: RawCommand,
    asker: Asker,
    located: Located,
    /** Its arguments as the caller wrote them. */
    readonly args: readonly Arg[],
    phase: Phase,
    context: PlanContext,
  ) {
    super(command, asker, located, phase, context)
  }

  get ids(): readonly string[] {
    return idsOf(this.located, [this.command.name, ...this.command.args])
  }

  protected renames(): readonly Rename[] {
    return renamesOf(this.located, this.args, this.command.args)
  }

  protected asked(): readonly Arg[] {
    return this.args
  }
}
