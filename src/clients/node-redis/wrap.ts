/**
 * Puts the wrapping into clients of node-redis. It lies in the client itself: node-redis reaches its private fields
 * through `_self`, so nothing can stand in front of it, as a proxy does for ioredis.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { phaseTable } from '../../phases/index.js'
import { commonRegistry } from '../shared/registry.js'
import { type Wrapping } from '../shared/wrapping.js'
import { executeMulti, executePipeline } from './batches.js'
import { Connection } from './connection.js'
import { Server } from './gate.js'
import { Listening } from './listening.js'
import type {
  RawCluster,
  RawConnection,
  RawLease,
  RawNodeRedis,
  RawPool,
  RawSentinel,
  CommandOptions,
} from './types.js'

/** What the connections of one wrapped client share. */
interface Shared {
  readonly wrapping: Wrapping
  readonly server: Server
  /** Properties of the clients that the caller has in hand (`canonical`). */
  readonly extras: Readonly<Record<string, unknown>>
}

interface Wrapped {
  readonly wrapping: Wrapping
  /** Of a single connection. */
  readonly connection: Connection | undefined
}

const wrapped = commonRegistry<Wrapped>('canonical-redis.node-redis')

/** The wrapping of a client of node-redis, and its connection where it is a single one. */
export function wrappedNodeRedis(client: object): Wrapped | undefined {
  const { _self: self = client } = client as { _self?: object }
  return wrapped.get(self)
}

/** Wraps a client of node-redis, whatever its kind. */
export function wrapNodeRedis(raw: RawNodeRedis, wrapping: Wrapping, extras: Shared['extras']): void {
  const shared: Shared = { wrapping, server: new Server(wrapping), extras }
  switch (raw.kind) {
    case 'client':
      return wrapConnection(raw.client, shared, true)
    case 'pool':
      return wrapPool(raw.client, shared)
    case 'cluster':
      return wrapCluster(raw.client, shared)
    case 'sentinel':
      return wrapSentinel(raw.client, shared)
  }
}

/** One connection. Those of a pool or a cluster are wrapped when they are lent out, and have no `canonical`. */
function wrapConnection(client: RawConnection, shared: Shared, own = false): void {
  const self = client._self
  if (wrapped.has(self)) return
  const { sendCommand, _executeCommand, _executeMulti, _executePipeline, SELECT, duplicate, createPool } = self
  const { reset } = self as { reset?: () => Promise<void> }
  const connection = new Connection(self, sendCommand, shared.wrapping, shared.server)
  wrapped.set(self, { wrapping: shared.wrapping, connection })
  const select = async function (this: RawConnection, db: number): Promise<void> {
    await SELECT.call(this, db)
    connection.remembered = db
  }
  install(self, own ? shared.extras : {}, {
    sendCommand(this: RawConnection, args: readonly Arg[], options?: CommandOptions) {
      return connection.send(this, args, options)
    },
    // The cache of node-redis knows the names that were asked, and the server takes back those that were sent.
    ...(self.clientSideCache && {
      _executeCommand(this: RawConnection, command: object, parser: { redisArgs: Arg[] }, ...rest: unknown[]) {
        const sent = connection.isPlain(parser.redisArgs) ? command : { ...command, CACHEABLE: false }
        return _executeCommand.call(this, sent, parser, ...rest)
      },
    }),
    _executeMulti(this: RawConnection, commands: [], selectedDB?: number, ...rest: unknown[]) {
      return executeMulti(connection, { from: this, commands, selectedDB, rest }, _executeMulti)
    },
    _executePipeline(this: RawConnection, commands: [], selectedDB?: number, ...rest: unknown[]) {
      return executePipeline(connection, { from: this, commands, selectedDB, rest }, _executePipeline)
    },
    SELECT: select,
    select,
    async reset(this: RawConnection) {
      connection.forget(self.options?.database ?? 0)
      await reset?.call(this)
    },
    duplicate(this: RawConnection, overrides?: object) {
      const copy = duplicate.call(this, overrides)
      wrapConnection(copy, { ...shared, server: new Server(shared.wrapping) }, own)
      return copy
    },
    createPool(this: RawConnection, options?: object) {
      const pool = createPool.call(this, options)
      wrapPool(pool._self, shared)
      return pool
    },
    ...new Listening(self, shared.wrapping, () => connection.db).methods,
  })
}

function wrapPool(self: RawPool, shared: Shared): void {
  const { execute } = self
  wrapped.set(self, { wrapping: shared.wrapping, connection: undefined })
  install(self, shared.extras, {
    execute(this: RawPool, task: (client: RawConnection) => unknown) {
      return execute.call(this, (client) => task(lent(client, shared)))
    },
  })
}

function wrapCluster(self: RawCluster, shared: Shared): void {
  const { duplicate, _slots: slots } = self
  const { nodeClient, getClientAndSlotNumber, getClientForKey } = slots
  const { wrapping } = shared
  wrapped.set(self, { wrapping, connection: undefined })
  install(
    slots,
    {},
    {
      async nodeClient(node: object) {
        return lent(await nodeClient.call(slots, node), shared)
      },
      getClientAndSlotNumber(key: Arg | undefined, isReadonly?: boolean) {
        return getClientAndSlotNumber.call(slots, ...routed(key, isReadonly, wrapping))
      },
      ...(getClientForKey && {
        getClientForKey(key: Arg, isReadonly?: boolean) {
          return getClientForKey.call(slots, ...routed(key, isReadonly, wrapping))
        },
      }),
    },
  )
  install(self, shared.extras, {
    duplicate(this: RawCluster, overrides?: object) {
      const copy = duplicate.call(this, overrides)
      wrapCluster(copy._self, { ...shared, server: new Server(wrapping) })
      return copy
    },
    ...new Listening(self, wrapping, () => 0).methods,
  })
}

/** The key by which a cluster finds the node, under the name that is sent; a replica takes no COPY. */
function routed<K extends Arg | undefined>(
  key: K,
  isReadonly: boolean | undefined,
  wrapping: Wrapping,
): [K, boolean | undefined] {
  const { mapper, phaseOf } = wrapping.contextFor(0, false)
  const found = key === undefined ? undefined : mapper.resolve(key)
  if (found === undefined) return [key, isReadonly]
  const rule = phaseTable[phaseOf(found.family)]
  const name = rule.primary === 'alias' ? (found.aliases[0]?.name ?? found.canonical) : found.canonical
  return [name as K, isReadonly === true && !rule.adopt]
}

function wrapSentinel(self: RawSentinel, shared: Shared): void {
  const { acquire, use, duplicate } = self
  wrapped.set(self, { wrapping: shared.wrapping, connection: undefined })
  lease(self, shared)
  install(self, shared.extras, {
    async acquire(this: RawSentinel) {
      return lease(await acquire.call(this), shared)
    },
    use(this: RawSentinel, task: (client: RawLease) => unknown) {
      return use.call(this, (client) => task(lease(client, shared)))
    },
    ...(duplicate && {
      duplicate(this: RawSentinel, overrides?: object) {
        const copy = duplicate.call(this, overrides)
        wrapSentinel(copy._self, { ...shared, server: new Server(shared.wrapping) })
        return copy
      },
    }),
    ...new Listening(self, shared.wrapping, () => 0).methods,
  })
}

/** A Sentinel client, or what it lends for several commands in a row, sends everything through its `_execute`. */
function lease<L extends RawLease>(client: L, shared: Shared): L {
  const { _execute: execute } = client._self
  install(
    client._self,
    {},
    {
      _execute(this: RawLease, isReadonly: boolean, task: (client: RawConnection) => unknown) {
        // A replica takes no COPY.
        const adopts = [...shared.wrapping.schema.families.keys()].some(
          (family) => phaseTable[shared.wrapping.source.phaseOf(family)].adopt,
        )
        return execute.call(this, isReadonly && !adopts, (connection) => task(lent(connection, shared)))
      },
    },
  )
  return client
}

function lent(client: RawConnection, shared: Shared): RawConnection {
  wrapConnection(client, shared)
  return client
}

function install(
  target: object,
  extras: Readonly<Record<string, unknown>>,
  methods: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries({ ...extras, ...methods })) {
    // Not enumerable, so that a copy of the client's properties is not half wrapped.
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
  }
}
