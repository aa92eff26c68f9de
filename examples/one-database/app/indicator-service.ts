import { Service } from './service.js'

const NAMES = ['rsi', 'macd', 'delta', 'gamma', 'volume_ratio'] as const

/** Computes indicators, which are good for a quarter of an hour. */
export class IndicatorService extends Service {
  protected async work(symbol: string, n: number): Promise<number> {
    const { indicators, indicator } = this.stores
    const key = indicator(symbol, NAMES[n % NAMES.length]!)
    await indicators.set(key, String(n), 'EX', 900)
    this.expect(key, await indicators.get(key), String(n))
    return 2
  }
}
