/**
 * What a verb works with: the config, the connection, the phase.
 *
 * @module
 */
import { dirname } from 'node:path'
import { CanonicalRedisClient } from '../../clients/canonical.js'
import { behind } from '../../clients/ioredis/facade.js'
import { sourceFor } from '../../clients/source.js'
import { CanonicalRedisError } from '../../errors.js'
import { constantPhase, type Phase, type PhaseSource } from '../../phases/index.js'
import { checkFamilies, checkSchema } from '../../migrate/options.js'
import type { Schema } from '../../schema/index.js'
import { connect, type Connection } from '../config/connect.js'
import { loadConfig } from '../config/load.js'
import type { LoadedConfig } from '../config/types.js'
import { OFFLINE, type RunFlagOptions, type ServerOptions } from '../flags.js'
import { shorten } from '../text.js'
import type { Call } from '../verb.js'

/** A config with a connection to its server. */
export interface Opened extends LoadedConfig {
  readonly schema: Schema
  readonly connection: Connection
}

/** Loads the config and connects, gives both to `work`, and closes the connection whatever happens. */
export async function withServer<T>(call: Call<ServerOptions>, work: (opened: Opened) => Promise<T>): Promise<T> {
  const { config: named, url, db } = call.options
  const loaded = await loadConfig(call.io, named)
  const redis = url ?? loaded.config.redis
  if (redis === undefined) {
    throw new CanonicalRedisError('E_CONFIG', `${loaded.file} has no \`redis\`, and there is no --url.`, {
      hint: 'Add one of them: --url redis://127.0.0.1:6379',
    })
  }
  const connection = await connect({ redis, db, folder: dirname(loaded.file) })
  try {
    return await work({ ...loaded, schema: loaded.config.schema, connection })
  } finally {
    await connection.close()
  }
}

/** The client for the migrator: wrapped where somebody says in which phase the fleet is. */
export interface Phased {
  readonly client: unknown
  /** Somebody said it: a phase, or that nothing uses the keys. */
  readonly isKnown: boolean
  /** The phases of the families that the call is about; empty when offline or not known. */
  readonly phases: readonly Phase[]
  /** Of `--phase`, for `rollback` to move along. */
  readonly own: PhaseSource | undefined
}

/** Brings the phase to the client: from `--phase`, else from the config, else from a client that is wrapped already. */
export function phased({ config, schema, connection }: Opened, options: RunFlagOptions): Phased {
  // Whatever the config has wrapped is unwrapped first, so that --phase wins.
  const given = sourceFor(connection.client).wrapped
  checkSchema(schema, given?.schema)
  const client = behind(connection.client)?.client ?? connection.client
  if (options.phase === OFFLINE) return { client, isKnown: true, phases: [], own: undefined }
  const own = options.phase === undefined ? undefined : constantPhase(options.phase as Phase)
  const source = own ?? config.phase ?? given?.source
  if (source === undefined) return { client, isKnown: false, phases: [], own }
  const wrapped = new CanonicalRedisClient(client, { schema, phase: source })
  const families = checkFamilies(schema, { families: options.families, groups: options.group })
  const phases = [...new Set([...families].map((family) => wrapped.canonical.phase(family)))]
  return { client: wrapped, isKnown: true, phases, own }
}

/**
 * Refuses a change of data while nobody says in which phase the fleet is: the gates go by it.
 * @throws CanonicalRedisError `E_BAD_OPTION`
 */
export function requirePhase({ isKnown }: Phased): void {
  if (isKnown) return
  throw new CanonicalRedisError('E_BAD_OPTION', 'Expected to be told in which phase the fleet is.', {
    hint:
      'Add --phase <phase>, or `phase` to the config file: what is safe depends on it. When nothing at all uses the ' +
      'keys: --phase offline.',
  })
}

/** What a verb acts on, in a line: every verb begins with it. */
export function titleOf({ schema, connection }: Opened, phase: Phased | undefined, what: string): string {
  const phases = phase?.phases.length ? `, phase ${phase.phases.join(' and ')}` : ''
  return `${what}: migration "${schema.name}" (schema ${schema.hash.slice(0, 8)}) on ${shorten(connection.address, 60)}${phases}`
}
