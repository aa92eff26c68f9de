/**
 * What the migrator needs of a client, and nothing more: the seam for dry runs, throttling and injected faults.
 *
 * @module
 */
import type { Arg } from '../commands/types.js'

/** A reply as the server gave it; bulk strings are Buffers. */
export type Reply = Buffer | number | bigint | boolean | null | string | Reply[]

/** A raw connection: no name is rewritten on it. */
export interface Port {
  /** The database that the connection has selected. */
  readonly db: number
  /** One command. Rejects with the server's error. */
  send(argv: readonly Arg[]): Promise<Reply>
  /** Many commands in one write. One reply or error each; rejects only when the connection fails. */
  pipeline(argvs: readonly (readonly Arg[])[]): Promise<(Reply | Error)[]>
  /**
   * Many commands in MULTI/EXEC. One reply or error each; rejects with {@link TransactionDiscarded} when a key changed
   * that this connection watches (`send(['WATCH', …])`), and with the server's error when it refuses one of them.
   */
  transaction(argvs: readonly (readonly Arg[])[]): Promise<(Reply | Error)[]>
  /** A new connection to the same server, with `db` selected (the same database where none is given). */
  duplicate(options?: { db?: number }): Promise<Port>
  /** Ends the connection if it came from {@link duplicate}; a port over the user's own client leaves it open. */
  close(): Promise<void>
}

/** A key changed that the connection watched, so the transaction did nothing. */
export class TransactionDiscarded extends Error {
  override readonly name = 'TransactionDiscarded'

  constructor() {
    super('the transaction was discarded: a watched key changed')
  }
}
