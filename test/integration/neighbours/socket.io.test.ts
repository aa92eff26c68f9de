/** socket.io with its Redis adapter: servers of old and new channel names in one cluster of them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { io as connectTo, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { phases, type PhaseSource } from '../../../src/phases/index.js'
import { channel, defineSchema } from '../../../src/schema/index.js'
import { Clients, until } from '../../support/clients.js'
import { twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { NodeClients } from '../../support/node-redis.js'
import { startServer, type TestServer } from '../../support/servers.js'

const schema = defineSchema({
  name: 'live',
  keys: {},
  channels: {
    messages: channel('shop.io#<rest*>').alias('socket.io#<rest*>'),
    requests: channel('shop.io-request#<rest*>').alias('socket.io-request#<rest*>'),
    responses: channel('shop.io-response#<rest*>').alias('socket.io-response#<rest*>'),
  },
})

interface Opened {
  readonly ioredis: Clients
  readonly node: NodeClients
}
const kinds = {
  'ioredis 5': (opened: Opened) => opened.ioredis.raw(),
  'node-redis 5': (opened: Opened) => opened.node.make(),
}

/** One server, and a browser that is connected to it and in the room `club`. */
class Site {
  readonly heard: string[] = []
  #browser!: Socket
  private constructor(
    readonly io: Server,
    readonly clients: readonly object[],
  ) {}

  static async open(pub: object, sub: object, key: string): Promise<Site> {
    const http = createServer()
    const site = new Site(new Server(http, { adapter: createAdapter(pub, sub, { key, requestsTimeout: 60_000 }) }), [
      pub,
      sub,
    ])
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    site.io.on('connection', (socket) => void socket.join('club'))
    const joined = once(site.io, 'connection')
    const { port } = http.address() as AddressInfo
    site.#browser = connectTo(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false })
    site.#browser.on('news', (text: string) => site.heard.push(text))
    site.io.on('question', (text: string, answer: (reply: string) => void) => answer(`${key} heard ${text}`))
    await joined
    return site
  }

  async close(): Promise<void> {
    this.#browser.disconnect()
    await this.io.close()
    // The adapter unsubscribes and does not wait for the answer; a client that is cut before it would complain.
    for (const client of this.clients as { close?(): Promise<void>; quit(): Promise<unknown> }[]) {
      await (client.close?.() ?? client.quit())
    }
  }
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('socket.io on %s', (kind) => {
  let server: TestServer
  let opened: Opened
  let raw: Redis
  const sites = new Set<Site>()

  beforeAll(async () => {
    server = await startServer()
    opened = { ioredis: new Clients('ioredis 5', server.port), node: new NodeClients('node-redis 5', 2, server.port) }
    raw = opened.ioredis.raw()
  })
  afterEach(() => Promise.all([...sites].map((site) => site.close())))
  afterAll(async () => {
    opened.ioredis.close()
    await opened.node.close()
    await server.stop()
  })

  const connected = async (phase?: PhaseSource): Promise<object> => {
    const client = kinds[kind](opened)
    const used = phase ? new CanonicalRedisClient(client, { schema, phase }) : client
    if ('isOpen' in used) await used.connect()
    return used
  }
  const open = async (key: string, phase?: PhaseSource) => {
    const site = await Site.open(await connected(phase), await connected(phase), key)
    sites.add(site)
    return site
  }
  /** A server listens on one name of its channels at a time; on both for the moment in which it moves. */
  const arrived = (name: string, count: number) =>
    until(`${count} servers to listen on ${name} alone`, async () => {
      const names = ['socket.io', 'shop.io'].map((key) => `${key}-request#/#`)
      const [, one, , other] = (await raw.pubsub('NUMSUB', ...names)) as [string, number, string, number]
      const [here, there] = name === 'socket.io' ? [one, other] : [other, one]
      return Number(here) === count && Number(there) === sites.size - count
    })

  it('brings every message to every browser once', { timeout: 180_000 }, async () => {
    const services = twoServices()
    await open('socket.io', services[0])
    await open('shop.io', services[1])
    const legacy = await open('socket.io')
    await arrived('socket.io', 3)

    const work = new Work()
    const sent: string[] = []
    const hear = (text: string) => {
      sent.push(text)
      return until(`everybody to hear ${text}`, () => [...sites].every(({ heard }) => heard.includes(text)), 60_000)
    }
    for (const [i] of [...sites].entries()) {
      const sender = (round: number) => [...sites][(round + i) % sites.size]!
      work.loop(`to all ${i}`, (round) => {
        sender(round).io.emit('news', `${i}: all ${round}`)
        return hear(`${i}: all ${round}`)
      })
      work.loop(`to a room ${i}`, (round) => {
        sender(round).io.to('club').emit('news', `${i}: club ${round}`)
        return hear(`${i}: club ${round}`)
      })
    }
    const ask = async () => {
      for (const { io } of sites) {
        expect(await io.fetchSockets()).toHaveLength(sites.size)
        expect(await io.of('/').adapter.sockets(new Set(['club']))).toHaveProperty('size')
        const replies = (await io.serverSideEmitWithAck('question', 'who?')) as string[]
        expect(replies).toHaveLength(sites.size - 1)
      }
    }

    await work.rounds()
    await ask()
    for (const phase of phases.slice(1)) {
      for (const [i, service] of services.entries()) {
        service.set?.(phase)
        const moved = phases.indexOf(phase) > 3 ? 2 : phases.indexOf(phase) === 3 ? i + 1 : 0
        await work.rounds()
        await arrived('shop.io', moved)
        await ask()
      }
      if (phase !== 'dual-write') continue
      // It knows only the old names, so this is as far as it may come along.
      sites.delete(legacy)
      await work.rounds()
      await legacy.close()
      await arrived('socket.io', 2)
      await ask()
    }
    await work.stop()

    expect(sent.length).toBeGreaterThan(100)
    for (const { heard } of sites) expect(heard.sort()).toEqual(sent.sort())
    expect(await raw.pubsub('CHANNELS', 'socket.io*')).toEqual([])
    expect(((await raw.pubsub('CHANNELS', 'shop.io-re*')) as string[]).length).toBeGreaterThan(2)
  })
})
