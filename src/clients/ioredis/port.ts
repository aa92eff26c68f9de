/**
 * An ioredis connection as the migrator sees it.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Port, Reply } from '../port.js'
import type { RawClient } from './types.js'

/** A port over a raw client. Only one made by `duplicate` closes the connection it stands on. */
export function portOf(client: RawClient, owned = false): Port {
  const run = async (kind: 'pipeline' | 'multi', argvs: readonly (readonly Arg[])[]): Promise<(Reply | Error)[]> => {
    if (argvs.length === 0) return []
    const results = await client[kind](argvs.map((argv) => ['callBuffer', ...argv])).exec()
    if (results === null) throw new Error('the transaction was discarded: a watched key changed')
    return results.map(([error, reply]) => error ?? (reply as Reply))
  }
  return {
    get db() {
      return client.condition?.select ?? 0
    },
    send: (argv) => client.callBuffer(String(argv[0]), ...argv.slice(1)) as Promise<Reply>,
    pipeline: (argvs) => run('pipeline', argvs),
    transaction: (argvs) => run('multi', argvs),
    async duplicate(options = {}) {
      const db = options.db ?? client.condition?.select ?? 0
      // No prefix: the migrator names keys as the server has them. A cut ends the run rather than repeating a block.
      const copy = client.duplicate({ db, keyPrefix: '', lazyConnect: true, autoResendUnfulfilledCommands: false })
      // Without a listener ioredis prints every connection error; the rejected command says it already.
      copy.on('error', () => undefined)
      await copy.connect()
      return portOf(copy, true)
    },
    async close() {
      if (owned) await client.quit().catch(() => client.disconnect())
    },
  }
}
