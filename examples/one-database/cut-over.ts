/**
 * Who still writes to the old databases: every change that the server makes, by database.
 *
 * @module
 */
import type { Redis } from 'ioredis'

/**
 * Counts the changes of keys while `work` goes on, by database: the server tells of each (keyspace notifications).
 *
 * @param redis a raw client; a connection of its own listens
 */
export async function watchDatabases(redis: Redis, work: () => Promise<void>): Promise<Record<number, number>> {
  const changes: Record<number, number> = {}
  // `E`: by event; `A`: of all kinds.
  await redis.config('SET', 'notify-keyspace-events', 'EA')
  const listener = redis.duplicate()
  listener.on('pmessage', (_pattern: string, channel: string) => {
    const db = Number(/^__keyevent@(\d+)__/.exec(channel)?.[1])
    changes[db] = (changes[db] ?? 0) + 1
  })
  try {
    await listener.psubscribe('__keyevent@*__:*')
    await work()
    // What was published before this answer has arrived before it.
    await listener.ping()
    return changes
  } finally {
    listener.disconnect()
    await redis.config('SET', 'notify-keyspace-events', '')
  }
}
