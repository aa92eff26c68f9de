import { Service } from './service.js'

/** Adds up the volume of each instrument. */
export class VolumeService extends Service {
  readonly #sums = new Map<string, number>()

  protected async work(symbol: string, n: number): Promise<number> {
    const { volume, state } = this.stores
    const key = state(Number(symbol.replace(/\D+/g, '')))
    const traded = 1 + (n % 9)
    const sum = (this.#sums.get(symbol) ?? 0) + traded
    this.#sums.set(symbol, sum)
    this.expect(key, await volume.hincrby(key, 'cumulative', traded), sum)
    await volume.hset(key, 'last', traded)
    this.expect(key, await volume.hget(key, 'last'), String(traded))
    return 3
  }
}
