/**
 * Puts one key out of the way of all rules: it keeps its value, and nobody takes it for what it is not.
 *
 *     npx tsx examples/one-database/set-aside.ts <key> <database>
 *
 * @module
 */
import { Redis } from 'ioredis'

const [key, db = '0'] = process.argv.slice(2)
if (key === undefined) throw new Error('name the key, and its database')
const redis = new Redis(new URL(`/${db}`, process.env.REDIS_URL ?? 'redis://127.0.0.1:6379').href)
await redis.renamenx(key, `put-aside:${key}`)
console.log(`put-aside:${key}`)
await redis.quit()
