import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, defineSchema, key } from '../../src/index.js'
import { ioredisVersions, until, type IoredisVersion } from '../support/clients.js'
import { freePort, startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'sentinel', keys: { step: key('step:<id>').alias('job:<id>') } })

describe('behind a Sentinel', () => {
  let master: TestServer
  let replica: TestServer
  let sentinel: ChildProcess
  let port: number
  const folder = mkdtempSync(join(tmpdir(), 'canonical-sentinel-'))

  beforeAll(async () => {
    const fast = ['--repl-diskless-sync-delay', '0']
    ;[master, replica] = await Promise.all([startServer({ args: fast }), startServer({ args: fast })])
    const admin = new Redis(replica.port)
    await admin.replicaof('127.0.0.1', master.port)
    await until('the replica is in step', async () =>
      (await admin.info('replication')).includes('master_link_status:up'),
    )
    admin.disconnect()
    port = await freePort()
    const file = join(folder, 'sentinel.conf')
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds mymaster 300',
        'sentinel failover-timeout mymaster 2000',
      ].join('\n'),
    )
    const binary = process.env.CANONICAL_REDIS_SERVER ?? 'redis-server'
    sentinel = spawn(binary, [file, '--sentinel'], { stdio: 'ignore' })
    const asking = new Redis(port)
    asking.on('error', () => undefined)
    await until('the sentinel knows both', async () => {
      const replicas = (await asking.call('SENTINEL', 'REPLICAS', 'mymaster').catch(() => [])) as unknown[]
      return replicas.length === 1
    })
    asking.disconnect()
  })
  afterAll(async () => {
    sentinel.kill()
    await Promise.all([master.stop(), replica.stop()])
    rmSync(folder, { recursive: true })
  })

  it('works, and goes on with both names equal after a failover', async () => {
    const clients = (Object.keys(ioredisVersions) as IoredisVersion[]).map((version) => {
      const inner = new ioredisVersions[version]({
        sentinels: [{ host: '127.0.0.1', port }],
        name: 'mymaster',
        sentinelRetryStrategy: () => 20,
        retryStrategy: () => 20,
      })
      inner.on('error', () => undefined)
      return new CanonicalRedisClient(inner, { schema, phase: 'dual-read' })
    })
    await Promise.all(clients.map((redis) => redis.hincrby('job:1', 'n', 1)))
    expect(await clients[0]?.hget('step:1', 'n')).toBe('3')
    await clients[0]?.wait(1, 5000)
    await master.stop()
    for (const redis of clients) {
      await until('it writes again', () => redis.hincrby('step:1', 'n', 1).then(Boolean, () => false), 20_000)
    }
    const promoted = new Redis(replica.port)
    const [old, young] = [await promoted.hgetall('job:1'), await promoted.hgetall('step:1')]
    expect(old).toEqual(young)
    expect(Number(young.n)).toBeGreaterThanOrEqual(6)
    promoted.disconnect()
    for (const redis of clients) redis.disconnect()
  }, 60_000)
})
