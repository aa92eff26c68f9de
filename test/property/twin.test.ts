/**
 * The twin test: the same random commands go to a bare Redis under one name, and through the library under a mix of
 * names, in every phase and in every pair of phases that may run at the same time. Every reply, value and TTL must be
 * equal. FC_RUNS sets the sequences per pair, FC_SEED repeats a run.
 */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { constantPhase, mayCoexist, phases, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { Clients } from '../support/clients.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'twin',
  keys: {
    one: key('new:<id>').alias('old:<id>'),
    two: key('second:<id>').alias('zweite:<id>').alias('deuxieme:<id>'),
  },
})

/** Logical keys, by the name that the bare twin uses. */
const logical = ['bare:1', 'bare:2', 'bare:3', 'plain:1'] as const
const names: Record<string, readonly [string, string]> = {
  'bare:1': ['old:1', 'new:1'],
  'bare:2': ['old:2', 'new:2'],
  'bare:3': ['zweite:3', 'second:3'],
  'plain:1': ['plain:1', 'plain:1'],
}

/** A command with `$` before each logical key. */
type Line = readonly string[]

const k = fc.constantFrom(...logical).map((name) => `$${name}`)
const v = fc.constantFrom('a', 'b', '1', '2', '10', '')
const f = fc.constantFrom('f', 'g', 'h')
const n = fc.integer({ min: -3, max: 3 }).map(String)
const soon = fc.constantFrom('4000000000000', '4100000000000')

const line = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Line> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))

/**
 * Deterministic commands: what they answer depends on the data alone. OBJECT REFCOUNT is none of them: a number that
 * was copied is no longer one of the server's shared ones.
 */
const commands = fc.oneof(
  line('SET', k, v),
  line('SET', k, v, 'NX'),
  line('SET', k, v, 'XX', 'GET'),
  line('SET', k, v, 'KEEPTTL'),
  line('SET', k, v, 'PXAT', soon),
  line('SET', k, v, 'PXAT', 'x'),
  line('SET', k),
  line('SETNX', k, v),
  line('GET', k),
  line('GETSET', k, v),
  line('GETDEL', k),
  line('GETEX', k, 'PERSIST'),
  line('GETEX', k, 'PXAT', soon),
  line('APPEND', k, v),
  line('STRLEN', k),
  line('INCR', k),
  line('DECRBY', k, n),
  line('INCRBYFLOAT', k, '0.5'),
  line('SETRANGE', k, '2', v),
  line('GETRANGE', k, '0', n),
  line('MGET', k, k, k),
  line('MSET', k, v, k, v),
  line('MSETNX', k, v, k, v),
  line('LCS', k, k),
  line('SETBIT', k, '3', '1'),
  line('BITCOUNT', k),
  line('BITPOS', k, '1'),
  line('BITOP', 'OR', k, k, k),
  line('GETBIT', k, '3'),
  line('DEL', k),
  line('DEL', k, k),
  line('UNLINK', k),
  line('EXISTS', k),
  line('EXISTS', k, k, k),
  line('TYPE', k),
  line('TOUCH', k, k),
  line('PEXPIREAT', k, soon),
  line('PEXPIREAT', k, '1'),
  line('PEXPIREAT', k, soon, 'NX'),
  line('PERSIST', k),
  line('PEXPIRETIME', k),
  line('PTTL', '$none'),
  line('RENAME', k, k),
  line('RENAMENX', k, k),
  line('COPY', k, k),
  line('COPY', k, k, 'REPLACE'),
  line('HSET', k, f, v),
  line('HSET', k, f, v, f, v),
  line('HSETNX', k, f, v),
  line('HGET', k, f),
  line('HMGET', k, f, f),
  line('HDEL', k, f),
  line('HDEL', k, f, f),
  line('HEXISTS', k, f),
  line('HLEN', k),
  line('HINCRBY', k, f, n),
  line('HINCRBYFLOAT', k, f, '1.5'),
  line('HSTRLEN', k, f),
  line('HSET', k, f),
  line('LPUSH', k, v),
  line('RPUSH', k, v, v),
  line('LPUSHX', k, v),
  line('LPOP', k),
  line('RPOP', k, '2'),
  line('LLEN', k),
  line('LRANGE', k, '0', '-1'),
  line('LINDEX', k, n),
  line('LSET', k, n, v),
  line('LREM', k, n, v),
  line('LTRIM', k, '1', '-1'),
  line('LINSERT', k, 'BEFORE', v, v),
  line('LPOS', k, v),
  line('LMOVE', k, k, 'LEFT', 'RIGHT'),
  line('RPOPLPUSH', k, k),
  line('LMPOP', '2', k, k, 'LEFT'),
  line('SADD', k, v, v),
  line('SREM', k, v),
  line('SCARD', k),
  line('SISMEMBER', k, v),
  line('SMISMEMBER', k, v, v),
  line('SMOVE', k, k, v),
  line('SUNIONSTORE', k, k, k),
  line('SINTERSTORE', k, k, k),
  line('SDIFFSTORE', k, k, k),
  line('SINTERCARD', '2', k, k),
  line('ZADD', k, '1', v),
  line('ZADD', k, 'NX', '2', v),
  line('ZADD', k, 'GT', 'CH', '3', v),
  line('ZADD', k, 'INCR', '1', v),
  line('ZINCRBY', k, '2', v),
  line('ZREM', k, v),
  line('ZSCORE', k, v),
  line('ZCARD', k),
  line('ZRANK', k, v),
  line('ZRANGE', k, '0', '-1', 'WITHSCORES'),
  line('ZRANGEBYSCORE', k, '1', '2'),
  line('ZPOPMIN', k),
  line('ZPOPMAX', k, '2'),
  line('ZREMRANGEBYRANK', k, '0', '0'),
  line('ZCOUNT', k, '-inf', '+inf'),
  line('ZUNIONSTORE', k, '2', k, k),
  line('ZRANGESTORE', k, k, '0', '-1'),
  line('ZMPOP', '2', k, k, 'MIN'),
  line('ZDIFF', '2', k, k),
  line('ZMSCORE', k, v, v),
  line('PFADD', k, v),
  line('PFCOUNT', k),
  line('PFMERGE', k, k),
  line('GEOADD', k, '13.4', '38.1', v),
  line('GEOPOS', k, v),
  line('GEOSEARCH', k, 'FROMLONLAT', '13', '38', 'BYRADIUS', '200', 'km'),
  line('XADD', k, 'NOMKSTREAM', '9-*', 'f', v),
  line('XADD', k, '5-*', f, v),
  line('XLEN', k),
  line('XRANGE', k, '-', '+'),
  line('XDEL', k, '5-0'),
  line('XTRIM', k, 'MAXLEN', '1'),
  line('XREAD', 'STREAMS', k, '0'),
  line('XGROUP', 'CREATE', k, 'g', '0'),
  line('XGROUP', 'CREATE', k, 'g', '$', 'MKSTREAM'),
  line('XGROUP', 'DESTROY', k, 'g'),
  line('XACK', k, 'g', '5-0'),
  line('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', k, '>'),
  line('XINFO', 'GROUPS', k),
  line('XPENDING', k, 'g'),
  line('SORT', k, 'ALPHA'),
  line('SORT', k, 'ALPHA', 'STORE', k),
  line('DUMP', '$none'),
  line('EVAL', "return redis.call('SET', KEYS[1], ARGV[1])", '1', k, v),
  line('EVAL', "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DEL', KEYS[2]) end return 0", '2', k, k),
  line('EVAL_RO', "return redis.call('EXISTS', KEYS[1])", '1', k),
  line('KEYS', 'other*'),
)

/** How a run of commands goes out: one by one, not waiting, in a pipeline, in a transaction. */
const batch = fc.record({
  how: fc.constantFrom('one by one', 'at once', 'pipeline', 'multi', 'plain multi'),
  lines: fc.array(commands, { minLength: 1, maxLength: 8 }),
  /** Which name each key goes by, and which of two clients sends the batch. */
  mix: fc.nat(),
  client: fc.nat({ max: 1 }),
})

const pairs = phases.flatMap((a, i) =>
  phases
    .slice(i)
    .filter((b) => mayCoexist(a, b))
    .map((b): [Phase, Phase] => [a, b]),
)

const runs = Number(process.env.FC_RUNS ?? 100)

describe('the twin test', () => {
  let server: TestServer
  let clients: Clients
  let bare: Redis
  let below: Redis

  beforeAll(async () => {
    server = await startServer()
    clients = new Clients('ioredis 5', server.port)
    bare = clients.raw({ db: 0 })
    below = clients.raw({ db: 1 })
  })
  afterAll(async () => {
    clients.close()
    await server.stop()
  })

  it.each(pairs)(
    '%s beside %s',
    async (a, b) => {
      const sides = [a, b].map(
        (phase) => new CanonicalRedisClient(clients.raw({ db: 1 }), { schema, phase: constantPhase(phase) }),
      )
      let count = 0
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
          await bare.flushall()
          for (const { how, lines, mix, client } of batches) {
            count += lines.length
            const [expected, got] = [
              await send(
                bare,
                how,
                lines.map((one) => one.map((part) => part.replace('$', ''))),
              ),
              await send(
                sides[client] as Redis,
                how,
                lines.map((one, i) => named(one, mix + i)),
              ),
            ]
            const asked = got.map((reply, i) => unnamed(reply, lines[i] as Line))
            expect(asked, `${how} ${lines.map((one) => one.join(' ')).join(' ; ')}`).toEqual(expected)
          }
          await expectSameState(bare, below, a, b)
        }),
        {
          numRuns: runs,
          ...(process.env.FC_VERBOSE ? { endOnFailure: true, verbose: 2 } : {}),
          ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}),
        },
      )
      expect(count).toBeGreaterThan(runs)
      for (const side of sides) side.disconnect()
    },
    600_000,
  )
})

/** `$bare:1` becomes one of its names. */
function named(one: Line, mix: number): string[] {
  return one.map((part, i) => (part.startsWith('$') ? (names[part.slice(1)]?.[(mix + i) % 2] ?? part.slice(1)) : part))
}

/** Names in replies go back to the bare twin's, but only names that were asked for. */
function unnamed(reply: unknown, one: Line): unknown {
  const text = JSON.stringify(reply)
  if (text === undefined) return reply
  let out = text
  for (const part of one) {
    for (const name of names[part.slice(1)] ?? [])
      out = out.replaceAll(`"${name}"`, `"${part.slice(1)}"`).replaceAll(`'${name}'`, `'${part.slice(1)}'`)
  }
  return JSON.parse(out)
}

/** A batch without an answer is a bug of its own kind, and must fail rather than hang the suite. */
async function send(client: Redis, how: string, lines: readonly string[][]): Promise<unknown[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer to: ${how} ${JSON.stringify(lines)}`)), 3000)
  })
  return Promise.race([sendBatch(client, how, lines), late]).finally(() => clearTimeout(timer))
}

async function sendBatch(client: Redis, how: string, lines: readonly string[][]): Promise<unknown[]> {
  const settled = async (reply: Promise<unknown>): Promise<unknown> =>
    reply.catch((error: Error) => `! ${error.message}`)
  const one = (argv: string[]): Promise<unknown> => settled(client.call(...(argv as [string, ...string[]])))
  const shown = (results: [Error | null, unknown][] | null): unknown[] =>
    (results ?? []).map(([error, reply]) => (error ? `! ${error.message}` : reply))
  switch (how) {
    case 'one by one': {
      const replies: unknown[] = []
      for (const argv of lines) replies.push(await one(argv))
      return replies
    }
    case 'at once':
      return Promise.all(lines.map(one))
    case 'pipeline':
      return shown(await client.pipeline(lines.map((argv) => ['call', ...argv])).exec())
    case 'multi':
      try {
        return shown(await client.multi(lines.map((argv) => ['call', ...argv])).exec())
      } catch (error) {
        return lines.map(() => `! ${(error as Error).message}`)
      }
    default: {
      await client.multi({ pipeline: false })
      const queued = await Promise.all(lines.map(one))
      try {
        return [...shown(await client.exec())]
      } catch (error) {
        return queued.map(() => `! ${(error as Error).message}`)
      }
    }
  }
}

/** The logical value of each key, by the names of the later phase; where both phases mirror, the two names are equal. */
async function expectSameState(bare: Redis, below: Redis, a: Phase, b: Phase): Promise<void> {
  for (const name of logical) {
    const [alias, canonical] = names[name] as readonly [string, string]
    const expected = await state(bare, name)
    const [old, young] = [await state(below, alias), await state(below, canonical)]
    const reads = (phase: Phase): unknown => {
      switch (phase) {
        case 'alias':
        case 'prepare':
        case 'dual-write':
          return old
        case 'dual-read':
        case 'retire-alias':
          return young.type === 'none' ? old : young
        default:
          return young
      }
    }
    expect(reads(a), `${name} as ${a} reads it`).toEqual(expected)
    expect(reads(b), `${name} as ${b} reads it`).toEqual(expected)
  }
}

async function state(client: Redis, name: string): Promise<{ type: string; value: unknown; expires: number }> {
  const type = await client.type(name)
  const readers: Record<string, () => Promise<unknown>> = {
    none: async () => null,
    string: async () => withoutCache(await client.getBuffer(name)),
    hash: async () => Object.entries(await client.hgetall(name)).sort(),
    list: () => client.lrange(name, 0, -1),
    set: async () => (await client.smembers(name)).sort(),
    zset: () => client.zrange(name, 0, -1, 'WITHSCORES'),
    stream: async () => [await client.xrange(name, '-', '+'), await client.xinfo('GROUPS', name)],
  }
  return { type, value: await readers[type]?.(), expires: await client.pexpiretime(name) }
}

/**
 * PFCOUNT, a read, writes the cardinality it worked out into the value (bytes 8 to 15 of a HyperLogLog). The library
 * leaves that cache on the name that was read; it is no part of the value.
 */
function withoutCache(value: Buffer | null): string | undefined {
  return value?.toString('latin1').replace(/^(HYLL.{4}).{8}/s, '$1')
}
