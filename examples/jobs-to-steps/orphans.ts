/**
 * Removes copies whose original is gone.
 *
 * @module
 */
import type { Difference } from 'canonical-redis/migrate'
import type { Redis } from 'ioredis'

/**
 * Only right while every client reads the old name (up to `dual-write`): there a new name without its old one is a
 * key that was deleted. WATCH, because a client may create the key again at this very moment.
 *
 * @returns how many were removed
 */
export async function removeOrphans(redis: Redis, details: readonly Difference[]): Promise<number> {
  let removed = 0
  for (const { problem, alias, canonical } of details) {
    if (problem !== 'orphan') continue
    await redis.watch(alias, canonical)
    if ((await redis.exists(alias)) === 0 && (await redis.multi().unlink(canonical).exec())) removed++
    else await redis.unwatch()
  }
  return removed
}
