/** The example of market ticks: its README as a newcomer types it. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { typeReadme, type Typed } from '../support/readme.js'
import { startServer, type TestServer } from '../support/servers.js'

const LIMIT_MS = 240_000

let server: TestServer
let redis: Redis
let typed: Typed

beforeAll(async () => {
  server = await startServer()
  redis = new Redis(server.port, { db: 1 })
  typed = await typeReadme('examples/market-ticks/README.md', { REDIS_URL: `${server.url}/1` })
}, LIMIT_MS)
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

it('everything in it can be typed', () => {
  expect(typed.code, typed.output).toBe(0)
})

it('the demonstration misses no tick, reads none twice, and says how much had to change', () => {
  const row = (label: string): number =>
    Number(new RegExp(`  ${label} +([\\d,]+)`).exec(typed.output)?.[1]?.replaceAll(',', ''))
  for (const zero of ['differences found by verify', 'errors', 'lost, doubled or stale']) {
    expect([zero, row(zero)], typed.output).toEqual([zero, 0])
  }
  // Zeros say something only where something happened.
  expect(row('ticks that the detector read')).toBeGreaterThan(500)
  expect(row('patterns found')).toBeGreaterThan(0)
  expect(row('commands, legacy clients')).toBeGreaterThan(500)
  expect(row('commands, wrapped clients')).toBeGreaterThan(2_000)
  expect(row('keys moved: ticks')).toBeGreaterThan(400)
  expect(row('lines of application code changed')).toBeLessThan(15)
})

it('the odd keys are listed with a reason, and left', () => {
  expect(typed.output).toContain('ticks:latest:BROKEN: expected a hash, found a string: left where it is')
  expect(typed.output).toMatch(/ticks:latest:NSE:INFY: begins as "ticks:latest:<symbol>"/)
})

it('by hand, only the group that was named has moved', async () => {
  expect(await redis.hget('volume:baseline:INFY', 'avg')).toBe('10432.5')
  expect(await redis.exists('volume_averages:INFY', 'ticks:OLD1')).toBe(0)
  expect(await redis.hget('ticks:latest:OLD1', 'ltp')).toBe('1520.50')
})
