/**
 * Replies and errors under the names that the caller used.
 *
 * @module
 */
import { mapReplyNames, type Arg, type Located, type ReplyPath } from '../../commands/index.js'
import type { Rename } from '../../plan/index.js'

/** The names of a command's keys, from its arguments as the caller wrote them and as they were sent. */
export function renamesOf({ keys }: Located, asked: readonly Arg[], sent: readonly Arg[]): Rename[] {
  return keys.map(({ index }) => ({ sent: sent[index - 1] as Arg, asked: asked[index - 1] as Arg }))
}

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
