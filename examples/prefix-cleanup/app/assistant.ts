/**
 * The application: an assistant in a pair of glasses. Not a line of it changes; it says the old names to the end.
 *
 * @module
 */
import type { Redis } from 'ioredis'

const PREFIX = 'josancamon:rayban-meta-glasses-api'

const CACHE_SECONDS = 3_600
const CANCEL_SECONDS = 600
const LINES_KEPT = 50

/** Everything that it keeps in Redis. */
export class Assistant {
  constructor(readonly redis: Redis) {}

  /** Keeps the answer to a question. */
  async cache(question: string, answer: string): Promise<void> {
    await this.redis.set(this.#cacheKey(question), answer, 'EX', CACHE_SECONDS)
  }

  cached(question: string): Promise<string | null> {
    return this.redis.get(this.#cacheKey(question))
  }

  /** Notes an event of the calendar; it is forgotten when it is over. */
  async remind(event: string, text: string, at: Date): Promise<void> {
    const key = `${PREFIX}:reminder:${event}`
    await this.redis
      .multi()
      .hset(key, { text, at: at.toISOString() })
      .expireat(key, Math.ceil(at.getTime() / 1000))
      .exec()
  }

  reminder(event: string): Promise<Record<string, string>> {
    return this.redis.hgetall(`${PREFIX}:reminder:${event}`)
  }

  /** Adds a line to a conversation; gives how many there are, the oldest being dropped. */
  async say(user: string, line: string): Promise<number> {
    const key = `${PREFIX}:conversation_history:${user}`
    const length = await this.redis.rpush(key, line)
    if (length > LINES_KEPT) await this.redis.ltrim(key, -LINES_KEPT, -1)
    return Math.min(length, LINES_KEPT)
  }

  history(user: string): Promise<string[]> {
    return this.redis.lrange(`${PREFIX}:conversation_history:${user}`, 0, -1)
  }

  /** Counts a visit; gives how many there were. */
  visit(user: string): Promise<number> {
    return this.redis.hincrby(`${PREFIX}:user_profile:${user}`, 'visits', 1)
  }

  async visits(user: string): Promise<number> {
    return Number(await this.redis.hget(`${PREFIX}:user_profile:${user}`, 'visits'))
  }

  async cancel(user: string): Promise<void> {
    await this.redis.set(`${PREFIX}:cancellation:wa:${user}`, 'true', 'EX', CANCEL_SECONDS)
  }

  async isCancelled(user: string): Promise<boolean> {
    return (await this.redis.exists(`${PREFIX}:cancellation:wa:${user}`)) === 1
  }

  #cacheKey(question: string): string {
    return `${PREFIX}:${Buffer.from(question).toString('base64')}`
  }
}
