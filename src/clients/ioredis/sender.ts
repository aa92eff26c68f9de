/**
 * Puts the steps of a plan on the wire of one ioredis connection.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Plan, Step } from '../../plan/index.js'
import { BlockStream, isCounted, nextPosition } from './block-stream.js'
import { commandClassOf, type CommandClass, type RawClient, type RawCommand, type WritableTarget } from './types.js'

/** Where a command of the caller's was going. */
export interface Route {
  readonly stream: WritableTarget | undefined
  readonly node: unknown
}

/** Takes what a command came to; exactly one of them is called, once. */
export interface Outcome {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Sends steps through the raw client, below the facade. */
export class Sender {
  /** Commands that have been planned: they pass a second time when ioredis resends them after a reconnect. */
  readonly #planned = new WeakSet<RawCommand>()

  constructor(readonly client: RawClient) {}

  /** Has this command been here before, or is it one of ours? */
  isPlanned(command: RawCommand): boolean {
    return this.#planned.has(command)
  }

  /** Sends a command as it stands. */
  pass(command: RawCommand, route: Route): unknown {
    if (route.stream && isCounted(route.stream)) command.pipelineIndex = nextPosition(route.stream, undefined)
    return this.client.sendCommand(command, route.stream, route.node)
  }

  /** Sends the caller's own command with other arguments. */
  rewritten(command: RawCommand, step: Step, route: Route): unknown {
    this.#planned.add(command)
    setArguments(command, step.argv)
    return this.pass(command, route)
  }

  /**
   * Sends steps around the caller's own command, which stands for the step `op`.
   * A failed adopt fails the command: its reply would speak of a key that was never copied.
   */
  around(command: RawCommand, plan: Plan, route: Route, failOnAdopt: boolean): unknown {
    const Command = commandClassOf(command)
    const stream = new BlockStream(this.client, plan.steps.length, route.stream)
    let failure: Error | undefined
    if (failOnAdopt) {
      const { resolve, reject } = command
      command.resolve = (value) => (failure ? reject.call(command, failure) : resolve.call(command, value))
    }
    const { inTransaction } = command
    plan.steps.forEach((step, i) => {
      if (i === plan.op) {
        this.#planned.add(command)
        setArguments(command, step.argv)
        this.#write(command, stream, route, command.pipelineIndex)
        return
      }
      const extra = this.#make(Command, step.argv)
      if (inTransaction) extra.inTransaction = true
      extra.promise.catch((error: Error) => {
        if (step.role === 'adopt') failure = tooOld(error)
      })
      this.#write(extra, stream, route, i < plan.op ? command.pipelineIndex : undefined)
    })
    return command.promise
  }

  /**
   * Sends steps in MULTI/EXEC, all of them commands of ours; the outcome gets the reply of the op.
   * One write, so nothing of the connection's comes between.
   */
  transaction(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void {
    const Command = commandClassOf(command)
    const steps = plan.steps.map((step) => this.#make(Command, this.#loaded(step.argv)))
    const multi = this.#make(Command, ['multi'])
    const exec = this.#make(Command, ['exec'])
    const stream = new BlockStream(this.client, steps.length + 2, route.stream)
    let refused: Error | undefined
    steps.forEach((step, i) => {
      step.inTransaction = true
      // The server refuses a command when it is queued, and then EXEC says only EXECABORT: keep the reason.
      step.promise.catch((error: Error) => {
        if (refused === undefined || i === plan.op) refused = tooOld(error)
      })
    })
    multi.promise.catch((error: Error) => (refused ??= error))
    exec.promise.then(
      (replies) => {
        const reply = opReply(plan, replies as unknown[])
        if (reply instanceof Error) outcome.reject(reply)
        else outcome.resolve(reply)
      },
      (error: Error) => outcome.reject(refused ?? error),
    )
    const position = command.pipelineIndex
    const counting = route.stream ?? stream
    for (const part of [multi, ...steps, exec]) this.#write(part, stream, { ...route, stream: counting }, position)
  }

  /** Sends steps one after the other, all of them commands of ours; the outcome gets the reply of the op. */
  sequence(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void {
    const Command = commandClassOf(command)
    const stream = new BlockStream(this.client, plan.steps.length, route.stream)
    let failure: Error | undefined
    plan.steps.forEach((step, i) => {
      const part = this.#make(Command, step.argv)
      part.promise.then(
        (value) => {
          if (i !== plan.op) return
          if (failure) outcome.reject(failure)
          else outcome.resolve(value)
        },
        (error: Error) => {
          if (i === plan.op) outcome.reject(failure ?? error)
          else failure ??= tooOld(error)
        },
      )
      this.#write(part, stream, { ...route, stream: route.stream ?? stream }, command.pipelineIndex)
    })
  }

  /**
   * Answers a command that cannot be sent. In a pipeline a PING takes its place, since the pipeline waits
   * for one write of each of its commands.
   */
  refuse(command: RawCommand, error: Error, route: Route): unknown {
    if (route.stream) {
      const ping = this.#make(commandClassOf(command), ['ping'])
      if (command.inTransaction) ping.inTransaction = true
      ping.promise.catch(() => undefined)
      this.#write(ping, route.stream, route, command.pipelineIndex)
    }
    command.reject(error)
    return command.promise
  }

  /**
   * A command of our own, sent outside of any plan. Never while a pipeline is being sent: ioredis has queued what it
   * has not written yet, and the replies would go to the wrong commands. `onReply` is called at once,
   * before the next reply is read.
   */
  own(like: RawCommand, argv: readonly Arg[], onReply?: () => void): Promise<unknown> {
    const command = this.#make(commandClassOf(like), argv)
    const { resolve } = command
    command.resolve = (value) => {
      onReply?.()
      return resolve.call(command, value)
    }
    this.client.sendCommand(command)
    return command.promise
  }

  /** Commands of our own in the place of the caller's, which is answered later. */
  inPlaceOf(command: RawCommand, argvs: readonly (readonly Arg[])[], route: Route): Promise<unknown>[] {
    const Command = commandClassOf(command)
    const stream = new BlockStream(this.client, argvs.length, route.stream)
    return argvs.map((argv) => {
      const own = this.#make(Command, argv)
      this.#write(own, stream, route, command.pipelineIndex)
      return own.promise
    })
  }

  #make(Command: CommandClass, argv: readonly Arg[]): RawCommand {
    const [name, ...args] = argv
    const command = new Command(String(name).toLowerCase(), args, { replyEncoding: null })
    this.#planned.add(command)
    return command
  }

  #write(command: RawCommand, stream: WritableTarget, route: Route, position: number | undefined): void {
    if (route.stream) command.pipelineIndex = nextPosition(route.stream, position)
    this.client.sendCommand(command, stream, route.node)
  }

  /** A script defined on the client goes as EVAL: inside MULTI there is no second try after NOSCRIPT. */
  #loaded(argv: readonly Arg[]): readonly Arg[] {
    if (String(argv[0]).toLowerCase() !== 'evalsha') return argv
    const sha = String(argv[1])
    const script = Object.values(this.client.scriptsSet).find((one) => one.sha === sha)
    return script ? ['eval', script.lua, ...argv.slice(2)] : argv
  }
}

/** Which element of EXEC's reply is the caller's, or the sum of several. */
export function opReply(plan: Pick<Plan, 'op' | 'sum'>, replies: readonly unknown[]): unknown {
  if (plan.sum === undefined) return replies[plan.op]
  const parts = plan.sum.map((i) => replies[i])
  return parts.find((part) => part instanceof Error) ?? parts.reduce<number>((sum, part) => sum + Number(part), 0)
}

function setArguments(command: RawCommand, argv: readonly Arg[]): void {
  command.args = argv.slice(1)
  if (argv.some((arg) => typeof arg !== 'string')) command.bufferMode = true
  command.keys = undefined
  command.slot = undefined
}

/** A server before 6.2 does not know COPY: say what that means. */
function tooOld(error: Error): Error {
  return /unknown command .copy/i.test(error.message) ? serverTooOld(undefined, error) : error
}

/** The error for a server without COPY. */
export function serverTooOld(version: string | undefined, cause?: Error): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_SERVER_TOO_OLD',
    `the server${version ? ` is ${version}, and` : ''} has no COPY, without which no key can be moved safely; ` +
      'Redis 6.2 or later (or any Valkey) is needed',
    { hint: 'upgrade the server, or use the client unwrapped until then', cause },
  )
}
