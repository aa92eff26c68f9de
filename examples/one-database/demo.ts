/**
 * Databases 0, 2 and 5 become database 1 while their services run, and the cut-over is shown.
 *
 *     npx tsx examples/one-database/demo.ts [--short]
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constantPhase, RedisKeyMigrator } from 'canonical-redis'
import { Redis } from 'ioredis'
import { changedLines } from '../support/changed-lines.js'
import { Journey, linesRow } from '../support/journey.js'
import { Board } from '../support/programs.js'
import { number, Screen } from '../support/screen.js'
import { startRealServer } from '../support/server.js'
import { Dashboard } from './app/dashboard.js'
import { IndicatorService } from './app/indicator-service.js'
import { SessionService } from './app/session-service.js'
import { connect as connectAfter } from './app/stores.after.js'
import { connect as connectBefore } from './app/stores.before.js'
import type { Stores } from './app/stores.js'
import { VolumeService } from './app/volume-service.js'
import { watchDatabases } from './cut-over.js'
import { load, odd } from './load.js'
import { schema, types } from './schema.js'
import { statisticsOf } from './statistics.js'

const screen = new Screen(process.stdout)
const isShort = process.argv.includes('--short')
const [KEYS, OPERATIONS] = isShort ? [60, 300] : [600, 3_000]

async function main(): Promise<number> {
  const server = await startRealServer()
  const folder = mkdtempSync(join(tmpdir(), 'one-database-'))
  const open: Redis[] = []
  const keep = <T extends Stores>(stores: T): T => {
    open.push(stores.system, stores.volume, stores.indicators)
    return stores
  }
  const raw = (db: number): Redis => {
    const redis = new Redis(server.port, { db })
    open.push(redis)
    return redis
  }
  const board = new Board()
  try {
    const sizes = await load(raw, KEYS)
    const listed = Object.entries(sizes).map(([db, size]) => `${number(size)} in ${db}`)
    screen.line(
      `${screen.style('bold', 'one-database')}: keys by database: ${listed.join(', ')}; ${server.description}`,
    )
    return await walk(server.port, board, keep, raw, join(folder, 'aliases.backup'))
  } finally {
    await board.stop()
    for (const client of open) client.disconnect()
    rmSync(folder, { recursive: true, force: true })
    await server.stop()
  }
}

async function walk(
  port: number,
  board: Board,
  keep: (stores: Stores) => Stores,
  raw: (db: number) => Redis,
  backup: string,
): Promise<number> {
  const symbols = Array.from({ length: 20 }, (_, i) => `SYM${i}`)
  const before = (): Stores => keep(connectBefore(port))
  const services = [
    new VolumeService('volume service', before(), board, symbols),
    new IndicatorService('indicator service', before(), board, symbols),
    new SessionService('session service', before(), board, symbols),
  ]
  // Two that nobody will ever change: an old scanner that writes, and a dashboard that reads.
  const scanner = new IndicatorService('old scanner', before(), board, ['SYM30', 'SYM31', 'SYM32'])
  const dashboard = new Dashboard('old dashboard', before(), board, symbols)
  board.start(...services, scanner, dashboard)

  screen.title('today', 'three databases, three connections in each service')
  await board.more(OPERATIONS)
  const phases = Object.fromEntries(services.map(({ name }) => [name, constantPhase('alias')]))
  screen.title('alias', 'one connection, the new names; the data stays where it is')
  for (const service of services) {
    service.stores = keep(connectAfter(port, phases[service.name]))
    await board.more(OPERATIONS)
    screen.event(service.name, 'wrapped')
  }
  const migrator = new RedisKeyMigrator(services[0]!.stores.volume, schema, { types })
  const journey = new Journey({ screen, board, migrator, deployments: phases, operations: OPERATIONS })
  const { check } = journey
  const one = raw(1)
  check('database 1 is empty', (await one.dbsize()) === 0)

  await journey.enter('prepare', 'each write also removes the new name')
  await journey.enter('dual-write', 'each write leaves both databases equal, in one transaction')
  await board.stop(scanner)
  screen.event('the old scanner retires', 'from dual-read on, what it writes would be lost')
  const tried = await migrator.migrateKeys({ groups: ['indicators'], limit: 100 })
  screen.event('dry run, 100 indicators', `${tried.migrated} would be migrated, ended by the ${tried.endedBy}`)
  const statistics = statisticsOf(await journey.backfill(true))
  screen.line(JSON.stringify(statistics, undefined, 2).replace(/^/gm, '    '))
  // The report says that it is no volume; a person has looked at it, and put it aside.
  await raw(odd.type.db).rename(odd.type.name, `put-aside:${odd.type.name}`)
  await journey.verify()
  check('an indicator that lived for ever has an hour', isUpTo(await one.ttl('ind:ta:SYM41:rsi'), 3_600))
  check('one that had ten minutes still has them', isUpTo(await one.ttl('ind:ta:SYM40:rsi'), 600))
  check('candles live on as they did', (await one.ttl('ohlc:SYM1:5m')) === -1)
  check('raw clients see their keys live for ever', (await raw(5).ttl('indicators:SYM41:rsi')) === -1)

  await journey.enter('dual-read', 'reads database 1, and adopts what only the old one has')
  await journey.backfill()
  await journey.verify()
  await journey.enter('canonical-primary', 'reads database 1 alone; the old ones are kept equal for the dashboard')
  await board.stop(dashboard)
  screen.event('the old dashboard retires', 'from retire-alias on, it would find nothing')
  await journey.verify()
  await journey.enter('retire-alias', 'each write removes the key in the old database')
  await journey.cleanup(() => true, backup)
  await journey.enter('canonical', 'nobody looks at the old databases any more')

  screen.title('cut-over', 'every change that the server makes, by database')
  const changes = await watchDatabases(one, () => board.more(OPERATIONS))
  screen.event('changes in database 1', number(changes[1] ?? 0), (changes[1] ?? 0) > 0)
  check('none in any other database', Object.keys(changes).join() === '1')
  await board.stop()
  const left = (await Promise.all([0, 2, 5].map((db) => raw(db).keys('*')))).map((names) => names.sort())
  const expected = [['scratch:note'], [`put-aside:${odd.type.name}`], [odd.between.name, odd.unsorted.name]]
  for (const [i, db] of [0, 2, 5].entries()) screen.event(`left in database ${db}`, left[i]!.join(', '))
  check('nothing else is left there', JSON.stringify(left) === JSON.stringify(expected.map((names) => names.sort())))

  const changed = ['stores'].map((name) => changedLines(fileOf(`${name}.before`), fileOf(`${name}.after`)))
  const programs = ['service', 'volume-service', 'indicator-service', 'session-service']
  screen.table(
    journey.rows([linesRow([...changed, ...programs.map((name) => changedLines(fileOf(name), fileOf(name)))])]),
  )
  for (const problem of board.problems) screen.line(`  ${screen.style('red', problem)}`)
  return board.errors + board.wrong + journey.differences === 0 ? 0 : 1
}

const isUpTo = (ttl: number, most: number): boolean => ttl > most - 120 && ttl <= most
const fileOf = (name: string): URL => new URL(`app/${name}.ts`, import.meta.url)

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  },
)
