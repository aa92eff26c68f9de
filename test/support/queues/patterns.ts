/**
 * Three job queues as people write them: take a job into a place of one's own, do it, strike it off. A worker may crash
 * between any two of these; what it held is then put back by somebody else.
 *
 * @module
 */
import type { Redis } from 'ioredis'

/** The names of one spelling. */
export interface Spelling {
  readonly pending: string
  readonly busy: (worker: string) => string
}

export const oldNames: Spelling = { pending: 'jobs:pending', busy: (worker) => `jobs:busy:${worker}` }
export const newNames: Spelling = { pending: 'steps:pending', busy: (worker) => `steps:busy:${worker}` }

/** One way of queueing. Every function is one step of one actor. */
export interface Pattern {
  readonly setUp: (redis: Redis, names: Spelling) => Promise<unknown>
  readonly push: (redis: Redis, names: Spelling, job: string) => Promise<unknown>
  /** Gives the jobs taken; some of these ways wait a little for one. */
  readonly take: (redis: Redis, names: Spelling, worker: string, turn: number) => Promise<readonly Taken[]>
  readonly done: (redis: Redis, names: Spelling, worker: string, taken: Taken) => Promise<unknown>
  /** Puts back what a crashed worker held; a stream's is claimed by the worker itself, that has come back. */
  readonly putBack: (redis: Redis, names: Spelling, worker: string) => Promise<readonly Taken[]>
  readonly length: (redis: Redis, names: Spelling) => Promise<number>
  /** May raw producers still push to the old name when wrapped clients have gone on? */
  readonly rawProducersUntil: 'dual-write' | 'retire-alias'
}

/** A job in a worker's hands; `ref` is what strikes it off. */
export interface Taken {
  readonly job: string
  readonly ref: string
}

const one = (job: string | null): readonly Taken[] => (job === null ? [] : [{ job, ref: job }])

const list: Pattern = {
  setUp: () => Promise.resolve(),
  push: (redis, { pending }, job) => redis.lpush(pending, job),
  take: async (redis, { pending, busy }, worker, turn) => {
    const own = busy(worker)
    if (turn % 3 === 0) return one(await redis.lmove(pending, own, 'RIGHT', 'LEFT'))
    if (turn % 3 === 1) return one(await redis.brpoplpush(pending, own, 0.01))
    return one(await redis.blmove(pending, own, 'RIGHT', 'LEFT', 0.01))
  },
  done: (redis, { busy }, worker, { ref }) => redis.lrem(busy(worker), 1, ref),
  putBack: async (redis, { pending, busy }, worker) => {
    while ((await redis.lmove(busy(worker), pending, 'LEFT', 'RIGHT')) !== null);
    return []
  },
  length: (redis, { pending }) => redis.llen(pending),
  rawProducersUntil: 'retire-alias',
}

const takeLowest = `local job = redis.call('ZPOPMIN', KEYS[1])
if #job == 0 then return nil end
redis.call('ZADD', KEYS[2], 0, job[1])
return job[1]`

const sortedSet: Pattern = {
  setUp: () => Promise.resolve(),
  push: (redis, { pending }, job) => redis.zadd(pending, Number(job.slice(1)) % 7, job),
  take: async (redis, { pending, busy }, worker, turn) => {
    const own = busy(worker)
    if (turn % 3 === 0) return one((await redis.eval(takeLowest, 2, pending, own)) as string | null)
    // Peek, then claim: whoever removes it has it. Noted as one's own before, so that a crash loses nothing.
    const [job] = await redis.zrangebyscore(pending, '-inf', '+inf', 'LIMIT', 0, 1)
    if (job === undefined) return []
    const replies = await redis.multi().zadd(own, 0, job).zrem(pending, job).exec()
    if (replies?.[1]?.[1] === 1) return one(job)
    await redis.zrem(own, job)
    return []
  },
  done: (redis, { busy }, worker, { ref }) => redis.zrem(busy(worker), ref),
  putBack: async (redis, { pending, busy }, worker) => {
    for (const job of await redis.zrange(busy(worker), 0, -1)) {
      await redis.multi().zrem(busy(worker), job).zadd(pending, 'NX', 0, job).exec()
    }
    return []
  },
  length: (redis, { pending }) => redis.zcard(pending),
  rawProducersUntil: 'retire-alias',
}

type Entries = [id: string, fields: string[]][]
const entries = (found: Entries): Taken[] => found.map(([ref, fields]) => ({ job: fields[1]!, ref }))

const stream: Pattern = {
  setUp: (redis, { pending }) => redis.xgroup('CREATE', pending, 'workers', '0', 'MKSTREAM'),
  push: (redis, { pending }, job) => redis.xadd(pending, '*', 'job', job),
  take: async (redis, { pending }, worker, turn) => {
    const head = ['GROUP', 'workers', worker, 'COUNT', '2'] as const
    const found = await (turn % 2 === 0
      ? redis.xreadgroup(...head, 'STREAMS', pending, '>')
      : redis.xreadgroup(...head, 'BLOCK', 10, 'STREAMS', pending, '>'))
    return entries((found as [string, Entries][] | null)?.[0]?.[1] ?? [])
  },
  done: (redis, { pending }, _worker, { ref }) => redis.xack(pending, 'workers', ref),
  putBack: async (redis, { pending }, worker) => {
    const held = (await redis.xpending(pending, 'workers', '-', '+', 100, worker)) as [string][]
    if (held.length === 0) return []
    const ids = held.map(([id]) => id)
    return entries((await redis.xclaim(pending, 'workers', worker, 0, ...ids)) as Entries)
  },
  // Entries stay in a stream: what is left are those that nobody has acknowledged.
  length: async (redis, { pending }) => {
    const [group] = (await redis.xinfo('GROUPS', pending)) as unknown[][]
    const facts = new Map(group!.flatMap((name, i) => (i % 2 === 0 ? [[name, group![i + 1]] as const] : [])))
    const next = await redis.xrange(pending, `(${String(facts.get('last-delivered-id'))}`, '+', 'COUNT', 1)
    return Number(facts.get('pending')) + next.length
  },
  rawProducersUntil: 'dual-write',
}

export const patterns = { list, 'sorted set': sortedSet, stream } as const
