/**
 * The servers behind an ioredis client: one, the one a Sentinel names, or the masters of a cluster.
 *
 * @module
 */
import calculateSlot from 'cluster-key-slot'
import { oneServer, type Server, type Servers } from '../servers.js'
import { portOf } from './port.js'
import type { RawClient } from './types.js'

/** An ioredis `Cluster`, in the parts that tell who owns what. */
interface RawCluster extends RawClient {
  /** By slot, the addresses that serve it, the master first. */
  readonly slots: readonly (readonly string[] | undefined)[]
  refreshSlotsCache(callback: (error?: Error) => void): void
  nodes(role?: string): RawClient[]
}

/** The servers behind a raw client or cluster. */
export function serversOf(client: RawClient): Servers {
  if (client.isCluster) return clusterServers(client as RawCluster)
  const { sentinels, name, host = '127.0.0.1', port = 6379, path } = client.options
  if (Array.isArray(sentinels)) return oneServer(portOf(client), `master ${String(name)}`, true)
  return oneServer(portOf(client), typeof path === 'string' ? path : `${String(host)}:${String(port)}`)
}

function clusterServers(cluster: RawCluster): Servers {
  return {
    db: 0,
    isCluster: true,
    haveSuccessors: true,
    slotOf: (name) => calculateSlot(name),
    async list() {
      // A lazy client is connected as by its first command; until then it knows no nodes.
      if (cluster.status === 'wait') await cluster.connect()
      await new Promise<void>((resolve, reject) => {
        cluster.refreshSlotsCache((error) => (error ? reject(error) : resolve()))
      })
      return ownersOf(cluster)
    },
  }
}

function ownersOf(cluster: RawCluster): Server[] {
  const byAddress = new Map<string, number[]>()
  cluster.slots.forEach((nodes, slot) => {
    const address = nodes?.[0]
    if (address === undefined) return
    const slots = byAddress.get(address)
    if (slots) slots.push(slot)
    else byAddress.set(address, [slot])
  })
  const addressOf = ({ options }: RawClient): string => `${String(options['host'])}:${String(options['port'])}`
  const nodes = new Map(cluster.nodes().map((node) => [addressOf(node), node]))
  return [...byAddress].map(([address, slots]) => ({
    address,
    slots,
    async connect(options) {
      const node = nodes.get(address)
      if (node === undefined) throw new Error(`the cluster has no connection to ${address} yet`)
      return portOf(node).duplicate(options)
    },
  }))
}
