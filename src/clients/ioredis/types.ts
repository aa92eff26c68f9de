/**
 * The parts of ioredis (5 and 6) that the adapter touches, as structure: the package is a peer and never imported.
 *
 * @module
 */
import type { EventEmitter } from 'node:events'
import type { Arg } from '../../commands/index.js'

/** What a pipeline passes as `stream`: it gathers the bytes of its commands and writes them at once. */
export interface WritableTarget {
  isPipeline?: boolean
  destination?: { redis: RawClient }
  write(data: string | Buffer): void
}

/**
 * On a command that has been planned: it passes a second time when ioredis resends it after a reconnect. A property, since
 * every command is asked for it, and many have it: a WeakSet took as long as all the rest.
 */
export const planned = Symbol('canonical-redis.planned')

/** An ioredis `Command`. */
export interface RawCommand {
  [planned]?: true
  name: string
  args: Arg[]
  promise: Promise<unknown>
  resolve: (value: unknown) => unknown
  reject: (error: Error) => void
  transformReply: (value: unknown) => unknown
  inTransaction?: boolean
  /** Its result is left out of a pipeline's. */
  ignore?: boolean
  pipelineIndex?: number
  bufferMode?: boolean
  /** Caches that a changed argument makes stale. */
  keys?: unknown
  slot?: unknown
  setReplyContext?: (context: unknown) => void
  toWritable: (socket: unknown) => string | Buffer
}

/** The class of {@link RawCommand}. */
export interface CommandClass {
  new (name: string, args: readonly Arg[], options?: { replyEncoding: null }): RawCommand
  readonly prototype: RawCommand
}

/** An ioredis `Pipeline`. */
export interface RawPipeline {
  /** What its commands go through. */
  redis?: RawClient
  sendCommand(command: RawCommand): unknown
  exec(): Promise<[Error | null, unknown][] | null>
}

/** An ioredis `Redis`. */
export interface RawClient extends EventEmitter {
  status: string
  isCluster?: boolean
  options: { keyPrefix?: string | Buffer; [option: string]: unknown }
  condition?: { select?: number; subscriber?: unknown; protocol?: number }
  stream?: { write(data: string | Buffer): unknown; cork?(): void; uncork?(): void; writableCorked?: number }
  scriptsSet: Record<string, { lua: string; sha: string }>
  sendCommand(command: RawCommand, stream?: WritableTarget, node?: unknown): unknown
  duplicate(...overrides: unknown[]): RawClient
  /** Of a Cluster. */
  _groupsBySlot?: unknown
  nodes?(role?: string): RawClient[]
  call(command: string, ...args: Arg[]): Promise<unknown>
  callBuffer(command: string, ...args: Arg[]): Promise<unknown>
  pipeline(commands?: unknown[][]): RawPipeline
  multi(commands?: unknown[][], options?: object): RawPipeline
  connect(): Promise<void>
  quit(): Promise<unknown>
  disconnect(): void
}

/** Is this an ioredis client or cluster, by structure? Its class name says "EventEmitter", and there may be two copies of it. */
export function isIoredis(client: unknown): client is RawClient {
  if (typeof client !== 'object' || client === null) return false
  const like = client as Partial<RawClient>
  return (
    typeof like.sendCommand === 'function' &&
    typeof like.callBuffer === 'function' &&
    typeof like.duplicate === 'function' &&
    typeof like.options === 'object'
  )
}

const classes = new WeakMap<object, CommandClass>()

/**
 * The `Command` class of the copy of ioredis that made this command. A script's command is of a subclass that turns
 * itself into EVALSHA when written, so the chain is followed up to the class that owns the statics.
 */
export function commandClassOf(command: RawCommand): CommandClass {
  const own = command.constructor
  const known = classes.get(own)
  if (known) return known
  let found: object = own
  while (!Object.hasOwn(found, 'setReplyTransformer')) {
    const parent = Object.getPrototypeOf(found) as object | null
    if (parent === null || parent === Function.prototype) break
    found = parent
  }
  classes.set(own, found as CommandClass)
  return found as CommandClass
}
