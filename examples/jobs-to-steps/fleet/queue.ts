/**
 * The job queue, at least once: a job that a killed worker had is given out again, and is finished once.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import type { Names } from '../names.js'

const KEPT_SECONDS = 86_400

/** From the queue into the hands of a worker, in one piece: whoever is killed here has the job or has not. */
const TAKE = `local popped = redis.call('ZPOPMIN', KEYS[1])
if not popped[1] then return false end
redis.call('SADD', KEYS[2], popped[1])
redis.call('SADD', KEYS[3], popped[1])
return popped[1]`

/** Everything that services do to the queue, under the names of their generation. */
export class JobQueue {
  constructor(
    readonly redis: Redis,
    readonly names: Names,
  ) {}

  async submit(id: string, priority: number): Promise<void> {
    const { names, redis } = this
    const multi = redis.multi()
    multi.hset(names.job(id), { state: 'pending', priority, attempts: 0, completions: 0 })
    multi.hset(names.progress(id), { percent: 0 })
    multi.zadd(names.pending, priority, id)
    multi.publish(names.events, `submitted ${id}`)
    await all(multi)
  }

  async take(worker: string): Promise<string | undefined> {
    const { names, redis } = this
    const keys = [names.pending, names.active, names.assigned(worker)]
    const id = (await redis.eval(TAKE, keys.length, ...keys)) as string | null
    if (id === null) return undefined
    const multi = redis.multi().hset(names.job(id), { state: 'active', worker }).hincrby(names.job(id), 'attempts', 1)
    await all(multi)
    return id
  }

  async progress(id: string, percent: number): Promise<void> {
    await this.redis.hset(this.names.progress(id), { percent })
  }

  async complete(id: string, worker: string): Promise<void> {
    const { names, redis } = this
    const multi = redis.multi()
    multi.hset(names.job(id), { state: 'completed' }).hincrby(names.job(id), 'completions', 1)
    multi.srem(names.active, id).srem(names.assigned(worker), id)
    multi.sadd(names.completed, id).expire(names.completed, KEPT_SECONDS)
    multi.publish(names.events, `completed ${id}`)
    await all(multi)
  }

  /** What a worker of this name had when it was killed goes back into the queue; gives how much it was. */
  async recover(worker: string): Promise<number> {
    const { names, redis } = this
    const left = await redis.smembers(names.assigned(worker))
    for (const id of left) {
      const multi = redis.multi().zadd(names.pending, 0, id).srem(names.active, id).srem(names.assigned(worker), id)
      multi.hset(names.job(id), { state: 'pending' }).hincrby(names.job(id), 'recovered', 1)
      await all(multi)
    }
    return left.length
  }
}

/** EXEC, and the first of the errors in it. */
async function all(multi: { exec(): Promise<[Error | null, unknown][] | null> }): Promise<void> {
  const failed = (await multi.exec())?.find(([error]) => error)?.[0]
  if (failed) throw failed
}
