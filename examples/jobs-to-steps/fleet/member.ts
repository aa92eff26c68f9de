/**
 * One process of the fleet: `member.ts <api | worker> <name> <new | old | raw>`, with the flags in its environment. `new` and `old` say
 * which names stand in its code, both with a wrapped client; `raw` is the old version, which knows nothing of the migration.
 *
 * @module
 */
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { newNames, oldNames } from '../names.js'
import { connect as connectAfter } from './connect.after.js'
import { connect as connectBefore } from './connect.before.js'
import { JobQueue } from './queue.js'

/** What a process tells the one that started it. */
export type Told =
  | { readonly kind: 'ready'; readonly port?: number; readonly recovered?: number }
  | { readonly kind: 'submitted' | 'taken' | 'completed'; readonly id: string }
  | { readonly kind: 'error'; readonly message: string }

const [role, name = '', code] = process.argv.slice(2)
const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const wrapped = code === 'raw' ? undefined : connectAfter(url)
const redis: Redis = wrapped ?? connectBefore(url)
const queue = new JobQueue(redis, code === 'new' ? newNames : oldNames)

let isRunning = true
process.on('SIGTERM', () => (isRunning = false))
// Nobody is left who could be told.
process.on('disconnect', () => process.exit(1))

const tell = (told: Told): Promise<void> =>
  new Promise((resolve) => (process.send ? process.send(told, () => resolve()) : resolve()))

/** GET /health/redis-migration: 200 while there is nothing to see to, 503 otherwise. */
async function serveHealth(): Promise<number> {
  const server = createServer((request, response) => {
    const health = wrapped?.canonical.health()
    if (request.url !== '/health/redis-migration' || health === undefined) return void response.writeHead(404).end()
    const isWell = health.connection === 'ready' && health.warnings.length === 0 && health.lastFailure === undefined
    response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(health))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function api(): Promise<void> {
  await tell({ kind: 'ready', port: await serveHealth() })
  for (let i = 0; isRunning; i++) {
    const id = `${name}-${process.pid}-${i}`
    await queue.submit(id, i % 100)
    await tell({ kind: 'submitted', id })
    await pause(4)
  }
}

async function worker(): Promise<void> {
  await tell({ kind: 'ready', recovered: await queue.recover(name) })
  while (isRunning) {
    const id = await queue.take(name)
    if (id === undefined) {
      await pause(2)
      continue
    }
    await tell({ kind: 'taken', id })
    for (const percent of [25, 50, 75, 100]) {
      await queue.progress(id, percent)
      await pause(1)
    }
    await queue.complete(id, name)
    await tell({ kind: 'completed', id })
  }
}

try {
  await (role === 'api' ? api() : worker())
} catch (error) {
  await tell({ kind: 'error', message: (error as Error).message })
}
process.exit(0)
