/**
 * A connection of its own that watches keys: what is committed on it happens only if none of them has changed.
 *
 * @module
 */
import { TransactionDiscarded, type Port, type Reply } from '../../clients/port.js'
import type { Server } from '../../clients/servers.js'
import type { Arg } from '../../commands/index.js'
import type { Place } from '../names.js'
import type { Run } from '../run.js'

/** A command line, and the database it is for. */
export type Line = readonly [db: number, ...argv: readonly Arg[]]

/** Command lines with the SELECTs that they need; the connection begins and ends in `home`. */
export function selecting(home: number, lines: readonly Line[]): Arg[][] {
  let at = home
  const all: Arg[][] = []
  const select = (db: number): void => {
    if (db !== at) all.push(['SELECT', String(db)])
    at = db
  }
  for (const [db, ...argv] of lines) {
    select(db)
    all.push(argv)
  }
  select(home)
  return all
}

/** Watches keys of one server. */
export class Guard {
  private constructor(
    readonly run: Run,
    readonly server: Server,
    readonly port: Port,
  ) {}

  /** Begins to watch. One guard a server at a time (`session.inTurn`): they share a connection. */
  static async watch(run: Run, server: Server, watched: readonly Place[]): Promise<Guard> {
    const port = await run.session.port(server, run.session.home, 'guard')
    const guard = new Guard(run, server, port)
    await guard.ask(watched.map(({ db, name }) => [db, 'WATCH', name]))
    return guard
  }

  /** Sends command lines, outside of any transaction. Gives their replies without those of the SELECTs. */
  async ask(lines: readonly Line[]): Promise<Reply[]> {
    const all = selecting(this.run.session.home, lines)
    const replies = await this.run.session.on(this.server, () => this.port.pipeline(all))
    return withoutSelects(all, replies)
  }

  /** Does all or nothing; undefined when a watched key has changed. */
  async commit(lines: readonly Line[]): Promise<Reply[] | undefined> {
    const all = selecting(this.run.session.home, lines)
    try {
      return withoutSelects(all, await this.run.session.on(this.server, () => this.port.transaction(all)))
    } catch (error) {
      if (error instanceof TransactionDiscarded) return undefined
      throw error
    }
  }

  /** Ends watching without doing anything. */
  async release(): Promise<void> {
    await this.ask([[this.run.session.home, 'UNWATCH']])
  }
}

function withoutSelects(lines: readonly (readonly Arg[])[], replies: readonly (Reply | Error)[]): Reply[] {
  const kept: Reply[] = []
  replies.forEach((reply, i) => {
    if (reply instanceof Error) throw reply
    if (lines[i]?.[0] !== 'SELECT') kept.push(reply)
  })
  return kept
}
