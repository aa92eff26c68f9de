/**
 * Commands of ioredis that answer under the names that the caller used.
 *
 * @module
 */
import type { Arg, Located } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { differ, renameError, renameReply, renamesOf } from '../shared/names.js'
import type { RawCommand } from './types.js'

/** Makes a command answer under the caller's names, whichever way its reply arrives (also in EXEC). */
export function renameOn(command: RawCommand, plan: Plan): void {
  const { renames, located } = plan
  // The array is the caller's for good: a command that goes out with other arguments gets another.
  const { reject, name, args } = command
  const becomesScript = plan.steps[plan.op]?.argv[0] !== name
  if (!becomesScript && !differ(renames)) return
  command.reject = (error) => {
    reject.call(command, asAsked(renameError(error, renames), name, args))
  }
  if (located.row.reply === 'none') return
  // An own property, since ioredis calls it for promises, callbacks, pipelines and EXEC alike.
  const transform = command.transformReply
  command.transformReply = (value) => renameReply(located.row.reply, transform.call(command, value), renames)
}

/** The same for a command with one key that goes out under another name, and whose reply names no key. */
export function nameErrorsOf(command: RawCommand, asked: Arg): void {
  const { reject } = command
  command.reject = (error) => {
    const renames = [{ sent: command.args[0] as Arg, asked }]
    reject.call(command, asAsked(renameError(error, renames), command.name, command.args.with(0, asked)))
  }
}

/** The same for a command with several keys; `asked` are its arguments as the caller wrote them. */
export function nameAllErrorsOf(command: RawCommand, asked: readonly Arg[], located: Located): void {
  const { reject } = command
  command.reject = (error) => {
    const renames = renamesOf(located, asked, command.args)
    reject.call(command, asAsked(renameError(error, renames), command.name, asked))
  }
}

/** ioredis hangs the command on its errors; it must be the caller's, not ours. */
export function asAsked(error: Error, name: string, args: readonly Arg[]): Error {
  return error.name === 'ReplyError' ? Object.assign(error, { command: { name, args } }) : error
}
