/**
 * Every client that can be wrapped, behind one face: what the contract needs of it, and what it cannot do.
 *
 * @module
 */
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis6'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import type { ContractClient } from '../../src/testing.js'
import { nodeRedisVersions, type NodeRedisVersion } from '../support/node-redis.js'

/** Where a client connects to: the nodes of a cluster, or one server. */
export interface Target {
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly isCluster: boolean
}

/** One client in one setting. */
export interface Subject {
  readonly client: string
  readonly isCluster: boolean
  readonly skips: Readonly<Record<string, string>>
  open(target: Target, wrapping?: CanonicalOptions): Promise<ContractClient>
}

/** For a list of tests. */
export const titleOf = ({ client, isCluster }: Subject): string => (isCluster ? `${client}, cluster` : client)

type AnyRedis = Redis5 | Cluster5

/** iovalkey knows the keys of commands in lower case alone, and asks any node of a cluster for the others. */
const lower = (name: string): string => name.toLowerCase()

/** A client of ioredis or one like it. */
export function ioredisClient(client: AnyRedis): ContractClient {
  const batch = async (kind: 'pipeline' | 'multi', argvs: readonly (readonly string[])[]): Promise<unknown[]> => {
    const results = await client[kind](argvs.map(([name = '', ...args]) => ['call', lower(name), ...args])).exec()
    return (results ?? []).map(([error, reply]) => error ?? reply)
  }
  const on = { channel: 'subscribe', pattern: 'psubscribe', shard: 'ssubscribe' } as const
  const off = { channel: 'unsubscribe', pattern: 'punsubscribe', shard: 'sunsubscribe' } as const
  return {
    send: ([name = '', ...args]) => client.call(lower(name), ...args),
    sendBuffers: ([name = '', ...args]) => client.callBuffer(lower(String(name)), ...args),
    pipeline: (argvs) => batch('pipeline', argvs),
    multi: (argvs) => batch('multi', argvs),
    async scan(match) {
      const nodes = 'nodes' in client ? client.nodes('master') : [client]
      const found: string[] = []
      for (const node of nodes) for await (const page of node.scanStream({ match })) found.push(...(page as string[]))
      return found
    },
    async listen(how, name, listener) {
      if (how === 'pattern') client.on('pmessage', (_, shown: string, message: string) => listener(shown, message))
      else client.on(how === 'shard' ? 'smessage' : 'message', listener)
      await client[on[how]](name)
    },
    async leave(how, name) {
      await client[off[how]](name)
    },
    close: async () => void client.disconnect(),
  }
}

interface IoredisKind {
  readonly Redis: typeof Redis5
  readonly Cluster: typeof Cluster5
  readonly options: object
}

/** Of bare clients too. */
function clusterGaps(name: string): Record<string, string> {
  const misplaced =
    'it does not find the key of OBJECT and XREADGROUP, asks any node, and MOVED takes the command out of its place'
  const shards = 'iovalkey does not find the slot of SPUBLISH, and gives up after too many redirections'
  return {
    'keys, at once': misplaced,
    'streams, at once': misplaced,
    ...(name === 'iovalkey' ? { 'shard channels': shards } : {}),
  }
}

function ioredis(client: string, { Redis, Cluster, options }: IoredisKind, isCluster: boolean): Subject {
  return {
    client,
    isCluster,
    skips: isCluster ? clusterGaps(client) : {},
    async open({ nodes }, wrapping) {
      const raw = isCluster
        ? new Cluster([...nodes], { redisOptions: options, shardedSubscribers: true })
        : new Redis({ ...nodes[0], ...options })
      raw.on('error', () => undefined)
      // Until a cluster is connected it knows no nodes.
      await raw.call('GET', 'probe')
      return ioredisClient(wrapping ? new CanonicalRedisClient(raw, wrapping) : raw)
    },
  }
}

type Queue = {
  addCommand(...args: unknown[]): unknown
  exec(): Promise<unknown[]>
  execAsPipeline(): Promise<unknown[]>
}
type Listener = (message: string, channel: string) => void

/** What the clients of node-redis have in common here. */
interface NodeLike {
  sendCommand(...args: unknown[]): Promise<unknown>
  multi(): Queue
  subscribe(name: string, listener: Listener): Promise<void>
  pSubscribe(name: string, listener: Listener): Promise<void>
  sSubscribe(name: string, listener: Listener): Promise<void>
  unsubscribe(name: string): Promise<void>
  pUnsubscribe(name: string): Promise<void>
  sUnsubscribe(name: string): Promise<void>
  scanIterator(options: { MATCH: string }): AsyncIterable<string[]>
  readonly masters: object[]
  nodeClient(node: object): Promise<NodeLike>
  destroy(): unknown
}

function nodeClient(client: NodeLike, isCluster: boolean): ContractClient {
  const route = (argv: readonly unknown[], key: string | undefined, options?: object): unknown[] =>
    isCluster ? [key, false, argv, options] : [argv, options]
  const queued = (argvs: readonly (readonly string[])[], key: string): Queue => {
    const queue = client.multi()
    for (const argv of argvs) queue.addCommand(...(isCluster ? [key, false, [...argv]] : [[...argv]]))
    return queue
  }
  const on = { channel: 'subscribe', pattern: 'pSubscribe', shard: 'sSubscribe' } as const
  const off = { channel: 'unsubscribe', pattern: 'pUnsubscribe', shard: 'sUnsubscribe' } as const
  return {
    send: (argv, key) => client.sendCommand(...route(argv, key)),
    sendBuffers: (argv, key) => client.sendCommand(...route(argv, key, { typeMapping: { 36: Buffer } })),
    pipeline: (argvs, key) => queued(argvs, key).execAsPipeline(),
    multi: (argvs, key) =>
      queued(argvs, key)
        .exec()
        .catch((error: Error & { replies?: unknown[] }) => error.replies ?? Promise.reject(error)),
    async scan(match) {
      const nodes = isCluster ? await Promise.all(client.masters.map((node) => client.nodeClient(node))) : [client]
      const found: string[] = []
      for (const node of nodes) for await (const page of node.scanIterator({ MATCH: match })) found.push(...page)
      return found
    },
    listen: (how, name, listener) => client[on[how]](name, (message, shown) => listener(shown, message)),
    leave: (how, name) => client[off[how]](name),
    close: async () => void (await client.destroy()),
  }
}

function nodeRedis(version: NodeRedisVersion, RESP: 2 | 3, isCluster: boolean): Subject {
  const { createClient, createCluster } = nodeRedisVersions[version]
  return {
    client: `${version}, RESP${RESP}`,
    isCluster,
    skips: { 'errors, in a pipeline': 'node-redis rejects a whole pipeline at the first error' },
    async open({ nodes }, wrapping) {
      const raw = isCluster
        ? createCluster({ rootNodes: nodes.map((socket) => ({ socket })), RESP })
        : createClient({ socket: { ...nodes[0] } as object, RESP, unstableResp3: true })
      raw.on('error', () => undefined)
      await raw.connect()
      const client = wrapping ? new CanonicalRedisClient(raw, wrapping) : raw
      return nodeClient(client as unknown as NodeLike, isCluster)
    },
  }
}

const ioredisKinds: Readonly<Record<string, IoredisKind>> = {
  'ioredis 5': { Redis: Redis5, Cluster: Cluster5, options: {} },
  'ioredis 6, RESP2': {
    Redis: Redis6 as unknown as typeof Redis5,
    Cluster: Cluster6 as unknown as typeof Cluster5,
    options: { protocol: 2 },
  },
  'ioredis 6, RESP3': {
    Redis: Redis6 as unknown as typeof Redis5,
    Cluster: Cluster6 as unknown as typeof Cluster5,
    options: { protocol: 3 },
  },
  iovalkey: {
    Redis: Valkey as unknown as typeof Redis5,
    Cluster: ValkeyCluster as unknown as typeof Cluster5,
    options: {},
  },
}

/** Every client in every setting. */
export const subjects: readonly Subject[] = [false, true].flatMap((isCluster) => [
  ...Object.entries(ioredisKinds).map(([name, kind]) => ioredis(name, kind, isCluster)),
  ...(Object.keys(nodeRedisVersions) as NodeRedisVersion[]).flatMap((version) =>
    ([2, 3] as const).map((RESP) => nodeRedis(version, RESP, isCluster)),
  ),
])
