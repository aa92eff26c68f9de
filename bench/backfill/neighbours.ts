/**
 * What others feel of a backfill: how long the commands of another client take beside it, and without it, in turns.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisKeyMigrator } from '../../src/migrate.js'
import { fill, forget, markdown, median, redis, schema, server } from './world.js'

interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Medians over the rounds, in milliseconds, and of the ratios of each round. */
export interface Beside {
  readonly what: string
  readonly alone: Latency
  readonly beside: Latency
  readonly ratio: Latency
}

const ROUND_MS = 3000

async function foreground(): Promise<Latency> {
  const argv = [
    '--import',
    'tsx',
    new URL('neighbour.ts', import.meta.url).pathname,
    String(server.port),
    String(ROUND_MS),
  ]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child, 'close')
  return JSON.parse(text) as Latency
}

/** While a backfill runs, begun anew whenever it is through. */
async function besideBackfill(keys: number, rate: number | undefined): Promise<Latency> {
  const stop = new AbortController()
  const migrator = new RedisKeyMigrator(redis, schema)
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { endedBy } = await migrator.migrateKeys({
        dryRun: false,
        signal: stop.signal,
        ...(rate !== undefined && { rate }),
      })
      // Gently: emptying it is not what is measured.
      if (endedBy === 'done')
        for (let from = 0; from < keys && !stop.signal.aborted; from += 500) await forgetSome(from)
    }
  }
  const working = work()
  const latency = await foreground()
  stop.abort()
  await working
  return latency
}

async function forgetSome(from: number): Promise<void> {
  await redis.unlink(...Array.from({ length: 500 }, (_, i) => `step:${from + i}`))
  await sleep(1)
}

export async function neighbours(
  keys: number,
  rounds: number,
  rates: readonly (number | undefined)[],
): Promise<Beside[]> {
  await redis.flushall()
  await fill(keys)
  const found: Beside[] = []
  for (const rate of rates) {
    const [alone, beside]: [Latency[], Latency[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      await forget(keys)
      alone.push(await foreground())
      beside.push(await besideBackfill(keys, rate))
    }
    const of = (list: readonly Latency[]): Latency => ({
      p50: median(list.map(({ p50 }) => p50)),
      p99: median(list.map(({ p99 }) => p99)),
    })
    const ratios = beside.map(({ p50, p99 }, i) => ({ p50: p50 / alone[i]!.p50, p99: p99 / alone[i]!.p99 }))
    const what = rate === undefined ? 'no rate' : `rate ${rate.toLocaleString('en')}`
    found.push({ what, alone: of(alone), beside: of(beside), ratio: of(ratios) })
    console.error(`neighbours, ${what}`)
  }
  return found
}

export const neighboursTable = (rows: readonly Beside[]): string =>
  markdown([
    ['backfill with', 'p50 alone', 'p50 beside', 'ratio', 'p99 alone', 'p99 beside', 'ratio'],
    ...rows.map(({ what, alone, beside, ratio }) => [
      what,
      ...(['p50', 'p99'] as const).flatMap((p) => [alone[p].toFixed(2), beside[p].toFixed(2), ratio[p].toFixed(2)]),
    ]),
  ])
