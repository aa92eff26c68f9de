/**
 * Where the keys lie: one server, or the masters of a cluster; and who takes over when one goes away.
 *
 * @module
 */
import type { Port } from './port.js'

/** One server that holds keys: the only one, or a master of a cluster. */
export interface Server {
  /** `host:port`; tells one from another, and people which one is meant. */
  readonly address: string
  /** The slots it owns, ascending; without a cluster there is one slot, number 0. */
  readonly slots: readonly number[]
  /** A new connection to this very server. It ends with the server: nothing is resent, nobody else answers on it. */
  connect(options?: { db?: number }): Promise<Port>
}

/** All servers that hold keys. */
export interface Servers {
  /** The database that holds the canonical names. */
  readonly db: number
  readonly isCluster: boolean
  /** Does another server take over when one goes away (cluster, Sentinel)? Then a lost connection is worth another try. */
  readonly haveSuccessors: boolean
  /** The slot of a name as stored; 0 for all names where there is no cluster. */
  slotOf(name: Buffer): number
  /** Who owns which slots now. Rejects when nobody answers. */
  list(): Promise<readonly Server[]>
}

/** The one server behind a connection, or the master that a Sentinel names. */
export function oneServer(port: Port, address: string, haveSuccessors = false): Servers {
  const server: Server = { address, slots: [0], connect: (options) => port.duplicate(options) }
  return {
    get db() {
      return port.db
    },
    isCluster: false,
    haveSuccessors,
    slotOf: () => 0,
    list: () => Promise.resolve([server]),
  }
}
