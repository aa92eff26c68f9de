/**
 * A connection of node-redis as the migrator sees it.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { TransactionDiscarded, type Port, type Reply } from '../port.js'
import type { RawConnection } from './types.js'
import { inBuffers, isServerError, Wire } from './wire.js'

/** The methods of node-redis itself: those of a wrapped client lie before them, on the client. */
const native = (client: RawConnection): RawConnection => Object.getPrototypeOf(client._self) as RawConnection

/**
 * A port over a client, wrapped or not. Only one made by `duplicate` closes the connection it stands on.
 *
 * @param db the database that the client has selected
 */
export function portOf(client: RawConnection, db: () => number, owned = false): Port {
  const self = client._self
  const wire = new Wire(self, native(self).sendCommand)
  const all = async (argvs: readonly (readonly Arg[])[]): Promise<(Reply | Error)[]> => {
    const replies = await Promise.all(
      wire.chain(self, argvs, inBuffers).map((one) => one.catch((error: Error) => error)),
    )
    const broken = replies.find((reply) => reply instanceof Error && !isServerError(reply))
    if (broken) throw broken as Error
    return replies as (Reply | Error)[]
  }
  return {
    get db() {
      return db()
    },
    send: (argv) => wire.one(self, argv, inBuffers) as Promise<Reply>,
    pipeline: all,
    async transaction(argvs) {
      if (argvs.length === 0) return []
      const replies = await all([['MULTI'], ...argvs, ['EXEC']])
      const results = replies.pop()
      if (results === null) throw new TransactionDiscarded()
      if (results instanceof Error) throw replies.find((reply) => reply instanceof Error) ?? results
      return results as (Reply | Error)[]
    },
    async duplicate(options = {}) {
      const database = options.db ?? db()
      const { socket } = self.options as { socket?: object }
      const copy = native(self).duplicate.call(self, {
        database,
        // It has been read already, and its database would win.
        url: undefined,
        // No prefix: the migrator names keys as the server has them. One shape of reply, and no cache.
        keyPrefix: undefined,
        RESP: 2,
        clientSideCache: undefined,
        emitInvalidate: false,
        commandOptions: {},
        maintNotifications: 'disabled',
        // A cut ends the run rather than repeating a block.
        socket: { ...socket, reconnectStrategy: false },
      })
      // Without a listener an error event ends the process; the rejected command says it already.
      copy.on('error', () => undefined)
      await copy.connect()
      return portOf(copy, () => database, true)
    },
    async close() {
      if (owned && self.isOpen) await self.close()
    },
  }
}
