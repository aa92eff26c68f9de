/**
 * The pattern detector: reads the stream from where it was, looks for prices that rise, and misses no tick.
 *
 * @module
 */
import { schema } from '../schema.js'
import type { Board, Program } from '../../support/programs.js'
import type { Deployed } from './names.js'

/** So many rises in a row are a pattern. */
const RISES = 5

export class PatternDetector implements Program {
  readonly name = 'pattern detector'
  ticks = 0
  patterns = 0
  #last = '0-0'
  readonly #seen = new Map<string, { seq: number; price: number; rises: number }>()

  constructor(
    public deployed: Deployed,
    readonly board: Board,
  ) {}

  get kind(): Deployed['kind'] {
    return this.deployed.kind
  }

  async turn(): Promise<number> {
    const { redis, names } = this.deployed
    const found = await redis.xread('COUNT', 100, 'STREAMS', names.stream, this.#last)
    for (const [id, fields] of found?.[0]?.[1] ?? []) {
      this.#last = id
      this.#look(fields)
    }
    return 1
  }

  #look(fields: readonly string[]): void {
    const { symbol, seq, last_price: price } = schema.normalize('processed', fields)
    const before = this.#seen.get(symbol)
    if (before && seq !== before.seq + 1) this.board.report(`${symbol}: tick ${seq} came after ${before.seq}`)
    const rises = before && price > before.price ? before.rises + 1 : 0
    if (rises === RISES) this.patterns++
    this.#seen.set(symbol, { seq, price, rises })
    this.ticks++
  }
}
