/**
 * Makes the client that a config (or `--url`) asks for.
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

/** What to connect to. */
export interface Target {
  readonly redis: RedisSetting
  readonly db: number | undefined
  /** Where to look for ioredis. */
  readonly folder: string
}

/** A client that is not connected yet. */
export interface Made {
  readonly client: RawClient
  /** It has been connected: from now on a lost connection is worth more than a few tries. */
  wasUp: boolean
  /** The same for a whole cluster, where this one turns out to be a node of one; undefined where the caller made it. */
  readonly wholeCluster: (() => Made) | undefined
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

/** How often a client that never had a connection tries for one: a wrong address is no reason to wait. */
const TRIES = 2

/** The migrator, whose own connections do not come back by themselves, has a patience of its own for all of this. */
const retry =
  (made: { wasUp: boolean }) =>
  (times: number): number | null =>
    made.wasUp || times <= TRIES ? Math.min(200 * times, 2_000) : null

function settings(made: { wasUp: boolean }, db: number | undefined): Record<string, unknown> {
  return {
    lazyConnect: true,
    connectTimeout: 10_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
    sentinelRetryStrategy: retry(made),
    ...(db !== undefined && { db }),
  }
}

const isUrl = (text: string): boolean => /^(rediss?|valkeys?):\/\/\S+$/.test(text) || text.startsWith('/')

function checkUrl(url: string): string {
  if (isUrl(url)) return url.replace(/^valkey/, 'redis')
  throw new CanonicalRedisError('E_BAD_OPTION', `Expected a URL of Redis, got "${redact(url)}".`, {
    hint: 'redis://user:password@host:6379/0, rediss://… for TLS, or the path of a socket.',
  })
}

/**
 * Makes a client.
 *
 * @throws CanonicalRedisError `E_BAD_OPTION`, `E_NOT_A_CLIENT`, `E_CONFIG` (no ioredis)
 */
export async function makeClient({ redis, db, folder }: Target): Promise<Made> {
  if (typeof redis === 'function') return ofFunction(redis, db)
  const { Redis } = await clientPackage(folder)
  if (Array.isArray(redis)) return clusterOf(Redis, redis as readonly ClusterNode[], db)
  const made = { wasUp: false }
  const client =
    typeof redis === 'string'
      ? new Redis(checkUrl(redis), settings(made, db))
      : new Redis({ ...settings(made, db), ...(redis as object), ...(db !== undefined && { db }) })
  const { host, port, username, password, tls } = client.options
  const wholeCluster = (): Made =>
    clusterOf(Redis, [{ host, port } as ClusterNode], Number(client.options['db'] ?? 0), { username, password, tls })
  return Object.assign(made, { client, wholeCluster })
}

async function ofFunction(make: () => unknown, db: number | undefined): Promise<Made> {
  const client: unknown = await make()
  if (!isIoredis(client)) {
    throw new CanonicalRedisError('E_NOT_A_CLIENT', 'Expected `redis()` to give an ioredis or iovalkey client.', {
      hint: 'The migrator works through ioredis: `npm install ioredis`, and redis: () => new Redis(url).',
    })
  }
  if (db === undefined) return { client, wasUp: false, wholeCluster: undefined }
  throw new CanonicalRedisError('E_BAD_OPTION', '--db does not go with a config whose `redis` is a function.', {
    hint: 'Set the database there, or give --url as well.',
  })
}

function clusterOf(
  Redis: Constructors['Redis'],
  nodes: readonly ClusterNode[],
  db: number | undefined,
  redisOptions: object = {},
): Made {
  if (db !== undefined && db !== 0) {
    throw new CanonicalRedisError('E_BAD_OPTION', `Expected database 0 on a cluster, got ${db}.`, {
      hint: 'Leave --db out.',
    })
  }
  const made = { wasUp: false }
  const client = new Redis.Cluster([...nodes], { lazyConnect: true, clusterRetryStrategy: retry(made), redisOptions })
  return Object.assign(made, { client, wholeCluster: undefined })
}
