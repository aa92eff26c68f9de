/**
 * The config file: what its default export holds.
 *
 * @module
 */
import type { MigratorOptions, RollbackOptions } from '../../migrate/types/index.js'
import type { PhaseFunction, PhaseSetting, PhaseSource } from '../../phases/index.js'
import type { Schema } from '../../schema/index.js'

/** A node of a cluster, as ioredis takes it. */
export type ClusterNode = string | number | { readonly host?: string; readonly port?: number }

/** How to connect: a URL, options of ioredis, nodes of a cluster, or a function that gives an ioredis client. */
export type RedisSetting = string | Readonly<Record<string, unknown>> | readonly ClusterNode[] | (() => unknown)

/** The default export of `canonical-redis.config.ts`. */
export interface Config {
  /** What `defineSchema` gave; in JSON, an object: see docs/cli.md. */
  readonly schema: Schema
  /** Where the keys are. May be left out where `--url` is given. */
  readonly redis?: RedisSetting
  /** The phase that the fleet is in, from wherever the services learn it. `--phase` wins. */
  readonly phase?: PhaseSetting | PhaseFunction | PhaseSource
  /** For `rollback`: moves the whole fleet, and resolves when every client is in the phase. */
  readonly setPhase?: RollbackOptions['setPhase']
  /** Options of the migrator: throttle, batch, big keys. */
  readonly migrator?: Omit<MigratorOptions, 'onProgress'>
}

/** A config, and the file that it came from. */
export interface LoadedConfig {
  readonly file: string
  readonly config: Config
}
