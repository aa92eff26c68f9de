/**
 * From whatever was thrown to what a person reads: the sentence, a code, the next command, and the exit code.
 *
 * @module
 */
import { isCanonicalRedisError, type ErrorCode } from '../errors.js'
import { exitOf, type Exit } from './exits.js'
import { redact } from './io.js'
import { inFlags } from './wording.js'

/** An error, for people and for scripts. */
export interface Problem {
  /** Stable: one of {@link ErrorCode}, of Node (`EACCES`) or of Redis (`NOPERM`). */
  readonly code: string
  readonly message: string
  /** What to do, or to type, next. */
  readonly next: string | undefined
  readonly exit: Exit
}

interface Like {
  readonly name?: unknown
  readonly code?: unknown
  readonly syscall?: unknown
  readonly message?: unknown
}

interface Rule {
  readonly when: (error: Like, message: string) => boolean
  readonly code: (error: Like, message: string) => string
  readonly exit: Exit
  readonly next: string
}

const firstWord = (_: Like, message: string): string => /^[A-Z]+/.exec(message)?.[0] ?? 'ERR'
const ownCode = ({ code }: Like): string => String(code)

/** Errors of others, by what they look like. The first rule that fits counts. */
const rules: readonly Rule[] = [
  {
    when: ({ name }) => name === 'AbortError',
    code: () => 'E_STOPPED',
    exit: 'interrupted',
    next: 'What was done stays done. To go on, run the same command again.',
  },
  {
    when: (_, message) => /^NOPERM /.test(message),
    code: firstWord,
    exit: 'server',
    next: 'The user lacks a permission. See which ones are needed: canonical-redis check',
  },
  {
    when: (_, message) => /^(NOAUTH|WRONGPASS) |invalid password/i.test(message),
    code: (error, message) => (/^(NOAUTH|WRONGPASS)/.test(message) ? firstWord(error, message) : 'WRONGPASS'),
    exit: 'server',
    next: 'Put user and password into the URL: --url redis://user:password@host:6379, or into the config file.',
  },
  {
    when: (_, message) => /^OOM /.test(message),
    code: firstWord,
    exit: 'server',
    next: 'The server is full. See what the migration needs: canonical-redis analyze',
  },
  {
    // Before what a connection may say: `write` is the call of both.
    when: ({ code }) => code === 'ENOSPC' || code === 'EDQUOT',
    code: ownCode,
    exit: 'usage',
    next:
      'The disk is full. Make room, or name another folder (--report-dir <folder>). What was done stays done: run the ' +
      'same command again.',
  },
  {
    when: ({ syscall, code }) => /^(connect|getaddrinfo|read|write)$/.test(String(syscall)) && typeof code === 'string',
    code: ownCode,
    exit: 'server',
    next: 'Is the server up, and the address right? What was done stays done: run the same command again.',
  },
  {
    when: (_, message) =>
      /Connection is closed|max retries per request|ClusterAllFailed|Failed to refresh/i.test(message),
    code: () => 'E_CONNECTION',
    exit: 'server',
    next: 'The connection was lost. What was done stays done: run the same command again.',
  },
  {
    when: ({ code }) => /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENOENT|EEXIST)$/.test(String(code)),
    code: ownCode,
    exit: 'usage',
    next: 'Name another file or folder (--report-dir <folder>), or make this one writable.',
  },
  {
    when: (_, message) => /^[A-Z][A-Z0-9]+ /.test(message),
    code: firstWord,
    exit: 'server',
    next: 'That is the answer of the server. See what it allows: canonical-redis check',
  },
]

/** The message without the hint that {@link CanonicalRedisError} puts behind it. */
const bare = (message: string): string => message.split('\n  → ')[0]!

/** Understands an error. What is not known is a fault of the program. */
export function problemOf(error: unknown): Problem {
  if (isCanonicalRedisError(error)) {
    const code: ErrorCode = error.code
    const next = error.hint === undefined ? undefined : redact(inFlags(error.hint))
    return { code, message: redact(inFlags(bare(error.message))), next, exit: exitOf(code) }
  }
  const like = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Like
  const message = String(like.message ?? error)
  const rule = rules.find(({ when }) => when(like, message))
  if (rule) return { code: rule.code(like, message), message: redact(message), next: rule.next, exit: rule.exit }
  return {
    code: 'E_FAULT',
    message: redact(message),
    next: 'This should not happen. Run it again with DEBUG=1 for the stack, and report it.',
    exit: 'fault',
  }
}
