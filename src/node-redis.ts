/**
 * The wrapped client of node-redis, with its static type.
 *
 * @module
 */
import {
  CanonicalRedisClient as AnyCanonicalRedisClient,
  type Canonical,
  type CanonicalOptions,
} from './clients/canonical.js'
import type { Schema } from './schema/index.js'

export * from './errors.js'
export type { Canonical, CanonicalOptions, Health } from './clients/canonical.js'

/** What a client, a pool, a cluster and a Sentinel client of node-redis 5 and 6 have in common, and ioredis lacks. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  withTypeMapping(typeMapping: object): unknown
  sendCommand(...args: never[]): Promise<unknown>
}

/** The constructor of `CanonicalRedisClient`, for clients of node-redis alone. */
export interface CanonicalNodeRedisConstructor {
  /**
   * Wraps a client of node-redis 5 or 6: what `createClient`, `createClientPool`, `createCluster` or `createSentinel`
   * gave. The wrapping is put into the client itself, and the same client is given back.
   *
   * @param client before or after `connect()`
   * @param options the schema and the phase
   * @returns the client, with the same static type and `canonical`
   * @throws {@link CanonicalRedisError} `E_NOT_A_CLIENT`, `E_BAD_OPTION`, `E_BAD_PHASE`
   * @example
   * ```ts
   * const redis = new CanonicalRedisClient(createClient({ url }), { schema, phase: 'dual-read' })
   * await redis.connect()
   * await redis.hGetAll('job:42') // the same key as step:42
   * ```
   */
  new <C extends NodeRedisClient, S extends Schema>(
    client: C,
    options: CanonicalOptions & { readonly schema: S },
  ): C & { readonly canonical: Canonical<S> }
}

/** See {@link CanonicalNodeRedisConstructor}. */
export const CanonicalRedisClient: CanonicalNodeRedisConstructor = AnyCanonicalRedisClient
