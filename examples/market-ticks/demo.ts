/**
 * Consumers first, then the crawlers, then the data: the five phases of the market ticks, while everything runs.
 *
 *     npx tsx examples/market-ticks/demo.ts [--short] [--yes]
 *
 * @module
 */
import { createInterface } from 'node:readline/promises'
import { isCanonicalRedisError, RedisKeyMigrator } from 'canonical-redis'
import { changedLines, type ChangedLines } from '../support/changed-lines.js'
import { Journey, linesRow } from '../support/journey.js'
import { number, Screen } from '../support/screen.js'
import { startRealServer } from '../support/server.js'
import { load, odd, traded } from './load.js'
import { schema, types } from './schema.js'
import { World } from './world.js'

const screen = new Screen(process.stdout)
const isShort = process.argv.includes('--short')

/** On a terminal somebody is asked, unless --yes says it beforehand. */
async function confirm(question: string): Promise<boolean> {
  if (process.argv.includes('--yes') || !process.stdin.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`  ${question} (yes/no): `)
  terminal.close()
  return answer.trim().toLowerCase() === 'yes'
}

async function main(): Promise<number> {
  const server = await startRealServer()
  const world = new World(server.port)
  try {
    const keys = await load(world.raw(), isShort ? 400 : 4_000)
    screen.line(`${screen.style('bold', 'market-ticks')}: ${number(keys)} keys on ${server.description}`)
    await world.begin()
    return await walk(world)
  } finally {
    await world.close()
    await server.stop()
  }
}

async function walk(world: World): Promise<number> {
  const { board } = world
  const reader = world.wrapped()
  const raw = world.raw()
  const migrator = new RedisKeyMigrator(reader, schema, { types })
  const operations = isShort ? 300 : 3_000
  const journey = new Journey({ screen, board, migrator, deployments: world.phases, operations })
  const { check } = journey

  screen.title('today', 'everything is raw, everything says the old names')
  await board.more(operations)

  screen.title('consumers first', 'they say the new names, while the data is still under the old ones')
  await world.deployConsumers(async (name) => {
    await board.more(operations)
    screen.event(name, 'wrapped, new names', true)
  })
  const { mapper } = schema
  check('ticks:intraday:processed is managed', mapper.isKeyManaged('ticks:intraday:processed'))
  check('ticks:live:processed is it', mapper.getCanonicalKey('ticks:live:processed') === 'ticks:intraday:processed')
  check('nothing is under the new names', (await raw.exists('ticks:intraday:processed', 'ticks:OLD1')) === 0)
  const [byNew, byOld] = [await reader.hgetall('ticks:OLD1'), await raw.hgetall('ticks:latest:OLD1')]
  check('both names read the same hash', JSON.stringify(byNew) === JSON.stringify(byOld) && byNew['ltp'] === '1520.50')
  const stream = await reader.xread('COUNT', 1, 'STREAMS', 'ticks:intraday:processed', '0-0')
  check('the stream answers by the name it was asked by', stream?.[0]?.[0] === 'ticks:intraday:processed')
  check('old field names come out as the new ones', schema.normalize('ticks', byNew).last_price === 1520.5)

  screen.title('crawlers', 'two of three are wrapped: one keeps the old names in its code, one says the new ones')
  await world.deployCrawlers()
  await journey.enter('prepare', 'each write also removes the new name: no stale copy can wait there')
  await journey.enter('dual-write', 'each write leaves both names equal; raw readers and writers are still right')
  await world.retireLegacyCrawler()
  screen.event('the last raw crawler retires', 'from dual-read on, what it writes would be lost')

  screen.title('migration', 'what is there, what would be done, and then doing it')
  const aliases = await migrator.findAliasKeys('ticks:live:*')
  for (const [canonical, found] of aliases) screen.event(canonical, found.join(', '))
  const dry = await migrator.migrateKeys({ overwrite: true })
  screen.event('dry run', `would migrate ${number(dry.migrated)}, would skip ${number(dry.skipped)}`)
  await journey.backfill(true)
  // What the report lists is looked at by a person. This one is no tick: it is put aside, out of the way of all rules.
  await raw.rename(odd.type, `put-aside:${odd.type}`)
  screen.event('put aside', odd.type)
  await journey.verify()

  await journey.enter('dual-read', 'reads the new name, and adopts what only the old one has')
  await journey.backfill()
  await journey.verify()
  check('ticks:RELIANCE is there', (await reader.exists('ticks:RELIANCE')) === 1)
  await journey.enter('canonical-primary', 'reads the new name alone; the old one is kept equal for the dashboard')
  await world.retireDashboard()
  await world.deployNewFields()
  await journey.verify()
  await journey.enter('retire-alias', 'each write removes the old name')
  await journey.cleanup(confirm)
  await journey.enter('canonical', 'only the new names are left')
  await world.quiet()

  const left = await Promise.all(['ticks:latest:*', 'ticks:live:*', 'volume_averages:*'].map((glob) => raw.keys(glob)))
  check('no old name is left but the odd one', left.flat().join() === odd.name)
  await checkValues(world, check)
  screen.table(
    journey.rows([
      linesRow(changes()),
      { label: 'ticks that the detector read', value: number(world.detector.ticks) },
      { label: 'patterns found', value: number(world.detector.patterns) },
    ]),
  )
  for (const problem of board.problems) screen.line(`  ${screen.style('red', problem)}`)
  return board.errors + board.wrong + journey.differences === 0 ? 0 : 1
}

/** Fields under old names are read by `normalize` to the end; a value that is none is refused with its field. */
async function checkValues(world: World, check: (what: string, holds: boolean) => void): Promise<void> {
  const raw = world.raw()
  const [old, vendor] = [await raw.hgetall('ticks:OLD1'), await raw.hgetall('ticks:OLD7')]
  check(
    'ltp and zerodha_ltp are one field',
    [old, vendor].every((hash) => schema.normalize('ticks', hash).last_price > 0),
  )
  const both = await raw.hgetall(`ticks:${traded[0]}`)
  check(
    'where both are there the new one counts',
    schema.normalize('ticks', both).last_price === Number(both['last_price']),
  )
  const { error } = schema.safeNormalize('ticks', { ...both, last_price: 'n/a' })
  check('a price that is none is refused', isCanonicalRedisError(error, 'E_BAD_FIELD') && error.field === 'last_price')
}

/** Of the whole application: its programs stay as they are, but for their names and their client. */
function changes(): ChangedLines[] {
  const fileOf = (name: string): URL => new URL(`app/${name}.ts`, import.meta.url)
  const programs = ['crawler', 'pattern-detector', 'data-pipeline', 'baseline-service']
  return [
    ...['names', 'connect'].map((name) => changedLines(fileOf(`${name}.before`), fileOf(`${name}.after`))),
    ...programs.map((name) => changedLines(fileOf(name), fileOf(name))),
  ]
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  },
)
