import type { Redis } from 'ioredis'
import type { Row } from '../schema.js'

export class Grid {
  constructor(readonly redis: Redis) {}

  async all(exchange: string, user: string): Promise<Row[]> {
    const members = await this.redis.smembers(`positions:index:${user}:${exchange}`)
    const rows = await Promise.all(
      members.map((one) => this.one(exchange, user, ...(one.split(':') as [string, string]))),
    )
    return rows.filter((row) => row !== undefined)
  }

  async one(exchange: string, user: string, symbol: string, side: string): Promise<Row | undefined> {
    const { qty, price, seq } = await this.redis.hgetall(`positions:${user}:${exchange}:${symbol}:${side}`)
    if (seq === undefined) return undefined
    return { symbol, side: side as Row['side'], qty: Number(qty), price: Number(price), seq: Number(seq) }
  }

  async open(exchange: string, user: string, { symbol, side, ...fields }: Row): Promise<void> {
    await this.redis.hset(`positions:${user}:${exchange}:${symbol}:${side}`, fields)
    await this.redis.sadd(`positions:index:${user}:${exchange}`, `${symbol}:${side}`)
  }

  async close(exchange: string, user: string, symbol: string, side: string): Promise<void> {
    await this.redis.del(`positions:${user}:${exchange}:${symbol}:${side}`)
    await this.redis.srem(`positions:index:${user}:${exchange}`, `${symbol}:${side}`)
  }
}
