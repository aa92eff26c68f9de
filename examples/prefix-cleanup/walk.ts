/**
 * The whole way, with everything running: an old version of the application that knows nothing of it, and two wrapped ones.
 *
 *     npx tsx examples/prefix-cleanup/walk.ts
 *
 * @module
 */
import { constantPhase, type Phase, type PhaseSource } from 'canonical-redis'
import { RedisKeyMigrator } from 'canonical-redis/migrate'
import { Redis } from 'ioredis'
import { changedLines } from '../support/changed-lines.js'
import { number, Screen, type Row } from '../support/screen.js'
import { startExampleServer } from '../support/server.js'
import { audit } from './audit.js'
import { connect as connectAfter } from './app/connect.after.js'
import { connect as connectBefore } from './app/connect.before.js'
import type { Assistant } from './app/assistant.js'
import { load, odd } from './load.js'
import { schema, types } from './schema.js'
import { Record as Ledger, Session } from './traffic.js'

const TIMES = 20
/** Operations between two changes. */
const OPERATIONS = 400

const screen = new Screen(process.stdout)

/** Everything that runs. Both wrapped services have a phase of their own, as deployments of a rolling update have. */
class World {
  readonly ledger = new Ledger()
  readonly phases: readonly PhaseSource[] = [constantPhase('alias'), constantPhase('alias')]
  readonly wrapped: readonly Assistant[]
  readonly #clients: Assistant[] = []
  readonly #writers: Session[]
  readonly #readers: Session[]
  readonly #others: Session[]

  constructor(url: string) {
    const { ledger } = this
    const raw = this.#keep(connectBefore(url))
    this.wrapped = this.phases.map((phase) => this.#keep(connectAfter(url, phase)))
    this.#writers = [1, 2].map(() => new Session('raw', raw, ledger, ledger.newUser()))
    this.#readers = [new Session('raw', raw, ledger, 'reads')]
    this.#others = this.wrapped.flatMap((app) => [
      new Session('wrapped', app, ledger, ledger.newUser()),
      new Session('wrapped', app, ledger, ledger.newUser()),
      new Session('wrapped', app, ledger, 'reads'),
    ])
  }

  #keep(app: Assistant): Assistant {
    this.#clients.push(app)
    return app
  }

  /** One service after the other goes to the next phase, and works beside the one that has not. */
  async move(phase: Phase): Promise<void> {
    for (const source of this.phases) {
      if (source.phaseOf('cache') !== phase) source.set?.(phase)
      await this.ledger.more(OPERATIONS)
    }
    screen.event(`both services are in ${phase}`, `${number(this.ledger.total)} operations so far`)
  }

  /** The old version is replaced: its users go on with the new one. */
  async retireWriters(): Promise<void> {
    for (const session of this.#writers.splice(0)) {
      await session.stop()
      this.#others.push(new Session('wrapped', this.wrapped[0] as Assistant, this.ledger, session.user))
    }
    screen.event('the old version writes no more', 'its users go on with the new one')
  }

  async retireReaders(): Promise<void> {
    for (const session of this.#readers.splice(0)) await session.stop()
    screen.event('the old version reads no more', 'from retire-alias on it would find nothing')
  }

  async quiet(): Promise<void> {
    await Promise.all([...this.#writers, ...this.#readers, ...this.#others].map((session) => session.stop()))
  }

  close(): void {
    for (const { redis } of this.#clients) redis.disconnect()
  }
}

async function walk(world: World, redis: Redis): Promise<readonly Row[]> {
  const migrator = new RedisKeyMigrator(world.wrapped[0]!.redis, schema, { types })
  const moved = new Map<string, number>()
  let differences = 0
  const backfill = async (overwrite: boolean): Promise<void> => {
    const result = await migrator.migrateKeys({ dryRun: false, overwrite })
    for (const [family, { migrated }] of Object.entries(result.families)) {
      moved.set(family, Math.max(migrated, moved.get(family) ?? 0))
    }
    screen.event(overwrite ? 'backfill, overwriting' : 'backfill', `${number(result.migrated)} keys copied`)
    for (const { key, error } of result.errors) screen.event('left', `${key}: ${error}`)
    for (const { key, why } of result.lookAlikes) screen.event('left', `${key}: ${why}`)
  }
  const verify = async (): Promise<void> => {
    const { clean, compared, missing, different, failed, details } = await migrator.verify()
    differences += missing + different + failed
    screen.event('verify', `${number(compared)} pairs compared, ${missing + different + failed} differ`, clean)
    if (!clean) throw new Error(`not clean: ${JSON.stringify(details[0])}`)
  }

  screen.title('raw, then wrapped', 'the wrapped services say the old names, and mean both')
  await world.move('alias')
  await world.move('prepare')
  await world.move('dual-write')
  await world.retireWriters()
  await backfill(true)
  // Nobody can say what it is meant to be: it goes aside, whole, and waits for somebody who can.
  await redis.rename(odd.type, `aside:${odd.type}`)
  screen.event('one key goes aside', `aside:${odd.type}`)
  await verify()

  screen.title('to the new names', 'reads move first; both names are kept equal')
  await world.move('dual-read')
  await backfill(false)
  await verify()
  await world.move('canonical-primary')
  await verify()

  screen.title('and back', 'up to here every step has a way back')
  await migrator.rollback({ to: 'dual-write', dryRun: false, setPhase: (phase) => world.move(phase) })
  await verify()
  await world.move('dual-read')
  await world.move('canonical-primary')
  await verify()
  await world.retireReaders()

  screen.title('without the old names', 'the sweep removes what verified equal')
  await world.move('retire-alias')
  const swept = await migrator.cleanupAliases({ dryRun: false })
  screen.event('sweep', `${number(swept.deleted)} old names removed, ${swept.kept} kept`)
  await world.move('canonical')
  await world.quiet()

  const found = await audit(redis, world.ledger, TIMES)
  const { operations, errors, wrong } = world.ledger
  const lines = changedLines(
    new URL('./app/connect.before.ts', import.meta.url),
    new URL('./app/connect.after.ts', import.meta.url),
  )
  for (const sentence of [...errors, ...wrong, ...found.wrong].slice(0, 5)) screen.line(`  ${sentence}`)
  const zero = (label: string, count: number): Row => ({ label, value: number(count), good: count === 0 })
  return [
    ...[...moved].map(([family, count]) => ({ label: `moved, ${family}`, value: number(count) })),
    { label: 'operations, legacy version', value: number(operations.raw) },
    { label: 'operations, wrapped version', value: number(operations.wrapped) },
    { label: 'keys compared at the end', value: number(found.compared) },
    { label: 'lines of the application added', value: String(lines.added) },
    { label: 'lines of the application removed', value: String(lines.removed) },
    { label: 'names left as they were', value: String(found.left) },
    zero('differences found by verify', differences),
    zero('errors', errors.length),
    zero('wrong answers', wrong.length),
    zero('keys that are not what they should be', found.wrong.length),
    zero('old names left', found.old),
  ]
}

async function main(): Promise<number> {
  const server = await startExampleServer(false)
  const redis = new Redis(server.port)
  try {
    screen.line(`prefix-cleanup: five kinds of key leave an old prefix, on ${server.description}`)
    screen.line(`  loaded  ${number(await load(redis, TIMES))} keys`)
    const world = new World(`redis://127.0.0.1:${server.port}`)
    try {
      const rows = await walk(world, redis)
      screen.table(rows)
      return rows.every(({ good }) => good !== false) ? 0 : 1
    } finally {
      await world.quiet()
      world.close()
    }
  } finally {
    redis.disconnect()
    await server.stop()
  }
}

process.exitCode = await main()
