/**
 * The command of the document: the historical data, step by step, or the comparison of both sides.
 *
 *     npx tsx examples/one-database/migrate.ts --phase historical [--dry-run] [--limit 100]
 *     npx tsx examples/one-database/migrate.ts --phase verify
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { RedisKeyMigrator } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema, types } from './schema.js'
import { statisticsOf } from './statistics.js'

const phases: Readonly<Record<string, (migrator: RedisKeyMigrator) => Promise<number>>> = {
  async historical(migrator) {
    const result = await migrator.migrateKeys({
      dryRun: values['dry-run'],
      groups: [...schema.groups.keys()],
      report: values.report ?? false,
      ...(values.limit !== undefined && { limit: Number(values.limit) }),
    })
    console.log(JSON.stringify(statisticsOf(result), undefined, 2))
    for (const { key, error } of result.errors) console.log(`left: ${key}: ${error}`)
    for (const { key, db, why } of result.lookAlikes) console.log(`left: ${key} in database ${db}: ${why}`)
    if (result.reportFile !== undefined) console.log(`report: ${result.reportFile}`)
    return 0
  },
  async verify(migrator) {
    const { clean, compared, missing, different, failed, details, groups } = await migrator.verify()
    for (const [group, counts] of Object.entries(groups)) console.log(`${group}: ${counts.compared} compared`)
    for (const { alias, canonical, problem } of details) console.log(`${alias} and ${canonical}: ${problem}`)
    console.log(`${compared} compared, ${missing} missing, ${different} different, ${failed} failed`)
    return clean ? 0 : 1
  },
}

const { values } = parseArgs({
  options: {
    phase: { type: 'string', default: 'historical' },
    'dry-run': { type: 'boolean', default: false },
    limit: { type: 'string' },
    report: { type: 'string' },
    url: { type: 'string', default: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
  },
})
const work = phases[values.phase]
if (work === undefined) throw new Error(`--phase is one of ${Object.keys(phases).join(', ')}, not "${values.phase}"`)
const redis = new Redis(new URL('/1', values.url).href)
try {
  process.exitCode = await work(new RedisKeyMigrator(redis, schema, { types }))
} finally {
  redis.disconnect()
}
