/** The migrator on servers that are full, late, or go away behind a Sentinel; what it says of a keyspace beforehand. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { RedisKeyMigrator, type Analysis, type Progress } from '../../src/migrate.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { until } from '../support/clients.js'
import { freePort, startServer, type StartOptions, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'load',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    far: key('far:<id>').alias('near:<id>', { db: 2 }),
    pending: key('steps:pending', { queue: true }).alias('jobs:pending'),
  },
})

const running: TestServer[] = []
const clients: Redis[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect()
  await Promise.all(running.splice(0).map((server) => server.stop()))
})
async function start(options: StartOptions = {}): Promise<[TestServer, Redis]> {
  const server = await startServer(options)
  running.push(server)
  return [server, connect(server.port)]
}
function connect(port: number, options = {}): Redis {
  const client = new Redis(port, options)
  client.on('error', () => undefined)
  clients.push(client)
  return client
}
const fill = (redis: Redis, count: number, size: number) =>
  redis.eval(`for i = 1, ${count} do redis.call('SET', 'job:' .. i, string.rep('x', ${size})) end`, 0)

describe('memory', () => {
  it('refuses to start when the copy cannot fit, with the figures', async () => {
    const [, redis] = await start({ args: ['--maxmemory', '12mb', '--maxmemory-policy', 'noeviction'] })
    await fill(redis, 3000, 2000)
    const migrator = new RedisKeyMigrator(redis, schema)
    await expect(migrator.migrateKeys({ dryRun: false })).rejects.toMatchObject({
      code: 'E_NO_MEMORY',
      message: expect.stringMatching(/about [67]\.\d MB \(estimated from \d{3,4} keys\), and \d\.\d MB are free/),
    })
    expect((await redis.keys('step:*')).length).toBe(0)
    // What is there already needs no room, and a dry run none at all.
    expect(await migrator.migrateKeys()).toMatchObject({ migrated: 3000 })
    await fill(redis, 100, 10)
    await redis.eval(`for i = 101, 3000 do redis.call('RENAME', 'job:' .. i, 'step:' .. i) end`, 0)
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ migrated: 100, failed: 0 })
  })

  it('lists the keys that the server had no room for, and copies them in the next run', async () => {
    const [, redis] = await start({ args: ['--maxmemory', '6mb', '--maxmemory-policy', 'noeviction'] })
    await fill(redis, 1500, 2000)
    const migrator = new RedisKeyMigrator(redis, schema, { throttle: false })
    const first = await migrator.migrateKeys({ dryRun: false })
    expect(first.migrated).toBeGreaterThan(100)
    expect(first.failed).toBe(1500 - first.migrated)
    expect(first.errors[0]!.error).toMatch(/OOM/)
    await redis.config('SET', 'maxmemory', '0')
    const second = await migrator.migrateKeys({ dryRun: false })
    expect(second).toMatchObject({ migrated: first.failed, skipped: first.migrated, failed: 0 })
    expect(await migrator.verify()).toMatchObject({ clean: true, compared: 1500 })
  })

  it('waits when the memory fills up on the way, says so, and gives up in the end', async () => {
    const [, redis] = await start({ args: ['--maxmemory', '100mb'] })
    await fill(redis, 2000, 100)
    const said = new Set<string>()
    const onProgress = async ({ counts, waitingFor }: Progress): Promise<void> => {
      if (waitingFor) said.add(waitingFor.replace(/\d+(\.\d+)?/g, 'N'))
      if ((counts['migrated'] ?? 0) > 500) await redis.config('SET', 'maxmemory', '1mb')
    }
    const throttle = { patience: 300 }
    const run = new RedisKeyMigrator(redis, schema, { batch: 10, throttle, onProgress }).migrateKeys({
      dryRun: false,
      rate: 3000,
    })
    await expect(run).rejects.toMatchObject({ code: 'E_OVERLOADED' })
    expect([...said]).toContain('memory: N MB of N MB are used; the limit is N %')
    const copied = (await redis.keys('step:*')).length
    expect(copied).toBeGreaterThan(500)
    expect(copied).toBeLessThan(2000)
  })
})

it('waits for a replica that is late, and goes on when it has caught up', async () => {
  const [master, redis] = await start({ args: ['--repl-diskless-sync-delay', '0'] })
  const [replica, admin] = await start()
  await admin.replicaof('127.0.0.1', master.port)
  await until('the replica is in step', async () => (await admin.info('replication')).includes('master_link_status:up'))
  await fill(redis, 2000, 500)
  await redis.wait(1, 5000)
  // Stopped, it reads nothing; what the run copies meets it when it goes on.
  process.kill(replica.pid, 'SIGSTOP')
  const said: string[] = []
  const onProgress = ({ waitingFor }: Progress): void => {
    if (!waitingFor?.startsWith('the replica')) return
    said.push(waitingFor)
    process.kill(replica.pid, 'SIGCONT')
  }
  const throttle = { replicaLag: 50_000, latency: false } as const
  const migrator = new RedisKeyMigrator(redis, schema, { batch: 10, throttle, onProgress })
  const result = await migrator
    .migrateKeys({ dryRun: false, rate: 3000 })
    .finally(() => process.kill(replica.pid, 'SIGCONT'))
  expect(result).toMatchObject({ migrated: 2000, failed: 0 })
  expect(said[0]).toMatch(/^the replica 127\.0\.0\.1:\d+, which is .* behind; the limit is 50\.0 kB$/)
})

it('says it when the server does not tell how it is doing', async () => {
  const [server, redis] = await start()
  await redis.set('job:1', 'a')
  await redis.call('ACL', 'SETUSER', 'shy', 'on', '>pw', '+@all', '-info', '~*', '&*')
  const shy = connect(server.port, { username: 'shy', password: 'pw' })
  const result = await new RedisKeyMigrator(shy, schema).migrateKeys({ dryRun: false })
  expect(result).toMatchObject({
    migrated: 1,
    notes: [{ code: 'INFO', note: expect.stringContaining('does not tell') }],
  })
})

it('goes on behind a Sentinel with the replica that takes over', { timeout: 90_000 }, async () => {
  const fast = ['--repl-diskless-sync-delay', '0']
  const [master, redis] = await start({ args: fast })
  const [, admin] = await start({ args: fast })
  await admin.replicaof('127.0.0.1', master.port)
  await until('the replica is in step', async () => (await admin.info('replication')).includes('master_link_status:up'))
  const folder = mkdtempSync(join(tmpdir(), 'canonical-sentinel-'))
  const port = await freePort()
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
  ]
  lines.push('sentinel down-after-milliseconds mymaster 300', 'sentinel failover-timeout mymaster 2000')
  writeFileSync(join(folder, 'sentinel.conf'), lines.join('\n'))
  const binary = process.env.CANONICAL_REDIS_SERVER ?? 'redis-server'
  const sentinel = spawn(binary, [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' })
  try {
    const asking = connect(port)
    await until('the sentinel knows both', async () => {
      const replicas = (await asking.call('SENTINEL', 'REPLICAS', 'mymaster').catch(() => [])) as unknown[]
      return replicas.length === 1
    })
    await fill(redis, 1000, 10)
    await redis.wait(1, 5000)
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'mymaster', lazyConnect: true })
    client.on('error', () => undefined)
    clients.push(client)
    let dead = false
    const said = new Set<string>()
    const onProgress = async ({ counts, waitingFor }: Progress): Promise<void> => {
      if (waitingFor) said.add(waitingFor)
      if (dead || (counts['migrated'] ?? 0) < 500) return
      dead = true
      await redis.wait(1, 5000)
      await master.stop()
    }
    const migrator = new RedisKeyMigrator(client, schema, { batch: 10, onProgress })
    const result = await migrator.migrateKeys({ dryRun: false })
    expect(dead).toBe(true)
    expect(result).toMatchObject({ failed: 0, endedBy: 'done' })
    expect([...said].join()).toContain('successor')
    expect((await admin.keys('step:*')).length).toBe(1000)
    expect(await new RedisKeyMigrator(admin, schema).verify()).toMatchObject({ clean: true, compared: 1000 })
  } finally {
    sentinel.kill()
    rmSync(folder, { recursive: true })
  }
})

describe('analyze', () => {
  async function keyspace(): Promise<Redis> {
    const [, redis] = await start()
    await redis.eval(
      `for i = 1, 900 do redis.call('HSET', 'job:' .. i, 'id', i) end
      for i = 1, 300 do redis.call('COPY', 'job:' .. i, 'step:' .. i) end
      for i = 1, 450 do redis.call('PEXPIRE', 'job:' .. i, 1800000) end
      for i = 1, 90 do redis.call('SET', 'session:' .. i .. ':token', i) end
      redis.call('SET', 'job:large', string.rep('x', 100000))
      redis.call('RPUSH', 'jobs:pending', 'a')
      redis.call('MSET', 'JOB:7', '1', 'job-8', '1', 'job:9:meta', '1', 'jobs:10', '1', 'near:11', '1', 'other', '1')`,
      0,
    )
    const other = connect(redis.options.port!, { db: 2 })
    await other.mset('near:1', 'x', 'near:2', 'x')
    return redis
  }

  it('counts everything, measures a sample, and says what it does not know', async () => {
    const redis = await keyspace()
    const analysis = await new RedisKeyMigrator(redis, schema).analyze({ sample: 200 })
    expect(analysis).toMatchObject({
      totalKeys: 1300,
      byDatabase: { 0: 1298, 2: 2 },
      managedKeys: 1204,
      unmanagedKeys: 96,
      families: {
        step: { aliasKeys: 901, canonicalKeys: 300, queue: false, sizes: { sampled: 200, of: 901 } },
        far: { aliasKeys: 2, canonicalKeys: 0, types: { string: 2 }, sizes: { sampled: 2, of: 2 } },
        pending: { aliasKeys: 1, queue: true, types: { list: 1 } },
      },
    })
    const { step } = analysis.families as { step: Analysis['families'][string] }
    expect(step.expiries.none + step.expiries.upToHour).toBe(200)
    expect(step.expiries.upToHour).toBeGreaterThan(50)
    const { upTo256B, upTo4kB, upTo64kB, upTo1MB, larger } = step.sizes
    expect(upTo256B + upTo4kB + upTo64kB + upTo1MB + larger).toBe(200)
    expect(step.migrated.keys / step.migrated.sampled).toBeCloseTo(300 / 901, 0)
    expect(step.samples.length).toBe(5)
    expect(analysis.unmanaged[0]).toMatchObject({ shape: 'session:*:token', db: 0, keys: 90 })
    const alike = Object.fromEntries(
      analysis.lookAlikes.map(({ key: name, family, why }) => [name, `${family} ${why}`]),
    )
    expect(alike).toEqual({
      'JOB:7': expect.stringMatching(/^step differs in upper and lower case/),
      'job-8': expect.stringMatching(/^step has other separators/),
      'job:9:meta': expect.stringMatching(/^step begins as "job:<id>" does/),
      'jobs:10': expect.stringMatching(/^step begins almost as "job:<id>"/),
      'near:11': expect.stringMatching(/^far would be managed in another database, but not in 0/),
    })
    expect(analysis.impact.fits).toBe(true)
  })

  it('is exact where all keys are measured, and agrees with what the backfill does', async () => {
    const redis = await keyspace()
    const folder = mkdtempSync(join(tmpdir(), 'canonical-analysis-'))
    const analysis = await new RedisKeyMigrator(redis, schema).analyze({ sample: 100_000, report: folder })
    expect(analysis.impact).toMatchObject({ keysToCopy: 603, maxMemory: 0, fits: true, bigKeys: 0 })
    expect(analysis.families['step']).toMatchObject({
      types: { hash: 900, string: 1 },
      expiries: { none: 451, upToHour: 450, sampled: 901 },
      migrated: { keys: 300, sampled: 901, of: 901 },
    })
    expect(analysis.largest[0]).toMatchObject({ key: 'job:large', type: 'string' })
    expect(analysis.largest[0]!.bytes).toBeGreaterThan(100_000)
    expect(basename(analysis.reportFile!)).toMatch(/^redis_analysis_\d{8}_\d{6}\.json$/)
    expect(JSON.parse(readFileSync(analysis.reportFile!, 'utf8'))).toMatchObject({ totalKeys: 1300, schema: 'load' })
    rmSync(folder, { recursive: true })
    const migrated = await new RedisKeyMigrator(redis, schema).migrateKeys({ dryRun: false })
    expect(migrated.migrated).toBe(analysis.impact.keysToCopy)
    expect((await new RedisKeyMigrator(redis, schema).analyze()).impact).toMatchObject({
      keysToCopy: 0,
      bytesToCopy: 0,
    })
  })
})
