/**
 * To each phase, a write in it, and back to the beginning with a write in each phase on the way: is anything lost?
 *
 *     npx tsx examples/jobs-to-steps/rollback.ts
 *
 * @module
 */
import { CanonicalRedisClient, pathBetween, phases, type Phase } from 'canonical-redis'
import { RedisKeyMigrator } from 'canonical-redis/migrate'
import { Redis } from 'ioredis'
import { Screen, type Row } from '../support/screen.js'
import { startExampleServer } from '../support/server.js'
import { newNames, oldNames } from './names.js'
import { schema } from './schema.js'

const JOBS = 50
const screen = new Screen(process.stdout)

/** Goes to a phase and back; gives what the old names have lost by then, a sentence each. */
async function thereAndBack(raw: Redis, target: Phase): Promise<{ writes: number; lost: string[] }> {
  await raw.flushall()
  for (let i = 0; i < JOBS; i++) await raw.hset(oldNames.job(`old-${i}`), { state: 'pending', touched: 0 })
  const redis = new CanonicalRedisClient(raw.duplicate(), { schema, phase: 'alias' })
  const migrator = new RedisKeyMigrator(redis, schema)
  const written: string[] = []
  let touched = 0

  /** A new job, a job of old that is changed, and one that is removed; under new names and old ones in turn. */
  const write = async (phase: Phase): Promise<void> => {
    const names = written.length % 2 === 0 ? newNames : oldNames
    const id = `${phase}-${written.length}`
    await redis.hset(names.job(id), { state: 'pending' })
    await redis.zadd(names.pending, 1, id)
    await redis.hincrby(names.job('old-0'), 'touched', 1)
    await redis.del(names.job(`old-${written.length + 1}`))
    written.push(id)
    touched++
  }
  /** What each phase asks for before the next one. */
  const settle: Readonly<Partial<Record<Phase, () => Promise<unknown>>>> = {
    'dual-write': () => migrator.migrateKeys({ dryRun: false, overwrite: true }),
    'dual-read': () => migrator.migrateKeys({ dryRun: false }),
    'retire-alias': () => migrator.cleanupAliases({ dryRun: false }),
  }

  try {
    for (const phase of [...new Set<Phase>(['alias', ...pathBetween('alias', target)])]) {
      if (redis.canonical.phase() !== phase) redis.canonical.setPhase(phase)
      await write(phase)
      await settle[phase]?.()
    }
    const back = async (phase: Phase): Promise<void> => {
      redis.canonical.setPhase(phase)
      await write(phase)
    }
    if (target !== 'alias') await migrator.rollback({ to: 'alias', dryRun: false, setPhase: back })

    const lost: string[] = []
    for (const id of written) {
      if ((await raw.hget(oldNames.job(id), 'state')) !== 'pending') lost.push(`${id} is not there`)
      if ((await raw.zscore(oldNames.pending, id)) === null) lost.push(`${id} is not in the queue`)
    }
    const counted = Number(await raw.hget(oldNames.job('old-0'), 'touched'))
    if (counted !== touched) lost.push(`old-0 was changed ${touched} times, and has ${counted}`)
    for (let i = 1; i < JOBS; i++) {
      const isThere = (await raw.exists(oldNames.job(`old-${i}`))) === 1
      if (isThere !== i > written.length) lost.push(`old-${i} ${isThere ? 'came back' : 'has gone'}`)
    }
    return { writes: 4 * written.length, lost }
  } finally {
    redis.disconnect()
  }
}

async function main(): Promise<number> {
  const server = await startExampleServer(false)
  const raw = new Redis(server.port)
  try {
    const rows: Row[] = []
    for (const phase of phases) {
      const { writes, lost } = await thereAndBack(raw, phase)
      screen.event(
        `${phase}, and back to alias`,
        `${writes} writes, ${lost.length} lost ${lost.slice(0, 2).join('; ')}`,
        lost.length === 0,
      )
      rows.push({ label: `lost on the way back from ${phase}`, value: String(lost.length), good: lost.length === 0 })
    }
    screen.table(rows)
    return rows.every(({ good }) => good) ? 0 : 1
  } finally {
    raw.disconnect()
    await server.stop()
  }
}

process.exitCode = await main()
