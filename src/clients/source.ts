/**
 * From whatever the user holds (a client, a cluster, a wrapped one, a port) to what the migrator works on.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { PhaseSource } from '../phases/index.js'
import type { Schema } from '../schema/index.js'
import { behind } from './ioredis/facade.js'
import { serversOf } from './ioredis/servers.js'
import { isIoredis, type RawClient } from './ioredis/types.js'
import { portOf } from './node-redis/port.js'
import { nodeRedisOf, type RawConnection } from './node-redis/types.js'
import { wrappedNodeRedis } from './node-redis/wrap.js'
import { unwrapped } from './shared/registry.js'
import type { Port } from './port.js'
import { oneServer, type Servers } from './servers.js'

/** The servers that hold the keys, and what is known about the client they came from. */
export interface Source {
  readonly servers: Servers
  /** What the client puts before every name it sends; the schema speaks of names without it. */
  readonly keyPrefix: Buffer
  /** Of a wrapped client alone: the schema it was wrapped with, and where its phases come from. */
  readonly wrapped: { readonly schema: Schema; readonly source: PhaseSource } | undefined
}

/**
 * The servers behind a client. No name is rewritten on their connections: a wrapped client is unwrapped.
 *
 * @param client An ioredis 5 or 6 client or cluster, an iovalkey one, a client of node-redis 5 or 6 (no pool, cluster or
 * Sentinel), one wrapped by `CanonicalRedisClient`, or a {@link Port}.
 * @throws CanonicalRedisError `E_NOT_A_CLIENT`
 * @example
 * ```ts
 * const { servers } = sourceFor(new Redis())
 * const [server] = await servers.list()
 * const own = await server.connect({ db: 2 })
 * ```
 */
export function sourceFor(client: unknown): Source {
  if (typeof client === 'object' && client !== null) {
    const facade = behind(client)
    if (facade) {
      const { schema, source } = facade.wrapping
      return { ...bare(facade.client), wrapped: { schema, source } }
    }
    if (isIoredis(client)) return bare(unwrapped(client))
    const node = nodeRedisOf(client)
    if (node?.kind === 'client') return ofNodeRedis(node.client)
    if (isPort(client)) return { servers: oneServer(client, 'server'), keyPrefix: Buffer.alloc(0), wrapped: undefined }
  }
  const given = client === null ? 'null' : typeof client
  throw new CanonicalRedisError(
    'E_NOT_A_CLIENT',
    `Expected an ioredis client or cluster, or a client of node-redis, got ${given}.`,
    {
      hint: 'Pass the client itself, wrapped or not: new RedisKeyMigrator(new Redis(url), schema).',
    },
  )
}

const bare = (client: RawClient): Source => ({
  servers: serversOf(client),
  keyPrefix: Buffer.from(client.options.keyPrefix ?? ''),
  wrapped: undefined,
})

function ofNodeRedis(client: RawConnection): Source {
  const found = wrappedNodeRedis(client)
  if (!found) unwrapped(client)
  const { keyPrefix = '', database = 0 } = client.options ?? {}
  return {
    servers: oneServer(
      portOf(client, () => found?.connection?.db ?? database),
      'server',
    ),
    keyPrefix: Buffer.from(keyPrefix),
    wrapped: found && { schema: found.wrapping.schema, source: found.wrapping.source },
  }
}

function isPort(value: object): value is Port {
  const like = value as Partial<Port>
  return (
    typeof like.db === 'number' &&
    [like.send, like.pipeline, like.transaction, like.duplicate, like.close].every((part) => typeof part === 'function')
  )
}
