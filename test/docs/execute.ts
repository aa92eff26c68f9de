/**
 * Executes a module of the documentation as a user would: in a process of its own, against a server of its own.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { startServer } from '../support/servers.js'
import { type Module } from './extract.js'
import { fileOf, root } from './typecheck.js'

/** Long enough for the slowest machine; a block that lasts longer has left a connection open. */
const LIMIT_MS = 60_000

/** How a process ended. */
export interface Outcome {
  /** The exit code, or the signal that ended it. */
  readonly end: number | string
  /** What it printed, stdout and stderr as they came. */
  readonly output: string
}

/** Runs the module to its end, or ends it after a minute. */
export async function execute(module: Module): Promise<Outcome> {
  const file = fileOf(module.block)
  const server = await startServer()
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${module.source}\nexport {}\n`)
    return await runFile(file, { ...process.env, REDIS_URL: server.url })
  } finally {
    rmSync(file, { force: true })
    await server.stop()
  }
}

async function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root, env, timeout: LIMIT_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { end: code ?? signal ?? 'unknown', output }
}
