/**
 * The migrator under kill -9, and beside writers. Prints what it counted; exits with 1 when anything differs.
 *
 * `npx tsx test/support/migrate/soak.ts --kills 50 --seconds 20`
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { build } from 'tsup'
import { CanonicalRedisClient } from '../../../src/index.js'
import { RedisKeyMigrator, type MigrateOptions } from '../../../src/migrate.js'
import { startServer } from '../servers.js'
import { killSchema } from './schema.js'

const { values: flags } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seconds: { type: 'string', default: '20' } },
})
const KEYS = 20_000

const server = await startServer()
const redis = new Redis(server.port)
const other = new Redis(server.port, { db: 2 })
const bundle = join(process.cwd(), '.cache', `soak-${process.pid}`)
const folder = mkdtempSync(join(tmpdir(), 'canonical-soak-'))
const fresh = (): RedisKeyMigrator =>
  new RedisKeyMigrator(redis, killSchema, { throttle: false, bigKeys: { over: 20_000 } })

async function fill(): Promise<void> {
  await redis.flushall()
  for (let from = 1; from <= KEYS; from += 5000) {
    const one = `redis.call('HSET', 'job:' .. i, 'id', i); if i % 3 == 0 then redis.call('PEXPIRE', 'job:' .. i, 100000000 + i) end`
    await redis.eval(`for i = ${from}, ${from + 4999} do ${one} end`, 0)
  }
  await redis.eval(`for i = 1, 2000 do redis.call('SADD', 'job:big', 'member ' .. i) end`, 0)
  await other.eval(`for i = 1, 1000 do redis.call('SET', 'near:' .. i, i) end`, 0)
}

/** A process that migrates, killed after so many milliseconds of work; false when it was through before. */
async function killed(options: MigrateOptions, after: number): Promise<boolean> {
  const call = JSON.stringify({ port: server.port, options })
  const child = spawn(process.execPath, [join(bundle, 'killable.js'), call], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => void sleep(after).then(() => child.kill('SIGKILL')))
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  return signal === 'SIGKILL'
}

async function kills(times: number): Promise<boolean> {
  await build({
    entry: { killable: 'test/support/migrate/killable.ts' },
    ...{ outDir: bundle, format: 'esm', silent: true, config: false, splitting: false, dts: false },
  })
  const counts = { kills: 0, resumed: 0, clean: 0 }
  const checkpoint = join(folder, 'checkpoint')
  while (counts.kills < times) {
    await fill()
    // The two ways in turns: name by name, which a rate makes it, and pages that the server works through.
    const options = { dryRun: false, checkpoint, ...(counts.kills % 2 && { rate: 1e9 }) }
    if (!(await killed(options, Math.random() * 900))) continue
    counts.kills++
    const result = await fresh().migrateKeys(options)
    if (result.resumed) counts.resumed++
    const { clean, compared, orphans } = await fresh().verify()
    if (clean && compared === KEYS + 1001 && orphans === 0) counts.clean++
    rmSync(checkpoint, { force: true })
  }
  console.log(
    `killed ${counts.kills} times, gone on from a checkpoint ${counts.resumed} times, clean ${counts.clean} times`,
  )
  return counts.clean === counts.kills
}

/** Writers that write until they are stopped. Gives how many commands they have sent. */
function writers(clients: readonly Redis[], isOver: () => boolean): Promise<number[]> {
  const commands = [
    (client: Redis, name: string) => client.hset(name, 'n', Math.random()),
    (client: Redis, name: string) => client.hincrby(name, 'count', 1),
    (client: Redis, name: string) => client.pexpire(name, 50_000_000),
    (client: Redis, name: string) => client.del(name),
  ]
  return Promise.all(
    clients.map(async (client) => {
      let sent = 0
      for (; !isOver(); sent++) {
        const id = Math.floor(Math.random() * KEYS * 1.1)
        await commands[Math.floor(Math.random() * commands.length)]!(client, `job:${id}`)
      }
      return sent
    }),
  )
}

/** In `dual-write` raw clients may write too; once they have gone, the overwriting backfill makes good what they left. */
async function load(milliseconds: number): Promise<boolean> {
  await fill()
  const wrapped = Array.from({ length: 2 }, () => {
    return new CanonicalRedisClient(new Redis(server.port), { schema: killSchema, phase: 'dual-write' })
  })
  const raw = Array.from({ length: 2 }, () => new Redis(server.port))
  const until = performance.now() + milliseconds
  const rawWriters = writers(raw, () => performance.now() > until / 2 + (until - milliseconds) / 2)
  let isDone = false
  const wrappedWriters = writers(wrapped, () => isDone)
  let runs = 0
  for (; performance.now() < until; runs++) await fresh().migrateKeys({ dryRun: false })
  const sentRaw = await rawWriters
  const made = await fresh().migrateKeys({ dryRun: false, overwrite: true })
  const { clean, missing, different, orphans, settled, compared } = await fresh().verify()
  isDone = true
  const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0)
  const sent = `${sum(await wrappedWriters)} commands of wrapped clients, ${sum(sentRaw)} of raw ones`
  const found = `missing ${missing}, different ${different}, orphans ${orphans}, settled ${settled}`
  console.log(`${runs} backfills beside ${sent}; overwritten ${made.migrated}, removed ${made.removed}`)
  console.log(`verified beside wrapped writers: ${compared} pairs, ${found}`)
  // The writers have gone: nothing may be under way any more.
  const last = await fresh().verify()
  console.log(`verified in quiet: ${last.compared} pairs, clean: ${last.clean && last.orphans === 0}`)
  for (const client of [...wrapped, ...raw]) client.disconnect()
  return clean && missing + different === 0 && last.clean && last.orphans === 0
}

const isRight = [await kills(Number(flags.kills)), await load(Number(flags.seconds) * 1000)].every(Boolean)
redis.disconnect()
other.disconnect()
await server.stop()
rmSync(bundle, { recursive: true, force: true })
rmSync(folder, { recursive: true, force: true })
process.exitCode = isRight ? 0 : 1
