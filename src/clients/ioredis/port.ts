/**
 * An ioredis connection as the migrator sees it.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { TransactionDiscarded, type Port, type Reply } from '../port.js'
import type { RawClient } from './types.js'

/** A client that has not connected yet has no condition, only its option. */
function selectedBy(client: RawClient): number {
  return client.condition?.select ?? Number(client.options['db'] ?? 0)
}

/** A port over a raw client. Only one made by `duplicate` closes the connection it stands on. */
export function portOf(client: RawClient, owned = false): Port {
  const run = async (kind: 'pipeline' | 'multi', argvs: readonly (readonly Arg[])[]): Promise<(Reply | Error)[]> => {
    if (argvs.length === 0) return []
    const results = await client[kind](argvs.map((argv) => ['callBuffer', ...argv])).exec()
    if (results === null) throw new TransactionDiscarded()
    // ioredis answers a cut with one error a command; only the server's own errors are answers.
    const broken = results.find(([error]) => error && error.name !== 'ReplyError')?.[0]
    if (broken) throw broken
    return results.map(([error, reply]) => error ?? (reply as Reply))
  }
  return {
    get db() {
      return selectedBy(client)
    },
    send: (argv) => client.callBuffer(String(argv[0]), ...argv.slice(1)) as Promise<Reply>,
    pipeline: (argvs) => run('pipeline', argvs),
    transaction: (argvs) => run('multi', argvs),
    async duplicate({ db = selectedBy(client) } = {}) {
      const copy = client.duplicate({
        db,
        // No prefix: the migrator names keys as the server has them.
        keyPrefix: '',
        lazyConnect: true,
        // A cut ends the run rather than repeating a block. Without a retry strategy that ends everything, ioredis
        // reconnects, and a command in flight that it may not resend is never answered at all.
        autoResendUnfulfilledCommands: false,
        retryStrategy: () => null,
        sentinelRetryStrategy: () => null,
        // One shape of reply in ioredis 5 and 6.
        protocol: 2,
        replyMapping: 'legacy',
      })
      // Without a listener ioredis prints every connection error; the rejected command says it already.
      copy.on('error', () => undefined)
      await copy.connect()
      // ioredis tells of a SELECT that failed in an event, and goes on in database 0: other keys, under the same names.
      if (db !== 0) {
        await copy.callBuffer('SELECT', String(db)).catch((error: unknown) => {
          copy.disconnect()
          throw error
        })
      }
      return portOf(copy, true)
    },
    async close() {
      if (owned) await client.quit().catch(() => client.disconnect())
    },
  }
}
