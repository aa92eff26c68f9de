/**
 * A migrator to be killed: does one call, and prints a line for each progress event. Run as a process of its own with
 * the call as JSON: `{ port, call, options }`.
 *
 * @module
 */
import { Redis } from 'ioredis'
import { RedisKeyMigrator, type MigrateOptions } from '../../../src/migrate.js'
import { killSchema } from './schema.js'

const { port, options } = JSON.parse(process.argv[2]!) as { port: number; options: MigrateOptions }
const redis = new Redis(port)
const migrator = new RedisKeyMigrator(redis, killSchema, {
  batch: 20,
  bigKeys: { over: 20_000 },
  throttle: false,
  onProgress: ({ scanned }) => void process.stdout.write(`${scanned}\n`),
})
await migrator.migrateKeys(options)
redis.disconnect()
