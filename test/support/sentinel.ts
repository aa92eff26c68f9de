/**
 * A master with a replica and a Sentinel that watches them.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './clients.js'
import { freePort, startServer } from './servers.js'

/** A running Sentinel. */
export interface TestSentinel {
  readonly port: number
  /** Of the master, as the Sentinel calls it. */
  readonly name: string
  stop(): Promise<void>
}

/** Starts the three, and waits until they know each other. */
export async function startSentinel(): Promise<TestSentinel> {
  const name = 'mymaster'
  const fast = ['--repl-diskless-sync-delay', '0']
  const [master, replica] = await Promise.all([startServer({ args: fast }), startServer({ args: fast })])
  const admin = new Redis(replica.port)
  await admin.replicaof('127.0.0.1', master.port)
  await until('the replica is in step', async () => (await admin.info('replication')).includes('master_link_status:up'))
  admin.disconnect()
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'canonical-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
  ]
  writeFileSync(file, lines.join('\n'))
  const process_ = spawn(process.env['CANONICAL_REDIS_SERVER'] ?? 'redis-server', [file, '--sentinel'], {
    stdio: 'ignore',
  })
  const asking = new Redis(port)
  asking.on('error', () => undefined)
  await until('the sentinel knows both', async () => {
    const replicas = (await asking.call('SENTINEL', 'REPLICAS', name).catch(() => [])) as unknown[]
    return replicas.length === 1
  })
  asking.disconnect()
  return {
    port,
    name,
    async stop() {
      process_.kill()
      await Promise.all([master.stop(), replica.stop()])
      rmSync(folder, { recursive: true })
    },
  }
}
