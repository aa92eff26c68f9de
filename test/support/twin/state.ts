/**
 * What lies in a database: types, values, expiries, fields' expiries, groups with their consumers and pending entries.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { phaseTable, type Phase } from '../../../src/phases/index.js'
import { logical, ofBare, ofName, type Logical } from './keys.js'
import { timeless } from './show.js'

/** One key. */
export interface KeyState {
  readonly type: string
  /** PEXPIRETIME: milliseconds since 1970, or -1. */
  readonly expires: number
  readonly value: unknown
}

/** Every key of a database by its name. */
export type State = ReadonlyMap<string, KeyState>

/** One script a database, so that a sequence is not mostly looking. HPEXPIRETIME is asked where the server has it. */
const script = `
local readers = {
  string = function(k) return { redis.call('GET', k) } end,
  list = function(k) return redis.call('LRANGE', k, 0, -1) end,
  set = function(k) return redis.call('SMEMBERS', k) end,
  zset = function(k) return redis.call('ZRANGE', k, 0, -1, 'WITHSCORES') end,
  stream = function(k) return { redis.call('XRANGE', k, '-', '+'), redis.call('XINFO', 'STREAM', k, 'FULL', 'COUNT', 0) } end,
  hash = function(k)
    local fields, out = redis.call('HKEYS', k), {}
    for i, f in ipairs(fields) do
      local expires = ARGV[1] == 'yes' and redis.call('HPEXPIRETIME', k, 'FIELDS', 1, f)[1] or -1
      out[i] = { f, redis.call('HGET', k, f), expires }
    end
    return out
  end,
}
local out = {}
for i, k in ipairs(redis.call('KEYS', '*')) do
  local t = redis.call('TYPE', k)['ok']
  out[i] = { k, t, redis.call('PEXPIRETIME', k), readers[t](k) }
end
return out`

/**
 * What of a stream is compared: nothing that the clock wrote; all but when consumers were last seen; or all. How the
 * server has laid the stream out is no part of it.
 */
export type Clocks = 'none' | 'but for consumers' | 'to the millisecond'

/** Reads the database that the client has selected. */
export async function readState(client: Redis, hasFieldExpiry: boolean, clocks: Clocks = 'none'): Promise<State> {
  const rows = (await client.callBuffer('EVAL', script, '0', hasFieldExpiry ? 'yes' : 'no')) as [
    Buffer,
    Buffer,
    number,
    unknown[],
  ][]
  return new Map(
    rows.map(([name, type, expires, value]) => [
      name.toString(),
      { type: type.toString(), expires, value: readable(type.toString(), latin(value) as unknown[], clocks) },
    ]),
  )
}

const latin = (value: unknown): unknown =>
  Buffer.isBuffer(value) ? value.toString('latin1') : Array.isArray(value) ? value.map(latin) : value

function readable(type: string, value: unknown[], clocks: Clocks): unknown {
  if (type === 'string') return withoutCache(String(value[0]))
  if (type === 'hash' || type === 'set') return [...value].sort((a, b) => (String(a) < String(b) ? -1 : 1))
  if (type !== 'stream') return value
  return clocks === 'none' ? timeless(value) : without(value, clocks === 'to the millisecond' ? layout : notByCommand)
}

const layout: readonly unknown[] = ['radix-tree-keys', 'radix-tree-nodes']
const notByCommand: readonly unknown[] = [...layout, 'seen-time', 'active-time']

/** Leaves out what stands behind these labels. */
const without = (value: unknown, labels: readonly unknown[]): unknown =>
  Array.isArray(value) ? value.map((one, i) => (labels.includes(value[i - 1]) ? '-' : without(one, labels))) : value

/**
 * PFCOUNT, a read, writes the cardinality it worked out into the value (bytes 8 to 15 of a HyperLogLog). The library
 * leaves that cache on the name that was read; it is no part of the value.
 */
const withoutCache = (value: string): string => value.replace(/^(HYLL.{4}).{8}/s, '$1')

/** Expiries that count from "now" were set at different moments on the two sides. Absolute ones are one of these. */
const absolute: readonly unknown[] = [4_000_000_000_000, 4_100_000_000_000]
const CLOCK_MS = 120_000

const alike = (got: unknown, expected: unknown): boolean => isDeepStrictEqual(near(got, expected), expected)

function near(got: unknown, expected: unknown): unknown {
  if (Array.isArray(got) && Array.isArray(expected)) return got.map((one, i) => near(one, expected[i]))
  if (typeof got === 'object' && got !== null && typeof expected === 'object' && expected !== null) {
    const other = expected as Record<string, unknown>
    return Object.fromEntries(Object.entries(got).map(([key, value]) => [key, near(value, other[key])]))
  }
  const clock = (value: unknown): value is number =>
    typeof value === 'number' && value > 1e12 && !absolute.includes(value)
  return clock(got) && clock(expected) && Math.abs(got - expected) < CLOCK_MS ? expected : got
}

/** The name that a phase reads this key under, given what is there. */
function readUnder(phase: Phase, key: Logical, state: State): string {
  const [alias, canonical, ...older] = key.names
  const { primary, adopt } = phaseTable[phase]
  if (primary === 'alias') return alias
  return (adopt && [canonical, alias, ...older].find((name) => state.has(name))) || canonical
}

/**
 * The same for queues: each lies under one name, and at the ends under the one that is looked at.
 */
export function queueDifference(bare: State, below: State, now: readonly Phase[]): unknown {
  for (const key of logical) {
    const [alias, canonical] = key.names
    const there = [...new Set(key.names)].filter((name) => below.has(name))
    const only = now.includes('alias') ? alias : now.includes('canonical') ? canonical : there[0]
    const expected = bare.get(key.bare)
    const got = there.length > 1 ? there : below.get(only ?? alias)
    if (!alike(got, expected) || (there.length === 1 && there[0] !== only))
      return { key: key.bare, there, only, got, expected }
  }
  return strays(bare, below)
}

/** Phases that hold both names equal. */
const mirroring: readonly Phase[] = ['dual-write', 'dual-read', 'canonical-primary']

/**
 * What is different between the bare twin's database and the library's, as clients in these phases see it; undefined:
 * nothing. `visited` are all the phases of the sequence: where each of them mirrors, two names that are there are equal,
 * expiries to the millisecond.
 */
export function difference(bare: State, below: State, now: readonly Phase[], visited: ReadonlySet<Phase>): unknown {
  for (const key of logical) {
    const expected = bare.get(key.bare)
    for (const phase of now) {
      const name = readUnder(phase, key, below)
      const got = below.get(name)
      if (!alike(got, expected)) return { key: key.bare, phase, name, got, expected }
    }
    const [first, second] = key.names.map((name) => below.get(name))
    const mirrored = [...visited].every((phase) => mirroring.includes(phase))
    if (mirrored && first && second && !isDeepStrictEqual(first, second)) return { key: key.names, first, second }
  }
  return strays(bare, below)
}

/** Keys that the commands made up by themselves: a left-out argument makes REPLACE a key. */
function strays(bare: State, below: State): unknown {
  const stray = (names: Iterable<string>): string[] => [...names].filter((name) => !ofBare(name) && !ofName(name))
  for (const name of new Set([...stray(bare.keys()), ...stray(below.keys())])) {
    if (!alike(below.get(name), bare.get(name))) return { key: name, got: below.get(name), expected: bare.get(name) }
  }
  return undefined
}
