/**
 * A server of the example's own: on a free port of the loopback, in memory, gone at the end.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { embeddedLimits, startEmbeddedRedis } from './embedded-redis.js'

/** A running server. */
export interface ExampleServer {
  readonly port: number
  /** For people: which server, which version. */
  readonly description: string
  /** What it cannot show. */
  readonly limits: readonly string[]
  stop(): Promise<void>
}

const BOOT_TRIES = 5
const BOOT_MS = 10_000

/** Starts the server that is installed, or the embedded one. */
export async function startExampleServer(embedded: boolean): Promise<ExampleServer> {
  const named = process.env['CANONICAL_REDIS_SERVER']
  const binaries = named ? [named] : ['redis-server', 'valkey-server']
  const binary = embedded ? undefined : binaries.find(answersVersion)
  if (binary === undefined) {
    if (!embedded && named)
      throw new Error(`CANONICAL_REDIS_SERVER names ${named}, which does not run\n  → correct or unset it`)
    const server = await startEmbeddedRedis()
    return { ...server, description: 'the embedded server, inside this process', limits: embeddedLimits }
  }
  let reason: unknown
  for (let attempt = 0; attempt < BOOT_TRIES; attempt++) {
    // Another process may take the free port before the server binds it: then another port is tried.
    const launched = launch(binary, await freePort())
    try {
      const version = await launched.ready()
      return { ...launched, description: `${binary} ${version}`, limits: [] }
    } catch (error) {
      reason = error
      await launched.stop()
    }
  }
  throw new Error(`${binary} did not start\n  → try it by hand, or use --embedded`, { cause: reason })
}

/** Starts the server that is installed, for what the embedded one cannot show. */
export async function startRealServer(): Promise<ExampleServer> {
  const server = await startExampleServer(false)
  if (server.limits.length === 0) return server
  await server.stop()
  throw new Error('this example needs a server of its own\n  → install redis-server or valkey-server')
}

function launch(binary: string, port: number) {
  const directory = mkdtempSync(join(tmpdir(), 'canonical-redis-example-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  const child = spawn(binary, args, { stdio: 'ignore' })
  child.on('error', () => undefined) // `ready` reports it
  const end = (): void => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.on('exit', end)
  return {
    port,
    ready: () => ready(child, port),
    async stop() {
      process.off('exit', end)
      const exited = child.exitCode === null && child.signalCode === null && child.pid ? once(child, 'exit') : undefined
      child.kill('SIGTERM')
      await exited
      end()
    },
  }
}

/** Gives the version once the server of this very process answers; somebody else's may have the port. */
async function ready(child: ChildProcess, port: number): Promise<string> {
  const client = new Redis(port, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  try {
    for (let waited = 0; waited < BOOT_MS && child.exitCode === null && child.pid !== undefined; waited += 20) {
      const info = await Promise.race([client.info('server').catch(() => ''), pause(1_000, '')])
      if (info.includes(`process_id:${child.pid}\r`)) return /(?:redis|valkey)_version:(\S+)/.exec(info)?.[1] ?? ''
      await pause(20)
    }
  } finally {
    client.disconnect()
  }
  throw new Error(`no answer on port ${port}`)
}

const answersVersion = (binary: string): boolean => spawnSync(binary, ['--version'], { stdio: 'ignore' }).status === 0

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
