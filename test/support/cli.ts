/**
 * The command line in this process, with a world made for it.
 *
 * @module
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { run } from '../../src/cli/program.js'
import * as main from '../../src/index.js'
import * as migrate from '../../src/migrate.js'

/** What a call may be given. */
export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** A person at a terminal who types this at each question. Without it there is no terminal. */
  readonly answer?: string
  /** What comes through a pipe, where there is no terminal. */
  readonly stdin?: string
  readonly signal?: AbortSignal
  /** Told of everything that is written to stderr. */
  readonly onSaid?: (text: string) => void
}

/** What came of it. */
export interface CliResult {
  readonly exit: number
  readonly out: string
  readonly err: string
}

/** Runs one command line. */
export async function cli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const { answer } = options
  const written = { out: '', err: '' }
  const stdin = Object.assign(new PassThrough(), { isTTY: answer !== undefined })
  if (options.stdin !== undefined) stdin.end(options.stdin)
  const stderr = new PassThrough()
  const said = (text: string): void => {
    written.err += text
    options.onSaid?.(text)
    if (answer !== undefined && text.includes('to go on: ')) stdin.write(`${answer}\r`)
  }
  stderr.on('data', (chunk: Buffer) => said(chunk.toString()))
  const exit = await run(argv, {
    stdout: { write: (text: string) => (written.out += text) },
    stderr,
    stdin,
    env: options.env ?? {},
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
    modules: { 'canonical-redis': main, 'canonical-redis/migrate': migrate },
  })
  return { exit, ...written }
}

/** A folder with a config for a server, which finds the packages of this repository. */
export function project(config: string, name = 'canonical-redis.config.ts'): { cwd: string; remove: () => void } {
  const cwd = mkdtempSync(join(tmpdir(), 'canonical-redis-cli-'))
  symlinkSync(resolve('node_modules'), join(cwd, 'node_modules'))
  writeFileSync(join(cwd, name), config)
  return { cwd, remove: () => rmSync(cwd, { recursive: true, force: true }) }
}

/** The config of the jobs that become steps. */
export const jobsConfig = (url: string, more = ''): string => `
import { defineSchema, key } from 'canonical-redis'
const schema = defineSchema({
  name: 'jobs-to-steps',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    progress: key('step:<id>:progress').alias('job:<id>:progress'),
  },
})
export default { schema, redis: '${url}', ${more} }
`
