/**
 * What a README tells to type, typed: its blocks marked `sh`, one after the other in one shell.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { extractBlocks } from '../docs/extract.js'

/** What came of it. */
export interface Typed {
  /** The exit code of the shell: of the first line that failed, or 0. */
  readonly code: number | null
  /** Both streams. */
  readonly output: string
}

/** The lines of its `sh` blocks, as one script. Blocks of another language are for reading. */
export const shellOf = (file: string): string =>
  extractBlocks(file, readFileSync(file, 'utf8'))
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code)
    .join('\n')

/**
 * Runs the `sh` blocks of a document from the root of the repository, and stops at the first line that fails.
 *
 * @param env over the environment of this process: `{ REDIS_URL: server.url }`
 * @param edit takes lines out that a test has elsewhere
 */
export async function typeReadme(
  file: string,
  env: Readonly<Record<string, string>>,
  edit: (shell: string) => string = (shell) => shell,
): Promise<Typed> {
  const shell = spawn('bash', ['-euxo', 'pipefail', '-c', edit(shellOf(file))], { env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(shell, 'close')) as [number | null]
  return { code, output }
}
