/**
 * Positions get an exchange and a side, orders a prefix, and an array becomes a hash for each position; while everything runs.
 *
 *     npx tsx examples/positions/demo.ts [--short]
 *
 * @module
 */
import { RedisKeyMigrator } from 'canonical-redis'
import { changedLines } from '../support/changed-lines.js'
import { Journey, linesRow } from '../support/journey.js'
import { number, Screen } from '../support/screen.js'
import { startRealServer } from '../support/server.js'
import { TradingCache } from './app/trading-cache.after.js'
import { Grid as NewGrid } from './app/grid.after.js'
import { Grid as OldGrid } from './app/grid.before.js'
import { load, odd } from './load.js'
import { schema } from './schema.js'
import { World } from './world.js'

const screen = new Screen(process.stdout)
const isShort = process.argv.includes('--short')

async function main(): Promise<number> {
  const server = await startRealServer()
  const world = new World(server.port)
  try {
    const keys = await load(world.raw(), isShort ? 200 : 2_000)
    screen.line(`${screen.style('bold', 'positions')}: ${number(keys)} keys on ${server.description}`)
    world.begin()
    return await walk(world)
  } finally {
    await world.close()
    await server.stop()
  }
}

async function walk(world: World): Promise<number> {
  const { board } = world
  const raw = world.raw()
  const redis = world.wrapped()
  const migrator = new RedisKeyMigrator(redis, schema)
  const operations = isShort ? 300 : 3_000
  const journey = new Journey({ screen, board, migrator, deployments: world.phases, operations })
  const { check } = journey

  screen.title('today', 'everything is raw, and says the old names')
  await board.more(operations)
  screen.title('new code', 'it says the new names, while all the data is still under the old ones')
  world.deployNewCode()
  await board.more(operations)
  check('no new name is there', (await raw.keys('positions:*')).length + (await raw.keys('orders:*')).length === 0)

  await journey.enter('prepare', 'each write also drops the new names: no stale copy can wait there')
  await world.wrapOldCode()
  screen.event('the last raw writer is wrapped', 'its code stays as it is')
  await journey.enter('dual-write', 'each write leaves both forms equal')
  await journey.backfill(true)
  // What the report lists is looked at by a person. These are put aside, out of the way of all rules.
  for (const name of [...Object.keys(odd), 'okx:positions:a-list']) await raw.rename(name, `put-aside:${name}`)
  await journey.verify()

  await journey.enter('dual-read', 'pieces are read; the array is written with them, for the raw dashboard')
  await journey.backfill()
  await journey.verify()
  await bothForms(new OldGrid(redis), new NewGrid(redis), new OldGrid(raw), check)
  await journey.enter('canonical-primary', 'pieces alone are read')
  await journey.verify()
  await world.retireDashboard()
  await journey.enter('retire-alias', 'each write drops the old name')
  await journey.cleanup(() => true)
  await journey.enter('canonical', 'only the new names are left')
  await board.stop()

  await positionCache(new TradingCache(redis), check)
  check('position:*:*:*:* is there', (await raw.keys('position:*:*:*:*')).length > 0)
  check('orders:*:order_placed is there', (await raw.keys('orders:*:user:*:symbol:*:order_placed')).length > 0)
  const { mapper } = schema
  const old = (await raw.keys('*'))
    .map((name) => mapper.parse(name))
    .filter((key) => key && (key.side === 'alias' || key.family === 'gridPositions'))
  check('no old name is left', old.length === 0)
  // They come with `gridPositions`, and are counted there.
  for (const family of ['gridPosition', 'gridIndex']) delete journey.moved[family]
  screen.table(journey.rows([linesRow(changes())]))
  for (const problem of board.problems) screen.line(`  ${screen.style('red', problem)}`)
  return board.errors + board.wrong + journey.differences === 0 ? 0 : 1
}

/** One value, written under either form and read under the other, by a raw reader too. */
async function bothForms(
  old: OldGrid,
  now: NewGrid,
  raw: OldGrid,
  check: (what: string, holds: boolean) => void,
): Promise<void> {
  const row = { symbol: 'XRP-USDT', side: 'long', qty: 3, price: 0.5, seq: 1 } as const
  const text = JSON.stringify(row)
  await old.open('upbit', 'check', row)
  check(
    'written as an array, read as a hash',
    JSON.stringify(await now.one('upbit', 'check', 'XRP-USDT', 'long')) === text,
  )
  await now.open('upbit', 'check', { ...row, qty: 4 })
  check('written as a hash, read as an array', (await old.all('upbit', 'check'))[0]?.qty === 4)
  check('and by the raw dashboard', (await raw.all('upbit', 'check'))[0]?.qty === 4)
  await now.close('upbit', 'check', 'XRP-USDT', 'long')
  check('closed is closed', (await raw.all('upbit', 'check')).length === 0)
}

/** What the document tests: with an exchange and a side, without an exchange, and removed. */
async function positionCache(cache: TradingCache, check: (what: string, holds: boolean) => void): Promise<void> {
  await cache.setPosition('user123', 'BTC-USDT-SWAP', 'long', { qty: 1.5, seq: 1 }, 'okx')
  check('set and get', (await cache.getPosition('user123', 'BTC-USDT-SWAP', 'long', 'okx'))?.qty === 1.5)
  await cache.setPosition('user123', 'ETH-USDT-SWAP', 'short', { qty: 2, seq: 1 })
  check('without an exchange', (await cache.getPosition('user123', 'ETH-USDT-SWAP', 'short'))?.qty === 2)
  await cache.removePosition('user123', 'BTC-USDT-SWAP', 'long', 'okx')
  check('removed', (await cache.getPosition('user123', 'BTC-USDT-SWAP', 'long', 'okx')) === null)
}

const changes = () =>
  ['connect', 'trading-cache', 'orders', 'grid'].map((name) =>
    changedLines(new URL(`app/${name}.before.ts`, import.meta.url), new URL(`app/${name}.after.ts`, import.meta.url)),
  )

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  },
)
