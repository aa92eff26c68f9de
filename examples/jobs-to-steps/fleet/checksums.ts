/**
 * Counts and checksums of both names, read value by value by a client that knows nothing of the library's own verification.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { schema } from '../schema.js'

/** One family: how many keys there are under each name, and a checksum of all their values. */
export interface FamilySums {
  readonly family: string
  readonly old: number
  readonly new: number
  readonly oldSum: string
  readonly newSum: string
}

const readers: Readonly<Record<string, (redis: Redis, name: string) => Promise<unknown>>> = {
  string: (redis, name) => redis.get(name),
  hash: async (redis, name) => Object.entries(await redis.hgetall(name)).sort(([a], [b]) => (a < b ? -1 : 1)),
  set: async (redis, name) => (await redis.smembers(name)).sort(),
  zset: (redis, name) => redis.zrange(name, 0, -1, 'WITHSCORES'),
  list: (redis, name) => redis.lrange(name, 0, -1),
}

/** Reads every key of every family. The sum of a family goes over its keys in order, each under its new name. */
export async function checksums(redis: Redis): Promise<FamilySums[]> {
  const found = new Map<string, Record<'alias' | 'canonical', string[]>>()
  for (const family of schema.families.keys()) found.set(family, { alias: [], canonical: [] })
  let cursor = '0'
  do {
    const [next, names] = await redis.scan(cursor, 'COUNT', 1000)
    for (const name of names) {
      const key = schema.mapper.resolve(name)
      if (key) found.get(key.family)?.[key.side].push(name)
    }
    cursor = next
  } while (cursor !== '0')
  const sums: FamilySums[] = []
  for (const [family, { alias, canonical }] of found) {
    const [oldNames, newNames] = [[...new Set(alias)], [...new Set(canonical)]]
    const [oldSum, newSum] = [await sumOf(redis, oldNames), await sumOf(redis, newNames)]
    sums.push({ family, old: oldNames.length, new: newNames.length, oldSum, newSum })
  }
  return sums
}

async function sumOf(redis: Redis, names: readonly string[]): Promise<string> {
  const lines: string[] = []
  for (const name of names) {
    const value = await readers[await redis.type(name)]?.(redis, name)
    lines.push(`${schema.mapper.getCanonicalKey(name)} ${JSON.stringify(value)}`)
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 12)
}
