/**
 * Fills databases 0, 2 and 5 with what the services have left there.
 *
 *     npx tsx examples/one-database/load.ts redis://127.0.0.1:6379
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { Redis, type ChainableCommander } from 'ioredis'

/** Keys that no rule can take, with the database of each: they stay, and are listed with a reason. */
export const odd = {
  /** Both a technical indicator and a greek by its words: it is of neither. */
  between: { db: 5, name: 'indicators:INFY:rsi:delta' },
  /** An indicator that nobody has sorted into a group. */
  unsorted: { db: 5, name: 'indicators:INFY:vwap' },
  type: { db: 2, name: 'volume_state:broken' },
} as const

const symbols = (count: number): string[] => Array.from({ length: count }, (_, i) => `SYM${i}`)

const fillers: Readonly<Record<number, (pipeline: ChainableCommander, count: number) => void>> = {
  0: (pipeline, count) => {
    for (const symbol of symbols(count)) {
      pipeline.hset(`session:user:${symbol}`, { token: 'secret', since: '2025-01-15' })
      pipeline.set(`health:${symbol}`, 'ok', 'EX', 3_600)
      pipeline.xadd(`ticks:historical:${symbol}`, '1736899200000-0', 'price', '100.5', 'volume', '7')
      pipeline.hset(`tick:${symbol}:2025-01-15`, { open: '100', close: '101' })
    }
    pipeline.set('system:state', 'open')
    pipeline.set('scratch:note', 'nobody knows')
  },
  2: (pipeline, count) => {
    symbols(count).forEach((symbol, token) => {
      pipeline.hset(`volume_state:${token}`, { cumulative: '0', last: '0' })
      pipeline.hset(`volume_averages:${symbol}`, { avg_20d: '10432', avg_55d: '9911' })
      pipeline.zadd(`ohlc:${symbol}:5m`, 1, '{"o":1,"c":2}', 2, '{"o":2,"c":3}')
      pipeline.hset(`ohlc_latest:${symbol}`, { o: '2', c: '3' })
      pipeline.set(`ohlc_stats:${symbol}`, '{"days":20}')
      pipeline.set(`volume:baseline:${symbol}:09:15`, '1200')
    })
    pipeline.rpush(odd.type.name, 'not', 'a', 'hash')
  },
  5: (pipeline, count) => {
    symbols(count).forEach((symbol, i) => {
      for (const name of ['rsi', 'macd', 'delta', 'gamma', 'volume_ratio']) {
        const key = `indicators:${symbol}:${name}`
        pipeline.set(key, '0')
        // Some have a time to live of their own, which the migration leaves alone.
        if (i % 4 === 0) pipeline.expire(key, 600)
      }
    })
    pipeline.set(odd.between.name, '1')
    pipeline.set(odd.unsorted.name, '1')
  },
}

/** Writes the data of so many symbols; gives the number of keys by database. */
export async function load(connect: (db: number) => Redis, count: number): Promise<Record<number, number>> {
  const sizes: Record<number, number> = {}
  for (const [db, fill] of Object.entries(fillers)) {
    const redis = connect(Number(db))
    const pipeline = redis.pipeline()
    fill(pipeline, count)
    await pipeline.exec()
    sizes[Number(db)] = await redis.dbsize()
    redis.disconnect()
  }
  return sizes
}

async function main(url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', count = '200'): Promise<void> {
  const sizes = await load((db) => new Redis(new URL(`/${db}`, url).href), Number(count))
  for (const [db, size] of Object.entries(sizes)) console.log(`database ${db}: ${size} keys`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(...process.argv.slice(2))
