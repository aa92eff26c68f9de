/**
 * Adds to a report what only the command line knows.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { redact } from '../io.js'
import type { Work } from './work.js'

/**
 * Adds to the migrator's report: the server, how the run went over time, what it waited for, and more of the result.
 *
 * @param file undefined: there is no report
 * @param more further properties: `details`, `big`, `notes`
 */
export async function extendReport(
  { connection, progress }: Pick<Work, 'connection' | 'progress'>,
  file: string | undefined,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (file === undefined) return
  const report = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const { moments, waits } = progress.timeline
  const whole = { ...report, ...more, server: connection.address, timeline: moments, waits }
  await writeFile(file, `${redact(JSON.stringify(whole, undefined, 2))}\n`)
}
