/**
 * What the measurements of the migrator share: a server, keys, and figures.
 *
 * @module
 */
import { Redis } from 'ioredis'
import { defineSchema, key } from '../../src/index.js'
import { startServer } from '../../test/support/servers.js'

export const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('job:<id>') } })
export const server = await startServer()
export const redis = new Redis(server.port)

/** Lua that writes the key `name` for the number `i`. */
export const kinds = {
  small: `redis.call('HSET', name, 'status', 'done', 'user', i, 'tries', 1)`,
  mixed: `local kind = i % 6
    if kind == 0 then redis.call('SET', name, 'value ' .. i, 'PX', 100000000 + i)
    elseif kind == 1 then redis.call('HSET', name, 'status', 'done', 'user', i)
    elseif kind == 2 then redis.call('RPUSH', name, 'a', 'b', i)
    elseif kind == 3 then redis.call('SADD', name, 'a', 'b', i)
    elseif kind == 4 then redis.call('ZADD', name, 1, 'a', 2, i)
    else redis.call('XADD', name, '1-1', 'field', i) end`,
  '10 KB': `redis.call('HSET', name, 'id', i, 'body', string.rep('x', 10000))`,
} as const

/** What keys hold. */
export type Kind = keyof typeof kinds

/** In portions, so that no script runs for seconds. */
async function portions(keys: number, lua: string): Promise<void> {
  for (let from = 1; from <= keys; from += 10_000) {
    await redis.eval(`for i = ${from}, ${Math.min(keys, from + 9_999)} do ${lua} end`, 0)
  }
}

export const fill = (keys: number, kind: Kind = 'small'): Promise<void> =>
  portions(keys, `local name = 'job:' .. i ${kinds[kind]}`)

export const forget = (keys: number): Promise<void> => portions(keys, `redis.call('UNLINK', 'step:' .. i)`)

/** Seconds of the processor that the server has taken. */
export async function serverSeconds(): Promise<number> {
  const text = await redis.info('cpu')
  const field = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1])
  return field('used_cpu_user') + field('used_cpu_sys')
}

/** How long something took, and what the server did for it. Keys a second, and microseconds of its processor a key. */
export interface Pace {
  readonly rate: number
  readonly serverMicros: number
}

export async function pace(keys: number, work: () => Promise<unknown>): Promise<Pace> {
  const before = await serverSeconds()
  const began = performance.now()
  await work()
  const rate = (keys * 1000) / (performance.now() - began)
  return { rate, serverMicros: (((await serverSeconds()) - before) * 1e6) / keys }
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

export const medianPace = (paces: readonly Pace[]): Pace => ({
  rate: median(paces.map(({ rate }) => rate)),
  serverMicros: median(paces.map(({ serverMicros }) => serverMicros)),
})

export const shown = (value: number): string => Math.round(value).toLocaleString('en')

/** A table as the docs have them. */
export const markdown = (rows: readonly (readonly string[])[]): string =>
  [rows[0]!, rows[0]!.map(() => '---'), ...rows.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n')
