/**
 * From the `redis` of a config (or `--url`) to a connected client.
 *
 * @module
 */
import type { RawClient } from '../../clients/ioredis/types.js'
import { CanonicalRedisError } from '../../errors.js'
import { redact } from '../io.js'
import { makeClient, type Made, type Target } from './client.js'
import type { ClusterNode } from './types.js'

/** A connection, and what to call it. */
export interface Connection {
  readonly client: RawClient
  /** For people: `redis://127.0.0.1:6379/2`, without a password. */
  readonly address: string
  close(): Promise<void>
}

/** What a client is connected to, for people. */
function addressOf(client: RawClient): string {
  const { host = '127.0.0.1', port = 6379, db = 0, path, sentinels, name, tls } = client.options
  if (client.isCluster === true) {
    const nodes = (client as RawClient & { startupNodes?: ClusterNode[] }).startupNodes ?? []
    const shown = nodes.map((node) => (typeof node === 'object' ? `${node.host}:${node.port}` : redact(String(node))))
    return `cluster ${shown.join(', ')}`
  }
  if (Array.isArray(sentinels)) return `master ${String(name)}, database ${String(db)}`
  if (typeof path === 'string') return `${path}, database ${String(db)}`
  return `${tls ? 'rediss' : 'redis'}://${String(host)}:${String(port)}/${String(db)}`
}

/**
 * Connects, and sees that commands are answered. The address of one node of a cluster stands for the cluster: its keys
 * alone would be a part of them.
 *
 * @throws CanonicalRedisError `E_CONNECTION`, `E_BAD_OPTION`, `E_NOT_A_CLIENT`, `E_CONFIG`; and the server's own error
 * where it answers with one
 */
export async function connect(target: Target): Promise<Connection> {
  const made = await makeClient(target)
  const connection = await bringUp(made)
  if (made.wholeCluster === undefined || !(await isNode(made.client))) return connection
  await connection.close()
  return bringUp(made.wholeCluster())
}

async function bringUp(made: Made): Promise<Connection> {
  const { client } = made
  const connection = { client, address: addressOf(client), close: () => close(client) }
  // ioredis rejects with "Connection is closed."; the reason comes as an event.
  let reason: unknown
  client.on('error', (error: Error & { lastNodeError?: Error }) => (reason = error.lastNodeError ?? error))
  try {
    if (client.status === 'wait') await client.connect()
    await client.call('PING')
  } catch (error) {
    // A user that may do what the migration needs, and no more, is in all the same.
    if (!/^NOPERM .*'ping'/i.test((error as Error).message)) {
      client.disconnect()
      throw unreachable(connection.address, reason ?? (error as { lastNodeError?: unknown }).lastNodeError ?? error)
    }
  }
  made.wasUp = true
  return connection
}

/** A server that does not say counts as none. */
async function isNode(client: RawClient): Promise<boolean> {
  const info = await client.call('INFO', 'cluster').catch(() => '')
  return /cluster_enabled:1/.test(String(info))
}

async function close(client: RawClient): Promise<void> {
  try {
    await client.quit()
  } catch {
    client.disconnect()
  }
}

/** The server's own words are the best that there are; everything else is about the way to it. */
function unreachable(address: string, reason: unknown): unknown {
  if (reason instanceof Error && reason.name === 'ReplyError') return reason
  return new CanonicalRedisError('E_CONNECTION', `Could not connect to ${address}: ${reasonOf(reason)}`, {
    hint: 'Is it running, and the address right? Name another one with --url redis://host:port',
    cause: reason,
  })
}

/** Node gives one error for all addresses of a name, whose own message is empty. */
function reasonOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: readonly Error[] }
  return message || errors?.map((one) => one.message).join('; ') || String(error)
}
