/** The exchange: prices that move, and a number for each tick of a symbol, so that a missing one is noticed. */
export class Market {
  readonly #ticks = new Map<string, { seq: number; price: number }>()

  constructor(readonly random: () => number) {}

  next(symbol: string): { seq: number; price: number; volume: number } {
    const { seq, price } = this.#ticks.get(symbol) ?? { seq: 0, price: 100 + this.random() * 900 }
    const next = { seq: seq + 1, price: Math.max(1, price * (1 + (this.random() - 0.5) / 100)) }
    this.#ticks.set(symbol, next)
    return { ...next, volume: Math.floor(this.random() * 10_000) }
  }
}
