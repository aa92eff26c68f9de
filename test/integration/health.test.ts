/**
 * `redis.canonical.health()`: what an operator reads at night has to be true, on every client.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions, type Health } from '../../src/clients/canonical.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { Clients, ioredisVersions, type IoredisVersion } from '../support/clients.js'
import { NodeClients, nodeRedisMatrix } from '../support/node-redis.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'health',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    active: key('steps:active').alias('jobs:active'),
    idle: key('steps:idle').alias('jobs:idle'),
  },
  channels: { events: channel('step_events').alias('job_events') },
})

/** A wrapped client of any kind. */
interface Wrapped {
  readonly call: (...argv: string[]) => Promise<unknown>
  readonly multi: (...lines: string[][]) => Promise<unknown>
  readonly canonical: { health(): Health }
}

interface Kind {
  readonly name: string
  open(server: TestServer): {
    readonly raw: (...argv: string[]) => Promise<unknown>
    readonly wrap: (phase: CanonicalOptions['phase']) => Promise<Wrapped>
    readonly close: () => Promise<void> | void
  }
}

const ofIoredis = (version: IoredisVersion): Kind => ({
  name: version,
  open(server) {
    const clients = new Clients(version, server.port)
    const raw = clients.raw()
    return {
      raw: (command, ...args) => raw.call(command, ...args),
      async wrap(phase) {
        const redis = new CanonicalRedisClient(clients.raw(), { schema, phase })
        return {
          call: (command, ...args) => redis.call(command, ...args),
          multi: (...lines) => redis.multi(lines.map((line) => ['call', ...line])).exec(),
          canonical: redis.canonical,
        }
      },
      close: () => clients.close(),
    }
  },
})

const ofNodeRedis = ({ name, version, RESP }: (typeof nodeRedisMatrix)[number]): Kind => ({
  name,
  open(server) {
    const clients = new NodeClients(version, RESP, server.port)
    const raw = clients.raw()
    return {
      raw: async (...argv) => (await raw).sendCommand(argv),
      async wrap(phase) {
        const redis = new CanonicalRedisClient(await clients.raw(), { schema, phase })
        return {
          call: (...argv) => redis.sendCommand(argv),
          multi: (...lines) => lines.reduce((multi, line) => multi.addCommand(line), redis.multi()).exec(),
          canonical: redis.canonical,
        }
      },
      close: () => clients.close(),
    }
  },
})

const kinds = [
  ...(Object.keys(ioredisVersions) as IoredisVersion[]).map(ofIoredis),
  ...nodeRedisMatrix.map(ofNodeRedis),
]

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

describe.each(kinds.map((kind) => [kind.name, kind] as const))('health of %s', (_, kind) => {
  let world: ReturnType<Kind['open']>

  beforeEach(async () => {
    world = kind.open(server)
    await world.raw('FLUSHALL')
  })
  afterEach(async () => {
    await world.raw('CONFIG', 'SET', 'maxmemory', '0')
    await world.raw('ACL', 'SETUSER', 'default', '+@all')
    await world.close()
  })

  const zero = { adopted: 0, mirrored: 0, misses: 0, failures: 0 }

  it('has the phase of each family, and nothing counted at first; it is JSON', async () => {
    const redis = await world.wrap({ default: 'dual-read', families: { active: 'prepare' } })
    const health = redis.canonical.health()
    expect(health.families).toEqual({
      step: { phase: 'dual-read', ...zero },
      active: { phase: 'prepare', ...zero },
      idle: { phase: 'dual-read', ...zero },
      events: { phase: 'dual-read', ...zero },
    })
    expect(health.lastFailure).toBeUndefined()
    expect(Date.now() - Date.parse(health.since)).toBeGreaterThanOrEqual(0)
    expect(JSON.parse(JSON.stringify(health))).toEqual({ ...health, lastFailure: undefined })
  })

  it('counts keys adopted by reads and by writes, each once', async () => {
    const redis = await world.wrap('dual-read')
    await world.raw('HSET', 'job:1', 'a', '1')
    await world.raw('HSET', 'job:2', 'a', '1')
    await redis.call('HGETALL', 'step:1')
    await redis.call('HGETALL', 'job:1')
    await redis.call('HINCRBY', 'job:2', 'a', '1')
    await redis.call('HINCRBY', 'step:2', 'a', '1')
    expect(redis.canonical.health().families).toMatchObject({
      step: { adopted: 2, mirrored: 2, misses: 0, failures: 0 },
      active: zero,
    })
  })

  it('counts writes that were mirrored: in MULTI too, by family, destinations and not sources', async () => {
    const redis = await world.wrap('dual-write')
    await redis.call('SADD', 'steps:active', '1')
    await redis.multi(['SADD', 'jobs:active', '2'], ['HSET', 'job:7', 'a', '1'], ['SET', 'unmanaged', 'x'])
    await redis.call('SUNIONSTORE', 'steps:idle', 'steps:active')
    await redis.call('SCARD', 'steps:active')
    expect(redis.canonical.health().families).toMatchObject({
      step: { ...zero, mirrored: 1 },
      active: { ...zero, mirrored: 2 },
      idle: { ...zero, mirrored: 1 },
    })
  })

  it('counts misses, where both names are looked under', async () => {
    const redis = await world.wrap('dual-read')
    await redis.call('HGETALL', 'step:nobody')
    await redis.call('HGETALL', 'job:nobody')
    await redis.call('SMEMBERS', 'steps:active')
    expect(redis.canonical.health().families).toMatchObject({
      step: { ...zero, misses: 2 },
      active: { ...zero, misses: 1 },
    })
  })

  it('counts nothing for names that are not managed, and nothing in a phase with one name', async () => {
    const redis = await world.wrap('alias')
    await redis.call('SET', 'unmanaged', 'x')
    await redis.call('HSET', 'step:1', 'a', '1')
    await redis.call('HGETALL', 'step:2')
    expect(Object.values(redis.canonical.health().families)).toEqual(
      Array.from({ length: 4 }, () => ({ phase: 'alias', ...zero })),
    )
  })

  it('takes the reply of a write between WATCH and MULTI, which goes as one script, for nothing else', async () => {
    const redis = await world.wrap('dual-read')
    await redis.call('WATCH', 'other')
    // 1, as a COPY that copied would answer.
    expect(Number(await redis.call('HSET', 'step:1', 'a', '1'))).toBe(1)
    await redis.call('UNWATCH')
    expect(redis.canonical.health().families.step).toMatchObject(zero)
  })

  it('tells of a command that was refused, without its arguments', async () => {
    const redis = await world.wrap('dual-read')
    await expect(redis.call('BLPOP', 'steps:active', '1')).rejects.toThrow('BLPOP waits on the server')
    const { families, lastFailure } = redis.canonical.health()
    expect(families.active).toMatchObject({ failures: 1 })
    expect(lastFailure).toMatchObject({ command: 'BLPOP', family: 'active', code: 'E_BLOCKING_MIRRORED' })
    expect(lastFailure!.message).not.toContain('steps:active')
    expect(Date.now() - Date.parse(lastFailure!.at)).toBeGreaterThanOrEqual(0)
  })

  it('tells of a server that is out of memory', async () => {
    const redis = await world.wrap('dual-read')
    await redis.call('HSET', 'step:1', 'a', '1')
    await world.raw('CONFIG', 'SET', 'maxmemory', '1')
    await expect(redis.call('HSET', 'step:1', 'a', 'secret')).rejects.toThrow('OOM')
    const { families, lastFailure } = redis.canonical.health()
    expect(families.step).toMatchObject({ mirrored: 1, failures: 1 })
    expect(lastFailure).toMatchObject({ command: 'HSET', family: 'step', code: 'OOM' })
    expect(JSON.stringify(lastFailure)).not.toContain('secret')
  })

  it('tells of a second name that could not follow, where the caller got an answer', async () => {
    const redis = await world.wrap('dual-write')
    await redis.call('HSET', 'step:1', 'a', '1')
    // Somebody put another type under the new name: the write itself is fine.
    await world.raw('DEL', 'step:1')
    await world.raw('SET', 'step:1', 'odd')
    expect(Number(await redis.call('HSET', 'step:1', 'b', '1'))).toBe(1)
    const { families, lastFailure } = redis.canonical.health()
    expect(families.step).toMatchObject({ mirrored: 1, failures: 1 })
    expect(lastFailure).toMatchObject({ command: 'HSET', family: 'step', code: 'WRONGTYPE' })
  })
})
