/** Checkpoints: a migrator that is killed at any moment goes on from there, and what does not belong together is refused. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { build } from 'tsup'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisKeyMigrator, type MigrateOptions } from '../../src/migrate.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { killSchema } from '../support/migrate/schema.js'
import { startServer, type TestServer } from '../support/servers.js'

const KEYS = 500
const KILLS = 20
const folder = mkdtempSync(join(tmpdir(), 'canonical-checkpoint-'))
// In the repository, so that it finds the packages it imports.
const bundle = join(process.cwd(), '.cache', `killable-${process.pid}`)

describe('a checkpoint', () => {
  let server: TestServer
  let redis: Redis
  let other: Redis
  const file = join(folder, 'steps.checkpoint')
  const fresh = (more = {}) => new RedisKeyMigrator(redis, killSchema, { batch: 20, throttle: false, ...more })

  beforeAll(async () => {
    server = await startServer()
    redis = new Redis(server.port)
    other = new Redis(server.port, { db: 2 })
    const entry = { killable: 'test/support/migrate/killable.ts' }
    await build({ entry, outDir: bundle, format: 'esm', silent: true, config: false, splitting: false, dts: false })
  })
  afterAll(async () => {
    redis.disconnect()
    other.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true })
    rmSync(bundle, { recursive: true, force: true })
  })
  beforeEach(async () => {
    rmSync(file, { force: true })
    await redis.flushall()
    await redis.eval(`for i = 1, ${KEYS} do redis.call('HSET', 'job:' .. i, 'id', i) end`, 0)
    await redis.eval(`for i = 1, 2000 do redis.call('SADD', 'job:big', 'member ' .. i) end`, 0)
    await other.eval(`for i = 1, 100 do redis.call('SET', 'near:' .. i, i) end`, 0)
  })

  /** Runs a process that migrates, and kills it at a line of its progress; false when it was through before. */
  async function killAt(line: number, options: MigrateOptions): Promise<boolean> {
    const call = JSON.stringify({ port: server.port, options })
    const child = spawn(process.execPath, [join(bundle, 'killable.js'), call], { stdio: ['ignore', 'pipe', 'inherit'] })
    let lines = 0
    createInterface({ input: child.stdout }).on('line', () => ++lines === line && child.kill('SIGKILL'))
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (signal === null) expect(code).toBe(0)
    return signal === 'SIGKILL'
  }

  const ways: readonly MigrateOptions[] = [
    { checkpoint: file },
    { checkpoint: { key: 'the checkpoint' } },
    { checkpoint: file, overwrite: true },
    { checkpoint: { key: 'the checkpoint' }, direction: 'reverse' },
  ]

  it(`is gone on from after a kill -9, at ${KILLS} moments`, { timeout: 300_000 }, async () => {
    let resumed = 0
    for (let kill = 0; kill < KILLS; kill++) {
      // Without a rate the server works through whole pages itself.
      const options = { ...ways[kill % ways.length]!, dryRun: false, ...(kill % 3 > 0 && { rate: 500 }) }
      await redis.eval(`for i = 1, 50 do redis.call('SET', 'step:stray' .. i, i) end`, 0)
      if (options.direction === 'reverse') await fresh().migrateKeys({ dryRun: false })
      // Spread over the run, and never at the same line. The rate is low, so that most kills come in the middle of a page.
      const killed = await killAt(1 + Math.floor(((kill + Math.random()) / KILLS) * 80), options)
      const left = existsSync(file) || (await redis.exists('the checkpoint')) === 1
      const result = await fresh({ bigKeys: { over: 20_000 } }).migrateKeys({
        ...options,
        ...(kill % 3 > 0 && { rate: 1e9 }),
      })
      expect(result).toMatchObject({ failed: 0, endedBy: 'done', resumed: left })
      if (killed && left) resumed++
      // A plain copy leaves canonical keys that have no alias alone; the other two ways leave nothing without its other.
      const verified = await fresh({ bigKeys: { over: 20_000 } }).verify()
      expect(verified).toMatchObject({ missing: 0, different: 0, failed: 0, settled: 0 })
      if (options.overwrite || options.direction === 'reverse') expect(verified.orphans).toBe(0)
      expect(verified.compared).toBeGreaterThanOrEqual(KEYS + 101)
      expect(existsSync(file)).toBe(false)
      expect(await redis.exists('the checkpoint')).toBe(0)
      // What a kill leaves of a big key goes by itself.
      for (const name of await redis.keys('canonical-redis:*')) {
        expect(await redis.pttl(name)).toBeGreaterThan(0)
        await redis.del(name)
      }
      await redis.eval(`for _, k in ipairs(redis.call('KEYS', 'step:*')) do redis.call('UNLINK', k) end`, 0)
      await redis.eval(`for _, k in ipairs(redis.call('KEYS', 'far:*')) do redis.call('UNLINK', k) end`, 0)
    }
    expect(resumed).toBeGreaterThan(KILLS / 3)
  })

  /** A run that is ended in the middle, with its checkpoint written. */
  async function halfway(options: MigrateOptions = {}): Promise<void> {
    const stop = new AbortController()
    const onProgress = ({ counts }: { counts: Readonly<Record<string, number>> }): void => {
      if (counts['migrated']! >= KEYS / 2) stop.abort()
    }
    const half = { dryRun: false, checkpoint: file, signal: stop.signal, onProgress, ...options }
    const result = await fresh().migrateKeys(half)
    expect(result.endedBy).toBe('signal')
    expect(result.migrated).toBeLessThan(KEYS)
    expect(existsSync(file)).toBe(true)
  }

  /** SCANs that the server has answered. */
  const scans = async (): Promise<number> =>
    Number(/cmdstat_scan:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1])

  it('does not walk again through what was walked through, and counts the whole', async () => {
    await halfway()
    const before = await scans()
    const result = await fresh().migrateKeys({ dryRun: false, checkpoint: file })
    const asked = (await scans()) - before
    expect(result).toMatchObject({
      resumed: true,
      endedBy: 'done',
      found: KEYS + 101,
      migrated: KEYS + 101,
      skipped: 0,
    })
    expect(asked).toBeLessThan((0.7 * (3 * KEYS)) / 20)
    expect(await fresh().verify()).toMatchObject({ clean: true, compared: KEYS + 101 })
  })

  it('drops a cursor of another process, and begins again', async () => {
    await halfway()
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"runId":"[0-9a-f]+"/g, '"runId":"another"'))
    const before = await scans()
    const result = await fresh().migrateKeys({ dryRun: false, checkpoint: file })
    expect((await scans()) - before).toBeGreaterThan(KEYS / 20)
    expect(result).toMatchObject({ resumed: true, endedBy: 'done' })
    expect(await fresh().verify()).toMatchObject({ clean: true, compared: KEYS + 101 })
  })

  it('of another schema is refused', async () => {
    await halfway()
    const changed = defineSchema({ name: 'killed', keys: { step: key('step:<id>').alias('work:<id>') } })
    const run = new RedisKeyMigrator(redis, changed).migrateKeys({ dryRun: false, checkpoint: file })
    await expect(run).rejects.toMatchObject({
      code: 'E_SCHEMA_CHANGED',
      message: expect.stringContaining(killSchema.hash),
    })
    expect(existsSync(file)).toBe(true)
  })

  it('of another call is refused', async () => {
    await halfway()
    for (const options of [{ overwrite: true }, { families: ['step'] }, { match: 'job:1*' }] as const) {
      const run = fresh().migrateKeys({ dryRun: false, checkpoint: file, ...options })
      await expect(run).rejects.toMatchObject({ code: 'E_CHECKPOINT' })
    }
    await expect(fresh().verify({ checkpoint: file })).rejects.toMatchObject({ code: 'E_CHECKPOINT' })
  })

  it('that is none is refused', async () => {
    for (const text of ['', '{}', '{"format":"something"', 'null']) {
      writeFileSync(file, text)
      const run = fresh().migrateKeys({ dryRun: false, checkpoint: file })
      await expect(run).rejects.toMatchObject({ code: 'E_BAD_FILE' })
    }
  })

  it('is neither read nor written by a dry run', async () => {
    await halfway()
    const text = readFileSync(file, 'utf8')
    expect(await fresh().migrateKeys({ checkpoint: file })).toMatchObject({ resumed: false, found: KEYS + 101 })
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  it('lets a verification go on, with what it has found', async () => {
    await fresh().migrateKeys({ dryRun: false })
    for (let id = 1; id <= KEYS; id += 10) await redis.hset(`step:${id}`, 'id', 'other')
    const stop = new AbortController()
    const onProgress = ({ scanned }: { scanned: number }): void => void (scanned > KEYS && stop.abort())
    const first = await fresh().verify({ checkpoint: file, signal: stop.signal, onProgress })
    expect(first).toMatchObject({ endedBy: 'signal', clean: false })
    expect(first.different).toBeLessThan(KEYS / 10)
    const second = await fresh().verify({ checkpoint: file })
    expect(second).toMatchObject({
      resumed: true,
      clean: false,
      different: KEYS / 10,
      compared: KEYS + 101,
      settled: 0,
    })
    expect(existsSync(file)).toBe(false)
  })
})
