/** express-session with connect-redis: two web services share sessions, one by the old names, one by the new. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import type { PhaseSource } from '../../../src/phases/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import { walkThePath, twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { NodeClients, nodeRedisVersions, type NodeClient, type NodeRedisVersion } from '../../support/node-redis.js'
import { startServer, type TestServer } from '../../support/servers.js'

const schema = defineSchema({ name: 'shop', keys: { session: key('shop:session:<sid>').alias('sess:<sid>') } })

type Visit = IncomingMessage & { readonly session: session.Session & { views?: number } }

/** `/` counts the visit, `/look` leaves the session as it is (which touches it), `/bye` ends it. */
class Shop {
  readonly store: RedisStore
  readonly #server: Server

  constructor(client: NodeClient, prefix: string) {
    this.store = new RedisStore({ client, prefix, scanCount: 10 })
    const cookie = { maxAge: 3_600_000 }
    const options = { store: this.store, secret: 's', resave: false, saveUninitialized: false, cookie }
    const middleware = session(options) as unknown as (
      request: IncomingMessage,
      response: ServerResponse,
      next: (error?: Error) => void,
    ) => void
    this.#server = createServer((request, response) => {
      middleware(request, response, (error) => answer(request as Visit, response, error))
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function answer(request: Visit, response: ServerResponse, error?: Error): void {
  if (error) return void response.writeHead(500).end(error.message)
  const { session: one } = request
  if (request.url === '/bye') {
    return void one.destroy((failed?: Error) => response.writeHead(failed ? 500 : 200).end('bye'))
  }
  if (request.url === '/') one.views = (one.views ?? 0) + 1
  response.end(String(one.views ?? 'nobody'))
}

/** A browser: it has one cookie. */
class Visitor {
  #cookie = ''

  async get(shop: Shop, path: string): Promise<string> {
    const response = await fetch(shop.url + path, { headers: { cookie: this.#cookie } })
    const [given] = response.headers.getSetCookie()
    if (given) this.#cookie = given.split(';')[0]!
    expect(response.status).toBe(200)
    return response.text()
  }

  get sid(): string {
    return /^connect\.sid=s%3A([^.]+)/.exec(this.#cookie)![1]!
  }
}

describe.each(Object.keys(nodeRedisVersions) as NodeRedisVersion[])('connect-redis on %s', (version) => {
  let server: TestServer
  let clients: NodeClients
  let raw: NodeClient

  beforeAll(async () => {
    server = await startServer()
    clients = new NodeClients(version, 3, server.port)
    raw = await clients.raw()
  })
  afterAll(async () => {
    await clients.close()
    await server.stop()
  })

  const wrapped = async (phase: PhaseSource) => {
    const client = new CanonicalRedisClient(clients.make(), { schema, phase })
    await client.connect()
    return client
  }
  const names = async () => (await raw.keys('*')).sort()

  it('counts every visit, whichever service is asked', { timeout: 180_000 }, async () => {
    const services = twoServices()
    const [first, second] = [await wrapped(services[0]), await wrapped(services[1])]
    const oldShop = await new Shop(first, 'sess:').listen()
    const newShop = await new Shop(second, 'shop:session:').listen()
    const legacy = await new Shop(raw, 'sess:').listen()
    const open = new Set([oldShop, newShop, legacy])
    const anyShop = (round: number) => [...open][round % open.size]!

    const sleeper = new Visitor()
    await sleeper.get(legacy, '/')
    const work = new Work()
    const faithful = [1, 2, 3].map(() => new Visitor())
    faithful.forEach((visitor, i) =>
      work.loop(`visitor ${i}`, async (round) => {
        expect(await visitor.get(anyShop(round + i), '/')).toBe(String(round + 1))
        expect(await visitor.get(anyShop(round + i + 1), '/look')).toBe(String(round + 1))
      }),
    )
    work.loop('who come and go', async (round) => {
      const visitor = new Visitor()
      expect(await visitor.get(anyShop(round), '/')).toBe('1')
      expect(await visitor.get(anyShop(round + 1), '/bye')).toBe('bye')
      expect(await visitor.get(anyShop(round + 2), '/look')).toBe('nobody')
    })
    // While the rest goes on, but not while the phase changes: a SCAN keeps its promise within one phase.
    const settled = async () => {
      await work.rounds()
      for (const shop of [oldShop, newShop]) {
        const ids = (await shop.store.ids(undefined as never)) as string[]
        expect(ids).toContain(sleeper.sid)
        expect(new Set(ids).size).toBe(ids.length)
        const all = (await shop.store.all(undefined as never)) as { id: string }[]
        expect(all.map(({ id }) => id)).toContain(sleeper.sid)
      }
    }
    const migrator = new RedisKeyMigrator(second, schema)
    const retireLegacy = async () => {
      open.delete(legacy)
      await work.rounds()
      await legacy.close()
    }
    await walkThePath({ services, migrator, settled, retireLegacy })
    const rounds = await work.stop()

    const sids = [sleeper, ...faithful].map(({ sid }) => sid)
    expect(await names()).toEqual(sids.map((sid) => `shop:session:${sid}`).sort())
    for (const [i, visitor] of faithful.entries()) {
      const kept = JSON.parse((await raw.get(`shop:session:${visitor.sid}`))!) as { views: number }
      expect(kept.views).toBe(rounds[`visitor ${i}`])
    }
    const ttl = await raw.ttl(`shop:session:${sleeper.sid}`)
    expect(ttl).toBeGreaterThan(3_000)
    expect(ttl).toBeLessThanOrEqual(3_600)
    expect(await sleeper.get(oldShop, '/')).toBe('2')

    // `clear` asks SCAN for the old names, and deletes what it was told.
    await oldShop.store.clear(undefined as never)
    expect(await names()).toEqual([])
    await Promise.all([oldShop.close(), newShop.close()])
  })
})
