/**
 * SCAN, page by page.
 *
 * @module
 */
import type { Port } from '../../clients/port.js'
import type { Walk } from './walks.js'

/** Some names, and the cursor that goes on behind them; `0` when these were the last. */
export interface Page {
  readonly names: readonly Buffer[]
  readonly next: string
  /** How many keys the server has gone through for it, about. */
  readonly count: number
  /** Counts what the server has dealt with itself, which is not among the names. */
  readonly settle?: () => void
}

/** Asks for the page behind a cursor. */
export type Ask = (cursor: string) => Promise<Page>

/** Asks with SCAN. */
export const scanning =
  (port: Port, walk: Walk, count: number): Ask =>
  async (cursor) => {
    const match = walk.match === undefined ? [] : ['MATCH', walk.match]
    const [next, names] = (await port.send(['SCAN', cursor, ...match, 'COUNT', String(count)])) as [Buffer, Buffer[]]
    return { names, next: next.toString(), count }
  }

/**
 * Names in pages: each key that stays is there, and some may come twice. A cursor means something to the process that
 * gave it, and to no other: see the run id of checkpoints.
 *
 * @param from The cursor to go on from; `0` to begin.
 */
export const scanPages = (port: Port, walk: Walk, count: number, from = '0'): AsyncGenerator<Page> =>
  pagesOf(scanning(port, walk, count), from)

/** @param isAhead May the next page be asked for while the last is worked on? */
export async function* pagesOf(ask: Ask, from: string, isAhead = true): AsyncGenerator<Page> {
  let asked: Promise<Page> | undefined
  for (let cursor: string | undefined = from; cursor !== undefined;) {
    const page: Page = await (asked ?? ask(cursor))
    cursor = page.next === '0' ? undefined : page.next
    asked = cursor !== undefined && isAhead ? ask(cursor) : undefined
    // Nobody waits for it when the work on this one fails.
    asked?.catch(() => undefined)
    yield page
  }
}
