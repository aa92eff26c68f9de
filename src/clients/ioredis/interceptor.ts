/**
 * The choke point: every command of an ioredis client passes `sendCommand`, and here it meets its plan.
 *
 * @module
 */
import { locate, type Arg, type CommandRow, type Located } from '../../commands/index.js'
import { withoutAdopting, type FlowPlan, type Plan, type PlanContext, type Step } from '../../plan/index.js'
import { endangered, OpenReads } from '../shared/open-reads.js'
import type { Outcome } from '../shared/outcome.js'
import { Flows, refuseFlow } from '../shared/reshape.js'
import { OpenTransaction } from '../shared/transaction.js'
import type { Wrapping } from '../shared/wrapping.js'
import { BlockStream } from './block-stream.js'
import { ClusterSender } from './cluster-sender.js'
import { ConnectionSender } from './connection-sender.js'
import { readKeyspace } from './keyspace.js'
import { sendInOneUnit } from './one-unit.js'
import { publishInScript, readPubsub } from './pubsub.js'
import { PlannedRead, type TriedRead } from './reads.js'
import { asAsked, renameOn } from './renames.js'
import { readsReplyOf, type Route, type Sender } from './sender.js'
import { renameShort, sendShort, type ShortLine } from './short.js'
import { ServerVersion } from './server-version.js'
import { Subscriptions } from './subscriptions.js'
import type { RawClient, RawCommand, WritableTarget } from './types.js'
import { waitInTurns, waitWhereItIs, type Waiter } from './waiting.js'

/** Carries out the plans of one connection. */
export class Interceptor implements ShortLine {
  readonly sender: Sender
  readonly #transaction = new OpenTransaction()
  readonly #flows = new Flows()
  readonly reads = new OpenReads<TriedRead>()
  /** Between WATCH and EXEC, which a transaction of ours would end. */
  #watches = false
  readonly #version: ServerVersion
  /** The channels of this connection. */
  readonly subscriptions: Subscriptions

  constructor(
    readonly client: RawClient,
    readonly wrapping: Wrapping,
  ) {
    this.sender = client.isCluster ? new ClusterSender(client) : new ConnectionSender(client)
    this.#version = new ServerVersion(
      this.sender,
      (command, route) => this.#send(command, route),
      (facts) => wrapping.note(facts),
    )
    this.subscriptions = new Subscriptions(this.sender, wrapping, () => this.#transaction.isOpen)
    // The server forgets an open MULTI with the connection.
    client.on('close', () => {
      this.#transaction.end()
      this.#watches = false
    })
  }

  /** ioredis' `sendCommand`, as the facade offers it. */
  readonly sendCommand = (command: RawCommand, stream?: WritableTarget, node?: unknown): unknown => {
    if (this.sender.isPlanned(command)) return this.sender.pass(command, stream, node)
    return this.#short(command, stream, node) ?? this.#long(command, { stream, node })
  }

  /** A command for which one name of each key is enough; undefined, and nothing sent, for all others. */
  #short(command: RawCommand, stream: WritableTarget | undefined, node: unknown): unknown {
    if (!this.#version.isFine || this.#transaction.isOpen || (stream && this.client.isCluster)) return undefined
    return sendShort(this, command, stream, node)
  }

  #long(command: RawCommand, route: Route): unknown {
    const { stream } = route
    // A pipeline of a cluster has its plans already, and the MULTI of one was queued before anybody could mark it.
    if (stream && this.client.isCluster) return this.#pass(command, route)
    if (this.#version.isAsking) return this.#version.hold(command, route)
    if (stream && command.pipelineIndex === 0) {
      // What has to be asked outside a pipeline is asked before its first command: once ioredis has queued one, a
      // command written past the pipeline would get the reply of another.
      if (this.#version.mustAsk) return this.#version.ask(command, route)
    }
    return this.#send(command, route)
  }

  #pass(command: RawCommand, { stream, node }: Route): unknown {
    return this.sender.pass(command, stream, node)
  }

  #send(command: RawCommand, given: Route, isHeld = false): unknown {
    let route = given
    const argv: Arg[] = [command.name, ...command.args]
    const located = locate(argv)
    const row = located?.row
    if (route.stream === undefined && this.#version.mustAsk && located && opensWork(located)) {
      return this.#version.ask(command, route)
    }
    // MULTI opens a transaction that it is not itself a part of.
    const queued = this.#transaction.isOpen
    let plan: Plan | undefined
    try {
      const sent = row?.special && this.#special(row, command, route, queued)
      if (sent !== undefined) return sent
      if (this.#version.isOld) this.#refuseOld(argv, located)
      const tries = !queued && (route.stream === undefined || row?.proof !== 'never')
      plan = this.wrapping.plan(argv, this.context(), located, tries)
    } catch (error) {
      return this.#refuse(command, error as Error, route)
    }
    const groups = queued || isHeld || plan?.flow ? undefined : this.#flows.busy(argv, located, this.context())
    if (groups) return this.#behindFlows(groups, command, route)
    if (plan && (queued || (route.stream && !isTried(plan, route)))) plan = this.#here(plan)
    if (!this.reads.isEmpty) route = this.#behindOpenReads(command, route, endangered(this.reads, argv, located, plan))
    if (queued) this.#transaction.note(plan, route.stream !== undefined)
    if (plan === undefined) return this.#pass(command, route)
    return this.#carryOut(plan, command, route)
  }

  /** Gives a command that a pipeline of a cluster queues its names; false where it takes a plan. */
  renameQueued(command: RawCommand): boolean {
    return !this.#version.isOld && renameShort(command, this.wrapping.contextFor(0, false))
  }

  /** The plan for a command that a pipeline of a cluster queues. */
  planQueued(argv: readonly Arg[], inTransaction: boolean): Plan | undefined {
    const located = locate(argv)
    if (this.#version.isOld) this.#refuseOld(argv, located)
    const plan = this.wrapping.plan(argv, this.wrapping.contextFor(0, inTransaction), located, false)
    return plan?.flow ? refuseFlow(String(argv[0])) : plan
  }

  isPlanned(command: RawCommand): boolean {
    return this.sender.isPlanned(command)
  }

  /** Commands that were planned elsewhere pass. */
  markPlanned(command: RawCommand): void {
    this.sender.markPlanned(command)
  }

  #carryOut(made: Plan, command: RawCommand, route: Route): unknown {
    if (made.flow) return this.#flow(made, made.flow, command, route)
    const inOne = !this.#transaction.isOpen && (this.#watches || !this.subscriptions.isEmpty)
    const plan = inOne ? publishInScript(made, command) : made
    const [only] = plan.steps
    if (this.#transaction.isOpen) {
      renameOn(command, plan)
      return this.sender.around(command, plan, route, false)
    }
    if (isTried(plan, route)) return this.#read(plan, command, route)
    // Beside a WATCH a read and what brings its keys are two commands: an EXEC of ours would end it.
    if (plan.atomic && !(this.#watches && isRead(plan))) {
      const unit = {
        sender: this.sender,
        plan,
        command,
        route,
        protocol: this.#shapes,
        outcome: this.#answer(plan, command),
      } as const
      try {
        return sendInOneUnit(unit, this.#watches)
      } catch (error) {
        return this.#refuse(command, error as Error, route)
      }
    }
    // In a pipeline there is one try: the others are in the way.
    if ((plan.turns ?? plan.instead) && route.stream === undefined) return this.#wait(plan, command, route)
    renameOn(command, plan)
    if (plan.steps.length === 1 && only) {
      tellReply(command, plan)
      return this.sender.rewritten(command, only, route)
    }
    return this.sender.around(command, plan, route, true)
  }

  /** In a pipeline a PING takes its place, and the flow begins when that is answered. */
  #flow(plan: Plan, flow: FlowPlan, command: RawCommand, route: Route): unknown {
    const [place] = route.stream ? this.sender.inPlaceOf(command, [['ping']], route) : []
    const outcome = this.#answer(plan, command)
    const { db } = this.context()
    const ask = (argv: readonly Arg[]): Promise<unknown> => this.sender.own(command, argv)
    const mayGoOn = (): boolean => !this.#transaction.isOpen && this.context().db === db
    const reply = this.#flows.run(flow, this.#shapes, { ask, finish: ask, mayGoOn }, place)
    void reply.then(outcome.resolve, outcome.reject)
    return command.promise
  }

  /** A command that a flow has to end before; see {@link Flows.busy}. */
  #behindFlows(groups: readonly string[], command: RawCommand, route: Route): unknown {
    const [place] = route.stream ? this.sender.inPlaceOf(command, [['ping']], route) : []
    const sent = this.#flows.queue(groups, async () => {
      await place
      this.#send(command, { stream: undefined, node: route.node }, true)
      return command.promise.catch(() => undefined)
    })
    // The connection broke before it was its turn.
    sent.catch((error: Error) => command.reject(error))
    return command.promise
  }

  get #shapes(): 2 | 3 {
    return this.client.condition?.protocol === 3 ? 3 : 2
  }

  #read(plan: Plan, command: RawCommand, route: Route): unknown {
    const op = plan.steps[plan.op] as Step
    new PlannedRead(command, this, plan)
    renameOn(command, plan)
    return this.sender.rewritten(command, op, route)
  }

  again(plan: Plan): Plan {
    return this.#here(this.wrapping.hooks.again(plan, this.context()))
  }

  carriedOut(plan: Plan, command: RawCommand, route: Route): Promise<unknown> {
    if (route.stream === undefined) this.#writeTogether()
    return new Promise((resolve, reject) => {
      if (plan.atomic && !this.#watches) this.sender.transaction(command, plan, route, { resolve, reject })
      else this.sender.sequence(command, plan, route, { resolve, reject })
    })
  }

  /** What is written before this tick ends goes out at once: many reads of a pipeline may have missed. */
  #writeTogether(): void {
    const { stream } = this.client
    if (stream?.cork === undefined || stream.writableCorked) return
    stream.cork()
    queueMicrotask(() => stream.uncork?.())
  }

  /** A replica takes no COPY: there a read looks under every name. */
  #here = (plan: Plan): Plan => (this.#version.isReplica ? (withoutAdopting(plan) ?? plan) : plan)

  /** A command that waits for jobs which may come under either name. */
  #wait(plan: Plan, command: RawCommand, route: Route): unknown {
    const waiter: Waiter = {
      sender: this.sender,
      command,
      route,
      outcome: this.#answer(plan, command),
      plan: (argv) => this.wrapping.plan(argv, this.context(), locate(argv), false) ?? unplanned(argv),
      mayGoOn: () => !this.#transaction.isOpen,
    }
    if (plan.turns) waitInTurns(plan, plan.turns.timeout, waiter)
    else waitWhereItIs(plan, waiter)
    return command.promise
  }

  /** What answers the caller's command when only commands of ours went out. */
  #answer(plan: Plan, command: RawCommand): Outcome {
    const { args } = command
    renameOn(command, plan)
    return {
      resolve: (value) => {
        readsReplyOf(this.client, command)
        command.resolve(value)
      },
      reject: (error) => command.reject(asAsked(this.wrapping.failed(error, plan), command.name, args)),
    }
  }

  #refuse(command: RawCommand, error: Error, route: Route): unknown {
    if (this.#transaction.isOpen) {
      this.#transaction.refuse(error)
      this.#transaction.note(undefined, route.stream !== undefined)
    }
    return this.sender.refuse(command, error, route)
  }

  #special(row: CommandRow, command: RawCommand, route: Route, queued: boolean): unknown {
    switch (row.special) {
      case 'watch':
        this.#watches ||= !queued
        return undefined
      case 'unwatch':
        this.#watches &&= queued
        return undefined
      case 'multi':
        this.#transaction.begin()
        return undefined
      case 'exec':
        this.subscriptions.followAfter(command)
        this.#watches = false
        return this.#exec(command, route)
      case 'discard':
        this.subscriptions.followAfter(command)
        this.#watches = false
        this.#transaction.end()
        return undefined
      case 'subscribe':
      case 'psubscribe':
        return this.subscriptions.send(row.name, command, route)
      case 'pubsub':
        return readPubsub({
          sender: this.sender,
          command,
          route,
          schema: this.wrapping.schema,
          context: this.context(),
        })
      case 'scan':
      case 'keys':
      case 'randomkey':
        return readKeyspace(row.special, {
          sender: this.sender,
          command,
          route,
          schema: this.wrapping.schema,
          context: this.context(),
        })
      default:
        return undefined
    }
  }

  #exec(command: RawCommand, route: Route): unknown {
    const filter = this.#transaction.filter()
    const { refusal } = this.#transaction
    this.#transaction.end()
    if (refusal) return this.#abort(command, refusal, route)
    const transform = command.transformReply
    command.transformReply = (reply) => transform.call(command, filter(reply))
    return this.#pass(command, route)
  }

  /** One command was refused, so the others must not run: as the server does it after a queueing error. */
  #abort(command: RawCommand, refusal: Error, route: Route): unknown {
    const error = new Error(`EXECABORT Transaction discarded because of: ${refusal.message}`, { cause: refusal })
    const { reject } = command
    command.resolve = () => {
      reject.call(command, error)
      return command.promise
    }
    return this.sender.rewritten(Object.assign(command, { name: 'discard' }), { role: 'op', argv: ['discard'] }, route)
  }

  /** Commands that name no managed key still go through: they need nothing that the server lacks. */
  #refuseOld(argv: readonly Arg[], located: Located | undefined): void {
    const { mapper } = this.context()
    if (located?.keys.some(({ index }) => mapper.resolve(argv[index] as Arg))) throw this.#version.error()
  }

  /** Has the second questions of reads sent; in a pipeline they and the command are one write. Gives the command's way. */
  #behindOpenReads(command: RawCommand, route: Route, reads: Iterable<TriedRead>): Route {
    const questions = [...reads].flatMap((read) => read.prepare() ?? [])
    if (questions.length === 0) return route
    const { stream, node } = route
    const together = stream && new BlockStream(this.client, questions.length + 1, stream)
    for (const ask of questions) ask({ stream: together, node, position: command.pipelineIndex })
    return { stream: together, node }
  }

  context(): PlanContext {
    return this.wrapping.contextFor(this.client.condition?.select ?? 0, this.#transaction.isOpen)
  }
}

/** Does this command have keys, or make it too late to ask the server for its version? */
function opensWork({ row, keys }: Located): boolean {
  return keys.length > 0 || row.special === 'multi'
}

/** Tells those who follow plans of one that is a single command. An error tells them nothing. */
function tellReply(command: RawCommand, plan: Plan): void {
  const { onReplies } = plan
  if (onReplies === undefined) return
  const { resolve } = command
  command.resolve = (reply) => {
    onReplies([reply], plan)
    return resolve.call(command, reply)
  }
}

/** Is it sent under one name first? In a pipeline a reply that never proves anything costs more than it saves. */
const isTried = ({ optimistic, located }: Plan, { stream }: Route): boolean =>
  optimistic && (stream === undefined || located.row.proof !== 'never')

const isRead = ({ located }: Plan): boolean => located.keys.every(({ use }) => use === 'read')

/** A command that goes out as it is, as a plan. */
function unplanned(argv: readonly Arg[]): Plan {
  const located = locate(argv) as Located
  return { steps: [{ role: 'op', argv }], op: 0, atomic: false, optimistic: false, located, renames: [] }
}
