/**
 * The parts of node-redis (5 and 6) that the adapter touches, as structure: the package is a peer and never imported.
 *
 * Every object of node-redis has a `_self`, behind which the private fields are, and children made by `Object.create`
 * (`withTypeMapping()` and the like) inherit from it. What is overridden there is overridden in all of them.
 *
 * @module
 */
import type { EventEmitter } from 'node:events'
import type { Arg } from '../../commands/index.js'

/** How replies are decoded, by the first byte of their RESP type. */
export type TypeMapping = Readonly<Record<number, unknown>>

/** The options of one command. */
export interface CommandOptions {
  readonly chainId?: symbol
  readonly typeMapping?: TypeMapping | undefined
  readonly timeout?: number | undefined
  readonly abortSignal?: AbortSignal | undefined
  readonly asap?: boolean | undefined
  readonly slotNumber?: number | undefined
}

/** One command of a `multi()`. */
export interface QueuedCommand {
  readonly args: readonly Arg[]
}

/** A listener of a channel. */
export type Listener = (message: string | Buffer, channel: string | Buffer) => unknown

/** `subscribe(channels, listener, bufferMode)`. */
export type Subscribe = (channels: string | string[], listener: Listener, bufferMode?: boolean) => Promise<void>

/** `unsubscribe(channels, listener, bufferMode)`; without channels: all of them. */
export type Unsubscribe = (channels?: string | string[], listener?: Listener, bufferMode?: boolean) => Promise<void>

/** What subscribes: a client, a cluster, a Sentinel client. Each method has a second name (`subscribe`). */
export interface RawSubscriber extends EventEmitter {
  readonly isOpen: boolean
  readonly isReady?: boolean
  SUBSCRIBE: Subscribe
  UNSUBSCRIBE: Unsubscribe
  PSUBSCRIBE: Subscribe
  PUNSUBSCRIBE: Unsubscribe
  SSUBSCRIBE: Subscribe
  SUNSUBSCRIBE: Unsubscribe
}

/** The options that a client was made with. */
export interface RawOptions {
  readonly RESP?: 2 | 3
  readonly database?: number
  readonly keyPrefix?: string | Buffer
  readonly [option: string]: unknown
}

// Functions and not methods: they are taken off, and called later with whatever `this` the caller had.

/** A client: one connection. */
export interface RawConnection extends RawSubscriber {
  readonly _self: RawConnection
  readonly options: RawOptions | undefined
  readonly _commandOptions?: CommandOptions
  readonly isPubSubActive: boolean
  readonly isWatching?: boolean
  readonly clientSideCache?: object
  readonly sendCommand: (args: readonly Arg[], options?: CommandOptions) => Promise<unknown>
  readonly _executeCommand: (
    command: object,
    parser: { readonly redisArgs: Arg[] },
    ...rest: unknown[]
  ) => Promise<unknown>
  readonly _executeMulti: (
    commands: readonly QueuedCommand[],
    selectedDB?: number,
    ...rest: unknown[]
  ) => Promise<unknown[]>
  readonly _executePipeline: (
    commands: readonly QueuedCommand[],
    selectedDB?: number,
    ...rest: unknown[]
  ) => Promise<unknown[]>
  readonly UNWATCH: () => Promise<unknown>
  readonly SELECT: (db: number) => Promise<void>
  readonly duplicate: (overrides?: object) => RawConnection
  readonly createPool: (options?: object) => RawPool
  readonly connect: () => Promise<unknown>
  readonly close: () => Promise<void>
}

/** A pool: it lends a connection to each command. */
export interface RawPool extends EventEmitter {
  readonly _self: RawPool
  readonly isOpen: boolean
  readonly execute: (task: (client: RawConnection) => unknown) => Promise<unknown>
}

/** What a cluster knows of its nodes; every connection that takes commands comes from one of these two. */
export interface RawSlots {
  readonly nodeClient: (node: object) => Promise<RawConnection>
  readonly getClientAndSlotNumber: (firstKey: Arg | undefined, isReadonly?: boolean) => Promise<unknown>
  /** Of node-redis 6. */
  readonly getClientForKey?: (key: Arg, isReadonly?: boolean) => Promise<RawConnection>
}

/** A cluster. */
export interface RawCluster extends RawSubscriber {
  readonly _self: RawCluster
  readonly _options: { readonly keyPrefix?: string | Buffer }
  readonly _slots: RawSlots
  readonly duplicate: (overrides?: object) => RawCluster
}

/** A client behind Sentinels, or a lease of it, which has its own `_execute`. */
export interface RawLease {
  readonly _self: RawLease
  readonly _execute: (isReadonly: boolean, task: (client: RawConnection) => unknown) => Promise<unknown>
}

/** A client behind Sentinels. */
export interface RawSentinel extends RawSubscriber, RawLease {
  readonly _self: RawSentinel
  readonly _keyPrefix?: string | Buffer
  readonly use: (task: (lease: RawLease) => unknown) => Promise<unknown>
  readonly acquire: () => Promise<RawLease>
  /** Of node-redis 6. */
  readonly duplicate?: (overrides?: object) => RawSentinel
}

/** What can be wrapped, by its kind. */
export type RawNodeRedis =
  | { readonly kind: 'client'; readonly client: RawConnection }
  | { readonly kind: 'pool'; readonly client: RawPool }
  | { readonly kind: 'cluster'; readonly client: RawCluster }
  | { readonly kind: 'sentinel'; readonly client: RawSentinel }

const marks: readonly { readonly kind: RawNodeRedis['kind']; readonly methods: readonly string[] }[] = [
  { kind: 'client', methods: ['_executeCommand', '_executeMulti', '_executePipeline', 'sendCommand', 'duplicate'] },
  { kind: 'pool', methods: ['execute', 'withTypeMapping', 'sendCommand'] },
  { kind: 'cluster', methods: ['nodeClient', '_execute', 'sendCommand', 'duplicate'] },
  { kind: 'sentinel', methods: ['acquire', '_execute', 'use', 'getMasterNode'] },
]

/** What this is, by structure: class names do not survive bundlers, and there may be two copies of the package. */
export function nodeRedisOf(value: unknown): RawNodeRedis | undefined {
  if (!isObject(value) || !isObject(value['_self'])) return undefined
  const self = value['_self']
  const found = marks.find(({ methods }) => methods.every((method) => typeof self[method] === 'function'))
  return found && ({ kind: found.kind, client: self } as unknown as RawNodeRedis)
}

/** A client or cluster of node-redis 4, whose commands pass no place where they could be rewritten. */
export function isNodeRedis4(value: unknown): boolean {
  return (
    isObject(value) &&
    value['_self'] === undefined &&
    typeof value['commandsExecutor'] === 'function' &&
    (typeof value['multiExecutor'] === 'function' || typeof value['MULTI'] === 'function')
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** What node-redis sends: anything else it refuses with a sentence of its own. */
export const isArg = (arg: unknown): arg is Arg => typeof arg === 'string' || Buffer.isBuffer(arg)
