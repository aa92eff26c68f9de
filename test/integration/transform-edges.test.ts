/** Transforms where it gets narrow: bad values, MULTI and pipelines, several clients at once, no `down`, prefixes, clusters. */
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CanonicalRedisClient,
  constantPhase,
  defineSchema,
  key,
  phases,
  transform,
  type Phase,
  type Schema,
} from '../../src/index.js'
import { CanonicalRedisClient as CanonicalNodeClient } from '../../src/node-redis.js'
import { startCluster, type TestCluster } from '../support/cluster.js'
import { NodeClients } from '../support/node-redis.js'
import { startServer, type TestServer } from '../support/servers.js'
import { positionsSchema, row } from '../support/transform/schema.js'

const schema = positionsSchema()
const S = 'okx:positions:7'
const I = 'positions:index:7:okx'
const X = 'positions:7:okx:BTC:long'
const Y = 'positions:7:okx:ETH:short'
const arrayOf = (...rows: object[]): string => JSON.stringify(rows)

let server: TestServer
let raw: Redis
const opened: Redis[] = []

beforeAll(async () => {
  server = await startServer()
  raw = new Redis(server.port)
})
afterAll(async () => {
  raw.disconnect()
  await server.stop()
})
beforeEach(() => raw.flushall())
afterEach(() => opened.splice(0).forEach((client) => client.disconnect()))

const wrapped = (phase: Phase, own: Schema = schema, options = {}): Redis => {
  const client = new Redis(server.port, options)
  opened.push(client)
  return new CanonicalRedisClient(client, { schema: own, phase: constantPhase(phase) })
}

const keeping = phases.slice(0, phases.indexOf('retire-alias'))

describe('values that do not fit', () => {
  it.each(['dual-write', 'dual-read', 'canonical-primary', 'retire-alias', 'canonical'] as const)(
    'are refused in %s, and nothing is changed',
    async (phase) => {
      const redis = wrapped(phase)
      await redis.set(S, arrayOf(row('BTC', 'long', 1)))
      const before = await raw.keys('*')
      for (const bad of [
        'no json',
        arrayOf({ symbol: 'BTC', qty: 1 }),
        arrayOf(row('BTC', 'up', 1)),
        arrayOf(row('B:C', 'long', 1)),
      ]) {
        await expect(redis.set(S, bad)).rejects.toMatchObject({ code: 'E_TRANSFORM' })
        await expect(redis.getset(S, bad)).rejects.toMatchObject({ code: 'E_TRANSFORM' })
      }
      expect((await raw.keys('*')).sort()).toEqual(before.sort())
      expect(await redis.hgetall(X)).toEqual({ qty: '1' })
    },
  )

  it('are said when a piece is read, and left', async () => {
    await raw.set(S, 'no json')
    await raw.lpush('bybit:positions:7', 'a list')
    for (const phase of ['alias', 'prepare', 'dual-write', 'dual-read', 'retire-alias'] as const) {
      const redis = wrapped(phase)
      await expect(redis.hgetall(X)).rejects.toMatchObject({ code: 'E_TRANSFORM' })
      await expect(redis.hset(X, 'qty', 1)).rejects.toMatchObject({ code: 'E_TRANSFORM' })
      await expect(redis.hgetall('positions:7:bybit:BTC:long')).rejects.toThrow('is a list, and should be a string')
    }
    expect((await raw.keys('*')).sort()).toEqual(['bybit:positions:7', S])
    expect(await raw.get(S)).toBe('no json')
  })

  it('a field that `down` would lose is refused while the old form is kept', async () => {
    const piece = key('new:<user>')
    const lossy = transform('old:<user>', {
      into: piece,
      up: (text) => [{ params: {}, hash: { qty: text } }],
      down: ([one]) => one?.hash['qty'] ?? null,
    })
    const own = defineSchema({ name: 'lossy', keys: { piece, lossy } })
    for (const phase of keeping) {
      const redis = wrapped(phase, own)
      await redis.set('old:1', '5')
      expect(await redis.hincrby('new:1', 'qty', 2)).toBe(7)
      expect(await raw.get('old:1')).toBe('7')
      await expect(redis.hset('new:1', 'price', 3)).rejects.toThrow('the field "price" differs')
      expect(await redis.hgetall('new:1')).toEqual({ qty: '7' })
      // One value, one piece: without it there is none.
      expect(await redis.del('new:1')).toBe(1)
      expect(await redis.get('old:1')).toBeNull()
      expect(await raw.exists('old:1')).toBe(0)
    }
    const redis = wrapped('retire-alias', own)
    expect(await redis.hset('new:1', 'qty', 1, 'price', 3)).toBe(2)
  })

  it('a piece that would become something else is refused', async () => {
    const redis = wrapped('dual-read')
    await redis.set(S, arrayOf(row('BTC', 'long', 1)))
    await expect(redis.set(X, 'text')).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    // Of `down` as it is written here it would become the side of the position.
    await expect(redis.hincrby(X, 'side', 1)).rejects.toMatchObject({ code: 'E_TRANSFORM' })
    await expect(redis.hset(X, 'bytes', Buffer.from([0xff]))).rejects.toMatchObject({ code: 'E_TRANSFORM' })
    await expect(redis.hincrby(X, 'qty', 'x')).rejects.toThrow('ERR value is not an integer')
    expect(await redis.hgetall(X)).toEqual({ qty: '1' })
  })
})

describe('commands that cannot be followed', () => {
  it('are refused by name, with those that can', async () => {
    const redis = wrapped('dual-read')
    await raw.set(S, arrayOf(row('BTC', 'long', 1)))
    for (const [command, ...args] of [
      ['mget', S, 'okx:positions:8'],
      ['append', S, 'x'],
      ['rename', X, Y],
      ['del', X, Y],
      ['expire', X, '10'],
      ['eval', "return redis.call('HGETALL', KEYS[1])", '1', X],
      ['watch', S],
      ['spop', I],
    ] as const) {
      const error = await redis.call(command, ...args).then(undefined, (reason: Error) => reason)
      expect([command, error]).toEqual([command, expect.objectContaining({ code: 'E_UNSUPPORTED' })])
    }
    await expect(redis.append(S, 'x')).rejects.toThrow('these can: EXISTS, TYPE')
    expect(await raw.keys('*')).toEqual([S])
  })

  it('pass where names are used as they stand', async () => {
    await raw.mset(S, '[]', 'okx:positions:8', '[]')
    for (const phase of ['alias', 'prepare', 'dual-write'] as const) {
      expect(await wrapped(phase).mget(S, 'okx:positions:8')).toEqual(['[]', '[]'])
    }
    const redis = wrapped('canonical')
    expect(await redis.multi().hset(X, 'qty', 1).sadd(I, 'BTC:long').exec()).toEqual([[null, 1], [null, 1]]) // prettier-ignore
    expect(await redis.del(X, Y)).toBe(1)
  })

  it('families without a transform are as ever', async () => {
    const redis = wrapped('dual-read')
    await raw.set('old:1', 'a')
    expect(await redis.get('plain:1')).toBe('a')
    await redis.set('plain:1', 'b')
    expect(await raw.mget('old:1', 'plain:1')).toEqual(['b', 'b'])
  })
})

describe('MULTI and pipelines', () => {
  it.each(['prepare', 'dual-write', 'dual-read', 'canonical-primary', 'retire-alias', 'canonical'] as const)(
    'in %s SET and DEL of the old form stand in MULTI; what takes several ways is refused, and nothing is done',
    async (phase) => {
      const redis = wrapped(phase)
      const value = arrayOf(row('BTC', 'long', 1))
      expect(await redis.multi().set(S, value).incr('n').exec()).toEqual([[null, 'OK'], [null, 1]]) // prettier-ignore
      expect(await redis.hgetall(X)).toEqual({ qty: '1' })
      if (phase !== 'canonical') {
        const refused = redis.multi().incr('n').hset(X, 'qty', 9).exec()
        await expect(refused).rejects.toThrow('EXECABORT')
        expect(await redis.hget(X, 'qty')).toBe('1')
        expect(await raw.get('n')).toBe('1')
      }
      expect((await redis.multi().del(S).exec())?.[0]).toEqual([null, 1])
      expect(await raw.keys('*')).toEqual(['n'])
    },
  )

  it.each(phases.map((phase) => [phase]))('in %s a pipeline answers in order', async (phase) => {
    const redis = wrapped(phase)
    const results = await redis
      .pipeline()
      .set(S, arrayOf(row('BTC', 'long', 1)))
      .hincrby(X, 'qty', 2)
      .hget(X, 'qty')
      .get('other')
      .exec()
    expect(results).toEqual([[null, 'OK'], [null, 3], [null, '3'], [null, null]]) // prettier-ignore
  })

  it.each(phases.map((phase) => [phase]))('in %s a connection keeps the order of its commands', async (phase) => {
    const redis = wrapped(phase)
    await redis.set(S, arrayOf(row('BTC', 'long', 0)))
    const replies = await Promise.all([1, 2, 3, 4].flatMap(() => [redis.hincrby(X, 'qty', 1), redis.hget(X, 'qty')]))
    expect(replies).toEqual([1, '1', 2, '2', 3, '3', 4, '4'])
    // The old form as well, which some phases send as it stands.
    const [, , after] = await Promise.all([redis.hincrby(X, 'qty', 1), redis.set(S, '[]'), redis.get(S)])
    expect(after ?? '[]').toBe('[]')
    expect(await redis.exists(X)).toBe(0)
  })

  it('a SELECT in the middle ends the command, and nothing is done in the other database', async () => {
    const redis = wrapped('dual-write')
    await redis.set(S, arrayOf(row('BTC', 'long', 1)))
    const write = redis.hset(X, 'qty', 2)
    const select = redis.select(1)
    await expect(write).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    await select
    expect(await redis.dbsize()).toBe(0)
    expect(await raw.hget(X, 'qty')).toBe('1')
  })

  it('multi() of node-redis', async () => {
    const clients = new NodeClients('node-redis 5', 2, server.port)
    const redis = new CanonicalNodeClient(clients.make(), { schema, phase: constantPhase('dual-write') })
    await redis.connect()
    expect(await redis.multi().set(S, arrayOf(row('BTC', 'long', 1))).incr('n').exec()).toEqual(['OK', 1]) // prettier-ignore
    await expect(redis.multi().incr('n').hSet(X, 'qty', 9).exec()).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    expect(await redis.hGetAll(X)).toEqual({ qty: '1' })
    expect(await raw.get('n')).toBe('1')
    await clients.close()
  })
})

it.each(phases.slice(0, -1).map((phase, i) => [phase, phases[i + 1]!] as const))(
  'many clients in %s and %s lose no update',
  async (one, other) => {
    // In `canonical` new code lists its pieces itself: here they are listed already.
    await wrapped(one).set(S, arrayOf(row('BTC', 'long', 0), row('ETH', 'short', 0)))
    const clients = [one, one, one, other, other, other].map((phase) => wrapped(phase))
    const turns = clients.flatMap((redis, i) =>
      Array.from({ length: 10 }, () => redis.hincrby(i % 2 ? X : Y, 'qty', 1)),
    )
    await Promise.all(turns)
    for (const redis of clients) {
      expect([await redis.hget(X, 'qty'), await redis.hget(Y, 'qty')]).toEqual(['30', '30'])
    }
    expect(JSON.parse((await clients[0]!.get(S))!)).toEqual([row('BTC', 'long', '30'), row('ETH', 'short', '30')])
  },
)

describe('without `down`', () => {
  const own = positionsSchema({ reversible: false })
  const value = arrayOf(row('BTC', 'long', 1))

  it.each(phases.map((phase) => [phase]))('in %s', async (phase) => {
    const redis = wrapped(phase, own)
    expect(await redis.set(S, value)).toBe('OK')
    expect(await redis.hgetall(X)).toEqual({ qty: '1' })
    const isKept = keeping.includes(phase)
    const write = redis.hset(X, 'qty', 2)
    if (isKept) await expect(write).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    else await expect(write).resolves.toBe(0)
    expect(await redis.hget(X, 'qty')).toBe(isKept ? '1' : '2')
    // The stored value stands for the pieces as long as they are those it gave.
    if (isKept) expect(await redis.get(S)).toBe(value)
    else await expect(redis.get(S)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
  })
})

it('stands behind the prefix of a client', async () => {
  const redis = wrapped('dual-read', schema, { keyPrefix: 'app:' })
  await raw.set(`app:${S}`, arrayOf(row('BTC', 'long', 1)))
  expect(await redis.hgetall(X)).toEqual({ qty: '1' })
  expect(await redis.hset(Y, 'qty', 2)).toBe(1)
  expect((await raw.keys('*')).sort()).toEqual([`app:${S}`, `app:${X}`, `app:${Y}`, `app:${I}`].sort())
  expect(JSON.parse((await redis.get(S))!)).toHaveLength(2)
})

describe('on a cluster', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster('redis-7.0')
  })
  afterAll(() => cluster.stop())

  it('keys in one slot work; others are refused', async () => {
    const tagged = positionsSchema({ tag: true })
    const client = new Cluster([...cluster.nodes])
    const redis = new CanonicalRedisClient(client, { schema: tagged, phase: constantPhase('dual-read') })
    await redis.set('okx:positions:{7}', arrayOf(row('BTC', 'long', 1)))
    expect(await redis.hgetall('positions:{7}:okx:BTC:long')).toEqual({ qty: '1' })
    expect(await redis.hset('positions:{7}:okx:ETH:short', 'qty', 2)).toBe(1)
    expect(JSON.parse((await redis.get('okx:positions:{7}'))!)).toHaveLength(2)
    expect((await redis.pipeline().hincrby('positions:{7}:okx:ETH:short', 'qty', 1).exec())?.[0]?.[0]).toMatchObject({
      code: 'E_UNSUPPORTED',
    })
    const other = new CanonicalRedisClient(client, { schema, phase: constantPhase('dual-read') })
    await expect(other.hset(X, 'qty', 1)).rejects.toMatchObject({ code: 'E_CROSS_SLOT' })
    await expect(other.set(S, '[]')).rejects.toMatchObject({ code: 'E_CROSS_SLOT' })
    client.disconnect()
  })
})
