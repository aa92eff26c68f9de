/**
 * A wrapped client over a server in memory, and what a test wants to know of it.
 *
 * @module
 */
import type { Redis, RedisOptions } from 'ioredis'
import type { Phase, PhaseSetting } from '../../phases/index.js'
import type { Schema } from '../../schema/index.js'
import { CanonicalRedisClient, type Canonical, type CanonicalOptions } from '../canonical.js'
import { clientOf, type RedisClass } from './client.js'
import { physicalKeys, seed, type MockValue, type StoredValue } from './data.js'
import { DATABASES } from './engine.js'
import { checkData, checkDatabase, checkOptions } from './options.js'
import { MockPhase } from './phase.js'
import { MemoryServer } from './server.js'

/** What {@link createMockRedis} takes. */
export interface MockOptions<S extends Schema, R> extends Pick<CanonicalOptions, 'hooks' | 'unknownCommands'> {
  /** What `defineSchema` gave. */
  readonly schema: S
  /** Where to begin. Default `alias`. */
  readonly phase?: PhaseSetting
  /** What lies there at the beginning, stored under exactly these names, old or new. */
  readonly data?: Readonly<Record<string, MockValue>>
  /** The class of the client: `Redis` of ioredis 6 or of iovalkey. Default: that of the ioredis that is installed. */
  readonly Redis?: RedisClass<R>
  /** Options of the client, such as `keyPrefix`. */
  readonly options?: RedisOptions
}

/** What a wrapped client of {@link createMockRedis} has beside the methods of its class. */
export interface MockFace<R> {
  /** A client of the same memory that is not wrapped: legacy code, which knows the old names alone. */
  readonly raw: R
  /** Everything that is stored, by the names that it is stored under. @param db default 0 */
  physicalKeys(db?: number): Record<string, StoredValue>
  /** Changes the phase at once, to any other: a test need not take the path that a fleet has to. */
  setPhase(phase: Phase, family?: string): void
  /** Stores values under exactly these names, in the place of what is there. */
  seed(data: Readonly<Record<string, MockValue>>): void
  /** As it was created: its `data` and nothing else, in its first phase. For between two tests. */
  startOver(): void
}

/** What {@link createMockRedis} gives. */
export type MockRedis<S extends Schema, R = Redis> = R & MockFace<R> & { readonly canonical: Canonical<S> }

/**
 * A wrapped client for tests, without a server: a real ioredis client, wrapped as in production, over a Redis in the
 * memory of the process. It need not be closed.
 *
 * @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE` when ioredis or ioredis-mock is not installed; `E_BAD_PHASE`,
 * `E_BAD_OPTION`, `E_UNKNOWN_FAMILY` as of `CanonicalRedisClient`. Its commands reject with `E_UNSUPPORTED` where the
 * mock lacks what Redis has.
 * @example
 * ```ts
 * const redis = createMockRedis({ schema, phase: 'dual-write', data: { 'job:42': { status: 'open' } } })
 * await redis.hset('step:42', 'status', 'done')
 * redis.physicalKeys() // { 'job:42': { status: 'done' }, 'step:42': { status: 'done' } }
 * ```
 */
export function createMockRedis<S extends Schema, R extends object = Redis>(
  options: MockOptions<S, R>,
): MockRedis<S, R> {
  checkOptions(options)
  const { schema, phase = 'alias', data = {}, Redis: Class, options: clientOptions, ...wrapping } = options
  const server = new MemoryServer()
  const phases = new MockPhase(phase)
  const raw = clientOf<R>(server, clientOptions, Class)
  const redis = new CanonicalRedisClient(clientOf<R>(server, clientOptions, Class), {
    ...wrapping,
    schema,
    phase: phases.source,
  })
  const face: MockFace<R> = {
    raw,
    physicalKeys(db = 0) {
      checkDatabase(db, DATABASES)
      return physicalKeys(server.engine, db)
    },
    setPhase(to, family) {
      if (family !== undefined) redis.canonical.phase(family)
      phases.walk(to, family)
    },
    seed(more) {
      checkData(more)
      seed(server.engine, schema.mapper, more)
    },
    startOver() {
      server.engine.flushAll()
      seed(server.engine, schema.mapper, data)
      phases.startOver([...schema.families.keys(), ...schema.channels.keys()])
    },
  }
  face.seed(data)
  return Object.assign(redis, face)
}
