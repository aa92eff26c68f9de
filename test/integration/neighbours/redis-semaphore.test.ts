/** redis-semaphore: locks that are held while their names change, and are never held by two. */
import type { Redis } from 'ioredis'
import { Mutex, Semaphore, type LockOptions } from 'redis-semaphore'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import type { PhaseSource } from '../../../src/phases/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'
import { Clients, ioredisVersions, until, type IoredisVersion } from '../../support/clients.js'
import { walkThePath, twoServices } from '../../support/neighbours/walk.js'
import { Work } from '../../support/neighbours/work.js'
import { startServer, type TestServer } from '../../support/servers.js'

// The package writes its prefixes itself, so the new names are what the server sees and nobody spells.
const schema = defineSchema({
  name: 'locks',
  keys: {
    mutex: key('shop:lock:<name>').alias('mutex:<name>'),
    semaphore: key('shop:permits:<name>').alias('semaphore:<name>'),
  },
})
const LOCKED_MS = 60_000
const options: LockOptions = { lockTimeout: LOCKED_MS, acquireTimeout: 60_000, retryInterval: 1, refreshInterval: 0 }
const once: LockOptions = { ...options, acquireAttemptsLimit: 1 }

describe.each(Object.keys(ioredisVersions) as IoredisVersion[])('redis-semaphore on %s', (version) => {
  let server: TestServer
  let clients: Clients
  let raw: Redis

  beforeAll(async () => {
    server = await startServer()
    clients = new Clients(version, server.port)
    raw = clients.raw()
  })
  beforeEach(() => raw.flushall())
  afterAll(async () => {
    clients.close()
    await server.stop()
  })

  const wrapped = (phase: PhaseSource) => new CanonicalRedisClient(clients.raw(), { schema, phase })

  it('lets one in at a time, or as many as there are permits', { timeout: 180_000 }, async () => {
    const services = twoServices()
    const [first, second] = [wrapped(services[0]), wrapped(services[1])]
    const work = new Work()
    const holders = { mutex: 0, semaphore: 0 }
    const most = { mutex: 0, semaphore: 0 }
    const inside = async (lock: Mutex | Semaphore, kind: 'mutex' | 'semaphore') => {
      await lock.acquire()
      most[kind] = Math.max(most[kind], ++holders[kind])
      // Others try meanwhile.
      await raw.ping()
      await raw.incr(`entered:${kind}`)
      holders[kind]--
      await lock.release()
    }
    let legacy: Redis | undefined = raw
    for (const [i, client] of [first, second, () => legacy ?? first].entries()) {
      const now = () => (typeof client === 'function' ? client() : client)
      work.loop(`mutex ${i}`, () => inside(new Mutex(now(), 'shared', options), 'mutex'))
      work.loop(`semaphore ${i}`, () => inside(new Semaphore(now(), 'shared', 2, options), 'semaphore'))
    }

    // One lock of each kind is held from the first phase to the last.
    const lost: Error[] = []
    const held = { ...options, refreshInterval: 5, onLockLost: (error: Error) => lost.push(error) }
    const mutex = new Mutex(first, 'held', held)
    const permit = new Semaphore(second, 'held', 1, held)
    await Promise.all([mutex.acquire(), permit.acquire()])
    const names = {
      mutex: ['mutex:held', 'shop:lock:held'],
      semaphore: ['semaphore:held', 'shop:permits:held'],
    }
    const refreshed = async () => {
      const all = Object.values(names).flat()
      await Promise.all(all.map((name) => raw.pexpire(name, LOCKED_MS / 2)))
      await until('the locks to be extended under every name they have', async () => {
        const left = await Promise.all(all.map((name) => raw.pttl(name)))
        return left.every((ms) => ms === -2 || ms > LOCKED_MS / 2)
      })
    }
    const settled = async () => {
      await work.rounds()
      await refreshed()
      for (const client of [first, second]) {
        expect(await new Mutex(client, 'held', once).tryAcquire()).toBe(false)
        expect(await new Semaphore(client, 'held', 1, once).tryAcquire()).toBe(false)
      }
      expect([lost, mutex.isAcquired, permit.isAcquired]).toEqual([[], true, true])
    }
    const retireLegacy = async () => {
      legacy = undefined
      await work.rounds()
    }
    const migrator = new RedisKeyMigrator(second, schema)
    await walkThePath({ services, migrator, settled, retireLegacy })
    await work.stop()

    expect(most).toEqual({ mutex: 1, semaphore: 2 })
    expect((await raw.keys('*')).sort()).toEqual([
      'entered:mutex',
      'entered:semaphore',
      'shop:lock:held',
      'shop:permits:held',
    ])
    expect(await raw.get('shop:lock:held')).toBe(mutex.identifier)
    expect(await raw.zrange('shop:permits:held', 0, -1)).toEqual([permit.identifier])
    await Promise.all([mutex.release(), permit.release()])
    expect(await new Mutex(second, 'held', once).tryAcquire()).toBe(true)
    expect(await new Semaphore(first, 'held', 1, once).tryAcquire()).toBe(true)
  })
})
