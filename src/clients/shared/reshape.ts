/**
 * Carries out flows: commands on keys of a transform, which go to the server and back several times.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Flow, FlowPlan } from '../../plan/index.js'

/** What a flow needs of a connection. */
export interface FlowWire {
  /** A command of ours; its reply holds Buffers. */
  ask(argv: readonly Arg[]): Promise<unknown>
  /** A command whose reply is that of the caller's command. */
  finish(argv: readonly Arg[]): Promise<unknown>
  /** False in a MULTI of the caller's, and in another database than at the beginning: nothing of ours may be sent there. */
  mayGoOn(): boolean
}

/** The flows of one connection. */
export class Flows {
  /** By group, the end of the last of them. */
  readonly #last = new Map<string, Promise<void>>()

  /** Runs a flow behind those of its group that are under way; gives the reply to the caller's command. */
  run({ group, start }: FlowPlan, shapes: 2 | 3, wire: FlowWire): Promise<unknown> {
    const before = this.#last.get(group)
    const work = (): Promise<unknown> => runFlow(start(shapes), wire)
    const mine = before ? before.then(work) : work()
    const end = mine.then(nothing, nothing).then(() => {
      if (this.#last.get(group) === end) this.#last.delete(group)
    })
    this.#last.set(group, end)
    return mine
  }
}

const nothing = (): void => undefined

async function runFlow(flow: Flow, wire: FlowWire): Promise<unknown> {
  let step = flow.next()
  while (step.done !== true) {
    const { argv, final } = step.value
    const reply = wire.mayGoOn() ? (final ? wire.finish(argv) : wire.ask(argv)) : Promise.reject(interrupted())
    step = await reply.then(
      (value) => flow.next(value),
      (error: Error) => flow.throw(error),
    )
  }
  return step.value
}

function interrupted(): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_UNSUPPORTED',
    'a MULTI or a SELECT was sent before a command on a key of a transform had its reply; the command was not carried out',
    { hint: 'await the command first, or use another connection' },
  )
}

/** @throws CanonicalRedisError `E_UNSUPPORTED` for a plan that a pipeline of a cluster cannot hold. */
export function refuseFlow(command: string): never {
  throw new CanonicalRedisError(
    'E_UNSUPPORTED',
    `${command.toUpperCase()} on a key of a transform takes several ways to the server, which a pipeline of a cluster cannot hold`,
    { hint: 'send it by itself' },
  )
}
