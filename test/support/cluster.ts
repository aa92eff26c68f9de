/**
 * Real clusters for tests: three masters if not told otherwise, each with as many replicas as asked, on loopback ports.
 *
 * @module
 */
import { Redis } from 'ioredis'
import { until } from './clients.js'
import { startServer, type ServerKind, type TestServer } from './servers.js'

const SLOTS = 16384

/** A running cluster. */
export interface TestCluster {
  readonly masters: readonly TestServer[]
  readonly replicas: readonly TestServer[]
  readonly nodes: readonly { host: string; port: number }[]
  stop(): Promise<void>
}

/** Starts a cluster and waits until every node agrees on it. */
export async function startCluster(kind: ServerKind, replicasEach = 0, masters = 3): Promise<TestCluster> {
  // A single master has met nobody who could tell it its address.
  const address = ['--cluster-announce-ip', '127.0.0.1']
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '2000',
    '--repl-diskless-sync-delay',
    '0',
    ...address,
  ]
  const servers = await Promise.all(
    Array.from({ length: masters * (1 + replicasEach) }, () => startServer({ kind, args })),
  )
  const clients = servers.map((server) => new Redis(server.port, { enableReadyCheck: false }))
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    await join(masters, clients)
  } catch (error) {
    await stop()
    throw error
  } finally {
    for (const client of clients) client.disconnect()
  }
  return {
    masters: servers.slice(0, masters),
    replicas: servers.slice(masters),
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    stop,
  }
}

async function join(masters: number, clients: readonly Redis[]): Promise<void> {
  const [first, ...others] = clients as [Redis, ...Redis[]]
  const step = Math.ceil(SLOTS / masters)
  for (let i = 0; i < masters; i++) {
    await clients[i]?.call('CLUSTER', 'ADDSLOTSRANGE', i * step, Math.min((i + 1) * step, SLOTS) - 1)
  }
  for (let i = 0; i < clients.length; i++) await clients[i]?.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
  for (const other of others) await other.call('CLUSTER', 'MEET', '127.0.0.1', first.options.port ?? 0)
  const says = async (client: Redis, text: string): Promise<boolean> =>
    String(await client.call('CLUSTER', 'INFO')).includes(text)
  await until('all nodes know each other', async () => {
    const all = await Promise.all(clients.map((client) => says(client, `cluster_known_nodes:${clients.length}`)))
    return all.every(Boolean)
  })
  const ids = await Promise.all(clients.slice(0, masters).map((client) => client.call('CLUSTER', 'MYID')))
  for (let i = masters; i < clients.length; i++)
    await clients[i]?.call('CLUSTER', 'REPLICATE', String(ids[i % masters]))
  await until('the cluster is up', async () => {
    const all = await Promise.all(clients.map((client) => says(client, 'cluster_state:ok')))
    return all.every(Boolean)
  })
  if (clients.length > masters) {
    await until('the replicas are in step', async () => {
      const infos = await Promise.all(clients.slice(masters).map((client) => client.info('replication')))
      return infos.every((info) => info.includes('master_link_status:up'))
    })
    await until('every node has seen the replicas', async () => {
      const shards = String(await first.call('CLUSTER', 'NODES'))
      return shards.split('slave').length - 1 === clients.length - masters
    })
  }
}
