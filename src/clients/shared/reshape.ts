/**
 * Carries out flows: commands on keys of a transform, which go to the server and back several times.
 *
 * @module
 */
import type { Arg, Located } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Flow, FlowPlan, PlanContext } from '../../plan/index.js'

/** What a flow needs of a connection. */
export interface FlowWire {
  /** A command of ours; its reply holds Buffers. */
  ask(argv: readonly Arg[]): Promise<unknown>
  /** A command whose reply is that of the caller's command. */
  finish(argv: readonly Arg[]): Promise<unknown>
  /** False in a MULTI of the caller's, and in another database than at the beginning: nothing of ours may be sent there. */
  mayGoOn(): boolean
}

/** The flows of one connection, and what has to wait for them. */
export class Flows {
  /** By group, the end of the last command. */
  readonly #last = new Map<string, Promise<void>>()

  /**
   * The groups of a command that a flow is under way on: one that goes out as it is would overtake it. Asked for every command,
   * so it costs nothing while there is no flow.
   */
  busy(argv: readonly Arg[], located: Located | undefined, { transforms }: PlanContext): string[] | undefined {
    if (this.#last.size === 0 || located === undefined || transforms === undefined) return undefined
    const groups = located.keys.flatMap(({ index }) => transforms.find(argv[index] as Arg)?.group.source ?? [])
    return groups.some((group) => this.#last.has(group)) ? groups : undefined
  }

  /** Runs a flow behind the commands of its group; gives the reply to the caller's command. */
  run({ group, start }: FlowPlan, shapes: 2 | 3, wire: FlowWire, place?: Promise<unknown>): Promise<unknown> {
    const work = (): Promise<unknown> => runFlow(start(shapes), wire)
    return this.queue([group], place ? () => place.then(work) : work)
  }

  /** Does something behind the commands of these groups that are under way. */
  queue(groups: readonly string[], work: () => Promise<unknown>): Promise<unknown> {
    const before = groups.flatMap((group) => this.#last.get(group) ?? [])
    const mine = before.length > 0 ? Promise.all(before).then(work) : work()
    const end = mine.then(nothing, nothing).then(() => {
      for (const group of groups) if (this.#last.get(group) === end) this.#last.delete(group)
    })
    for (const group of groups) this.#last.set(group, end)
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
