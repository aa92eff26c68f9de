/**
 * How much memory the migrator's process takes, and how fast it is, by how many keys there are.
 *
 * @module
 */
import { RedisKeyMigrator } from '../../src/migrate.js'
import { fill, markdown, redis, schema, shown } from './world.js'

/** Megabytes before, at most during, and after. */
export interface Footprint {
  readonly keys: number
  readonly before: number
  readonly most: number
  readonly after: number
  readonly copied: number
  readonly verified: number
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
    const copied = await migrator.migrateKeys({ dryRun: false })
    const verified = await migrator.verify()
    if (copied.migrated !== keys || !verified.clean) throw new Error(`${copied.migrated} of ${keys} keys were copied`)
    const rate = (durationMs: number): number => (keys * 1000) / durationMs
    found.push({
      keys,
      before,
      most,
      after: megabytes(),
      copied: rate(copied.durationMs),
      verified: rate(verified.durationMs),
    })
    console.error(`${shown(keys)} keys: ${Math.round(most)} MB`)
  }
  await redis.flushall()
  return found
}

export const memoryTable = (rows: readonly Footprint[]): string =>
  markdown([
    ['keys', 'MB before', 'at most', 'after', 'copied a second', 'verified a second'],
    ...rows.map((row) => [row.keys, row.before, row.most, row.after, row.copied, row.verified].map(shown)),
  ])
