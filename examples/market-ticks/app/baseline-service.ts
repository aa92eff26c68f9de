/**
 * The baseline service: counts samples into the volume baseline of each symbol, and knows what the count has to be.
 *
 * @module
 */
import type { Board, Program } from '../../support/programs.js'
import type { Deployed } from './names.js'

/** The field that counts them. */
const SAMPLES = 'n'

export class BaselineService implements Program {
  readonly name = 'baseline service'
  readonly #samples = new Map<string, number>()
  #at = 0

  constructor(
    public deployed: Deployed,
    readonly board: Board,
    readonly symbols: readonly string[],
  ) {}

  get kind(): Deployed['kind'] {
    return this.deployed.kind
  }

  async turn(): Promise<number> {
    const { redis, names } = this.deployed
    const symbol = this.symbols[this.#at++ % this.symbols.length]!
    const key = names.baseline(symbol)
    const { [SAMPLES]: stored } = await redis.hgetall(key)
    const known = this.#samples.get(symbol)
    if (known !== undefined && Number(stored) !== known) this.board.report(`${key}: ${stored} samples, not ${known}`)
    this.#samples.set(symbol, await redis.hincrby(key, SAMPLES, 1))
    return 2
  }
}
