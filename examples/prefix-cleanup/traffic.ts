/**
 * People who talk to their glasses while the keys move: what they say is remembered here as well, and compared.
 *
 * @module
 */
import { randomNumbers } from '../support/random.js'
import type { Assistant } from './app/assistant.js'

const LINES_KEPT = 50

/** One user, and what the assistant has to know. Numbers that were sent and numbers that were acknowledged. */
export interface User {
  readonly id: string
  readonly said: { sent: number; acked: number }
  readonly visits: { sent: number; acked: number }
}

/** The record of a run. */
export class Record {
  readonly users: User[] = []
  readonly operations = { raw: 0, wrapped: 0 }
  readonly errors: string[] = []
  /** Answers that could not be true. */
  readonly wrong: string[] = []

  newUser(): User {
    const user = { id: `1415555${this.users.length}`, said: { sent: 0, acked: 0 }, visits: { sent: 0, acked: 0 } }
    this.users.push(user)
    return user
  }

  get total(): number {
    return this.operations.raw + this.operations.wrapped
  }

  expect(what: string, got: unknown, wanted: unknown): void {
    if (got !== wanted) this.wrong.push(`${what}: expected ${String(wanted)}, got ${String(got)}`)
  }

  /** Waits until so many more operations were answered. */
  async more(operations: number): Promise<void> {
    const until = this.total + operations
    while (this.total < until) await new Promise(setImmediate)
  }
}

/** One user at work, through one version of the application, until stopped. With `reads`, a service that only looks. */
export class Session {
  readonly #random: () => number
  #isRunning = true
  readonly #ended: Promise<void>

  constructor(
    readonly kind: 'raw' | 'wrapped',
    readonly app: Assistant,
    readonly record: Record,
    readonly user: User | 'reads',
  ) {
    this.#random = randomNumbers(record.users.length * 7919)
    this.#ended = this.#run()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#ended
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      try {
        await (this.user === 'reads' ? this.#look() : this.#act(this.user))
        this.record.operations[this.kind]++
      } catch (error) {
        this.record.errors.push((error as Error).message)
      }
    }
  }

  /** What was acknowledged before the question has to be in the answer, and nothing that was not sent. */
  async #look(): Promise<void> {
    const { users } = this.record
    const user = users[Math.floor(this.#random() * users.length)] as User
    const atLeast = user.visits.acked
    const got = await this.app.visits(user.id)
    if (got < atLeast || got > user.visits.sent) this.record.expect(`visits of ${user.id}`, got, atLeast)
  }

  #act(user: User): Promise<void> {
    const actions = [
      this.#say,
      this.#say,
      this.#recall,
      this.#visit,
      this.#visit,
      this.#cache,
      this.#remind,
      this.#cancel,
    ]
    const action = actions[Math.floor(this.#random() * actions.length)] as (user: User) => Promise<void>
    return action.call(this, user)
  }

  async #say({ id, said }: User): Promise<void> {
    const length = await this.app.say(id, String(++said.sent))
    said.acked = said.sent
    this.record.expect(`lines of ${id}`, length, Math.min(said.sent, LINES_KEPT))
  }

  async #recall({ id, said }: User): Promise<void> {
    const lines = await this.app.history(id)
    this.record.expect(`history of ${id}`, lines.join(), keptLines(said.acked).join())
  }

  async #visit({ id, visits }: User): Promise<void> {
    visits.sent++
    const got = await this.app.visit(id)
    visits.acked = visits.sent
    this.record.expect(`visits of ${id}`, got, visits.acked)
  }

  async #cache({ id }: User): Promise<void> {
    const question = `${id} asks about ${Math.floor(this.#random() * 20)}`
    const answer = String(this.#random())
    await this.app.cache(question, answer)
    this.record.expect(`answer to "${question}"`, await this.app.cached(question), answer)
  }

  async #remind({ id }: User): Promise<void> {
    const text = String(this.#random())
    await this.app.remind(`evt_${id}`, text, new Date('2035-01-01'))
    this.record.expect(`reminder of ${id}`, (await this.app.reminder(`evt_${id}`))['text'], text)
  }

  async #cancel({ id }: User): Promise<void> {
    await this.app.cancel(id)
    this.record.expect(`cancellation of ${id}`, await this.app.isCancelled(id), true)
  }
}

/** The lines that a conversation of so many lines still has. */
export const keptLines = (said: number): string[] =>
  Array.from({ length: Math.min(said, LINES_KEPT) }, (_, i) => String(Math.max(0, said - LINES_KEPT) + i + 1))
