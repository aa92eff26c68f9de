/**
 * Collects the steps of one plan, and keeps count of the database that each of them runs in.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import type { Step, StepRole } from './types.js'

/** The steps so far. The connection starts in `home` and is back there at the end. */
export class Block {
  readonly steps: Step[] = []
  #db: number

  constructor(readonly home: number) {
    this.#db = home
  }

  /** Adds a step that runs in database `db`; gives its position. */
  add(role: StepRole, db: number, argv: readonly Arg[]): number {
    this.#select(db)
    return this.steps.push({ role, argv }) - 1
  }

  /** Copies one name to another, across databases where they differ; it overwrites only if told to. */
  copy(role: StepRole, from: Place, to: Place, ...replace: 'REPLACE'[]): void {
    const argv: Arg[] = ['COPY', from.name, to.name]
    if (to.db !== from.db) argv.push('DB', String(to.db))
    argv.push(...replace)
    this.add(role, from.db, argv)
  }

  /** Back to the caller's database. */
  end(): readonly Step[] {
    this.#select(this.home)
    return this.steps
  }

  #select(db: number): void {
    if (db === this.#db) return
    this.steps.push({ role: 'select', argv: ['SELECT', String(db)] })
    this.#db = db
  }
}

/** Where a value lies. */
export interface Place {
  readonly name: Arg
  readonly db: number
}
