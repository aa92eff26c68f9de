/**
 * How much memory the migrator's process takes, how fast it is, and what the server spends on a key, by how many keys
 * there are.
 *
 * @module
 */
import { RedisKeyMigrator } from '../../src/migrate.js'
import { fill, markdown, pace, redis, schema, shown, type Pace } from './world.js'

/** Megabytes before, at most during, and after. */
export interface Footprint {
  readonly keys: number
  readonly before: number
  readonly most: number
  readonly after: number
  readonly copied: Pace
  readonly verified: Pace
}

const megabytes = (): number => process.memoryUsage.rss() / 1e6

export async function memory(sizes: readonly number[]): Promise<Footprint[]> {
  const found: Footprint[] = []
  for (const keys of sizes) {
    await redis.flushall()
    await fill(keys)
    const before = megabytes()
    let most = before
    const onProgress = (): void => void (most = Math.max(most, megabytes()))
    const migrator = new RedisKeyMigrator(redis, schema, { onProgress })
    const copied = await pace(keys, async () => {
      const { migrated } = await migrator.migrateKeys({ dryRun: false })
      if (migrated !== keys) throw new Error(`${migrated} of ${keys} keys were copied`)
    })
    const verified = await pace(keys, async () => {
      const { clean, compared } = await migrator.verify()
      if (!clean || compared !== keys) throw new Error(`${compared} of ${keys} keys were compared`)
    })
    found.push({ keys, before, most, after: megabytes(), copied, verified })
    console.error(`${shown(keys)} keys: ${Math.round(most)} MB`)
  }
  await redis.flushall()
  return found
}

export const memoryTable = (rows: readonly Footprint[]): string =>
  markdown([
    [
      'keys',
      'MB before',
      'at most',
      'after',
      'copied a second',
      'µs of the server',
      'verified a second',
      'µs of the server',
    ],
    ...rows.map(({ keys, before, most, after, copied, verified }) => [
      ...[keys, before, most, after].map(shown),
      ...[copied, verified].flatMap(({ rate, serverMicros }) => [shown(rate), serverMicros.toFixed(1)]),
    ]),
  ])
