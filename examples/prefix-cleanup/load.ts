/**
 * Fills a server with what the application has left there over the years.
 *
 *     npx tsx examples/prefix-cleanup/load.ts redis://127.0.0.1:6379
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'

const OLD = 'josancamon:rayban-meta-glasses-api'
const DAY = 86_400

/** Two keys that are not what they seem. */
export const odd = { type: `${OLD}:user_profile:imported`, name: `${OLD}:reminder` } as const

/** How many keys of each family, as in the report of the document: 80, 25, 20, 15, 5. Users are numbered from 0. */
export const sizes = { cache: 80, reminder: 25, user_history: 20, user_profile: 15, cancellation: 5 } as const

/** The keys of so many times the sizes, and those that are odd; gives how many keys there are. */
export async function load(redis: Redis, times: number): Promise<number> {
  const pipeline = redis.pipeline()
  const each = (family: keyof typeof sizes, add: (i: number) => void): void => {
    for (let i = 0; i < sizes[family] * times; i++) add(i)
  }
  each('cache', (i) => {
    const hash = Buffer.from(`old question ${i}`).toString('base64')
    pipeline.set(`${OLD}:${hash}`, `answer ${i}`, 'EX', DAY)
  })
  each('reminder', (i) => {
    pipeline.hset(`${OLD}:reminder:old_${i}`, { text: `meeting ${i}`, at: '2030-01-01T09:00:00.000Z' })
    pipeline.expire(`${OLD}:reminder:old_${i}`, DAY * (1 + (i % 30)))
  })
  each('user_history', (i) => void pipeline.rpush(`${OLD}:conversation_history:old_${i}`, 'hello', `I am ${i}`))
  each('user_profile', (i) => void pipeline.hset(`${OLD}:user_profile:old_${i}`, { name: `User ${i}`, visits: i }))
  each('cancellation', (i) => void pipeline.set(`${OLD}:cancellation:wa:old_${i}`, 'true', 'EX', DAY))
  pipeline.set(odd.type, '{"name":"written by an import of long ago"}')
  pipeline.set(odd.name, 'the id was empty')
  pipeline.set('josancamon:another-app:state', 'not ours')
  await pipeline.exec()
  return redis.dbsize()
}

async function main(url = 'redis://127.0.0.1:6379', times = '1'): Promise<void> {
  const redis = new Redis(url)
  console.log(`${await load(redis, Number(times))} keys in ${url}`)
  await redis.quit()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(...process.argv.slice(2))
