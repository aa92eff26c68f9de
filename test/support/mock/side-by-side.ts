/**
 * One command line in one world, on any server: its reply, and what lies there afterwards.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { worlds } from './worlds.js'

/** What came of a line. */
export interface Result {
  readonly reply: unknown
  /** Everything that is stored in the databases 0 and 1 afterwards. */
  readonly state: unknown
}

/** Every key with its type, its value in an order of its own, and the time at which it expires. */
const STATE = `
local read = {
  string = function(name) return redis.call('GET', name) end,
  list = function(name) return redis.call('LRANGE', name, 0, -1) end,
  set = function(name) local all = redis.call('SMEMBERS', name) table.sort(all) return all end,
  zset = function(name) return redis.call('ZRANGE', name, 0, -1, 'WITHSCORES') end,
  hash = function(name)
    local fields = redis.call('HKEYS', name)
    table.sort(fields)
    local all = {}
    for _, field in ipairs(fields) do all[#all + 1] = { field, redis.call('HGET', name, field) } end
    return all
  end,
  stream = function(name)
    local groups = {}
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', name)) do
      local consumers = {}
      for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', name, group[2])) do consumers[#consumers + 1] = { one[2], one[4] } end
      groups[#groups + 1] = { group, consumers, redis.call('XPENDING', name, group[2]) }
    end
    local info = redis.call('XINFO', 'STREAM', name)
    return { redis.call('XRANGE', name, '-', '+'), info[2], info[8], info[10], info[12], groups }
  end,
}
local found = {}
for db = 0, 1 do
  redis.call('SELECT', db)
  local names = redis.call('KEYS', '*')
  table.sort(names)
  for _, name in ipairs(names) do
    local kind = redis.call('TYPE', name).ok
    found[#found + 1] = { db, name, kind, read[kind](name), redis.call('PEXPIRETIME', name) }
  end
end
return found`

/** The words of a line; `""` is an empty one, and "with a space" is one. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? (word as string))

const LINES_AT_ONCE = 200

/** Sends each line into each world, alone. The result of `lines[i]` is at the place `i`. */
export async function runLines(client: Redis, world: keyof typeof worlds, lines: readonly (readonly string[])[]) {
  const results: Result[] = []
  for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
    const pipeline = client.pipeline()
    const seeds = (worlds[world] as readonly string[]).map(wordsOf)
    const some = lines.slice(from, from + LINES_AT_ONCE)
    for (const line of some) {
      for (const argv of [['SELECT', '0'], ['FLUSHALL'], ...seeds, line, ['DISCARD'], ['EVAL', STATE, '0']]) {
        pipeline.call(...(argv as [string, ...string[]]))
      }
    }
    const replies = (await pipeline.exec()) ?? []
    const each = seeds.length + 5
    some.forEach((_, i) => {
      const of = (at: number): unknown => {
        const [error, value] = replies[i * each + at] as [Error | null, unknown]
        return error ?? value
      }
      results.push({ reply: of(seeds.length + 2), state: of(seeds.length + 4) })
    })
  }
  return results
}
