/**
 * The flags that several verbs have, and how their texts are read.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { isPhase, phases } from '../phases/index.js'
import type { Flag } from './verb.js'

const bad = (flag: string, expected: string, text: string, hint: string): CanonicalRedisError =>
  new CanonicalRedisError('E_BAD_OPTION', `Expected ${flag} to be ${expected}, got "${text}".`, { hint })

/** Reads a number. */
const numeric =
  (flag: string, expected: string, holds: (value: number) => boolean, example: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && holds(value)) return value
    throw bad(flag, expected, text, `${flag} ${example}`)
  }

/** A whole number, from `least` on. */
export const whole = (flag: string, least: number, example: string): ((text: string) => number) =>
  numeric(flag, `a whole number from ${least} on`, (value) => Number.isSafeInteger(value) && value >= least, example)

const part = numeric('--memory', 'a number above 0, and 1 at most', (value) => value > 0 && value <= 1, '0.8')

const list = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** One of some words. */
export const oneOf =
  (flag: string, words: readonly string[]) =>
  (text: string): string => {
    if (words.includes(text)) return text
    throw bad(flag, `one of ${words.join(', ')}`, text, `${flag} ${words[0]}`)
  }

/** `offline` is no phase: nobody uses the keys, so that none of the dangers of a phase exists. */
export const OFFLINE = 'offline'

const config: Flag = {
  flags: '-c, --config <file>',
  says: 'the config file (default: the nearest canonical-redis.config.*)',
}
const url: Flag = { flags: '--url <url>', says: 'connect here, whatever the config says' }
const db: Flag = { flags: '--db <number>', says: 'the database of the canonical names', read: whole('--db', 0, '1') }
const families: Flag = { flags: '-f, --families <names>', says: 'only these families: a,b,c', read: list }
const group: Flag = { flags: '-g, --group <names>', says: 'only the families of these groups: a,b', read: list }
const json: Flag = { flags: '--json', says: 'one JSON object on stdout, for scripts' }
const phase: Flag = {
  flags: '--phase <phase>',
  says: `the phase that the fleet is in, or "${OFFLINE}" when nothing uses the keys`,
  read(text) {
    if (isPhase(text) || text === OFFLINE) return text
    throw bad('--phase', `one of ${[...phases, OFFLINE].join(', ')}`, text, '--phase dual-write')
  },
}
const live: Flag = { flags: '--live', says: 'do it; without this flag nothing is changed' }
const dryRun: Flag = {
  flags: '--dry-run',
  says: 'change nothing; it is so without this flag, too',
  conflicts: 'live',
}
const yes: Flag = { flags: '-y, --yes', says: 'do not ask' }
const reportDir: Flag = {
  flags: '--report-dir <folder>',
  says: 'where reports, logs and checkpoints go',
  fallback: 'canonical-redis-reports',
}
const noReport: Flag = { flags: '--no-report', says: 'write no report and no log' }
const rate: Flag = { flags: '--rate <keys>', says: 'at most so many keys a second', read: whole('--rate', 1, '10000') }
const batch: Flag = { flags: '--batch <keys>', says: 'keys in one batch', read: whole('--batch', 1, '500') }
const noThrottle: Flag = { flags: '--no-throttle', says: 'never hold back for the sake of the server' }
const memory: Flag = {
  flags: '--memory <part>',
  says: 'how full the memory may become, as a part of maxmemory',
  read: part,
}
const bigKeys: Flag = {
  flags: '--big-keys <how>',
  says: 'keys above 1 MB: chunk (in pieces), skip or copy',
  read: oneOf('--big-keys', ['chunk', 'skip', 'copy']),
}

/** What `offline` verbs take. */
export const schemaFlags: readonly Flag[] = [config, json]
/** What all verbs take that connect. */
export const serverFlags: readonly Flag[] = [config, url, db, families, group, json]
/** What verbs take that go through the keys. */
export const runFlags: readonly Flag[] = [...serverFlags, phase, rate, batch, noThrottle, memory, reportDir, noReport]
/** What verbs take besides that change data. */
export const liveFlags: readonly Flag[] = [live, dryRun, yes, bigKeys]
export { json as jsonFlag, phase as phaseFlag, reportDir as reportDirFlag, url as urlFlag, yes as yesFlag }

/** {@link schemaFlags}, read. */
export interface SchemaOptions {
  readonly config?: string
  readonly json?: boolean
}

/** {@link serverFlags}, read. */
export interface ServerOptions extends SchemaOptions {
  readonly url?: string
  readonly db?: number
  readonly families?: readonly string[]
  readonly group?: readonly string[]
}

/** {@link runFlags}, read. */
export interface RunFlagOptions extends ServerOptions {
  readonly phase?: string
  readonly rate?: number
  readonly batch?: number
  /** False after `--no-throttle`. */
  readonly throttle?: boolean
  readonly memory?: number
  readonly reportDir: string
  /** False after `--no-report`. */
  readonly report?: boolean
}

/** {@link liveFlags}, read. */
export interface LiveOptions extends RunFlagOptions {
  readonly live?: boolean
  readonly yes?: boolean
  readonly bigKeys?: 'chunk' | 'skip' | 'copy'
}
