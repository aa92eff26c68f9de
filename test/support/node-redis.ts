/**
 * Clients of node-redis in each version and protocol under test, closed together.
 *
 * @module
 */
import * as redis5 from 'redis'
import * as redis6 from 'redis6'

/** The versions, as packages with one type. */
export const nodeRedisVersions = { 'node-redis 5': redis5, 'node-redis 6': redis6 as unknown as typeof redis5 } as const

/** A version's name. */
export type NodeRedisVersion = keyof typeof nodeRedisVersions

/** Every version in every protocol. */
export const nodeRedisMatrix = (Object.keys(nodeRedisVersions) as NodeRedisVersion[]).flatMap((version) =>
  ([2, 3] as const).map((RESP) => ({ version, RESP, name: `${version}, RESP${RESP}` })),
)

/** A client as the tests use it. */
export type NodeClient = ReturnType<typeof redis5.createClient>

/** Makes clients and closes them all. */
export class NodeClients {
  readonly #open: { readonly isOpen: boolean; destroy(): unknown }[] = []

  constructor(
    readonly version: NodeRedisVersion,
    readonly RESP: 2 | 3,
    readonly port: number,
  ) {}

  get package(): typeof redis5 {
    return nodeRedisVersions[this.version]
  }

  /** Options of a client of this version, protocol and port. */
  options(options: object = {}): object {
    // Without it node-redis 5 has no XREAD in RESP3.
    return { socket: { port: this.port, host: '127.0.0.1' }, RESP: this.RESP, unstableResp3: true, ...options }
  }

  /** A client that is not connected yet. */
  make(options: object = {}): NodeClient {
    return this.keep(this.package.createClient(this.options(options)))
  }

  async raw(options: object = {}): Promise<NodeClient> {
    return await this.make(options).connect()
  }

  keep<C extends { on(event: 'error', listener: () => void): unknown; readonly isOpen: boolean; destroy(): unknown }>(
    client: C,
  ): C {
    // A test that cuts the connection would end the process otherwise.
    client.on('error', () => undefined)
    this.#open.push(client)
    return client
  }

  async close(): Promise<void> {
    for (const client of this.#open.splice(0)) if (client.isOpen) await client.destroy()
  }
}
