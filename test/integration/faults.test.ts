/**
 * What may go wrong in production, on real servers: processes that die in the middle, replicas that are promoted, memory that
 * runs out, keys that expire meanwhile, eviction. A pair of names is never split, and nothing comes back.
 */
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, type CanonicalOptions } from '../../src/clients/canonical.js'
import { plan, type PlanContext } from '../../src/plan/index.js'
import type { Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients, until } from '../support/clients.js'
import { startDyingProxy } from '../support/dying-proxy.js'
import { availableServers, startServer, type StartOptions, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'faults', keys: { step: key('step:<id>').alias('job:<id>') } })
const mirroring: readonly Phase[] = ['dual-write', 'dual-read', 'canonical-primary']

/** Everything under both names, as DUMP and expiry: pairs that differ, by id. */
async function splitPairs(redis: Redis): Promise<string[]> {
  const ids = new Set((await redis.keys('*')).map((name) => name.slice(name.indexOf(':') + 1)))
  const split: string[] = []
  for (const id of ids) {
    const [a, c] = await Promise.all(
      [`job:${id}`, `step:${id}`].map(async (name) => [
        (await redis.dumpBuffer(name))?.toString('hex'),
        await redis.pexpiretime(name),
      ]),
    )
    if (JSON.stringify(a) !== JSON.stringify(c)) split.push(id)
  }
  return split
}

describe.each(availableServers())('%s', (kind) => {
  const servers: TestServer[] = []
  const opened: Clients[] = []
  let server: TestServer
  let raw: Redis

  const start = async (options: StartOptions = {}): Promise<TestServer> => {
    const one = await startServer({ kind, ...options })
    servers.push(one)
    return one
  }
  const clientsOf = (port: number): Clients => {
    const clients = new Clients('ioredis 5', port)
    opened.push(clients)
    return clients
  }
  const wrap = (phase: CanonicalOptions['phase'], client: Redis): Redis =>
    new CanonicalRedisClient(client, { schema, phase })

  beforeEach(async () => {
    server = await start()
    raw = clientsOf(server.port).raw()
  })
  afterEach(async () => {
    for (const clients of opened.splice(0)) clients.close()
    for (const one of servers.splice(0)) await one.stop()
  })

  it.each(mirroring)('a process that dies between any two commands of a write in %s', async (phase) => {
    const proxy = await startDyingProxy(server.port)
    try {
      const context: PlanContext = {
        mapper: schema.mapper,
        phaseOf: () => phase,
        db: 0,
        inTransaction: false,
        hasModules: (await raw.info('modules')).includes('module:name='),
        unknownCommands: 'refuse',
      }
      const lines = [
        ['SET', 'step:1', 'new'],
        ['APPEND', 'job:1', '!'],
        ['DEL', 'step:1'],
        ['EXPIRE', 'job:1', '100'],
        ['GETDEL', 'step:1'],
        ['RENAME', 'job:1', 'step:2'],
      ]
      const state = (): Promise<unknown> =>
        Promise.all([raw.dumpBuffer('job:1'), raw.pexpiretime('job:1'), raw.keys('*')])
      let died = 0
      for (const [name = '', ...args] of lines) {
        const steps = plan([name, ...args], context)?.steps.length ?? 0
        // MULTI, the steps, EXEC: death after each of them, the last one too. One step needs no MULTI.
        const commands = steps === 1 ? 1 : steps + 2
        for (let sent = 0; sent <= commands; sent++) {
          await raw.flushall()
          await raw.mset('job:1', 'old', 'step:1', 'old')
          const before = await state()
          const redis = wrap(phase, clientsOf(proxy.port).raw({ retryStrategy: () => null, maxRetriesPerRequest: 0 }))
          await redis.get('unmanaged')
          proxy.dieAfter(sent)
          const answer = await redis.call(name, ...args).then(
            () => 'answered',
            () => 'died',
          )
          expect(answer).toBe('died')
          expect(proxy.passed).toBe(sent)
          proxy.dieAfter(Infinity)
          died++
          // The server may still be about to run what it was sent.
          await until(
            'the connection is gone',
            async () => !((await raw.call('CLIENT', 'LIST')) as string).includes('cmd=multi'),
          )
          if (sent === commands) await until('it ran', async () => !same(before, await state()))
          else expect(await state()).toEqual(before)
          expect(await splitPairs(raw)).toEqual([])
        }
      }
      expect(died).toBeGreaterThan(lines.length * 4)
    } finally {
      await proxy.stop()
    }
  })

  it('a replica that is promoted while many write: no pair is split, whatever was lost', async () => {
    for (let round = 0; round < 4; round++) {
      const master = await start({ args: ['--repl-diskless-sync-delay', '0'] })
      const replica = await start({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
      const onReplica = clientsOf(replica.port).raw()
      await until('the replica is in step', async () =>
        (await onReplica.info('replication')).includes('master_link_status:up'),
      )
      const phase = mirroring[round % mirroring.length]!
      let running = true
      const acknowledged = [0, 0, 0, 0]
      const writers = acknowledged.map(async (_, i) => {
        const client = clientsOf(master.port).raw({ retryStrategy: () => null, maxRetriesPerRequest: 0 })
        const redis = wrap(phase, client)
        try {
          for (let n = 0; running; n++) {
            const id = `${i}.${n % 40}`
            await Promise.all([
              redis.hset(`job:${id}`, { n, f: 'x'.repeat(n % 50) }),
              redis.expire(`step:${id}`, 1000 + n),
              redis.incr(`step:c${id}`),
              n % 7 === 0 ? redis.del(`job:${id}`) : redis.lpush(`job:l${id}`, n),
              n % 5 === 0 ? redis.rename(`job:c${id}`, `step:d${id}`) : redis.set(`job:s${id}`, n, 'EX', 500),
            ])
            acknowledged[i]!++
          }
        } catch {
          // The master is dead.
        }
      })
      await until(
        'enough was written',
        async () => acknowledged.every((n) => n > 60) && (await onReplica.dbsize()) > 100,
      )
      process.kill(master.pid, 'SIGKILL')
      running = false
      await onReplica.replicaof('NO', 'ONE')
      await Promise.all(writers)
      expect(await splitPairs(onReplica)).toEqual([])
    }
  })

  it('memory that is full: reads answer from the alias, and writes fail with both names as they were', async () => {
    await raw.mset('job:1', 'v', 'step:2', 'v', 'job:2', 'v')
    await raw.hset('job:3', 'f', 'v')
    await raw.rpush('job:4', 'a', 'b')
    await raw.copy('job:4', 'step:4')
    await raw.call('CONFIG', 'SET', 'maxmemory', '1')
    const before = (await raw.keys('*')).sort()
    for (const phase of ['dual-read', 'retire-alias'] as const) {
      const redis = wrap(phase, clientsOf(server.port).raw())
      expect(await redis.get('step:1')).toBe('v')
      expect(await redis.hgetall('step:3')).toEqual({ f: 'v' })
      expect(await redis.get('job:nothing')).toBeNull()
      expect(await redis.get('job:2')).toBe('v')
      await expect(redis.set('step:5', 'v')).rejects.toThrow(/^OOM/)
      await expect(redis.append('job:1', '!')).rejects.toThrow(/^OOM/)
      await expect(redis.hset('step:3', 'g', '1')).rejects.toThrow(/^OOM/)
    }
    for (const phase of mirroring) {
      const redis = wrap(phase, clientsOf(server.port).raw())
      await expect(redis.rpush('job:4', 'c')).rejects.toThrow(/^OOM/)
    }
    expect((await raw.keys('*')).sort()).toEqual(before)
    expect(await raw.lrange('job:4', 0, -1)).toEqual(['a', 'b'])
    expect(await raw.lrange('step:4', 0, -1)).toEqual(['a', 'b'])
    // What gives memory back works.
    const redis = wrap('dual-write', clientsOf(server.port).raw())
    expect(await redis.del('step:4')).toBe(1)
    expect(await raw.exists('job:4', 'step:4')).toBe(0)
  })

  it('memory that is full: a pop takes from both names or from none', async () => {
    for (const phase of mirroring) {
      await raw.call('CONFIG', 'SET', 'maxmemory', '0')
      await raw.flushall()
      await raw.rpush('job:1', 'a', 'b', 'c')
      await raw.copy('job:1', 'step:1')
      await raw.call('CONFIG', 'SET', 'maxmemory', '1')
      const redis = wrap(phase, clientsOf(server.port).raw())
      const popped = await redis.lpop('job:1').catch((error: Error) => error)
      const left = await Promise.all(['job:1', 'step:1'].map((name) => raw.lrange(name, 0, -1)))
      expect(left[0]).toEqual(left[1])
      if (popped instanceof Error) expect([popped.message.slice(0, 3), left[0]]).toEqual(['OOM', ['a', 'b', 'c']])
      else expect([popped, left[0]]).toEqual(['a', ['b', 'c']])
    }
    await raw.call('CONFIG', 'SET', 'maxmemory', '0')
  })

  it('keys that expire while they are written and copied: none stays, and none comes back', async () => {
    for (const phase of [...mirroring, 'retire-alias'] as const) {
      await raw.flushall()
      const redis = wrap(phase, clientsOf(server.port).raw())
      const reader = wrap(phase, clientsOf(server.port).raw())
      // Writes that create nothing: what they find expired must stay so, under both names.
      const ids = Array.from({ length: 60 }, (_, i) => i)
      const planted = raw.pipeline()
      for (const id of ids) planted.rpush(`job:l${id}`, 'a').zadd(`job:z${id}`, 1, 'm').set(`job:s${id}`, 'v')
      await planted.exec()
      const expiring = raw.pipeline()
      const soon = Date.now() + 100
      for (const id of ids) {
        for (const type of ['l', 'z', 's']) {
          expiring.pexpireat(`job:${type}${id}`, soon + (id % 20))
          // The backfill, which goes before "canonical-primary".
          if (phase === 'canonical-primary') expiring.copy(`job:${type}${id}`, `step:${type}${id}`)
        }
      }
      await expiring.exec()
      let rounds = 0
      for (let written = 1; written > 0; rounds++) {
        const replies = await Promise.all(
          ids.flatMap((id) => [
            redis.lpushx(`job:l${id}`, 'b'),
            redis.call('ZADD', `step:z${id}`, 'XX', 'INCR', '1', 'm'),
            redis.call('SET', `step:s${id}`, 'w', 'KEEPTTL', 'XX'),
            reader.lrange(`step:l${id}`, 0, -1),
            reader.get(`job:s${id}`),
          ]),
        )
        const isMissing = (reply: unknown): boolean =>
          reply === null || reply === 0 || (Array.isArray(reply) && reply.length === 0)
        written = replies.filter((reply) => !isMissing(reply)).length
      }
      expect(await raw.keys('*')).toEqual([])
      // At least one round found keys.
      expect(rounds).toBeGreaterThan(1)
    }
  })

  it('eviction is noticed, and said', async () => {
    await raw.call('CONFIG', 'SET', 'maxmemory', '100mb')
    await raw.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const warned = once(process, 'warning')
    const redis = wrap('dual-read', clientsOf(server.port).raw())
    expect(redis).toHaveProperty('canonical')
    const { canonical } = redis as Redis & { canonical: { health(): { warnings: readonly string[] } } }
    expect(canonical.health().warnings).toEqual([])
    await redis.get('job:1')
    const [warning] = (await warned) as [Error]
    expect(warning.message).toMatch(
      /the server removes keys when its memory is full \(maxmemory-policy allkeys-lru, 0 removed/,
    )
    expect(canonical.health().warnings).toEqual([warning.message])
    await raw.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    const calm = wrap('dual-read', clientsOf(server.port).raw()) as typeof redis & { canonical: typeof canonical }
    await calm.get('job:1')
    expect(calm.canonical.health().warnings).toEqual([])
  })

  it('a replica, which takes no COPY: reads look under both names', async () => {
    await raw.mset('job:1', 'old', 'step:2', 'new', 'job:2', 'stale')
    const replica = await start({ args: ['--replicaof', '127.0.0.1', String(server.port)] })
    const onReplica = clientsOf(replica.port).raw()
    await until('the replica is in step', async () => (await onReplica.dbsize()) === 3)
    for (const phase of ['dual-read', 'retire-alias'] as const) {
      const redis = wrap(phase, clientsOf(replica.port).raw())
      expect(await redis.get('step:1')).toBe('old')
      expect(await redis.pipeline().get('job:1').get('job:2').get('step:3').exec()).toEqual([
        [null, 'old'],
        [null, 'new'],
        [null, null],
      ])
      expect(await redis.multi().get('step:1').exec()).toEqual([[null, 'old']])
      await expect(redis.set('job:1', 'x')).rejects.toThrow(/^READONLY/)
      await expect(redis.hset('step:1', 'f', 'x')).rejects.toThrow(/^READONLY/)
    }
  })
})

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
