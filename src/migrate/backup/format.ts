/**
 * The backup file: lines of JSON. First a header, then one line a key, and at the end, if the cleanup came to its end, a
 * trailer. Documented in docs/migrator.md; what is written once must be read for ever.
 *
 * @module
 */
import { createHash, type Hash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { CanonicalRedisError } from '../../errors.js'

export const FORMAT = 'canonical-redis backup'

/** The first line. */
export interface Header {
  readonly format: typeof FORMAT
  readonly version: 1
  /** The schema's name and hash. */
  readonly schema: string
  readonly hash: string
  /** ISO 8601. */
  readonly created: string
}

/** One key. */
export interface Entry {
  readonly key: Buffer
  readonly db: number
  readonly family: string
  readonly type: string
  /** Milliseconds since 1970; -1: none. */
  readonly expires: number
  /** What DUMP gave. */
  readonly dump: Buffer
}

/** The last line. */
export interface Trailer {
  readonly end: true
  readonly keys: number
  /** SHA-256 of all bytes before this line, in hex. */
  readonly sha256: string
}

const sumOf = (key: string, db: number, expires: number, dump: string): string =>
  createHash('sha256').update(`${key} ${db} ${expires} ${dump}`).digest('hex').slice(0, 16)

/** The line of a key. A name that is not UTF-8 stands in base64, under `keyBase64`. */
export function lineOf({ key, db, family, type, expires, dump }: Entry): string {
  const [base64, bytes] = [key.toString('base64'), dump.toString('base64')]
  const name = isUtf8(key) ? { key: key.toString() } : { keyBase64: base64 }
  return `${JSON.stringify({ ...name, db, family, type, expires, dump: bytes, sum: sumOf(base64, db, expires, bytes) })}\n`
}

/** A digest over a file as it is written or read. */
export const digest = (): Hash => createHash('sha256')

/** What a line is. @throws CanonicalRedisError `E_BAD_FILE` */
export function readLine(line: string, number: number, file: string): Header | Entry | Trailer {
  const parsed = parse(line)
  if (parsed === undefined) throw damaged(file, number, 'it is not JSON')
  if (parsed['format'] === FORMAT) {
    if (parsed['version'] !== 1) throw damaged(file, number, `it is of version ${String(parsed['version'])}, not 1`)
    return parsed as unknown as Header
  }
  if (parsed['end'] === true) return parsed as unknown as Trailer
  const { key, keyBase64, db, family, type, expires, dump, sum } = parsed
  const name = typeof keyBase64 === 'string' ? Buffer.from(keyBase64, 'base64') : Buffer.from(String(key))
  if (sum !== sumOf(name.toString('base64'), Number(db), Number(expires), String(dump))) {
    throw damaged(file, number, 'its checksum does not match')
  }
  return {
    key: name,
    db: Number(db),
    family: String(family),
    type: String(type),
    expires: Number(expires),
    dump: Buffer.from(String(dump), 'base64'),
  }
}

/** `E_BAD_FILE`, with the line. */
export function damaged(file: string, number: number, why: string): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_BAD_FILE',
    `Expected line ${number} of ${file} to be of a backup, but ${why}. Nothing was restored.`,
    { hint: 'Use the file as cleanupAliases wrote it.' },
  )
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
