/**
 * The crawler: writes each tick to the hash of its symbol and to the stream. The raw one is what legacy code does.
 *
 * @module
 */
import type { Program } from '../../support/programs.js'
import type { Market } from './market.js'
import type { Deployed } from './names.js'

const STREAM_LENGTH = 10_000

export class Crawler implements Program {
  #at = 0

  constructor(
    readonly name: string,
    readonly market: Market,
    readonly symbols: readonly string[],
    readonly deployed: Deployed,
  ) {}

  get kind(): Deployed['kind'] {
    return this.deployed.kind
  }

  async turn(): Promise<number> {
    const { redis, names } = this.deployed
    const symbol = this.symbols[this.#at++ % this.symbols.length]!
    const { seq, price, volume } = this.market.next(symbol)
    const tick = { [names.price]: price.toFixed(2), [names.volume]: String(volume), seq: String(seq) }
    await redis.hset(names.tick(symbol), tick)
    await redis.xadd(names.stream, 'MAXLEN', STREAM_LENGTH, '*', 'symbol', symbol, ...Object.entries(tick).flat())
    return 2
  }
}
