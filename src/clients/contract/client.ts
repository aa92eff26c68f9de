/**
 * What the contract needs of a client: a driver that opens it, and a face of nine methods.
 *
 * @module
 */
import type { CanonicalOptions } from '../canonical.js'

/** How to subscribe: to a channel, to a pattern, to a channel of a shard. */
export type ContractListening = 'channel' | 'pattern' | 'shard'

/**
 * A client, bare or wrapped, behind the one face that the contract knows. A reply is whatever the client gives: it is held
 * against that of a bare client, so its shape does not matter.
 *
 * `key` is a key of the slot that the command belongs to. Only a cluster client that cannot find it by itself needs it.
 */
export interface ContractClient {
  /** One command; rejects with the server's error. */
  send(argv: readonly string[], key: string): Promise<unknown>
  /** One command of Buffers, whose reply holds Buffers where it would hold strings. */
  sendBuffers(argv: readonly (string | Buffer)[], key: string): Promise<unknown>
  /** Several commands at once; an Error stands where a command failed. */
  pipeline(argvs: readonly (readonly string[])[], key: string): Promise<unknown[]>
  /** The same in MULTI and EXEC; rejects where the transaction is refused. */
  multi(argvs: readonly (readonly string[])[], key: string): Promise<unknown[]>
  /** Every name that SCAN gives for this pattern, on every node. */
  scan(match: string): Promise<string[]>
  /** Subscribes; the listener is told the name of the channel, and the message. */
  listen(how: ContractListening, name: string, listener: (name: string, message: string) => void): Promise<void>
  /** Ends a subscription. */
  leave(how: ContractListening, name: string): Promise<void>
  /** Lets go of the connection. */
  close(): Promise<void>
}

/** One client in one setting. */
export interface ContractDriver {
  /**
   * Opens a client of its own, connected; wrapped by `new CanonicalRedisClient(client, wrapping)` where that is given. All of
   * them see the same data.
   */
  open(wrapping?: CanonicalOptions): Promise<ContractClient>
  /** Parts of the contract (see {@link contractParts}) that the client cannot meet, bare or wrapped, and why. */
  readonly skips?: Readonly<Record<string, string>>
}
