/**
 * Finds and loads the config file.
 *
 * @module
 */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CanonicalRedisError, isCanonicalRedisError } from '../../errors.js'
import type { Io } from '../io.js'
import { checkConfig } from './check.js'
import type { LoadedConfig } from './types.js'

/** The names that are looked for, in this order, from the current folder upwards. */
export const configNames = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `canonical-redis.config.${ending}`)

type Loader = (file: string, text: string) => unknown

/**
 * The config, from `named` or from the nearest file of {@link configNames}.
 *
 * @throws CanonicalRedisError `E_CONFIG`: there is none, it cannot be loaded, or lacks something; and what
 * `defineSchema` throws
 */
export async function loadConfig(io: Io, named: string | undefined): Promise<LoadedConfig> {
  const { lilconfig } = await import('lilconfig')
  const load = await moduleLoader(io)
  const loaders: Record<string, Loader> = { '.json': (_, text) => JSON.parse(text) as unknown }
  for (const ending of ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts']) loaders[ending] = load
  const search = lilconfig('canonical-redis', { searchPlaces: configNames, loaders, cache: false })
  const file = named === undefined ? undefined : resolve(io.cwd, named)
  try {
    if (file !== undefined) await access(file)
    const found = await (file === undefined ? search.search(io.cwd) : search.load(file))
    if (found === null) throw missing(io.cwd)
    return { file: found.filepath, config: checkConfig(found.config, found.filepath) }
  } catch (error) {
    throw explained(error, file)
  }
}

/**
 * TypeScript and modules of both kinds, whatever the folder's package.json says. Nothing is cached on the disk: a
 * config may hold passwords.
 */
async function moduleLoader(io: Io): Promise<Loader> {
  const { createJiti } = await import('jiti')
  return (file) =>
    createJiti(file, { fsCache: false, moduleCache: false, virtualModules: { ...io.modules } }).import(file, {
      default: true,
    })
}

const missing = (folder: string): CanonicalRedisError =>
  new CanonicalRedisError(
    'E_CONFIG',
    `There is no canonical-redis.config.{ts,mts,js,mjs,json} in ${folder} or above.`,
    {
      hint: 'Make one with `canonical-redis init`, or name one: --config <file>',
    },
  )

function explained(error: unknown, file: string | undefined): unknown {
  if (isCanonicalRedisError(error)) return error
  const { code, message, name } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && file !== undefined && message.includes(file)) {
    return new CanonicalRedisError('E_CONFIG', `There is no file ${file}.`, {
      hint: 'Name another one with --config <file>, or make one with `canonical-redis init`.',
    })
  }
  const first = String(message ?? error)
    .split('\n')
    .slice(0, 2)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
  const where = file ?? 'the config file'
  const what = name === 'SyntaxError' || /ParseError/.test(message) ? 'it has a syntax error' : 'it threw an error'
  return new CanonicalRedisError('E_CONFIG', `Could not load ${where}: ${what}: ${first}`, {
    hint: /Cannot find (module|package)/.test(message)
      ? 'Install what it imports, in the folder of the config file.'
      : 'Mend it, and type `canonical-redis check --offline`.',
    cause: error,
  })
}
