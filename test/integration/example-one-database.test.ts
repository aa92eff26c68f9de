/** The example of databases that become one: its README as a newcomer types it, and what it leaves on the server. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { typeReadme, type Typed } from '../support/readme.js'
import { startServer, type TestServer } from '../support/servers.js'

const LIMIT_MS = 240_000
const reports = 'one-database-reports'

let server: TestServer
let typed: Typed
const open: Redis[] = []
const db = (number: number): Redis => {
  const redis = new Redis(server.port, { db: number })
  open.push(redis)
  return redis
}

beforeAll(async () => {
  server = await startServer()
  typed = await typeReadme('examples/one-database/README.md', { REDIS_URL: server.url })
}, LIMIT_MS)
afterAll(async () => {
  for (const redis of open) redis.disconnect()
  rmSync(reports, { recursive: true, force: true })
  await server.stop()
})

it('everything in the README can be typed', () => {
  expect(typed.code, typed.output).toBe(0)
})

it('the demonstration loses nothing, and nobody writes to the old databases afterwards', () => {
  const row = (label: string): number =>
    Number(new RegExp(`  ${label} +([\\d,]+)`).exec(typed.output)?.[1]?.replaceAll(',', ''))
  for (const zero of ['differences found by verify', 'errors', 'lost, doubled or stale']) {
    expect([zero, row(zero)], typed.output).toEqual([zero, 0])
  }
  // Zeros say something only where something happened.
  expect(row('commands, legacy clients')).toBeGreaterThan(500)
  expect(row('commands, wrapped clients')).toBeGreaterThan(2_000)
  expect(row('changes in database 1')).toBeGreaterThan(100)
  expect(typed.output).toMatch(/none in any other database +yes/)
  expect(typed.output).toMatch(/lines of application code changed +13 of /)
})

it('the statistics have the shape of the document', () => {
  const [dry, live, again] = [...typed.output.matchAll(/^\{$[^]*?^\}$/gm)].map(([json]) => JSON.parse(json) as object)
  const times = { start_time: expect.any(String), end_time: expect.any(String) }
  expect(dry).toMatchObject({ ...times, dry_run: true, total_keys_migrated: 100 })
  const steps = { volume: 400, indicators: 1_000, system: 401, historical_ticks: 400, ohlc: 600, baseline: 200 }
  const migrated = Object.fromEntries(Object.entries(steps).map(([step, count]) => [`${step}_migrated`, count]))
  expect(live).toEqual({ ...times, dry_run: false, ...migrated, errors: 1, total_keys_migrated: 3_001 })
  expect(again).toMatchObject({ total_keys_migrated: 0 })
  const [file] = readdirSync(reports).filter((name) => name.startsWith('migration_report_'))
  const report = JSON.parse(readFileSync(`${reports}/${file}`, 'utf8')) as Record<string, unknown>
  expect(report).toMatchObject({ ...migrated, error_keys: [{ old_key: 'volume_state:broken' }] })
  const left = (report['left_keys'] as { key: string; db: number }[]).map(({ key, db: number }) => `${number} ${key}`)
  expect(left.sort()).toEqual(['5 indicators:INFY:rsi:delta', '5 indicators:INFY:vwap'])
})

it('what no rule takes stays where it is; the rest is in database 1 with its time to live', async () => {
  const [zero, one, two, five] = [db(0), db(1), db(2), db(5)]
  expect(await one.dbsize()).toBe(3_001)
  expect(await five.mget('indicators:INFY:rsi:delta', 'indicators:INFY:vwap')).toEqual(['1', '1'])
  expect(await two.lrange('put-aside:volume_state:broken', 0, -1)).toEqual(['not', 'a', 'hash'])
  expect(await one.exists('vol:state:broken', 'put-aside:volume_state:broken')).toBe(0)
  expect(await zero.get('scratch:note')).toBe('nobody knows')
  const ttl = async (name: string): Promise<number> => one.ttl(name)
  expect(await ttl('ind:ta:SYM1:rsi')).toBeGreaterThan(3_000)
  expect(await ttl('ind:volume:SYM4:ratio')).toBeLessThanOrEqual(600)
  expect(await ttl('sys:health:SYM1')).toBeLessThanOrEqual(900)
  expect(await ttl('sys:session:user:SYM1')).toBeGreaterThan(86_000)
  expect(await ttl('vol:baseline:SYM1')).toBe(-1)
  expect(await five.ttl('indicators:SYM1:rsi')).toBe(-1)
  expect(await one.xlen('ticks:historical:SYM3')).toBe(1)
})
