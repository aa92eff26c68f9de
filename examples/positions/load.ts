/**
 * Fills a database with what the services have left there under the old names.
 *
 *     npx tsx examples/positions/load.ts redis://127.0.0.1:6379
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'

/** Users that only history has: nobody writes them any more. */
const quiet = (count: number): string[] => Array.from({ length: count }, (_, i) => `old${i}`)

/** Values that cannot be read as positions; they are listed and left. */
export const odd = {
  'okx:positions:cut-off': '[{"symbol": "BTC-USDT", "side": "lo',
  'okx:positions:no-side': '[{"symbol": "BTC-USDT", "qty": 1, "price": 2, "seq": 1}]',
} as const

/** Writes the data; gives how many keys there are. */
export async function load(redis: Redis, users: number): Promise<number> {
  const pipeline = redis.pipeline()
  quiet(users).forEach((user, i) => {
    pipeline.set(`position:${user}:BTC-USDT-SWAP`, JSON.stringify({ qty: 1.5, seq: 1 }), 'EX', 86_400)
    pipeline.set(`user:${user}:position:ETH-USDT-SWAP:short`, JSON.stringify({ qty: 2, seq: 1 }))
    pipeline.hset(`okx:user:${user}:symbol:BTC-USDT:order_placed`, { '1': 'true', seq: '1' })
    const rows = ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'].slice(0, i % 4).map((symbol, n) => ({ symbol, side: n % 2 ? 'short' : 'long', qty: n + 1, price: 100, seq: 1 })) // prettier-ignore
    pipeline.set(`${i % 2 ? 'binance' : 'okx'}:positions:${user}`, JSON.stringify(rows))
  })
  for (const [name, value] of Object.entries(odd)) pipeline.set(name, value)
  pipeline.lpush('okx:positions:a-list', 'not a string at all')
  await pipeline.exec()
  return redis.dbsize()
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const redis = new Redis(process.argv[2] ?? process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
  console.log(`${await load(redis, 100)} keys`)
  await redis.quit()
}
