/**
 * How fast the backfill is, beside `redis-cli --pipe` feeding the same COPYs ready-made: the limit that no client can
 * pass. Both in one run on one server, in turns, since machines are noisy. `npx tsx bench/backfill.ts --keys 200000`
 *
 * With `--memory` it measures instead how much memory the migrator's process takes at 100,000 and at a million keys.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { defineSchema, key } from '../src/index.js'
import { RedisKeyMigrator } from '../src/migrate.js'
import { startServer } from '../test/support/servers.js'

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '500' },
    memory: { type: 'boolean', default: false },
  },
})

const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('job:<id>') } })
const server = await startServer()
const redis = new Redis(server.port)

/** Small hashes, as jobs are. In portions, so that no script runs for seconds. */
async function fill(keys: number): Promise<void> {
  for (let from = 1; from <= keys; from += 10_000) {
    const upto = Math.min(keys, from + 9_999)
    const script = `for i = ${from}, ${upto} do redis.call('HSET', 'job:' .. i, 'status', 'done', 'user', i, 'tries', 1) end`
    await redis.eval(script, 0)
  }
}

async function forget(keys: number): Promise<void> {
  for (let from = 1; from <= keys; from += 10_000) {
    await redis.eval(`for i = ${from}, ${from + 9_999} do redis.call('UNLINK', 'step:' .. i) end`, 0)
  }
}

/** Keys a second of the migrator, and of its verification. */
async function ours(keys: number): Promise<{ copy: number; verify: number }> {
  const migrator = new RedisKeyMigrator(redis, schema, { batch: Number(flags.batch) })
  const { migrated, durationMs } = await migrator.migrateKeys({ dryRun: false })
  const verified = await migrator.verify()
  if (migrated !== keys || !verified.clean) throw new Error(`only ${migrated} keys were copied right`)
  return { copy: (keys * 1000) / durationMs, verify: (keys * 1000) / verified.durationMs }
}

/** Keys a second of `redis-cli --pipe` with the commands ready in memory. */
async function pipe(commands: Buffer, keys: number): Promise<number> {
  const child = spawn('redis-cli', ['-p', String(server.port), '--pipe'], { stdio: ['pipe', 'ignore', 'inherit'] })
  const began = performance.now()
  child.stdin.end(commands)
  await once(child, 'close')
  return (keys * 1000) / (performance.now() - began)
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const shown = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`

async function race(): Promise<void> {
  const keys = Number(flags.keys)
  await fill(keys)
  const copies = Array.from({ length: keys }, (_, i) => {
    const [from, to] = [`job:${i + 1}`, `step:${i + 1}`]
    return `*3\r\n$4\r\nCOPY\r\n$${from.length}\r\n${from}\r\n$${to.length}\r\n${to}\r\n`
  })
  const commands = Buffer.from(copies.join(''))
  const rates: Record<'copy' | 'verify' | 'pipe', number[]> = { copy: [], verify: [], pipe: [] }
  for (let round = 0; round < Number(flags.rounds); round++) {
    await forget(keys)
    const { copy, verify } = await ours(keys)
    await forget(keys)
    rates.pipe.push(await pipe(commands, keys))
    rates.copy.push(copy)
    rates.verify.push(verify)
    console.log(
      `round ${round + 1}: backfill ${shown(copy)}, verify ${shown(verify)}, pipe ${shown(rates.pipe.at(-1)!)}`,
    )
  }
  const [copy, pipeRate] = [median(rates.copy), median(rates.pipe)]
  console.log(
    `\n${keys.toLocaleString('en')} small hashes, medians: backfill ${shown(copy)}, verify ${shown(median(rates.verify))}, ` +
      `redis-cli --pipe ${shown(pipeRate)}; the backfill reaches ${(copy / pipeRate).toFixed(2)} of the limit`,
  )
}

async function memory(): Promise<void> {
  for (const keys of [100_000, 1_000_000]) {
    await redis.flushall()
    await fill(keys)
    let most = 0
    const onProgress = (): void => void (most = Math.max(most, process.memoryUsage.rss()))
    const before = process.memoryUsage.rss()
    const migrator = new RedisKeyMigrator(redis, schema, { onProgress, batch: Number(flags.batch) })
    await migrator.migrateKeys({ dryRun: false })
    await migrator.verify()
    const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
    console.log(`${keys.toLocaleString('en')} keys: ${mb(most)} at most, ${mb(before)} before`)
  }
}

await (flags.memory ? memory() : race())
redis.disconnect()
await server.stop()
