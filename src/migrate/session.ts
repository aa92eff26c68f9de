/**
 * The connections of one run: to every server that holds keys, in each database, and to the successor of one that went
 * away.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Port } from '../clients/port.js'
import type { Server, Servers } from '../clients/servers.js'
import { CanonicalRedisError } from '../errors.js'

/** A connection was lost whose server has, or will have, a successor. */
export class ServerLost extends Error {
  constructor(
    readonly address: string,
    override readonly cause: unknown,
  ) {
    super(`${address} went away: ${(cause as Error).message}`, { cause })
  }
}

/** What a session needs to know from its run. */
export interface SessionOptions {
  /** How long to wait for a successor, in milliseconds. */
  readonly patience: number
  /** Told why nothing happens, before each pause. */
  readonly onWait?: (reason: string) => void | Promise<void>
  readonly signal?: AbortSignal | undefined
}

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000

/** Does the text come from the server, as an answer? All others come from a connection that broke. */
const isAnswer = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'ReplyError' || /^[A-Z][A-Z0-9_]+ /.test(error.message))

/** Answers that say "not here" or "not now" of the whole server. */
const AWAY = /^(LOADING|CLUSTERDOWN|MASTERDOWN|READONLY) /

/** Waits between tries, a little longer each time, until it has waited long enough. */
export class Patience {
  #pause = FIRST_PAUSE_MS
  #since: number | undefined

  constructor(readonly options: SessionOptions) {}

  /** Says why, and waits a little before the next try. @throws `error` when patience has run out */
  async wait(waitingFor: string, error: unknown): Promise<void> {
    const now = Date.now()
    this.#since ??= now
    const { patience, onWait, signal } = this.options
    if (now - this.#since > patience || signal?.aborted) throw error instanceof ServerLost ? error.cause : error
    await onWait?.(waitingFor)
    await sleep(this.#pause)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }

  /** Something went well: the next trouble begins anew. */
  renew(): void {
    this.#since = undefined
    this.#pause = FIRST_PAUSE_MS
  }
}

/** Connections of our own, so that the user's is neither held up nor left in another database. */
export class Session {
  readonly #ports = new Map<string, Promise<Port>>()
  readonly #turns = new Map<string, Promise<void>>()
  #known: readonly Server[] | undefined

  private constructor(
    readonly servers: Servers,
    readonly options: SessionOptions,
    readonly home: number,
  ) {}

  /** Opens a session, gives it to `work`, and closes it whatever happens. */
  static async run<T>(servers: Servers, options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const session = new Session(servers, options, servers.db)
    try {
      return await work(session)
    } finally {
      await Promise.all([...session.#ports.keys()].map((id) => session.#close(id)))
    }
  }

  /** Who owns which slots, as known. */
  async list(): Promise<readonly Server[]> {
    return (this.#known ??= await this.refresh())
  }

  /** Asks again who owns which slots. */
  async refresh(): Promise<readonly Server[]> {
    const patience = this.patience()
    for (;;) {
      try {
        return (this.#known = await this.servers.list())
      } catch (error) {
        if (!this.servers.haveSuccessors) throw error
        await patience.wait(`the cluster to answer (${(error as Error).message})`, error)
      }
    }
  }

  /** The connection to a database of a server; `purpose` tells one that has to be alone on it. */
  async port(server: Server, db = this.home, purpose = ''): Promise<Port> {
    const id = `${server.address} ${db} ${purpose}`
    const known = this.#ports.get(id)
    if (known) return known
    const opening = server.connect({ db })
    this.#ports.set(id, opening)
    try {
      return await opening
    } catch (error) {
      this.#ports.delete(id)
      throw this.lost(server, error)
    }
  }

  /**
   * Does something on a server. What a lost connection throws comes out as {@link ServerLost} where there is a successor
   * to go to; the connections to that server are then forgotten.
   */
  async on<T>(server: Server, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.lost(server, error)
    }
  }

  /**
   * Works while nobody else in this session does so on that server: a WATCH holds for a connection, and the EXEC of one
   * work would end the WATCH of another.
   */
  inTurn<T>(server: Server, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(server.address) ?? Promise.resolve()
    const mine = before.then(work)
    this.#turns.set(
      server.address,
      mine.then(
        () => undefined,
        () => undefined,
      ),
    )
    return mine
  }

  /** The error to throw for this one. */
  lost(server: Server, error: unknown): unknown {
    if (!this.servers.haveSuccessors || error instanceof ServerLost || error instanceof CanonicalRedisError)
      return error
    if (isAnswer(error) && !AWAY.test((error as Error).message)) return error
    for (const id of this.#ports.keys()) if (id.startsWith(`${server.address} `)) void this.#close(id)
    return new ServerLost(server.address, error)
  }

  /** A new stock of patience, for one thing that may have to be tried again. */
  patience(): Patience {
    return new Patience(this.options)
  }

  /**
   * Refuses a server without COPY, once, instead of failing at every key. COPY alone is asked for: a wrong number of
   * arguments is the answer of a server that has it.
   * @throws CanonicalRedisError `E_SERVER_TOO_OLD`
   */
  async requireCopy(): Promise<void> {
    for (const server of await this.list()) {
      const port = await this.port(server)
      const [reply] = await this.on(server, () => port.pipeline([['COPY']]))
      if (!(reply instanceof Error) || !/unknown command/i.test(reply.message)) continue
      throw new CanonicalRedisError('E_SERVER_TOO_OLD', 'Expected a server with COPY, which this one does not know.', {
        hint: 'Use Redis 6.2 or later, or Valkey; a managed service may have to allow COPY.',
        cause: reply,
      })
    }
  }

  async #close(id: string): Promise<void> {
    const opening = this.#ports.get(id)
    this.#ports.delete(id)
    await opening?.then((port) => port.close()).catch(() => undefined)
  }
}
