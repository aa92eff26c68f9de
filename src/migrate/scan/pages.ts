/**
 * SCAN, page by page.
 *
 * @module
 */
import type { Port, Reply } from '../../clients/port.js'
import type { Walk } from './walks.js'

/** Some names, and the cursor that goes on behind them; `0` when these were the last. */
export interface Page {
  readonly names: readonly Buffer[]
  readonly next: string
}

/**
 * Names in pages: each key that stays is there, and some may come twice. A cursor means something to the process that
 * gave it, and to no other: see the run id of checkpoints.
 *
 * @param from The cursor to go on from; `0` to begin.
 */
export async function* scanPages(port: Port, walk: Walk, count: number, from = '0'): AsyncGenerator<Page> {
  const ask = (cursor: string): Promise<Reply> => {
    const match = walk.match === undefined ? [] : ['MATCH', walk.match]
    const reply = port.send(['SCAN', cursor, ...match, 'COUNT', String(count)])
    // The next page is asked for while the last is worked on. Nobody waits for it when that work fails.
    reply.catch(() => undefined)
    return reply
  }
  for (let asked: Promise<Reply> | undefined = ask(from); asked;) {
    const [cursor, names] = (await asked) as [Buffer, Buffer[]]
    const next = cursor.toString()
    asked = next === '0' ? undefined : ask(next)
    yield { names, next }
  }
}
