/**
 * The wrapped client: a Proxy that looks like the client in every way but one, its `sendCommand`.
 *
 * Methods are handed out unbound, so that `this` is the facade and everything they send passes here. Binding them to
 * the client lets almost everything escape.
 *
 * @module
 */
import { planned, type Planner, type RawPipeline } from './cluster-pipeline.js'
import { Interceptor } from './interceptor.js'
import { listenersFor } from './listeners.js'
import { commonRegistry } from '../shared/registry.js'
import type { Wrapping } from '../shared/wrapping.js'
import type { RawClient } from './types.js'

type Own = Record<PropertyKey, unknown>

const clients = commonRegistry<{ client: RawClient; wrapping: Wrapping }>('canonical-redis.clients')

/** The client and the wrapping behind a facade; undefined for anything else. */
export function behind(facade: object): { client: RawClient; wrapping: Wrapping } | undefined {
  return clients.get(facade)
}

/** Wraps one ioredis connection, or a cluster. `extras` are properties of the facade alone (`canonical`). */
export function wrapIoredis(client: RawClient, wrapping: Wrapping, extras: Own): RawClient {
  const interceptor = new Interceptor(client, wrapping)
  const own: Own = Object.assign(Object.create(null) as Own, extras, {
    sendCommand: interceptor.sendCommand,
    duplicate: (...overrides: unknown[]) => wrapIoredis(client.duplicate(...overrides), wrapping, extras),
    // Bound, unlike all others: what it connects, ioredis subscribes again after a cut by the names of the server.
    connect: client.connect.bind(client),
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
  const hosted = hosting(client, facade, own)
  Object.assign(own, listenersFor(client, facade, interceptor.subscriptions))
  Object.assign(
    own,
    client.isCluster
      ? clusterMethods(client, facade, interceptor, wrapping, extras, hosted)
      : pipelinesOf(client, facade, hosted),
  )
  clients.set(facade, { client, wrapping })
  return facade
}

/**
 * What pipelines have for a client: the facade, but for the properties that they ask for with every command. Through the Proxy
 * these took more time than everything else that is done to a name that is right already.
 */
function hosting(client: RawClient, facade: RawClient, own: Own): (made: unknown) => unknown {
  const host = Object.create(facade, {
    sendCommand: { get: () => own.sendCommand },
    stream: { get: () => client.stream },
    _groupsBySlot: { get: () => client._groupsBySlot },
  }) as RawClient
  return (made) => {
    const pipeline = made as ReturnType<RawClient['pipeline']>
    if (pipeline.redis === facade) pipeline.redis = host
    return pipeline
  }
}

function pipelinesOf(client: RawClient, facade: RawClient, hosted: ReturnType<typeof hosting>): Own {
  return {
    pipeline: (...given: []) => hosted(client.pipeline.apply(facade, given)),
    multi: (...given: []) => hosted(client.multi.apply(facade, given)),
  }
}

/** What a cluster has beside its `sendCommand`. */
function clusterMethods(
  client: RawClient,
  facade: RawClient,
  interceptor: Interceptor,
  wrapping: Wrapping,
  extras: Own,
  hosted: ReturnType<typeof hosting>,
): Own {
  const planner: Planner = {
    client,
    rename: (command) => interceptor.renameQueued(command),
    plan: (argv, inTransaction) => interceptor.planQueued(argv, inTransaction),
    mark: (command) => interceptor.markPlanned(command),
    isMarked: (command) => interceptor.isPlanned(command),
  }
  const instrumented = (pipeline: unknown, isMulti: boolean, commands: unknown): unknown => {
    const made = planned(hosted(pipeline) as RawPipeline, isMulti, planner)
    if (Array.isArray(commands)) made.addBatch(commands as unknown[][])
    return made
  }
  const nodes = new WeakMap<RawClient, RawClient>()
  return {
    pipeline: (commands?: unknown) => instrumented(client.pipeline.call(facade), false, commands),
    multi(commands?: unknown, options?: { pipeline?: boolean }) {
      const given = Array.isArray(commands) ? options : ((commands ?? options) as typeof options)
      const multi: unknown = client.multi.call(facade, undefined, given)
      return given?.pipeline === false ? multi : instrumented(multi, true, commands)
    },
    nodes(role?: string) {
      return (client.nodes?.(role) ?? []).map((node) => {
        const known = nodes.get(node) ?? wrapIoredis(node, wrapping, extras)
        nodes.set(node, known)
        return known
      })
    },
    // ioredis groups by the slots of the names as they are asked, and refuses the group when those sent lie elsewhere.
    options: Object.create(client.options, {
      enableAutoPipelining: { value: false, writable: true, enumerable: true },
    }),
  }
}
