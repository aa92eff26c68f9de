/**
 * The wrapped client: a Proxy that looks like the client in every way but one, its `sendCommand`.
 *
 * Methods are handed out unbound, so that `this` is the facade and everything they send passes here. Binding them to
 * the client lets almost everything escape.
 *
 * @module
 */
import { Interceptor } from './interceptor.js'
import { listenersFor } from './listeners.js'
import type { Wrapping } from './wrapping.js'
import type { RawClient } from './types.js'

type Own = Record<PropertyKey, unknown>

const clients = new WeakMap<object, { client: RawClient; wrapping: Wrapping }>()

/** The client and the wrapping behind a facade; undefined for anything else. */
export function behind(facade: object): { client: RawClient; wrapping: Wrapping } | undefined {
  return clients.get(facade)
}

/** Wraps one ioredis connection. `extras` are properties of the facade alone (`canonical`). */
export function wrapIoredis(client: RawClient, wrapping: Wrapping, extras: Own): RawClient {
  const interceptor = new Interceptor(client, wrapping)
  const own: Own = Object.assign(Object.create(null) as Own, extras, {
    sendCommand: interceptor.sendCommand,
    duplicate: (override?: object) => wrapIoredis(client.duplicate(override), wrapping, extras),
    // Autopipelines of their own: one opened by the raw client would carry our commands past the facade.
    _autoPipelines: new Map(),
    _runningAutoPipelines: new Set(),
  })
  const facade: RawClient = new Proxy(client, {
    get: (target, property): unknown => (property in own ? own[property] : Reflect.get(target, property)),
    set(target, property, value: unknown) {
      // A library that patches a method of the wrapped client patches the facade, never the client below.
      if (property in own || (typeof value === 'function' && property in Object.getPrototypeOf(target))) {
        own[property] = value
        return true
      }
      return Reflect.set(target, property, value)
    },
    has: (target, property) => property in own || property in target,
  })
  Object.assign(own, listenersFor(client, facade, interceptor.subscriptions))
  clients.set(facade, { client, wrapping })
  return facade
}
