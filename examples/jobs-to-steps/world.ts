/**
 * The system that is migrated: two wrapped services, and legacy code that knows nothing of any of this.
 *
 * @module
 */
import { CanonicalRedisClient, constantPhase, type PhaseSource } from 'canonical-redis'
import { Redis } from 'ioredis'
import { naiveClient, plainClient } from './clients.js'
import { Inbox, type Ledger } from './ledger.js'
import { newNames, oldNames } from './names.js'
import { schema } from './schema.js'
import { Service } from './traffic.js'

/** A service with a phase of its own, as each deployment of a rolling update has. */
export interface Deployment {
  readonly name: string
  readonly source: PhaseSource
}

/** Everything that runs. */
export interface World {
  readonly ledger: Ledger
  /** Unwrapped, for loading and for the reckoning. */
  readonly admin: Redis
  /** Wrapped: its phases are what the migrator goes by. */
  readonly api: Redis
  readonly deployments: readonly [Deployment, Deployment]
  readonly inboxes: readonly Inbox[]
  retireLegacyWriters(): Promise<void>
  retireLegacyReaders(): Promise<void>
  /** Stops what still runs. All that was sent has been answered, and all that was published has arrived. */
  quiet(): Promise<void>
  /** Ends everything, however far it is. */
  close(): Promise<void>
}

/** Connects to the server. Nothing runs yet. */
export function connectAdmin(port: number): Redis {
  return new Redis(port)
}

/** Starts everything. With `broken`, the second service does by hand what the wrapped client does. */
export async function startWorld(port: number, admin: Redis, ledger: Ledger, broken: boolean): Promise<World> {
  const connections: Redis[] = [admin]
  const connect = (): Redis => {
    const client = new Redis(port)
    connections.push(client)
    return client
  }
  const wrap = (source: PhaseSource): Redis => new CanonicalRedisClient(connect(), { schema, phase: source })
  const [apiPhase, workerPhase] = [constantPhase('alias'), constantPhase('alias')]

  const inboxes: Inbox[] = []
  const subscribers: Redis[] = []
  const listen = async (name: string, client: Redis, ...channels: string[]): Promise<Inbox> => {
    const inbox = new Inbox(name, ledger)
    client.on('message', (_channel: string, message: string) => inbox.receive(message))
    await client.subscribe(...channels)
    inboxes.push(inbox)
    subscribers.push(client)
    return inbox
  }

  const api = wrap(apiPhase)
  await listen('api', wrap(apiPhase), newNames.events)
  if (broken) await listen('worker', connect(), oldNames.events, newNames.events)
  else await listen('worker', wrap(workerPhase), oldNames.events)
  const dashboard = connect()
  const dashboardInbox = await listen('dashboard', dashboard, oldNames.events)

  const writers = [new Service('legacy', 'writer', plainClient(connect(), 'raw'), oldNames, ledger, 3)]
  const readers = [new Service('dashboard', 'reader', plainClient(connect(), 'raw'), oldNames, ledger, 2)]
  const worker = broken ? naiveClient(connect(), workerPhase) : plainClient(wrap(workerPhase), 'wrapped')
  const services = [
    new Service('api', 'writer', plainClient(api, 'wrapped'), newNames, ledger, 4),
    new Service('api-2', 'writer', plainClient(wrap(apiPhase), 'wrapped'), newNames, ledger, 2),
    new Service('worker', 'writer', worker, oldNames, ledger, 6),
  ]
  const stopAll = async (list: Service[]): Promise<void> => {
    await Promise.all(list.splice(0).map((service) => service.stop()))
  }

  return {
    ledger,
    admin,
    api,
    deployments: [
      { name: 'api', source: apiPhase },
      { name: 'worker', source: workerPhase },
    ],
    inboxes,
    retireLegacyWriters: () => stopAll(writers),
    async retireLegacyReaders() {
      await stopAll(readers)
      dashboardInbox.close()
      // What was published before this answer has arrived before it, on the same connection.
      await dashboard.ping()
      await dashboard.unsubscribe()
    },
    async quiet() {
      await Promise.all([stopAll(writers), stopAll(readers), stopAll(services)])
      await Promise.all(subscribers.filter((client) => client !== dashboard).map((client) => client.ping()))
    },
    async close() {
      await Promise.all([stopAll(writers), stopAll(readers), stopAll(services)])
      for (const client of connections) client.disconnect()
    },
  }
}
