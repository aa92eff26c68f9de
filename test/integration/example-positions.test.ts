/** The example of the positions: its walk through the phases, and its README as a newcomer types it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, constantPhase, phases, type Phase } from '../../src/index.js'
import { Grid as NewGrid } from '../../examples/positions/app/grid.after.js'
import { Grid as OldGrid } from '../../examples/positions/app/grid.before.js'
import { Orders as NewOrders } from '../../examples/positions/app/orders.after.js'
import { Orders as OldOrders } from '../../examples/positions/app/orders.before.js'
import { TradingCache as NewCache } from '../../examples/positions/app/trading-cache.after.js'
import { TradingCache as OldCache } from '../../examples/positions/app/trading-cache.before.js'
import { schema } from '../../examples/positions/schema.js'
import { typeReadme } from '../support/readme.js'
import { startServer, type TestServer } from '../support/servers.js'

const folder = 'examples/positions'
const LIMIT_MS = 180_000

it('walks all the way, and loses nothing', { timeout: LIMIT_MS }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', `${folder}/demo.ts`, '--short'], { timeout: LIMIT_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  expect(code, output).toBe(0)
  const row = (label: string): number =>
    Number(new RegExp(`${label} +([\\d,]+)`).exec(output)?.[1]?.replaceAll(',', ''))
  for (const zero of ['differences found by verify', 'errors', 'lost, doubled or stale']) {
    expect([zero, row(zero)], output).toEqual([zero, 0])
  }
  // Zeros say something only where something happened.
  expect(row('keys moved: position')).toBeGreaterThanOrEqual(400)
  expect(row('keys moved: orderPlaced')).toBeGreaterThanOrEqual(200)
  expect(row('keys moved: gridPositions')).toBeGreaterThanOrEqual(150)
  expect(row('commands, legacy clients')).toBeGreaterThan(500)
  expect(row('commands, wrapped clients')).toBeGreaterThan(1_000)
  expect(output).toMatch(/lines of application code changed +\d+ of \d+/)
  for (const name of ['cut-off', 'no-side', 'a-list'])
    expect(output).toMatch(new RegExp(`left +okx:positions:${name}:`))
  expect(output).not.toMatch(/ NO$/m)
})

describe('on a server', () => {
  let server: TestServer
  let raw: Redis

  beforeAll(async () => {
    server = await startServer()
    raw = new Redis(server.port)
  })
  afterAll(async () => {
    rmSync(`${folder}/positions.backup`, { force: true })
    rmSync(`${folder}/canonical-redis-reports`, { recursive: true, force: true })
    raw.disconnect()
    await server.stop()
  })
  beforeEach(() => raw.flushall())

  /** What the document tests of the trading cache and of the orders, by old code and new at once. */
  it.each(phases.map((phase) => [phase]))('old and new code say the same keys in %s', async (phase: Phase) => {
    const redis = new CanonicalRedisClient(new Redis(server.port), { schema, phase: constantPhase(phase) })
    const [old, now] = [new OldCache(redis), new NewCache(redis)]
    await now.setPosition('user123', 'BTC-USDT-SWAP', 'long', { qty: 1.5, seq: 1 }, 'okx')
    expect(await now.getPosition('user123', 'BTC-USDT-SWAP', 'long', 'okx')).toEqual({ qty: 1.5, seq: 1 })
    expect(await old.getPosition('user123', 'BTC-USDT-SWAP', 'long')).toEqual({ qty: 1.5, seq: 1 })
    await old.setPosition('user123', 'BTC-USDT-SWAP', 'long', { qty: 2, seq: 2 })
    expect(await now.getPosition('user123', 'BTC-USDT-SWAP', 'long')).toEqual({ qty: 2, seq: 2 })
    await now.setPosition('user123', 'ETH-USDT-SWAP', 'short', { qty: 2, seq: 1 })
    expect(await now.getPosition('user123', 'ETH-USDT-SWAP', 'short')).toEqual({ qty: 2, seq: 1 })
    expect(await now.getPosition('user123', 'ETH-USDT-SWAP', 'long')).toBeNull()
    await old.removePosition('user123', 'BTC-USDT-SWAP', 'long')
    expect(await now.getPosition('user123', 'BTC-USDT-SWAP', 'long', 'okx')).toBeNull()

    await new OldOrders(redis).setPlaced('okx', '7', 'BTC-USDT', '3', 'true')
    expect(await new NewOrders(redis).getPlaced('okx', '7', 'BTC-USDT', '3')).toBe('true')

    const [array, pieces] = [new OldGrid(redis), new NewGrid(redis)]
    const row = { symbol: 'BTC-USDT', side: 'long', qty: 1, price: 100, seq: 1 } as const
    await array.open('okx', '7', row)
    await pieces.open('okx', '7', { ...row, side: 'short' })
    expect(await array.all('okx', '7')).toHaveLength(2)
    expect(await pieces.one('okx', '7', 'BTC-USDT', 'long')).toEqual(row)
    await array.close('okx', '7', 'BTC-USDT', 'long')
    expect(await pieces.all('okx', '7')).toEqual([{ ...row, side: 'short' }])
    await pieces.close('okx', '7', 'BTC-USDT', 'short')
    expect(await array.all('okx', '7')).toEqual([])
    redis.disconnect()
  })

  it('the README says what can be typed, and what comes of it', { timeout: LIMIT_MS }, async () => {
    // The walk has a test of its own.
    const { code, output } = await typeReadme(`${folder}/README.md`, { REDIS_URL: server.url }, (shell) =>
      shell.replace(/^npx tsx .*demo\.ts.*$/m, ''),
    )
    expect(code, output).toBe(0)
    expect(output).toContain('exit code 1')
    expect(output).toContain('<look>')
    expect(output).toContain('Clean.')
    // Nothing is left under the old names, and everything is back behind the rollback.
    expect(output).toMatch(/^200$/m)
    expect(output.match(/^0$/gm)?.length, output).toBeGreaterThanOrEqual(2)
    expect(JSON.parse((await raw.get('okx:positions:old2'))!)).toEqual([
      { symbol: 'BTC-USDT', side: 'long', qty: 1, price: 100, seq: 1 },
      { symbol: 'ETH-USDT', side: 'short', qty: 2, price: 100, seq: 1 },
    ])
    expect(readFileSync(`${folder}/README.md`, 'utf8')).toMatch(/^rm positions\.backup$/m)
  })
})
