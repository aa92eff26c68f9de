/**
 * A transaction of ours on its way: MULTI, the steps and EXEC, which answer to one object.
 *
 * Each of them as an ioredis `Command` of its own, with a promise and a closure for each way that may end, was half of what
 * a mirrored write took of the client.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { answer, explained, type Outcome } from '../shared/outcome.js'
import { commandClassOf, planned, type CommandClass, type RawCommand } from './types.js'

/** How a transaction ends. */
export class OwnUnit {
  readonly #plan: Plan
  readonly #outcome: Outcome
  #refused: Error | undefined
  #isSettled = false
  #clock: NodeJS.Timeout | undefined

  constructor(
    plan: Plan,
    outcome: Outcome,
    /** Of the caller's command. A tracer that follows the parts of the unit follows this. */
    readonly promise: Promise<unknown>,
  ) {
    this.#plan = plan
    this.#outcome = outcome
  }

  // Functions of their own, not methods: tracers take them off a command and call them alone, as they may with ioredis' own.

  /** The server refuses a command when it is queued, and then EXEC says only EXECABORT: the reason is kept. */
  readonly refuse = (error: Error): void => {
    this.#refused ??= explained(error)
  }

  /** The reason that the caller's own command is refused for says more than that of a step of ours. */
  readonly refuseOp = (error: Error): void => {
    this.#refused = explained(error)
  }

  /** What EXEC replied. */
  readonly resolve = (replies: unknown): void => {
    if (!this.#settles()) return
    try {
      answer(this.#plan, replies as unknown[], this.#outcome)
    } catch (error) {
      // Thrown into the reader of the replies, it would take those behind along.
      this.#outcome.reject(error as Error)
    }
  }

  /** EXEC failed, or it never got to the server. */
  readonly reject = (error: Error): void => {
    if (!this.#settles()) return
    const { discarded, reject } = this.#outcome
    const tell = (error.message.startsWith('EXECABORT') && discarded) || reject
    tell(this.#refused ?? error)
  }

  /** The client's `commandTimeout`. All parts are one write, so they have one clock; one that runs is not set again. */
  startClock(ms: number): void {
    this.#clock ??= setTimeout(() => this.reject(new Error('Command timed out')), ms)
  }

  /** A reply may come after the timeout. */
  #settles(): boolean {
    if (this.#isSettled) return false
    clearTimeout(this.#clock)
    return (this.#isSettled = true)
  }
}

/** The class of a command of a unit, which has what ioredis touches on the commands it sends, and no more. */
interface PartClass {
  new (unit: OwnUnit, argv: readonly Arg[], resolve: RawCommand['resolve'], reject: RawCommand['reject']): RawCommand
}

const classes = new WeakMap<CommandClass, PartClass>()

/** The class of parts for the copy of ioredis that made this command: its `Command` knows how they are written. */
export function partClassOf(like: RawCommand): PartClass {
  const Command = commandClassOf(like)
  let known = classes.get(Command)
  if (known === undefined) classes.set(Command, (known = definePart(Command)))
  return known
}

function definePart(Command: CommandClass): PartClass {
  class Part {
    readonly [planned] = true
    name: string
    args: Arg[]
    bufferMode: boolean
    inTransaction = false
    // ioredis sets these two: here they do not change the command's shape.
    isTraced = false
    pipelineIndex: number | undefined = undefined
    readonly promise: Promise<unknown>
    readonly #unit: OwnUnit

    constructor(
      unit: OwnUnit,
      argv: readonly Arg[],
      public resolve: RawCommand['resolve'],
      public reject: RawCommand['reject'],
    ) {
      const [name = ''] = argv
      this.name = String(name)
      this.args = argv.slice(1)
      this.bufferMode = !this.args.every(isText)
      this.promise = unit.promise
      this.#unit = unit
    }

    toWritable(socket: unknown): string | Buffer {
      return this.bufferMode
        ? Command.prototype.toWritable.call(this, socket)
        : written(this.name, this.args as string[])
    }

    setTimeout(ms: number): void {
      this.#unit.startClock(ms)
    }

    // Nothing waits in a transaction.
    setBlockingTimeout(): void {}

    // Nobody shapes what it is answered.
    setReplyContext(): void {}
  }
  Object.setPrototypeOf(Part.prototype, Command.prototype)
  return Part as unknown as PartClass
}

const isText = (arg: Arg): boolean => typeof arg === 'string'

/** A command line of texts as it is written: half the pieces that ioredis makes of it, for two lines go out for each write. */
function written(name: string, args: readonly string[]): string {
  let text = `*${args.length + 1}${lengthOf(name)}${name}`
  for (const arg of args) text = text + lengthOf(arg) + arg
  return `${text}\r\n`
}

const lengths = Array.from({ length: 128 }, (_, length) => `\r\n$${length}\r\n`)

function lengthOf(arg: string): string {
  const length = Buffer.byteLength(arg)
  return lengths[length] ?? `\r\n$${length}\r\n`
}
