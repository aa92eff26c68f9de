/** The example of a prefix that is cleaned up: its walk, and its README as a newcomer types it. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shellOf, typeReadme } from '../support/readme.js'
import { startServer, type TestServer } from '../support/servers.js'

const folder = 'examples/prefix-cleanup'
const reports = `${folder}/canonical-redis-reports`
const LIMIT_MS = 180_000

it('walks all the way, and loses nothing', { timeout: LIMIT_MS }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', `${folder}/walk.ts`], { timeout: LIMIT_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  expect(code, output).toBe(0)
  const row = (label: string): number =>
    Number(new RegExp(`${label} +([\\d,]+)`).exec(output)?.[1]?.replaceAll(',', ''))
  for (const zero of ['differences found by verify', 'errors', 'wrong answers', 'old names left']) {
    expect([zero, row(zero)], output).toEqual([zero, 0])
  }
  // Zeros say something only where something happened.
  expect(row('moved, cache')).toBeGreaterThanOrEqual(1_600)
  expect(row('moved, cancellation')).toBeGreaterThanOrEqual(100)
  expect(row('operations, legacy version')).toBeGreaterThan(100)
  expect(row('operations, wrapped version')).toBeGreaterThan(2_000)
  expect(row('keys compared at the end')).toBeGreaterThan(4_000)
  expect(row('names left as they were')).toBe(3)
  expect(output).toContain('expected a hash, found a string: left where it is')
  expect(output).toMatch(/reminder: begins as .* but does not match it/)
})

describe('the README', () => {
  let server: TestServer
  let redis: Redis
  const clean = (): void => {
    for (const name of [reports, `${folder}/aliases.backup`]) rmSync(name, { recursive: true, force: true })
  }

  beforeAll(async () => {
    server = await startServer()
    redis = new Redis(server.port)
    clean()
  })
  afterAll(async () => {
    clean()
    redis.disconnect()
    await server.stop()
  })

  it('says what can be typed, and what comes of it', { timeout: LIMIT_MS }, async () => {
    // The walk has a test of its own, and the reports are looked at before they go.
    const { code, output } = await typeReadme(`${folder}/README.md`, { REDIS_URL: server.url }, (shell) =>
      shell.replace(/^npx tsx .*walk\.ts$/m, '').replace(/^rm .*$/m, ''),
    )
    expect(code, output).toBe(0)
    expect(output).toContain('14 names tested, 0 wrong.')
    expect(output).toContain('exit code 1')
    expect(output).toMatch(/all +145 +145 +0/)
    expect(output).toContain('Clean.')
    // The cleanup left what nobody may touch, and the restore brought the others back, each with its time to live.
    expect(await redis.get('josancamon:rayban-meta-glasses-api:reminder')).toBe('the id was empty')
    expect(await redis.get('aside:imported')).toContain('long ago')
    expect(await redis.hget('josancamon:rayban-meta-glasses-api:user_profile:old_3', 'name')).toBe('User 3')
    expect(await redis.ttl('meta-glasses:reminder:event:old_2')).toBeGreaterThan(2 * 86_400)

    const files = readdirSync(reports)
    expect(files.filter((name) => name.startsWith('redis_analysis_'))).toHaveLength(2)
    expect(files.some((name) => /^redis_migration_\d{8}_\d{6}.*\.log$/.test(name))).toBe(true)
    const dry = files
      .filter((name) => name.startsWith('migration_report_'))
      .map((name) => JSON.parse(readFileSync(`${reports}/${name}`, 'utf8')))
      .find(({ operation, dry_run }) => operation === 'migrate' && dry_run)
    expect(dry.migration_stats).toMatchObject({
      total_keys_found: 146,
      migrated_successfully: 145,
      migration_errors: 1,
      cache_keys: 80,
      reminder_keys: 25,
      user_history_keys: 20,
      user_profile_keys: 16,
      cancellation_keys: 5,
    })
    expect(dry.migrated_keys).toHaveLength(145)
    expect(dry.error_keys).toEqual([
      expect.objectContaining({ old_key: 'josancamon:rayban-meta-glasses-api:user_profile:imported' }),
    ])
    expect(dry.left_keys).toEqual([expect.objectContaining({ key: 'josancamon:rayban-meta-glasses-api:reminder' })])
    expect(Number.isNaN(Date.parse(dry.timestamp))).toBe(false)
  })

  it('cleans up behind itself', () => {
    expect(shellOf(`${folder}/README.md`)).toMatch(/^rm -r canonical-redis-reports aliases\.backup$/m)
    expect(existsSync(`${folder}/aliases.backup`)).toBe(true)
  })
})
