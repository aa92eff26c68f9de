/**
 * The data pipeline: reads the newest tick of each symbol, which never becomes older.
 *
 * @module
 */
import type { Board, Program } from '../../support/programs.js'
import type { Deployed } from './names.js'

export class DataPipeline implements Program {
  readonly name: string
  readonly #newest = new Map<string, number>()
  #at = 0

  constructor(
    public deployed: Deployed,
    readonly board: Board,
    readonly symbols: readonly string[],
  ) {
    this.name = `data pipeline (${deployed.kind})`
  }

  get kind(): Deployed['kind'] {
    return this.deployed.kind
  }

  async turn(): Promise<number> {
    const { redis, names } = this.deployed
    const symbol = this.symbols[this.#at++ % this.symbols.length]!
    const { seq, last_price } = names.readTick(await redis.hgetall(names.tick(symbol)))
    const newest = this.#newest.get(symbol) ?? 0
    if (!(seq >= newest) || !(last_price > 0)) this.board.report(`${symbol}: tick ${seq} was read after ${newest}`)
    this.#newest.set(symbol, seq)
    return 1
  }
}
