/**
 * One script call after the other over a big key, with others served in between.
 *
 * @module
 */
import type { Reply } from '../../clients/port.js'
import type { Server } from '../../clients/servers.js'
import type { Place } from '../names.js'
import type { Run } from '../run.js'
import type { Script } from '../scripts/index.js'
import type { Guard } from './guard.js'

/** What to go through, and what to make of each reply. */
export interface Pieces {
  readonly left: Place
  readonly right: Place
  readonly type: string
  /** Elements (of a string: bytes) in one piece. */
  readonly count: number
  /** The next cursor, `0` at the end; `stop` ends before it. */
  readonly onReply: (reply: Reply) => { readonly cursor: string; readonly stop?: boolean }
}

/** Goes through all pieces; gives the number of calls. */
export async function eachPiece(run: Run, server: Server, script: Script, pieces: Pieces): Promise<number> {
  const { left, right, type, count, onReply } = pieces
  const { home } = run.session
  const port = await run.session.port(server)
  for (let calls = 1, cursor = '0'; ; calls++) {
    // Not counted as keys, but it waits for the server as everything does.
    await run.pacer.admit(server, 0)
    const args = [home, left.db, right.db, type, cursor, count].map(String)
    const keys = ['2', left.name, right.name]
    const known = await run.session.on(server, () => port.pipeline([['EVALSHA', script.sha, ...keys, ...args]]))
    let [reply] = known
    if (reply instanceof Error && reply.message.startsWith('NOSCRIPT')) {
      ;[reply] = await run.session.on(server, () => port.pipeline([['EVAL', script.lua, ...keys, ...args]]))
    }
    if (reply instanceof Error) throw reply
    const next = onReply(reply!)
    if (next.stop || next.cursor === '0') return calls
    cursor = next.cursor
  }
}

const lengths: Readonly<Record<string, string>> = { hash: 'HLEN', set: 'SCARD', zset: 'ZCARD', list: 'LLEN' }

/** About so many bytes in one piece: a millisecond or so. */
const PIECE_BYTES = 200_000

/** How many elements make a piece, from the mean size of one. */
export async function countFor(guard: Guard, { db, name }: Place, type: string, bytes: number): Promise<number> {
  const command = lengths[type]
  if (command === undefined) return PIECE_BYTES
  const [length] = await guard.ask([[db, command, name]])
  const mean = bytes / Math.max(1, Number(length))
  return Math.min(2000, Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, mean))))
}
