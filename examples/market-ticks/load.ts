/**
 * Fills database 1 with what the services have left there under the old names.
 *
 *     npx tsx examples/market-ticks/load.ts redis://127.0.0.1:6379/1
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'

/** Keys that are not what they seem. */
export const odd = { type: 'ticks:latest:BROKEN', name: 'ticks:latest:NSE:INFY' } as const

/** Symbols that are traded, and those that only history has. */
export const traded = ['RELIANCE', 'INFY', 'TCS', 'HDFCBANK', 'SBIN', 'ITC', 'NIFTY', 'BANKNIFTY'] as const
export const quiet = (count: number): string[] => Array.from({ length: count }, (_, i) => `OLD${i}`)

/** Writes the data; gives how many keys there are. */
export async function load(redis: Redis, count: number): Promise<number> {
  const pipeline = redis.pipeline()
  for (const symbol of quiet(count)) {
    const price = symbol.endsWith('7') ? 'zerodha_ltp' : 'ltp'
    pipeline.hset(`ticks:latest:${symbol}`, { [price]: '1520.50', vol: '1200', seq: '1', vendor: 'old feed' })
    pipeline.expire(`ticks:latest:${symbol}`, 86_400)
  }
  for (const symbol of [...traded, ...quiet(count / 2)]) {
    pipeline.hset(`volume_averages:${symbol}`, { avg: '10432.5', n: '20' })
  }
  for (let i = 0; i < 50; i++) {
    pipeline.xadd('ticks:live:processed', '*', 'symbol', `OLD${i}`, 'ltp', '99.5', 'vol', '10', 'seq', '1')
  }
  pipeline.set(odd.type, '{"ltp": 3}')
  pipeline.hset(odd.name, { ltp: '1', vol: '1', seq: '1' })
  await pipeline.exec()
  return redis.dbsize()
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const redis = new Redis(process.argv[2] ?? process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/1')
  console.log(`${await load(redis, 1_000)} keys`)
  await redis.quit()
}
