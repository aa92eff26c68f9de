/**
 * From whatever the user holds (a client, a wrapped client, a port) to what the migrator works on.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import type { Phase } from '../phases/index.js'
import type { Schema } from '../schema/index.js'
import { behind } from './ioredis/facade.js'
import { portOf } from './ioredis/port.js'
import { isIoredis, type RawClient } from './ioredis/types.js'
import type { Port } from './port.js'

/** A port, and what is known about the client it came from. */
export interface Source {
  readonly port: Port
  /** What the client puts before every name it sends; the schema speaks of names without it. */
  readonly keyPrefix: Buffer
  /** Of a wrapped client alone: the schema it was wrapped with, and the phase of each family now. */
  readonly wrapped: { readonly schema: Schema; readonly phaseOf: (family: string) => Phase } | undefined
}

/**
 * A port for a client. No name is rewritten on it: a wrapped client is unwrapped.
 *
 * @param client A standalone ioredis 5 or 6 client, one wrapped by `CanonicalRedisClient`, or a {@link Port}.
 * @throws CanonicalRedisError `E_NOT_A_CLIENT`
 * @example
 * ```ts
 * const { port } = portFor(new Redis())
 * const own = await port.duplicate({ db: 2 })
 * ```
 */
export function portFor(client: unknown): Source {
  if (typeof client === 'object' && client !== null) {
    const facade = behind(client)
    if (facade) {
      const { schema, source } = facade.wrapping
      return { ...bare(facade.client), wrapped: { schema, phaseOf: (family) => source.phaseOf(family) } }
    }
    if (isIoredis(client) && !client.isCluster) return bare(client)
    if (isPort(client)) return { port: client, keyPrefix: Buffer.alloc(0), wrapped: undefined }
  }
  const given = client === null ? 'null' : isIoredis(client) ? 'an ioredis Cluster' : typeof client
  throw new CanonicalRedisError('E_NOT_A_CLIENT', `Expected a standalone ioredis 5 or 6 client, got ${given}.`, {
    hint: 'Pass the client itself, wrapped or not: new RedisKeyMigrator(new Redis(url), schema).',
  })
}

const bare = (client: RawClient): Source => ({
  port: portOf(client),
  keyPrefix: Buffer.from(client.options.keyPrefix ?? ''),
  wrapped: undefined,
})

function isPort(value: object): value is Port {
  const like = value as Partial<Port>
  return (
    typeof like.db === 'number' &&
    [like.send, like.pipeline, like.transaction, like.duplicate, like.close].every((part) => typeof part === 'function')
  )
}
