import type { Redis } from 'ioredis'
import type { Data } from './data.js'

export class TradingCache {
  constructor(readonly redis: Redis) {}

  async setPosition(user: string, symbol: string, _side: string, data: Data): Promise<void> {
    await this.redis.set(`position:${user}:${symbol}`, JSON.stringify(data), 'EX', 3600)
  }

  async getPosition(user: string, symbol: string, _side: string): Promise<Data | null> {
    const text = await this.redis.get(`position:${user}:${symbol}`)
    return text === null ? null : (JSON.parse(text) as Data)
  }

  async removePosition(user: string, symbol: string, side: string): Promise<void> {
    await this.redis.del(`user:${user}:position:${symbol}:${side}`)
  }
}
