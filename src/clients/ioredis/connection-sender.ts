/**
 * Puts the steps of a plan on the wire of one connection.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan, Step } from '../../plan/index.js'
import { BlockStream, isCounted, nextPosition } from './block-stream.js'
import { OwnUnit, partClassOf } from './own-unit.js'
import { become, loaded, ownCommand, setName, type Route, type Sender } from './sender.js'
import { settle, type Outcome } from '../shared/outcome.js'
import {
  commandClassOf,
  planned,
  type CommandClass,
  type RawClient,
  type RawCommand,
  type WritableTarget,
} from './types.js'

const multi = ['multi']
const exec = ['exec']
// What is in a transaction is only QUEUED.
const ignore = (): void => undefined

/** Of a command in a pipeline, or of the one that something is sent in front of. */
function positionOf(command: RawCommand, { stream, position }: Route): number | undefined {
  return stream && (position ?? command.pipelineIndex)
}

/** Sends steps through one connection. */
export class ConnectionSender implements Sender {
  constructor(readonly client: RawClient) {}

  /** Has this command been here before, or is it one of ours? */
  isPlanned(command: RawCommand): boolean {
    return command[planned] !== undefined
  }

  markPlanned(command: RawCommand): void {
    command[planned] = true
  }

  /** Sends a command as it stands. */
  pass(command: RawCommand, stream: WritableTarget | undefined, node: unknown): unknown {
    if (stream && isCounted(stream)) command.pipelineIndex = nextPosition(stream, undefined)
    return this.client.sendCommand(command, stream, node)
  }

  /** Sends the caller's own command with other arguments. */
  rewritten(command: RawCommand, step: Step, route: Route): unknown {
    command[planned] = true
    become(command, step.argv)
    return this.pass(command, route.stream, route.node)
  }

  renamed(command: RawCommand, name: Arg, stream: WritableTarget | undefined, node: unknown): unknown {
    command[planned] = true
    setName(command, name)
    return this.pass(command, stream, node)
  }

  /**
   * Sends steps around the caller's own command, which stands for the step `op`.
   * A failed adopt fails the command: its reply would speak of a key that was never copied.
   */
  around(command: RawCommand, plan: Plan, route: Route, failOnAdopt: boolean): unknown {
    const Command = commandClassOf(command)
    const stream = new BlockStream(this.client, plan.steps.length, route.stream)
    const replies: unknown[] = []
    if (failOnAdopt) {
      const { resolve, reject } = command
      // The op comes last, so the replies to the other steps are there.
      command.resolve = (value) => {
        replies[plan.op] = value
        settle(plan, replies, {
          resolve: (reply) => resolve.call(command, reply),
          reject: (error) => reject.call(command, error),
        })
      }
    }
    const { inTransaction } = command
    plan.steps.forEach((step, i) => {
      if (i === plan.op) {
        command[planned] = true
        // SPOP is a script where it is mirrored.
        become(command, step.argv)
        this.#write(command, stream, route, command.pipelineIndex)
        return
      }
      const extra = this.#make(Command, step.argv)
      if (inTransaction) extra.inTransaction = true
      const { resolve, reject } = extra
      extra.resolve = (value) => resolve.call(extra, (replies[i] = value))
      extra.reject = (error) => reject.call(extra, (replies[i] = error))
      extra.promise.catch(() => undefined)
      this.#write(extra, stream, route, i < plan.op ? command.pipelineIndex : undefined)
    })
    return command.promise
  }

  /**
   * Sends steps in MULTI/EXEC, all of them commands of ours; the outcome gets the reply of the op.
   * One write, so nothing of the connection's comes between.
   */
  transaction(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void {
    const { steps, op } = plan
    const stream = new BlockStream(this.client, steps.length + 2, route.stream)
    const counting = route.stream ?? stream
    const position = positionOf(command, route)
    const unit = new OwnUnit(plan, outcome, command.promise)
    const Part = partClassOf(command)
    const send = (part: RawCommand): void => {
      part.pipelineIndex = nextPosition(counting, position)
      this.client.sendCommand(part, stream, route.node)
    }
    send(new Part(unit, multi, ignore, unit.refuse))
    for (let i = 0; i < steps.length; i++) {
      const { role, argv } = steps[i] as Step
      const part = new Part(unit, loaded(this.client, argv), ignore, i === op ? unit.refuseOp : unit.refuse)
      part.inTransaction = true
      // ioredis knows its own commands (`select`) in lower case only; of the caller's an error may quote the name.
      if (role !== 'op') part.name = part.name.toLowerCase()
      send(part)
    }
    send(new Part(unit, exec, unit.resolve, unit.reject))
  }

  /** Sends steps one after the other, all of them commands of ours; the outcome gets the reply of the op. */
  sequence(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void {
    const Command = commandClassOf(command)
    const stream = new BlockStream(this.client, plan.steps.length, route.stream)
    const replies = plan.steps.map((step) => {
      const part = this.#make(Command, step.argv, step.role === 'op')
      this.#write(part, stream, { ...route, stream: route.stream ?? stream }, positionOf(command, route))
      return part.promise.catch((error: Error) => error)
    })
    void Promise.all(replies).then((all) => settle(plan, all, outcome))
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

  #make(Command: CommandClass, argv: readonly Arg[], asAsked = false): RawCommand {
    const command = ownCommand(Command, argv, asAsked)
    command[planned] = true
    return command
  }

  #write(command: RawCommand, stream: WritableTarget, route: Route, position: number | undefined): void {
    if (route.stream) command.pipelineIndex = nextPosition(route.stream, position)
    this.client.sendCommand(command, stream, route.node)
  }
}
