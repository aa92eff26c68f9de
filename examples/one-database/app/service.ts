import type { Board, Program } from '../../support/programs.js'
import type { Stores } from './stores.js'

/** A service, and what it knows of its data: what it wrote last has to be there. */
export abstract class Service implements Program {
  #turns = 0

  constructor(
    readonly name: string,
    public stores: Stores,
    readonly board: Board,
    readonly symbols: readonly string[],
  ) {}

  get kind(): Stores['kind'] {
    return this.stores.kind
  }

  turn(): Promise<number> {
    const n = this.#turns++
    return this.work(this.symbols[n % this.symbols.length]!, n)
  }

  /** One turn, the n-th, about a symbol; gives the number of commands. */
  protected abstract work(symbol: string, n: number): Promise<number>

  protected expect(key: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.board.report(`${this.name}: ${key} is ${String(found)}, not ${String(expected)}`)
  }
}
