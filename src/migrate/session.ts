/**
 * The connections of one run, and scripts over many logical keys.
 *
 * @module
 */
import type { Port, Reply } from '../clients/port.js'
import { CanonicalRedisError } from '../errors.js'
import type { Job, Place } from './names.js'

/** What a script says of one logical key: words and numbers, or why it failed. */
export type Answer = readonly (string | number)[] | Error

/** Logical keys in one script call at most; the script itself stops earlier when they are large. */
const KEYS_PER_CALL = 100

/** Connections of our own, so that the user's is neither held up nor left in another database. */
export class Session {
  readonly #ports = new Map<number, Port>()
  readonly #origin: Port

  private constructor(
    origin: Port,
    readonly home: Port,
  ) {
    this.#origin = origin
    this.#ports.set(home.db, home)
  }

  /** Opens a session, gives it to `work`, and closes it whatever happens. */
  static async run<T>(origin: Port, work: (session: Session) => Promise<T>): Promise<T> {
    const session = new Session(origin, await origin.duplicate())
    try {
      return await work(session)
    } finally {
      await Promise.all([...session.#ports.values()].map((port) => port.close()))
    }
  }

  /** The connection to a database. */
  async port(db: number): Promise<Port> {
    const known = this.#ports.get(db)
    if (known) return known
    const port = await this.#origin.duplicate({ db })
    this.#ports.set(db, port)
    return port
  }

  /**
   * Refuses a server without COPY, once, instead of failing at every key. COPY alone is asked for: a wrong number of
   * arguments is the answer of a server that has it.
   * @throws CanonicalRedisError `E_SERVER_TOO_OLD`
   */
  async requireCopy(): Promise<void> {
    const [reply] = await this.home.pipeline([['COPY']])
    if (!(reply instanceof Error) || !/unknown command/i.test(reply.message)) return
    throw new CanonicalRedisError('E_SERVER_TOO_OLD', 'Expected a server with COPY, which this one does not know.', {
      hint: 'Use Redis 6.2 or later, or Valkey; a managed service may have to allow COPY.',
      cause: reply,
    })
  }

  /**
   * Runs a script over logical keys: one answer each, in order. A logical key is handled in one atomic piece.
   * Rejects only when the connection fails.
   */
  async script(script: string, mode: string, jobs: readonly Pick<Job, 'canonical' | 'aliases'>[]): Promise<Answer[]> {
    const answers: Answer[] = []
    let singly = 0
    while (answers.length < jobs.length) {
      const part = jobs.slice(answers.length, answers.length + (singly > 0 ? 1 : KEYS_PER_CALL))
      const [reply] = await this.home.pipeline([call(script, this.home.db, mode, part)])
      if (reply instanceof Error && part.length > 1) {
        // The server refuses a call for any one of its keys (an ACL, say): one by one, it is that key alone.
        singly = part.length
        continue
      }
      answers.push(...(reply instanceof Error ? [reply] : (reply as Reply[][]).map(toAnswer)))
      singly = Math.max(0, singly - 1)
    }
    return answers
  }
}

function call(script: string, home: number, mode: string, jobs: readonly Pick<Job, 'canonical' | 'aliases'>[]) {
  const names = jobs.flatMap(({ canonical, aliases }) => [canonical, ...aliases.map(({ name }) => name)])
  const places = jobs.flatMap(({ aliases }) => [aliases.length, ...aliases.map(({ db }: Place) => db)])
  return ['EVAL', script, String(names.length), ...names, String(home), mode, ...places.map(String)]
}

function toAnswer(reply: Reply[]): Answer {
  const words = reply.map((word) => (typeof word === 'number' ? word : String(word)))
  return words[0] === 'error' ? new Error(String(words[1])) : words
}
