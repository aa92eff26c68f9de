/**
 * How fast it is, in turns with the limit and with what teams write themselves.
 *
 * The limit is `redis-cli --pipe` with the same COPYs ready-made: it knows neither what to copy nor whether it may. Its
 * keys come as they lie in memory; whoever has to look for them meets them in the order of SCAN, so that is run too. What
 * SCAN and COPY alone take, in the barest of scripts, is the least for anybody who has to find keys first. The
 * script that teams write takes KEYS, and then for each key, one command after the other's reply, EXISTS, HGETALL and
 * HMSET: hashes only, without their times to live.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { RedisKeyMigrator } from '../../src/migrate.js'
import {
  fill,
  forget,
  markdown,
  medianPace,
  pace,
  redis,
  schema,
  server,
  shown,
  type Kind,
  type Pace,
} from './world.js'

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`
const copies = (ids: readonly string[]): Buffer =>
  Buffer.from(ids.map((id) => `*3\r\n${bulk('COPY')}${bulk(`job:${id}`)}${bulk(`step:${id}`)}`).join(''))

const asTheyLie = (keys: number): string[] => Array.from({ length: keys }, (_, i) => String(i + 1))

async function asScanned(): Promise<string[]> {
  const ids: string[] = []
  for (let cursor = '0', isLast = false; !isLast; isLast = cursor === '0') {
    const [next, names] = await redis.scan(cursor, 'MATCH', 'job:*', 'COUNT', 1000)
    for (const name of names) ids.push(name.slice('job:'.length))
    cursor = next
  }
  return ids
}

const BARE = `
local page = redis.call('SCAN', ARGV[1], 'MATCH', 'job:*', 'COUNT', 1000)
for _, name in ipairs(page[2]) do redis.call('COPY', name, (name:gsub('^job', 'step'))) end
return page[1]`

async function bare(): Promise<void> {
  const sha = (await redis.script('LOAD', BARE)) as string
  let cursor = '0'
  do cursor = (await redis.evalsha(sha, 0, cursor)) as string
  while (cursor !== '0')
}

async function pipe(commands: Buffer): Promise<void> {
  const child = spawn('redis-cli', ['-p', String(server.port), '--pipe'], { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(commands)
  await once(child, 'close')
}

/** So many keys of it are enough to know its rate; its share of KEYS is added. */
const NAIVE_KEYS = 5000

async function naive(keys: number): Promise<Pace> {
  let names: readonly string[] = []
  const listed = await pace(keys, async () => (names = await redis.keys('job:*')))
  const { rate, serverMicros } = await pace(NAIVE_KEYS, async () => {
    for (const name of names.slice(0, NAIVE_KEYS)) {
      const target = name.replace(/^job:/, 'step:')
      if (await redis.exists(target)) continue
      const data = await redis.hgetall(name)
      if (Object.keys(data).length > 0) await redis.hmset(target, data)
    }
  })
  return { rate: 1 / (1 / rate + 1 / listed.rate), serverMicros: serverMicros + listed.serverMicros }
}

/** Its parts, each with its pace. */
export interface Race {
  readonly kind: Kind
  readonly keys: number
  readonly rounds: number
  readonly paces: Readonly<Record<string, Pace>>
}

export async function race(kind: Kind, keys: number, rounds: number): Promise<Race> {
  await redis.flushall()
  await fill(keys, kind)
  const migrator = new RedisKeyMigrator(redis, schema)
  const ready = { lie: copies(asTheyLie(keys)), scanned: copies(await asScanned()) }
  const found: Record<string, Pace[]> = {}
  const part = async (name: string, work: () => Promise<Pace>): Promise<void> =>
    void (found[name] ??= []).push(await work())
  const backfill = async (rate?: number): Promise<void> => {
    const { migrated } = await migrator.migrateKeys({ dryRun: false, ...(rate !== undefined && { rate }) })
    if (migrated !== keys) throw new Error(`${migrated} of ${keys} keys were copied`)
  }
  for (let round = 0; round < rounds; round++) {
    await forget(keys)
    await part('redis-cli --pipe', () => pace(keys, () => pipe(ready.lie)))
    await forget(keys)
    await part('redis-cli --pipe, in the order of SCAN', () => pace(keys, () => pipe(ready.scanned)))
    await forget(keys)
    await part('SCAN and COPY in a bare script', () => pace(keys, bare))
    await forget(keys)
    if (kind === 'small') await part('the usual script', () => naive(keys))
    await forget(keys)
    // A rate that is never reached: what holds back, or is not so simple, goes name by name.
    await part('backfill, name by name', () => pace(keys, () => backfill(1e9)))
    await forget(keys)
    await part('backfill', () => pace(keys, backfill))
    await part('verify', () =>
      pace(keys, async () => {
        const { clean, compared } = await migrator.verify()
        if (!clean || compared !== keys) throw new Error(`${compared} of ${keys} keys were compared`)
      }),
    )
    // Both names are there by now.
    await part('analyze', () => pace(2 * keys, () => migrator.analyze()))
    console.error(`${kind}, round ${round + 1} of ${rounds}`)
  }
  return {
    kind,
    keys,
    rounds,
    paces: Object.fromEntries(Object.entries(found).map(([name, list]) => [name, medianPace(list)])),
  }
}

export function raceTable({ kind, keys, paces }: Race): string {
  const limit = paces['redis-cli --pipe']!.rate
  const rows = Object.entries(paces).map(([name, { rate, serverMicros }]) => [
    name,
    shown(rate),
    (rate / limit).toFixed(2),
    serverMicros.toFixed(1),
  ])
  return markdown([
    [`${shown(keys)} keys, ${kind}`, 'keys a second', 'of the limit', 'µs of the server a key'],
    ...rows,
  ])
}
