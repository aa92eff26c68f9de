import { schema } from './schema.js'

export default { schema, redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' }
