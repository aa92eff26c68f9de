/**
 * Puts the steps of a plan on the wires of a cluster: through pipelines of ioredis, which find the node, stay on it, and
 * follow MOVED and ASK.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan, Step } from '../../plan/index.js'
import { become, loaded, readsReplyOf, ownCommand, setName, type Route, type Sender } from './sender.js'
import { answer, explained, settle, type Outcome } from '../shared/outcome.js'
import {
  commandClassOf,
  planned,
  type RawClient,
  type RawCommand,
  type RawPipeline,
  type WritableTarget,
} from './types.js'

/** Sends steps through a cluster. */
export class ClusterSender implements Sender {
  constructor(readonly client: RawClient) {}

  isPlanned(command: RawCommand): boolean {
    return command[planned] !== undefined
  }

  markPlanned(command: RawCommand): void {
    command[planned] = true
  }

  pass(command: RawCommand, stream: WritableTarget | undefined, node: unknown): unknown {
    return this.client.sendCommand(command, stream, node)
  }

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

  around(command: RawCommand, plan: Plan, route: Route): unknown {
    this.sequence(command, plan, route, {
      resolve: (value) => {
        readsReplyOf(this.client, command)
        command.resolve(value)
      },
      reject: (error) => command.reject(error),
    })
    return command.promise
  }

  transaction(command: RawCommand, plan: Plan, _route: Route, outcome: Outcome): void {
    const argvs = plan.steps.map(({ argv }) => loaded(this.client, argv))
    this.#queued(this.client.multi(), command, argvs)
      .exec()
      .then((results) =>
        answer(
          plan,
          (results ?? []).map(([error, value]) => error ?? value),
          outcome,
        ),
      )
      .catch((error: Error & { previousErrors?: Error[] }) => {
        // EXECABORT says nothing; the server's reason came with the command that it would not queue.
        const isDiscarded = error.message.startsWith('EXECABORT')
        const tell = (isDiscarded && outcome.discarded) || outcome.reject
        tell(explained(error.previousErrors?.at(-1) ?? error))
      })
  }

  sequence(command: RawCommand, plan: Plan, _route: Route, outcome: Outcome): void {
    const argvs = plan.steps.map(({ argv }) => argv)
    this.#queued(this.client.pipeline(), command, argvs)
      .exec()
      .then((results) =>
        settle(
          plan,
          (results ?? []).map(([error, value]) => error ?? value),
          outcome,
        ),
      )
      .catch((error: Error) => outcome.reject(error))
  }

  refuse(command: RawCommand, error: Error): unknown {
    command.reject(error)
    return command.promise
  }

  own(like: RawCommand, argv: readonly Arg[], onReply?: () => void): Promise<unknown> {
    const command = ownCommand(commandClassOf(like), argv)
    command[planned] = true
    const { resolve } = command
    command.resolve = (value) => {
      onReply?.()
      return resolve.call(command, value)
    }
    this.client.sendCommand(command)
    return command.promise
  }

  inPlaceOf(command: RawCommand, argvs: readonly (readonly Arg[])[]): Promise<unknown>[] {
    return argvs.map((argv) => this.own(command, argv))
  }

  /** Commands of ours, whose replies nobody else shapes; and whose keys iovalkey finds, as it does in lower case alone. */
  #queued(pipeline: RawPipeline, like: RawCommand, argvs: readonly (readonly Arg[])[]): RawPipeline {
    for (const argv of argvs) {
      const command = ownCommand(commandClassOf(like), argv)
      command[planned] = true
      pipeline.sendCommand(command)
    }
    return pipeline
  }
}
