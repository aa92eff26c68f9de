/**
 * Is what a config file exports a config?
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { checkOptions } from '../../migrate/options.js'
import { isIoredis } from '../../clients/ioredis/types.js'
import type { Schema } from '../../schema/index.js'
import { schemaFromJson } from './json.js'
import type { Config } from './types.js'

const known = ['schema', 'redis', 'phase', 'setPhase', 'migrator']

const refuse = (file: string, what: string, hint: string): never => {
  throw new CanonicalRedisError('E_CONFIG', `${file}: ${what}.`, { hint })
}

const shown = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value)

/**
 * Gives the config back, checked; a schema written as plain JSON is compiled.
 *
 * @throws CanonicalRedisError `E_CONFIG`, `E_BAD_OPTION` (of the migrator), and what `defineSchema` throws
 */
export function checkConfig(value: unknown, file: string): Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(
      file,
      `expected its default export to be { schema, redis }, got ${shown(value)}`,
      'End the file with `export default { schema, redis }`.',
    )
  }
  const config = value as Partial<Record<keyof Config, unknown>>
  const unknown = Object.keys(config).find((name) => !known.includes(name))
  if (unknown !== undefined) refuse(file, `it has no option \`${unknown}\``, `It takes: ${known.join(', ')}.`)
  const schema = schemaOf(config.schema, file)
  checkRedis(config.redis, file)
  if (config.setPhase !== undefined && typeof config.setPhase !== 'function') {
    refuse(
      file,
      `expected \`setPhase\` to be a function, got ${shown(config.setPhase)}`,
      'setPhase: async (phase) => …',
    )
  }
  if (config.migrator !== undefined) checkOptions('new', config.migrator as object)
  return { ...(config as Config), schema }
}

function schemaOf(schema: unknown, file: string): Schema {
  const given = schema as Partial<Schema> | undefined
  if (typeof given?.mapper?.resolve === 'function') return given as Schema
  if (file.endsWith('.json')) return schemaFromJson(schema, file)
  return refuse(
    file,
    `expected \`schema\` to be what defineSchema gives, got ${shown(schema)}`,
    "schema: defineSchema({ name: 'jobs-to-steps', keys: { step: key('step:<id>').alias('job:<id>') } })",
  )
}

function checkRedis(redis: unknown, file: string): void {
  if (redis === undefined || typeof redis === 'function') return
  if (isIoredis(redis)) {
    refuse(
      file,
      'expected `redis` to say how to connect, got a client that connects as soon as the file is read',
      'Write a function: redis: () => new Redis(…).',
    )
  }
  if (typeof redis === 'string' ? redis !== '' : typeof redis === 'object' && redis !== null) return
  refuse(
    file,
    `expected \`redis\` to be a URL, options of ioredis, nodes of a cluster, or a function, got ${shown(redis)}`,
    "redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'",
  )
}
