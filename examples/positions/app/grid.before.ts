import type { Redis } from 'ioredis'
import type { Row } from '../schema.js'

export class Grid {
  constructor(readonly redis: Redis) {}

  async all(exchange: string, user: string): Promise<Row[]> {
    const text = await this.redis.get(`${exchange}:positions:${user}`)
    return text === null ? [] : (JSON.parse(text) as Row[])
  }

  async one(exchange: string, user: string, symbol: string, side: string): Promise<Row | undefined> {
    const rows = await this.all(exchange, user)
    return rows.find((row) => row.symbol === symbol && row.side === side)
  }

  async open(exchange: string, user: string, row: Row): Promise<void> {
    const rows = await this.all(exchange, user)
    const others = rows.filter(({ symbol, side }) => symbol !== row.symbol || side !== row.side)
    await this.redis.set(`${exchange}:positions:${user}`, JSON.stringify([...others, row]))
  }

  async close(exchange: string, user: string, symbol: string, side: string): Promise<void> {
    const rows = await this.all(exchange, user)
    const others = rows.filter((row) => row.symbol !== symbol || row.side !== side)
    await this.redis.set(`${exchange}:positions:${user}`, JSON.stringify(others))
  }
}
