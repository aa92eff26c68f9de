/**
 * Which clients are wrapped, for all copies of the package in a process (ESM beside CJS): a migrator of one copy would
 * take a client that the other has wrapped for a raw one, and when it removed an alias the wrapping would remove the key
 * itself; and a client wrapped by both would have its names mapped twice.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'

/** The registry of this name, made by whichever copy comes first. */
export function commonRegistry<V>(name: string): WeakMap<object, V> {
  const shared = globalThis as Record<PropertyKey, unknown>
  return (shared[Symbol.for(name)] ??= new WeakMap()) as WeakMap<object, V>
}

/**
 * Refuses a client that is not in the registry and has been wrapped all the same: by a version that has no registry.
 *
 * @throws CanonicalRedisError `E_NOT_A_CLIENT`
 */
export function unwrapped<C extends object>(client: C): C {
  if (!('canonical' in client)) return client
  throw new CanonicalRedisError('E_NOT_A_CLIENT', 'The client was wrapped by another version of canonical-redis.', {
    hint: 'See `npm ls canonical-redis`, and have one version only; or pass the client that is not wrapped.',
  })
}
