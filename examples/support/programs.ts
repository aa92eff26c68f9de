/**
 * Programs that go on while keys are migrated, and what they counted.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'

/** One program: it does a little, again and again. */
export interface Program {
  readonly name: string
  /** `legacy`: a client that knows nothing of the migration. */
  readonly kind: 'legacy' | 'wrapped'
  /** One turn; gives how many commands it sent. What it throws is an error of the example. */
  turn(): Promise<number>
}

/** Programs that send nothing for so long have lost their server. */
const STUCK_MS = 20_000

/** Sentences that are kept. */
const KEPT = 5

/** Runs programs, and counts for all of them. */
export class Board {
  readonly operations = { legacy: 0, wrapped: 0 }
  readonly problems: string[] = []
  errors = 0
  /** What a program found to be wrong: a lost update, a stale read, a message that is missing or comes twice. */
  wrong = 0
  readonly #running = new Map<Program, { stopped: boolean; readonly ended: Promise<void> }>()

  get total(): number {
    return this.operations.legacy + this.operations.wrapped
  }

  /** Notes something that must not be. */
  report(sentence: string): void {
    this.wrong++
    this.#keep(sentence)
  }

  start(...programs: readonly Program[]): void {
    for (const program of programs) {
      const state = { stopped: false, ended: Promise.resolve() }
      this.#running.set(program, Object.assign(state, { ended: this.#run(program, state) }))
    }
  }

  /** Ends programs after their turn; all of them, if none is named. */
  async stop(...programs: readonly Program[]): Promise<void> {
    const chosen = programs.length > 0 ? programs : [...this.#running.keys()]
    for (const program of chosen) {
      const state = this.#running.get(program)
      if (state === undefined) continue
      state.stopped = true
      await state.ended
      this.#running.delete(program)
    }
  }

  /**
   * Resolves when the programs have sent so many commands more, or nothing runs.
   *
   * @throws when none of them comes to the end of a turn any more
   */
  async more(operations: number): Promise<void> {
    const enough = this.total + operations
    let [seen, since] = [this.total, Date.now()]
    while (this.total < enough && this.#running.size > 0) {
      await pause(2)
      if (this.total > seen) [seen, since] = [this.total, Date.now()]
      else if (Date.now() - since > STUCK_MS) {
        throw new Error(
          `the programs stand still; the last that was heard of them: ${this.problems.join('; ') || 'nothing'}`,
        )
      }
    }
  }

  async #run(program: Program, state: { readonly stopped: boolean }): Promise<void> {
    // The caller goes on first: a program that failed at once would otherwise end before it is known to run.
    await pause(0)
    while (!state.stopped) {
      try {
        this.operations[program.kind] += await program.turn()
      } catch (error) {
        this.errors++
        this.#keep(`${program.name}: ${(error as Error).message}`)
      }
      // Others have their turn, and a program that fails does not fill the machine.
      await pause(1)
    }
  }

  #keep(sentence: string): void {
    if (this.problems.length < KEPT) this.problems.push(sentence)
  }
}
