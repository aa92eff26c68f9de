/**
 * A proxy in front of a server; what happens to the bytes in between is the caller's.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A running proxy. */
export interface Proxy {
  readonly port: number
  stop(): Promise<void>
}

/** The two ends of one connection. */
export interface Ends {
  readonly client: Socket
  readonly upstream: Socket
}

/**
 * Starts a proxy to the server on `port`.
 *
 * @param join joins the two ends of a connection; gives what to do when either closes
 */
export async function startProxy(port: number, join: (ends: Ends) => () => void): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const end = join({ client, upstream })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
