/**
 * Renames job:* to step:* in a running system, and counts what goes wrong. See --help.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { BadFlag, help, readArgs, type Settings } from './args.js'
import { audit } from './audit.js'
import { Ledger } from './ledger.js'
import { load } from './load.js'
import { number, Screen, type Row } from '../support/screen.js'
import { startExampleServer } from '../support/server.js'
import { walk, type Walked } from './walk.js'
import { connectAdmin, startWorld, type World } from './world.js'

/** Operations between two changes. */
const OPERATIONS = { short: 300, long: 4_000 }

const screen = new Screen(process.stdout)

async function main(argv: readonly string[]): Promise<number> {
  const settings = readArgs(argv)
  if (settings.help) {
    screen.line(help)
    return 0
  }
  const server = await startExampleServer(settings.embedded)
  const interrupted = (): void => {
    void server.stop().finally(() => process.exit(130))
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    screen.line(`${screen.style('bold', 'jobs-to-steps')}: every job:* becomes step:*, and nobody stops for it\n`)
    screen.line(`  server  ${server.description}, on 127.0.0.1:${server.port}`)
    for (const limit of server.limits) screen.line(screen.style('dim', `          ${limit}`))
    return await run(connectAdmin(server.port), server.port, settings)
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    await server.stop()
  }
}

async function run(admin: Redis, port: number, settings: Settings): Promise<number> {
  const ledger = new Ledger()
  const began = performance.now()
  const keys = await load(admin, ledger, settings.jobs)
  screen.line(`  loaded  ${number(settings.jobs)} jobs in ${number(keys)} keys, under the old names`)
  const services = settings.broken ? 'a wrapped service, one that writes both names by hand' : 'two wrapped services'
  screen.line(`  running ${services}, a raw writer, a raw reader, three subscribers`)
  const world = await startWorld(port, admin, ledger, settings.broken)
  try {
    const operations = settings.short ? OPERATIONS.short : OPERATIONS.long
    const walked = await walk({ world, screen, operations, broken: settings.broken })
    await world.quiet()
    return await reckon(world, walked, performance.now() - began)
  } finally {
    await world.close()
  }
}

/** The final table; 0 when everything that has to be zero is. */
async function reckon(world: World, walked: Walked, ms: number): Promise<number> {
  const { ledger, admin, inboxes } = world
  const found = await audit(admin, ledger)
  const inbox = inboxes.map((one) => one.result())
  const sum = (field: 'received' | 'lost' | 'doubled'): number => inbox.reduce((total, one) => total + one[field], 0)
  const { raw, wrapped, naive } = ledger.operations
  const zero = (label: string, count: number): Row => ({ label, value: number(count), good: count === 0 })
  const rows: Row[] = [
    { label: 'operations, wrapped clients', value: number(wrapped) },
    { label: 'operations, raw legacy clients', value: number(raw) },
    ...(naive > 0 ? [{ label: 'operations, dual write by hand', value: number(naive) }] : []),
    { label: 'events received', value: number(sum('received')) },
    { label: 'keys copied / old names removed', value: `${number(walked.copied)} / ${number(walked.swept)}` },
    { label: 'keys checked at the end', value: number(found.checked) },
    { label: 'seconds', value: (ms / 1000).toFixed(1) },
    zero('errors', ledger.errorCount),
    zero('lost updates', found.lostUpdates),
    zero('stale reads', ledger.staleReads),
    zero('jobs taken twice', ledger.takenTwice),
    zero('events lost', sum('lost')),
    zero('events doubled', sum('doubled')),
    zero('differing keys', walked.differing),
    zero('old names left', found.oldKeys),
  ]
  screen.table(rows)
  for (const sentence of [...ledger.errors, ...found.examples]) screen.line(`  ${screen.style('red', sentence)}`)
  const good = rows.every((row) => row.good !== false)
  screen.line(good ? screen.style('green', '  Nothing was lost.') : screen.style('red', '  Something was lost.'))
  return good ? 0 : 1
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = error instanceof BadFlag ? 2 : 1
  },
)
