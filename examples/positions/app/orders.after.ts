import type { Redis } from 'ioredis'

export class Orders {
  constructor(readonly redis: Redis) {}

  async setPlaced(exchange: string, user: string, symbol: string, level: string, value: string): Promise<void> {
    await this.redis.hset(`orders:${exchange}:user:${user}:symbol:${symbol}:order_placed`, level, value)
  }

  async getPlaced(exchange: string, user: string, symbol: string, level: string): Promise<string | null> {
    return this.redis.hget(`orders:${exchange}:user:${user}:symbol:${symbol}:order_placed`, level)
  }
}
