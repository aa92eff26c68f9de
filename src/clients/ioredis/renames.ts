/**
 * Replies and errors under the names that the caller used.
 *
 * @module
 */
import { mapReplyNames, type Arg, type ReplyPath } from '../../commands/index.js'
import type { Plan, Rename } from '../../plan/index.js'
import type { RawCommand } from './types.js'

/** Does any name that was sent differ from the name asked for? */
export function differ(renames: readonly Rename[]): boolean {
  return renames.some(({ sent, asked }) => !same(sent, asked))
}

function same(a: Arg, b: Arg): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  return Buffer.compare(toBuffer(a), toBuffer(b)) === 0
}

function toBuffer(arg: Arg): Buffer {
  return typeof arg === 'string' ? Buffer.from(arg) : arg
}

/**
 * Gives a reply the caller's names. Where two asked names were sent as one (`XREAD STREAMS job:1 step:1`), the first
 * answer is the first asked, and so on.
 */
export function renameReply(path: ReplyPath, reply: unknown, renames: readonly Rename[]): unknown {
  if (path === 'none' || !differ(renames)) return reply
  const queues = new Map<string, Arg[]>()
  for (const { sent, asked } of renames) {
    const key = toBuffer(sent).toString('latin1')
    const queue = queues.get(key)
    if (queue) queue.push(asked)
    else queues.set(key, [asked])
  }
  return mapReplyNames(path, reply, (name) => {
    const queue = queues.get(toBuffer(name).toString('latin1'))
    const asked = queue && queue.length > 1 ? queue.shift() : queue?.[0]
    if (asked === undefined) return name
    return typeof name === 'string' ? asked.toString() : toBuffer(asked)
  })
}

/** `NOGROUP No such key 'step:1' …` reads `'job:1'` when that is what the caller asked for. */
export function renameError(error: Error, renames: readonly Rename[]): Error {
  for (const { sent, asked } of renames) {
    const quoted = `'${sent.toString()}'`
    if (error.message.includes(quoted)) error.message = error.message.replaceAll(quoted, `'${asked.toString()}'`)
  }
  return error
}

/** Makes a command answer under the caller's names, whichever way its reply arrives (also in EXEC). */
export function renameOn(command: RawCommand, plan: Plan): void {
  const { renames, located } = plan
  const { reject, name } = command
  const becomesScript = plan.steps[plan.op]?.argv[0] !== name
  if (!becomesScript && !differ(renames)) return
  const args = [...command.args]
  command.reject = (error) => {
    reject.call(command, asAsked(renameError(error, renames), name, args))
  }
  if (located.row.reply === 'none') return
  // An own property, since ioredis calls it for promises, callbacks, pipelines and EXEC alike.
  const transform = command.transformReply
  command.transformReply = (value) => renameReply(located.row.reply, transform.call(command, value), renames)
}

/** ioredis hangs the command on its errors; it must be the caller's, not ours. */
export function asAsked(error: Error, name: string, args: readonly Arg[]): Error {
  return error.name === 'ReplyError' ? Object.assign(error, { command: { name, args } }) : error
}
