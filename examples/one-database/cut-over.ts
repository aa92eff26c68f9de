/**
 * Who still writes to the old databases: every command that the server is sent, by database.
 *
 * @module
 */
import type { Redis } from 'ioredis'

/** What was seen. */
export interface Seen {
  /** Commands by database. */
  readonly commands: Readonly<Record<number, number>>
}

/** Commands that are about no key. */
const aboutNoKey = /^(select|multi|exec|info|ping|client|hello|command)$/i

/** Listens with MONITOR while `work` goes on. */
export async function watchDatabases(redis: Redis, work: () => Promise<void>): Promise<Seen> {
  const commands: Record<number, number> = {}
  const monitor = await redis.monitor()
  monitor.on('monitor', (_time: string, [command = '']: string[], _source: string, database: string) => {
    if (!aboutNoKey.test(command)) commands[Number(database)] = (commands[Number(database)] ?? 0) + 1
  })
  try {
    await work()
    return { commands }
  } finally {
    monitor.disconnect()
  }
}
