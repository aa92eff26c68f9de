/**
 * Commands of ioredis that answer under the names that the caller used.
 *
 * @module
 */
import type { Arg, Located } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { differ, renameError, renameReply, renamesOf } from '../shared/names.js'
import { planned, type RawCommand } from './types.js'

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

/** What {@link rejectNamed} needs of a command. */
type NamedCommand = RawCommand & { [planned]: { readonly asked: Arg; readonly reject: RawCommand['reject'] } }

// One function for all commands, where a closure for each would outlive the wait for its reply.
function rejectNamed(this: RawCommand, error: Error): void {
  const { asked, reject } = (this as NamedCommand)[planned]
  const renames = [{ sent: this.args[0] as Arg, asked }]
  reject.call(this, asAsked(renameError(error, renames), this.name, this.args.with(0, asked)))
}

/** The same for a command with one key that goes out under another name, and whose reply names no key. */
export function nameErrorsOf(command: RawCommand, asked: Arg): void {
  ;(command as NamedCommand)[planned] = { asked, reject: command.reject }
  command.reject = rejectNamed
}

type AllNamedCommand = RawCommand & {
  [planned]: { readonly asked: readonly Arg[]; readonly located: Located; readonly reject: RawCommand['reject'] }
}

function rejectAllNamed(this: RawCommand, error: Error): void {
  const { asked, located, reject } = (this as AllNamedCommand)[planned]
  reject.call(this, asAsked(renameError(error, renamesOf(located, asked, this.args)), this.name, asked))
}

/** The same for a command with several keys; `asked` are its arguments as the caller wrote them. */
export function nameAllErrorsOf(command: RawCommand, asked: readonly Arg[], located: Located): void {
  ;(command as AllNamedCommand)[planned] = { asked, located, reject: command.reject }
  command.reject = rejectAllNamed
}

/** ioredis hangs the command on its errors; it must be the caller's, not ours. */
export function asAsked(error: Error, name: string, args: readonly Arg[]): Error {
  return error.name === 'ReplyError' ? Object.assign(error, { command: { name, args } }) : error
}
