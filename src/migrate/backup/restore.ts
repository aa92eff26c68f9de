/**
 * Brings aliases back from a backup file. The whole file is checked before the first key is restored.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { CanonicalRedisError } from '../../errors.js'
import { wrongPhase } from '../../phases/index.js'
import { printable } from '../names.js'
import type { ReportNames } from '../report.js'
import type { Run } from '../run.js'
import { Tally } from '../tally.js'
import type { RestoreCounts, RestoreOptions, RestoreResult, PhaseOf } from '../types/index.js'
import { ownerOf } from '../verify/look.js'
import { damaged, digest, readLine, type Entry, type Header } from './format.js'

type Kind = keyof RestoreCounts
const kinds = ['restored', 'skipped', 'expired', 'failed'] as const satisfies readonly Kind[]

/** Keys in one pipeline. */
const AT_ONCE = 50

/** Restores what a backup holds. */
export async function restoreBackup(
  run: Run,
  path: string,
  options: RestoreOptions,
  phaseOf: PhaseOf,
  report: ReportNames,
): Promise<RestoreResult> {
  const { dryRun = true } = options
  const file = resolve(path)
  const complete = await checkFile(run, file)
  const wrong = dryRun ? undefined : wrongPhase('restore', run.names.families, phaseOf)
  if (wrong) throw wrong
  const tally = new Tally<Kind>(kinds, run.names.families)
  run.counts = tally.total
  let batch: Entry[] = []
  const flush = async (): Promise<void> => {
    await restore(run, batch, options, tally, report)
    batch = []
    await run.progress()
  }
  for await (const entry of entriesOf(file)) {
    if (!('dump' in entry) || !run.names.families.has(entry.family)) continue
    run.scanned++
    batch.push(entry)
    if (batch.length >= AT_ONCE) await flush()
    if (run.isStopped) break
  }
  if (!run.isStopped) await flush()
  const { total, families } = tally
  return { ...run.result(), ...total, dryRun, families, groups: run.grouped(families), complete }
}

async function restore(
  run: Run,
  batch: readonly Entry[],
  { dryRun = true, overwrite = false }: RestoreOptions,
  tally: Tally<Kind>,
  report: ReportNames,
): Promise<void> {
  for (const entry of batch) {
    const { key, db, family, expires, dump } = entry
    const names = [printable(key), run.names.resolve(key, db)?.canonical.toString() ?? ''] as const
    const server = await ownerOf(run, { canonical: key })
    await run.pacer.admit(server, 1)
    const port = await run.session.port(server, db)
    const isExpired = expires >= 0 && expires <= Date.now()
    const line = ['RESTORE', key, String(Math.max(0, expires)), dump, 'ABSTTL', ...(overwrite ? ['REPLACE'] : [])]
    const [reply] = await run.session.on(server, () => port.pipeline([isExpired || dryRun ? ['EXISTS', key] : line]))
    const exists = reply instanceof Error ? reply.message.startsWith('BUSYKEY') : reply === 1 && !overwrite
    const kind: Kind = isExpired ? 'expired' : exists ? 'skipped' : reply instanceof Error ? 'failed' : 'restored'
    tally.add(family, kind)
    if (kind === 'restored') report.migrated(...names)
    if (kind !== 'failed') continue
    run.failed({ family, canonical: Buffer.from(names[1]) }, key, reply as Error)
    report.error(...names, family, (reply as Error).message)
  }
}

/**
 * Reads the file from beginning to end. A last line that is cut off is what a kill leaves, and is left out.
 *
 * @returns whether the trailer is there
 * @throws CanonicalRedisError `E_BAD_FILE`, `E_SCHEMA_CHANGED`
 */
async function checkFile(run: Run, file: string): Promise<boolean> {
  const hash = digest()
  let header: Header | undefined
  let keys = 0
  for await (const line of linesOf(file)) {
    const item = readLine(line.text, line.number, file)
    if (line.number === 1) {
      if (!('format' in item)) throw damaged(file, 1, 'it is no header')
      header = item
      checkSchema(run, file, header)
    } else if ('end' in item) {
      if (item.keys === keys && item.sha256 === hash.digest('hex')) return true
      throw damaged(file, line.number, `it speaks of ${item.keys} keys with another checksum than those above it`)
    } else keys++
    hash.update(`${line.text}\n`)
  }
  if (header === undefined) throw damaged(file, 1, 'there is none')
  return false
}

function checkSchema({ names }: Run, file: string, { schema, hash }: Header): void {
  if (hash === names.schema.hash) return
  throw new CanonicalRedisError(
    'E_SCHEMA_CHANGED',
    `Expected ${file} to be of the schema "${names.schema.name}" (${names.schema.hash}), but it was written for "${schema}" ` +
      `(${hash}), which maps otherwise.`,
    { hint: 'Restore it with the schema that it was written for.' },
  )
}

async function* entriesOf(file: string): AsyncGenerator<Entry | object> {
  for await (const { text, number } of linesOf(file)) yield readLine(text, number, file)
}

interface Line {
  readonly text: string
  readonly number: number
}

/** Lines; without the last one if it does not end in a newline and is no JSON. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })
  let held: Line | undefined
  let number = 0
  for await (const text of lines) {
    if (held) yield held
    held = { text, number: ++number }
  }
  if (held && (held.text.endsWith('}') || held.number === 1)) yield held
}
