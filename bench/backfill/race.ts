/**
 * How fast it is, in turns with the limit and with what teams write themselves.
 *
 * The limit is `redis-cli --pipe` with the same COPYs ready-made: it knows neither what to copy nor whether it may. The
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
const copies = (keys: number): Buffer =>
  Buffer.from(
    Array.from({ length: keys }, (_, i) => `*3\r\n${bulk('COPY')}${bulk(`job:${i + 1}`)}${bulk(`step:${i + 1}`)}`).join(
      '',
    ),
  )

async function pipe(commands: Buffer): Promise<void> {
  const child = spawn('redis-cli', ['-p', String(server.port), '--pipe'], { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(commands)
  await once(child, 'close')
}

/** So many keys of it are enough to know its rate; its share of KEYS is added. */
const NAIVE_KEYS = 5000

async function naive(keys: number): Promise<Pace> {
  const began = performance.now()
  const names = await redis.keys('job:*')
  const perKey = (performance.now() - began) / keys
  const { rate, serverMicros } = await pace(NAIVE_KEYS, async () => {
    for (const name of names.slice(0, NAIVE_KEYS)) {
      const target = name.replace(/^job:/, 'step:')
      if (await redis.exists(target)) continue
      const data = await redis.hgetall(name)
      if (Object.keys(data).length > 0) await redis.hmset(target, data)
    }
  })
  return { rate: 1000 / (1000 / rate + perKey), serverMicros: serverMicros + perKey * 1000 }
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
  const commands = copies(keys)
  const found: Record<string, Pace[]> = {}
  const part = async (name: string, work: () => Promise<Pace>): Promise<void> =>
    void (found[name] ??= []).push(await work())
  const backfill = async (rate?: number): Promise<void> => {
    const { migrated } = await migrator.migrateKeys({ dryRun: false, ...(rate !== undefined && { rate }) })
    if (migrated !== keys) throw new Error(`${migrated} of ${keys} keys were copied`)
  }
  for (let round = 0; round < rounds; round++) {
    await forget(keys)
    await part('redis-cli --pipe', () => pace(keys, () => pipe(commands)))
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
