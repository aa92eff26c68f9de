/**
 * The same migration with separate processes: flags in the environment, rolling restarts, workers that are killed.
 *
 *     npx tsx examples/jobs-to-steps/fleet.ts
 *
 * @module
 */
import { CanonicalRedisClient, type Phase } from 'canonical-redis'
import { RedisKeyMigrator } from 'canonical-redis/migrate'
import { Redis } from 'ioredis'
import { changedLines } from '../support/changed-lines.js'
import { number, Screen, type Row } from '../support/screen.js'
import { startExampleServer } from '../support/server.js'
import { checksums } from './fleet/checksums.js'
import { flagsOf } from './fleet/flags.js'
import { Fleet } from './fleet/fleet.js'
import { JobQueue } from './fleet/queue.js'
import { newNames, oldNames } from './names.js'
import { schema } from './schema.js'

/** Jobs that lie there under the old names when it begins: nobody works on them before the others are done. */
const LOADED = 300
const screen = new Screen(process.stdout)

const zero = (label: string, count: number): Row => ({ label, value: number(count), good: count === 0 })

async function walk(fleet: Fleet, redis: Redis): Promise<Row[]> {
  const moved = new Map<string, number>()
  let [differences, unwell] = [0, 0]
  const migratorIn = (phase: Phase): RedisKeyMigrator =>
    new RedisKeyMigrator(new CanonicalRedisClient(redis, { schema, phase }), schema)

  const enter = async (phase: Phase): Promise<void> => {
    const flags = Object.entries(flagsOf[phase]).map(([name, value]) => `${name}=${value}`)
    screen.title(phase, flags.join(' ') || 'no flag at all')
    await fleet.roll(phase)
    await fleet.kill('worker-1', phase)
    await fleet.more(50)
    const { status, body } = await fleet.health('api-1')
    const { adopted = 0, mirrored = 0, misses = 0 } = body.families['step'] ?? {}
    const isWell = status === 200 && Object.values(body.phases).every((one) => one === phase)
    if (!isWell) unwell++
    screen.event(
      'GET /health/redis-migration',
      `${status}, step: ${adopted} adopted, ${mirrored} mirrored, ${misses} missed`,
      isWell,
    )
    if (body.lastFailure) screen.event('the last failure', JSON.stringify(body.lastFailure), false)
  }
  const backfill = async (phase: Phase, overwrite: boolean): Promise<void> => {
    const result = await migratorIn(phase).migrateKeys({ dryRun: false, overwrite })
    for (const [family, { migrated }] of Object.entries(result.families))
      moved.set(family, Math.max(migrated, moved.get(family) ?? 0))
    screen.event(overwrite ? 'backfill, overwriting' : 'backfill', `${number(result.migrated)} keys copied`)
  }
  const verify = async (phase: Phase): Promise<void> => {
    const { compared, missing, different, failed, clean } = await migratorIn(phase).verify()
    differences += missing + different + failed
    screen.event('verify', `${number(compared)} pairs compared, ${missing + different + failed} differ`, clean)
  }
  const validate = async (phase: Phase): Promise<void> => {
    // Two names can only be read one after the other: it is done while nobody writes.
    await fleet.stopAll()
    for (const { family, old, new: fresh, oldSum, newSum } of await checksums(redis)) {
      const isEqual = old === fresh && oldSum === newSum
      if (!isEqual) differences++
      screen.event(`${family}`, `${old} old, ${fresh} new, checksums ${oldSum} and ${newSum}`, isEqual)
    }
    await begin(fleet, phase)
  }

  await begin(fleet, 'alias')
  await fleet.start({ role: 'worker', name: 'old-worker', code: 'raw' }, 'alias')
  await fleet.more(50)
  await enter('alias')
  await enter('prepare')
  await enter('dual-write')
  await fleet.stopAll('raw')
  screen.event('the old version ends', 'what it wrote is made good by the overwriting backfill')
  await backfill('dual-write', true)
  await verify('dual-write')
  await enter('dual-read')
  await backfill('dual-read', false)
  await verify('dual-read')
  await enter('canonical-primary')
  await verify('canonical-primary')
  await validate('canonical-primary')
  await enter('retire-alias')
  const swept = await migratorIn('retire-alias').cleanupAliases({ dryRun: false })
  screen.event('sweep', `${number(swept.deleted)} old names removed, ${swept.kept} kept`)
  await enter('canonical')
  await fleet.stopAll('api')
  while ((await redis.zcard(newNames.pending)) + (await redis.scard(newNames.active)) > 0) await fleet.more(1)
  await fleet.stopAll()

  const end = await reckon(fleet, redis)
  const version = (name: string): URL => new URL(`./fleet/connect.${name}.ts`, import.meta.url)
  const lines = changedLines(version('before'), version('after'))
  return [
    ...[...moved].map(([family, count]) => ({ label: `moved, ${family}`, value: number(count) })),
    { label: 'lines of the application added', value: String(lines.added) },
    { label: 'lines of the application removed', value: String(lines.removed) },
    { label: 'processes', value: number(fleet.processes.size) },
    { label: 'workers killed with a job in hand', value: String(fleet.killed) },
    { label: 'jobs given out again for that', value: String(fleet.recovered) },
    { label: 'jobs submitted', value: number(fleet.submitted.size) },
    { label: 'jobs finished by the legacy version', value: number(fleet.completed.raw) },
    { label: 'jobs finished by wrapped workers', value: number(fleet.completed.wrapped) },
    zero('differences', differences),
    zero('errors', fleet.errors.length),
    zero('health pages that were not well', unwell),
    zero('jobs lost', end.lost),
    zero('jobs finished twice', end.twice),
    zero('jobs run more often than workers were killed', Math.max(0, end.again - fleet.recovered)),
    zero('old names left', end.old),
  ]
}

/** The processes: an API that says the new names, and three workers, one of which says the old ones. */
async function begin(fleet: Fleet, phase: Phase): Promise<void> {
  await fleet.start({ role: 'api', name: 'api-1', code: 'new' }, phase)
  await fleet.start({ role: 'worker', name: 'worker-1', code: 'new' }, phase)
  await fleet.start({ role: 'worker', name: 'worker-2', code: 'old' }, phase)
}

/** What became of every job, under the new names. */
async function reckon({ submitted }: Fleet, redis: Redis) {
  const found = { lost: 0, twice: 0, again: 0, old: 0 }
  for (const id of submitted) {
    const [state, completions, attempts] = await redis.hmget(newNames.job(id), 'state', 'completions', 'attempts')
    if (state !== 'completed') found.lost++
    if (Number(completions) > 1) found.twice++
    found.again += Math.max(0, Number(attempts) - 1)
  }
  for (const name of await redis.keys('*')) if (schema.mapper.parse(name)?.side === 'alias') found.old++
  return found
}

async function main(): Promise<number> {
  const server = await startExampleServer(false)
  const redis = new Redis(server.port)
  const fleet = new Fleet(`redis://127.0.0.1:${server.port}`)
  try {
    screen.line(`jobs-to-steps, with processes of its own, on ${server.description}`)
    const legacy = new JobQueue(redis, oldNames)
    for (let i = 0; i < LOADED; i++) {
      await legacy.submit(`loaded-${i}`, 1_000)
      fleet.submitted.add(`loaded-${i}`)
    }
    const rows = await walk(fleet, redis)
    screen.table(rows)
    for (const error of fleet.errors.slice(0, 5)) screen.line(`  ${error}`)
    return rows.every(({ good }) => good !== false) ? 0 : 1
  } finally {
    fleet.end()
    redis.disconnect()
    await server.stop()
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(`fleet: ${error instanceof Error ? error.message : String(error)}`)
  return 1
})
