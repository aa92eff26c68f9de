/** Old code (one JSON array) and new code (a hash a position) on wrapped clients at once, in every phase. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Redis } from 'ioredis'
import { constantPhase, phases, CanonicalRedisClient, type Phase } from '../../src/index.js'
import { CanonicalRedisClient as CanonicalNodeClient } from '../../src/node-redis.js'
import { Clients, ioredisVersions, type IoredisVersion } from '../support/clients.js'
import { NodeClients, nodeRedisMatrix } from '../support/node-redis.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'
import { positionsSchema, row } from '../support/transform/schema.js'

type Send = (...argv: (string | number)[]) => Promise<unknown>

interface Driver {
  readonly name: string
  open(port: number, phase: Phase, reversible?: boolean): Promise<{ send: Send; close(): unknown }>
}

const schemas = { true: positionsSchema(), false: positionsSchema({ reversible: false }) }

const drivers: Driver[] = [
  ...(Object.keys(ioredisVersions) as IoredisVersion[]).map((version): Driver => ({
    name: version,
    async open(port, phase, reversible = true) {
      const clients = new Clients(version, port)
      const schema = schemas[`${reversible}`]
      const client = new CanonicalRedisClient(clients.raw(), { schema, phase: constantPhase(phase) })
      return { send: (command, ...args) => client.call(String(command), ...args), close: () => clients.close() }
    },
  })),
  ...nodeRedisMatrix.map(({ name, version, RESP }): Driver => ({
    name,
    async open(port, phase, reversible = true) {
      const clients = new NodeClients(version, RESP, port)
      const schema = schemas[`${reversible}`]
      const client = new CanonicalNodeClient(clients.make(), { schema, phase: constantPhase(phase) })
      await client.connect()
      return { send: (...argv) => client.sendCommand(argv.map(String)), close: () => clients.close() }
    },
  })),
]

const S = 'okx:positions:7'
const I = 'positions:index:7:okx'
const X = 'positions:7:okx:BTC:long'
const Y = 'positions:7:okx:ETH:short'

/** Fields of a hash, whatever the protocol gives. */
const fields = (reply: unknown): Record<string, string> =>
  Array.isArray(reply)
    ? Object.fromEntries(reply.flatMap((field: string, i) => (i % 2 ? [] : [[field, reply[i + 1]]])))
    : { ...(reply as object) }
const sorted = (reply: unknown): string[] => [...(reply as Iterable<string>)].sort()
/** Rows of an array, whatever the order; every value as its text. */
const rows = (reply: unknown): unknown[] =>
  (JSON.parse((reply as string | null) ?? '[]') as object[])
    .map((one) => Object.fromEntries(Object.entries(one).map(([field, value]) => [field, String(value)])))
    .sort((a, b) => (a['symbol']! < b['symbol']! ? -1 : 1))

const keptUpTo = phases.indexOf('canonical-primary')

describe.each(availableServers())('%s', (kind) => {
  let server: TestServer
  let raw: Redis
  const clients = (): Clients => new Clients('ioredis 5', server.port)
  let ours: Clients

  beforeAll(async () => {
    server = await startServer({ kind })
    ours = clients()
    raw = ours.raw()
  })
  afterAll(async () => {
    ours.close()
    await server.stop()
  })
  beforeEach(() => raw.flushall())

  const matrix = drivers.flatMap((driver) =>
    phases.map((phase) => ({ driver, phase, title: `${driver.name}, ${phase}` })),
  )

  it.each(matrix)('$title: both forms are one value', async ({ driver, phase }) => {
    const { send, close } = await driver.open(server.port, phase)
    const check = async (expected: readonly Record<string, string | number>[]): Promise<void> => {
      const want = rows(JSON.stringify(expected))
      expect(rows(await send('GET', S))).toEqual(want)
      expect(sorted(await send('SMEMBERS', I))).toEqual(expected.map((one) => `${one['symbol']}:${one['side']}`).sort())
      for (const { symbol, side, ...rest } of expected) {
        const texts = Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, String(value)]))
        expect(fields(await send('HGETALL', `positions:7:okx:${symbol}:${side}`))).toEqual(texts)
      }
      // What raw clients see.
      if (phases.indexOf(phase) <= keptUpTo) expect(rows(await raw.get(S))).toEqual(want)
      else expect(await raw.exists(S)).toBe(0)
      const isWritten = phases.indexOf(phase) >= phases.indexOf('dual-write')
      expect((await raw.smembers(I)).length).toBe(isWritten ? expected.length : 0)
      expect((await raw.keys('positions:7:*')).length).toBe(isWritten ? expected.length : 0)
    }
    expect(await send('GET', S)).toBe(null)
    expect(await send('HGET', X, 'qty')).toBe(null)
    expect(fields(await send('HGETALL', X))).toEqual({})
    // Old code writes.
    expect(await send('SET', S, JSON.stringify([row('BTC', 'long', 1)]))).toBe('OK')
    await check([row('BTC', 'long', 1)])
    // New code writes a new piece, and then lists it; up to `retire-alias` it is listed already.
    expect(await send('HSET', Y, 'qty', '2', 'price', '5')).toBe(2)
    expect(await send('SADD', I, 'ETH:short')).toBe(phase === 'canonical' ? 1 : 0)
    await check([row('BTC', 'long', 1), { ...row('ETH', 'short', 2), price: '5' }])
    expect(await send('HINCRBY', X, 'qty', 4)).toBe(5)
    expect(await send('HMGET', Y, 'qty', 'none', 'price')).toEqual(['2', null, '5'])
    expect(await send('HDEL', Y, 'price')).toBe(1)
    await check([row('BTC', 'long', 5), row('ETH', 'short', 2)])
    // Old code in a way that looks first.
    expect(await send('SET', S, '[]', 'NX')).toBe(null)
    expect(rows(await send('GETSET', S, JSON.stringify([row('BTC', 'long', 6), row('ETH', 'short', 7)])))).toHaveLength(
      2,
    )
    await check([row('BTC', 'long', 6), row('ETH', 'short', 7)])
    expect([await send('EXISTS', S), await send('TYPE', S), await send('TYPE', X)]).toEqual([1, 'string', 'hash'])
    expect(await send('DEL', X)).toBe(1)
    expect(await send('DEL', X)).toBe(0)
    expect(await send('SREM', I, 'BTC:long')).toBe(phase === 'canonical' ? 1 : 0)
    await check([row('ETH', 'short', 7)])
    expect(await send('SREM', I, 'ETH:short')).toBe(1)
    expect(await send('DEL', Y)).toBe(phase === 'canonical' ? 1 : 0)
    await check([])
    await send('SET', S, JSON.stringify([row('BTC', 'long', 6), row('ETH', 'short', 7)]))
    expect(await send('DEL', S)).toBe(1)
    expect(await send('DEL', S)).toBe(0)
    expect(await send('EXISTS', X)).toBe(0)
    await check([])
    await close()
  })

  it.each(matrix)('$title: the end of the old value is the end of its pieces', async ({ driver, phase }) => {
    const { send, close } = await driver.open(server.port, phase)
    const at = 4_000_000_000_000
    await send('SET', S, JSON.stringify([row('BTC', 'long', 1)]), 'PXAT', at)
    expect(await send('PEXPIRETIME', S)).toBe(at)
    expect(await send('PEXPIRETIME', X)).toBe(at)
    expect(await send('PEXPIRETIME', I)).toBe(at)
    await send('HSET', X, 'qty', '2')
    if (phases.indexOf(phase) <= keptUpTo) await send('HSET', Y, 'qty', '2')
    else await send('PEXPIREAT', X, at)
    for (const name of [S, X, I]) expect(await send('PEXPIRETIME', name)).toBe(at)
    expect(await send('PERSIST', S)).toBe(1)
    for (const name of [S, X, I]) expect(await send('PTTL', name)).toBe(-1)
    expect(await send('EXPIRE', S, 1000)).toBe(1)
    const end = await send('PEXPIRETIME', S)
    expect(end).toBeGreaterThan(Date.now() + 900_000)
    expect(await send('PEXPIRETIME', X)).toBe(end)
    if (phases.indexOf(phase) <= keptUpTo && phase !== 'canonical')
      await expect(send('EXPIRE', X, 1)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    await close()
  })

  it.each(matrix)('$title: an old value that nobody has taken up', async ({ driver, phase }) => {
    await raw.set(S, JSON.stringify([row('BTC', 'long', 1), row('ETH', 'short', 2)]))
    const { send, close } = await driver.open(server.port, phase)
    // The gate of these phases: every old value has its pieces.
    const isThere = phase !== 'canonical-primary' && phase !== 'canonical'
    expect(fields(await send('HGETALL', X))).toEqual(isThere ? { qty: '1' } : {})
    expect(await send('SCARD', I)).toBe(isThere ? 2 : 0)
    if (isThere) {
      expect(await send('DEL', X)).toBe(1)
      expect(await send('EXISTS', X)).toBe(0)
      expect(rows(await send('GET', S))).toEqual(rows(JSON.stringify([row('ETH', 'short', 2)])))
    }
    await close()
  })
})
