/**
 * What the server in memory lacks reaches the caller as an error of ours, which says what to do.
 *
 * @module
 */
import { commandRows } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import { refusalOf } from './refusals.js'
import { ReplyError } from './resp.js'

/** What a refusal of a command says that Redis has and this server lacks. */
export const LACKS = 'which the mock lacks'

/** The refusal of a command (or of one of its subcommands) that Redis has. */
export const lacking = (command: string): ReplyError => new ReplyError(`ERR unknown command '${command}', ${LACKS}`)

const words: ReadonlySet<string> = new Set(commandRows.map(({ name }) => name))

/** The refusal of a word behind a command such as CLIENT: Redis has it, or nobody has. */
export function lackingWord(container: string, word: string): ReplyError {
  const name = `${container} ${word.toLowerCase()}`
  if (words.has(name)) return lacking(name)
  return new ReplyError(`ERR unknown subcommand '${word.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`)
}

const lacked = new RegExp(`unknown command '([^']+)', ${LACKS}`)

/** The same error, or, where the server lacks a command that Redis has, `E_UNSUPPORTED`. */
export function explained(error: Error): Error {
  const command = lacked.exec(error.message)?.[1]?.toUpperCase()
  if (command === undefined) return error
  const { why, instead } = refusalOf(command)
  return new CanonicalRedisError('E_UNSUPPORTED', `the mock has no ${command}: ${why}`, {
    cause: error,
    hint: `${instead}; docs/testing.md lists what the mock has`,
  })
}
