import type { Redis } from 'ioredis'
import type { Data } from './data.js'

export class TradingCache {
  constructor(readonly redis: Redis) {}

  async setPosition(user: string, symbol: string, side: string, data: Data, exchange = 'okx'): Promise<void> {
    await this.redis.set(`position:${user}:${exchange}:${symbol}:${side}`, JSON.stringify(data), 'EX', 3600)
  }

  async getPosition(user: string, symbol: string, side: string, exchange = 'okx'): Promise<Data | null> {
    const text = await this.redis.get(`position:${user}:${exchange}:${symbol}:${side}`)
    return text === null ? null : (JSON.parse(text) as Data)
  }

  async removePosition(user: string, symbol: string, side: string, exchange = 'okx'): Promise<void> {
    await this.redis.del(`position:${user}:${exchange}:${symbol}:${side}`)
  }
}
