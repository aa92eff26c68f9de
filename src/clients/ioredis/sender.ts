/**
 * What it takes to put the steps of a plan on the wire; a connection and a cluster do it differently.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan, Step } from '../../plan/index.js'
import type { Outcome } from '../shared/outcome.js'
import { commandClassOf, type CommandClass, type RawClient, type RawCommand, type WritableTarget } from './types.js'

/** Where a command of the caller's was going. */
export interface Route {
  readonly stream: WritableTarget | undefined
  readonly node: unknown
  /** Of what is sent in front of a command of a pipeline: that command's position. */
  readonly position?: number | undefined
}

/** Sends steps through the raw client, below the facade. */
export interface Sender {
  readonly client: RawClient
  /** Has this command been here before (ioredis sends it again after a reconnect), or is it one of ours? */
  isPlanned(command: RawCommand): boolean
  /** A command that must not be planned again when it is sent. */
  markPlanned(command: RawCommand): void
  /**
   * Sends a command as it stands. The two ways that most commands take, this and {@link Sender.renamed}, are given the parts
   * of a route as they come.
   */
  pass(command: RawCommand, stream: WritableTarget | undefined, node: unknown): unknown
  /** Sends the caller's own command with other arguments. */
  rewritten(command: RawCommand, step: Step, route: Route): unknown
  /** Sends the caller's own command with another name for its key, which is its first argument. */
  renamed(command: RawCommand, name: Arg, stream: WritableTarget | undefined, node: unknown): unknown
  /** Sends steps around the caller's own command, which stands for the step `op`. */
  around(command: RawCommand, plan: Plan, route: Route, failOnAdopt: boolean): unknown
  /** Sends steps in MULTI/EXEC, all of them commands of ours; the outcome gets the reply of the op. */
  transaction(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void
  /** Sends steps one after the other, all of them commands of ours; the outcome gets the reply of the op. */
  sequence(command: RawCommand, plan: Plan, route: Route, outcome: Outcome): void
  /** Answers a command that cannot be sent. */
  refuse(command: RawCommand, error: Error, route: Route): unknown
  /**
   * A command of our own, sent outside of any plan. Never while a pipeline is being sent: ioredis has queued what it
   * has not written yet, and the replies would go to the wrong commands. `onReply` is called at once, before the next
   * reply is read.
   */
  own(like: RawCommand, argv: readonly Arg[], onReply?: () => void): Promise<unknown>
  /** Commands of our own in the place of the caller's, which is answered later. */
  inPlaceOf(command: RawCommand, argvs: readonly (readonly Arg[])[], route: Route): Promise<unknown>[]
}

/** A script defined on the client goes as EVAL: inside MULTI there is no second try after NOSCRIPT. */
export function loaded(client: RawClient, argv: readonly Arg[]): readonly Arg[] {
  if (String(argv[0]).toLowerCase() !== 'evalsha') return argv
  const sha = String(argv[1])
  const script = Object.values(client.scriptsSet).find((one) => one.sha === sha)
  return script ? ['eval', script.lua, ...argv.slice(2)] : argv
}

/**
 * A command of our own, whose arguments and reply stay as they are. ioredis shapes both by the command's name (an object
 * for `hset`, the reply of `hgetall`), and the caller's command has been, or will be, shaped already. So it gets its name
 * only after it was made, and no transformer.
 *
 * @param asAsked keeps the letter case of the name, which an error of the server may quote; ioredis knows its own
 * commands (`multi`, `select`) in lower case only
 */
export function ownCommand(Command: CommandClass, argv: readonly Arg[], asAsked = false): RawCommand {
  const [name = '', ...args] = argv
  const command = new Command('ping', args, { replyEncoding: null })
  command.name = asAsked ? name.toString() : name.toString().toLowerCase()
  command.transformReply = (reply) => reply
  return command
}

/**
 * Has the caller's command read a reply that came for another: ioredis tells it the protocol where it writes a command,
 * and this one was never written. A cluster has its protocol in its nodes.
 */
export function readsReplyOf(client: RawClient, command: RawCommand): void {
  const connection = client.isCluster ? (client.nodes?.()[0] ?? client) : client
  command.setReplyContext?.(connection.condition ?? connection.options)
}

/** Gives a command another first argument, of the kind that it had. */
export function setName(command: RawCommand, name: Arg): void {
  command.args[0] = name
  forgetSlot(command)
  // A prefix in bytes makes a Buffer of a string, which ioredis does not see by itself.
  if (typeof name !== 'string') command.bufferMode = true
}

/** What ioredis has worked out from the arguments. Most commands have it not, and would only grow. */
function forgetSlot(command: RawCommand): void {
  if (command.keys !== undefined) command.keys = undefined
  if (command.slot !== undefined) command.slot = undefined
}

/** Gives a command other arguments, made for it alone. */
export function setArguments(command: RawCommand, args: readonly Arg[]): void {
  command.args = args as Arg[]
  if (args.some((arg) => typeof arg !== 'string')) command.bufferMode = true
  forgetSlot(command)
}

/** Turns a command into another. A script's command would turn itself into EVALSHA again when it is written. */
export function become(command: RawCommand, argv: readonly Arg[]): void {
  setArguments(command, argv.slice(1))
  if (String(argv[0]) === command.name) return
  // ioredis finds the keys of a command, for its slot, by a name in lower case alone.
  command.name = String(argv[0]).toLowerCase()
  command.toWritable = commandClassOf(command).prototype.toWritable
}
