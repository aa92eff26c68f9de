/**
 * From the `redis` of a config (or `--url`) to a connected client.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isIoredis, type RawClient } from '../../clients/ioredis/types.js'
import { CanonicalRedisError } from '../../errors.js'
import { redact } from '../io.js'
import type { ClusterNode, RedisSetting } from './types.js'

/** A connection, and what to call it. */
export interface Connection {
  readonly client: RawClient
  /** For people: `redis://127.0.0.1:6379/2`, without a password. */
  readonly address: string
  close(): Promise<void>
}

/** What to connect to. */
export interface Target {
  readonly redis: RedisSetting
  readonly db: number | undefined
  /** Where to look for ioredis. */
  readonly folder: string
}

interface Constructors {
  readonly Redis: { new (...args: unknown[]): RawClient; readonly Cluster: new (...args: unknown[]) => RawClient }
}

/** ioredis or iovalkey, as installed beside the config file, or else beside this package. */
async function clientPackage(folder: string): Promise<Constructors> {
  const places = [createRequire(join(folder, 'config.js')), createRequire(import.meta.url)]
  for (const name of ['ioredis', 'iovalkey']) {
    for (const require of places) {
      let file: string
      try {
        file = require.resolve(name)
      } catch {
        continue
      }
      const loaded = (await import(pathToFileURL(file).href)) as Constructors & { default: Constructors['Redis'] }
      return { Redis: loaded.Redis ?? loaded.default }
    }
  }
  throw new CanonicalRedisError('E_CONFIG', `Expected ioredis or iovalkey to be installed in ${folder}.`, {
    hint: 'npm install ioredis',
  })
}

/** How often a client that never had a connection tries for one. */
const TRIES = 2

/**
 * Without a connection the first error counts: a wrong address is no reason to wait. One that is lost later is up to
 * the migrator, whose own connections have their own patience.
 */
function settings(db: number | undefined): Record<string, unknown> {
  return {
    lazyConnect: true,
    connectTimeout: 10_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
    sentinelRetryStrategy: (times: number) => (times > TRIES ? null : 200),
    ...(db !== undefined && { db }),
  }
}

const isUrl = (text: string): boolean => /^(rediss?|valkeys?):\/\/\S+$/.test(text) || text.startsWith('/')

function fromUrl({ Redis }: Constructors, url: string, db: number | undefined): RawClient {
  if (!isUrl(url)) {
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected a URL of Redis, got "${redact(url)}".`, {
      hint: 'redis://user:password@host:6379/0, rediss://… for TLS, or the path of a socket.',
    })
  }
  return new Redis(url.replace(/^valkey/, 'redis'), settings(db))
}

async function open({ redis, db, folder }: Target): Promise<RawClient> {
  if (typeof redis === 'function') {
    const client: unknown = await redis()
    if (!isIoredis(client)) {
      throw new CanonicalRedisError('E_NOT_A_CLIENT', 'Expected `redis()` to give an ioredis or iovalkey client.', {
        hint: 'The migrator works through ioredis: `npm install ioredis`, and redis: () => new Redis(url).',
      })
    }
    if (db === undefined) return client
    throw new CanonicalRedisError('E_BAD_OPTION', '--db does not go with a config whose `redis` is a function.', {
      hint: 'Set the database there, or give --url as well.',
    })
  }
  const constructors = await clientPackage(folder)
  if (typeof redis === 'string') return fromUrl(constructors, redis, db)
  if (!Array.isArray(redis))
    return new constructors.Redis({ ...settings(db), ...redis, ...(db !== undefined && { db }) })
  if (db !== undefined && db !== 0) {
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected --db 0 on a cluster, got ${db}.`, { hint: 'Leave it out.' })
  }
  return new constructors.Redis.Cluster([...(redis as readonly ClusterNode[])], {
    lazyConnect: true,
    clusterRetryStrategy: (times: number) => (times > TRIES ? null : 200),
  })
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
 * Connects, and sees that commands are answered.
 *
 * @throws CanonicalRedisError `E_CONNECTION`, `E_BAD_OPTION`, `E_NOT_A_CLIENT`, `E_CONFIG`; and the server's own error
 * where it answers with one
 */
export async function connect(target: Target): Promise<Connection> {
  const client = await open(target)
  const address = addressOf(client)
  // ioredis rejects with "Connection is closed."; the reason comes as an event.
  let reason: unknown
  client.on('error', (error: Error & { lastNodeError?: Error }) => (reason = error.lastNodeError ?? error))
  try {
    if (client.status === 'wait') await client.connect()
    await client.call('PING')
    // ioredis tells of a SELECT that failed in an event, and goes on in database 0: other keys, under the same names.
    const { db } = client.options
    if (client.isCluster !== true && Number(db) > 0) await client.call('SELECT', String(db))
  } catch (error) {
    // A user that may do what the migration needs, and no more.
    if (/^NOPERM .*'ping'/i.test((error as Error).message)) return { client, address, close: () => close(client) }
    client.disconnect()
    throw unreachable(address, reason ?? (error as { lastNodeError?: unknown }).lastNodeError ?? error)
  }
  return { client, address, close: () => close(client) }
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
