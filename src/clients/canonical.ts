/**
 * The public face: wrap a client, and ask the wrapped client what it does.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import {
  constantPhase,
  toPhaseSource,
  type Phase,
  type PhaseFunction,
  type PhaseSetting,
  type PhaseSource,
} from '../phases/index.js'
import { explain, plan, type ExplainOptions } from '../plan/index.js'
import type { RedisKeyMapper, Schema } from '../schema/index.js'
import type { FamilyCounts, LastFailure } from './shared/counts.js'
import { checkHooks, HookCalls, type Hooks } from './shared/hooks.js'
import { behind, wrapIoredis } from './ioredis/facade.js'
import { isIoredis, type RawClient } from './ioredis/types.js'
import { unwrapped } from './shared/registry.js'
import { Wrapping } from './shared/wrapping.js'
import { isNodeRedis4, nodeRedisOf, type RawNodeRedis } from './node-redis/types.js'
import { wrapNodeRedis, wrappedNodeRedis } from './node-redis/wrap.js'

/** How to wrap a client. */
export interface CanonicalOptions {
  /** What {@link defineSchema} gave. */
  readonly schema: Schema
  /** One phase for all, phases by family, a function from a family to its phase, or a source that several clients share. */
  readonly phase: PhaseSetting | PhaseFunction | PhaseSource
  /**
   * What to do with a command that the command table does not know, and whose keys can therefore not be found:
   * `refuse` it with `E_UNKNOWN_COMMAND` (the default), or `pass` it on as it is.
   */
  readonly unknownCommands?: 'refuse' | 'pass'
  /** Functions to call as keys move; see docs/hooks.md. */
  readonly hooks?: Hooks
}

/** One family or channel in a {@link Health}. */
export interface FamilyHealth extends FamilyCounts {
  readonly phase: Phase
}

/** What a wrapped client answers about itself. It can be written as JSON, and holds no key and no value. */
export interface Health {
  readonly schema: string
  /** The schema's hash: two services with different hashes do not mean the same keys. */
  readonly hash: string
  /** The phase of each family and channel. */
  readonly phases: Readonly<Record<string, Phase>>
  /** The connection's own word: `ready`, `connecting`, `reconnecting`, … */
  readonly connection: string
  /** What to see to: a phase source that fails, a server that evicts keys. Empty while all is well. */
  readonly warnings: readonly string[]
  /** When the client was wrapped, ISO 8601: the numbers begin there. */
  readonly since: string
  /** By family and channel: its phase, and what commands have done to its keys. Duplicates of the client count along. */
  readonly families: Readonly<Record<string, FamilyHealth>>
  /** The last command that was refused, that failed as a unit, or whose second name could not follow. */
  readonly lastFailure: LastFailure | undefined
}

/** `redis.canonical`: the wrapped client's own face. */
export interface Canonical<S extends Schema = Schema> {
  readonly schema: S
  readonly mapper: RedisKeyMapper
  /**
   * The phase of a family; without a name, of the families that have none of their own.
   * @throws {@link CanonicalRedisError} `E_UNKNOWN_FAMILY`
   */
  phase(family?: string): Phase
  /**
   * Changes the phase, where the source holds it itself. Commands already sent keep the phase they were sent in.
   * @throws {@link CanonicalRedisError} `E_UNSAFE_TRANSITION` with the path to take, `E_BAD_PHASE`, `E_UNKNOWN_FAMILY`
   */
  setPhase(phase: Phase, family?: string): void
  /**
   * The exact commands that would be sent for this one, a line each; scripts of ours by their names, `EVAL <expiry> …`,
   * unless `scripts` is `'text'`. A line that begins with `#` is a remark.
   *
   * @param options the phase to look at; without it, what would be sent now
   * @throws {@link CanonicalRedisError} what the command itself would be refused with; `E_BAD_PHASE`
   * @example
   * ```ts
   * redis.canonical.explain(['HSET', 'job:42', 'status', 'done'], { phase: 'dual-read' })
   * ```
   */
  explain(argv: readonly (Arg | number)[], options?: ExplainOptions & { readonly phase?: Phase }): string[]
  /**
   * For a health page, as JSON: which schema, which phases, is the connection up, what has been done to the keys of each
   * family, and what failed last.
   *
   * @example
   * ```ts
   * const { connection, warnings, families, lastFailure } = redis.canonical.health()
   * families.step // { phase: 'dual-read', adopted: 12, mirrored: 340, misses: 2, failures: 0 }
   * ```
   */
  health(): Health
}

interface CanonicalRedisClientConstructor {
  /**
   * Wraps a client; the result is used in its place and has the same static type.
   *
   * @param client an ioredis 5 or 6 `Redis` or `Cluster`, an iovalkey client, or a node-redis 5 or 6 client, pool, cluster
   * or Sentinel client. One of node-redis is changed itself, and given back; the others stay as they are.
   * @throws {@link CanonicalRedisError} `E_NOT_A_CLIENT`, `E_BAD_OPTION`, `E_BAD_PHASE`, `E_UNKNOWN_FAMILY`
   * @example
   * ```ts
   * const redis = new CanonicalRedisClient(new Redis(), { schema, phase: 'dual-read' })
   * await redis.hgetall('job:42') // the same key as step:42
   * ```
   */
  new <C extends object, S extends Schema>(
    client: C,
    options: CanonicalOptions & { readonly schema: S },
  ): C & { readonly canonical: Canonical<S> }
}

/** See {@link CanonicalRedisClientConstructor}. */
export const CanonicalRedisClient = function CanonicalRedisClient(client: unknown, options: CanonicalOptions): object {
  const raw = checkedClient(client)
  const { schema, phase, unknownCommands = 'refuse', hooks } = checkedOptions(options)
  const wanted = { schema, source: toPhaseSource(phase), unknownCommands, hooks: new HookCalls(hooks) }
  if (raw.kind === 'ioredis') {
    const { keyPrefix } = raw.client.options
    const isCluster = raw.client.isCluster === true
    const wrapping = new Wrapping(wanted, { keyPrefix, isCluster, prefixesShardChannels: true })
    const face = canonicalOf(wrapping, {
      db: () => raw.client.condition?.select ?? 0,
      status: () => raw.client.status,
    })
    return wrapIoredis(raw.client, wrapping, { canonical: face })
  }
  const wrapping = new Wrapping(wanted, {
    // Of node-redis 6.
    keyPrefix: (raw.client as { _keyPrefix?: string | Buffer })._keyPrefix,
    isCluster: raw.kind === 'cluster',
    prefixesShardChannels: false,
  })
  const face = canonicalOf(wrapping, {
    db: () => wrappedNodeRedis(raw.client)?.connection?.db ?? 0,
    status: () => statusOf(raw.client),
  })
  wrapNodeRedis(raw, wrapping, { canonical: face })
  return client as object
} as unknown as CanonicalRedisClientConstructor

function statusOf(client: { readonly isOpen: boolean; readonly isReady?: boolean }): string {
  if (!client.isOpen) return 'closed'
  return client.isReady === false ? 'connecting' : 'ready'
}

/** What the face says of the connection. */
interface State {
  db(): number
  status(): string
}

function canonicalOf(wrapping: Wrapping, state: State): Canonical {
  const { schema, source } = wrapping
  const { counts } = wrapping.hooks
  return {
    schema,
    mapper: schema.mapper,
    phase(family) {
      known(schema, family)
      return source.phaseOf(family ?? '')
    },
    setPhase(phase, family) {
      known(schema, family)
      if (source.set === undefined) {
        throw new CanonicalRedisError(
          'E_BAD_PHASE',
          'the phase of this client comes from a source that cannot be set',
          {
            hint: 'change it where it comes from',
          },
        )
      }
      source.set(phase, family)
    },
    explain(argv, { phase, ...options } = {}) {
      const line = argv.map((arg) => (typeof arg === 'number' ? String(arg) : arg))
      const now = wrapping.contextFor(state.db(), false)
      const there = phase && constantPhase(phase)
      return explain(line, plan(line, there ? { ...now, phaseOf: () => there.phaseOf('') } : now), options)
    },
    health: () => ({
      schema: schema.name,
      hash: schema.hash,
      phases: Object.fromEntries(namesOf(schema).map((name) => [name, source.phaseOf(name)])),
      connection: state.status(),
      warnings: wrapping.warnings(),
      since: counts.since.toISOString(),
      families: Object.fromEntries(
        namesOf(schema).map((name) => [name, { phase: source.phaseOf(name), ...counts.of(name) }]),
      ),
      lastFailure: counts.lastFailure,
    }),
  }
}

type Checked = { readonly kind: 'ioredis'; readonly client: RawClient } | RawNodeRedis

function checkedClient(client: unknown): Checked {
  if (typeof client === 'object' && client !== null) {
    const wrapping = behind(client)?.wrapping ?? wrappedNodeRedis(client)?.wrapping
    if (wrapping) {
      throw new CanonicalRedisError(
        'E_NOT_A_CLIENT',
        `the client is wrapped already, with the schema "${wrapping.schema.name}"`,
        { hint: 'wrap it once, with one schema that holds every family' },
      )
    }
    if (isIoredis(client)) return { kind: 'ioredis', client: unwrapped(client) }
    const found = nodeRedisOf(client)
    if (found && unwrapped(client)) return found
    if (isNodeRedis4(client)) {
      throw new CanonicalRedisError(
        'E_NOT_A_CLIENT',
        'expected node-redis 5 or 6, got node-redis 4, whose commands pass no place where their keys could be rewritten',
        { hint: 'npm install redis@5; what changed is in the "v4 to v5" guide of node-redis' },
      )
    }
  }
  if (isIoredisMock(client)) {
    throw new CanonicalRedisError(
      'E_NOT_A_CLIENT',
      'a client of ioredis-mock passes no place where its keys could be rewritten, and has no COPY',
      {
        hint: "createMockRedis({ schema, phase }) of 'canonical-redis/testing' is a wrapped client without a server; docs/testing.md",
      },
    )
  }
  const given = client === null ? 'null' : client instanceof Promise ? 'a promise' : typeof client
  throw new CanonicalRedisError(
    'E_NOT_A_CLIENT',
    `expected an ioredis 5 or 6 client, an iovalkey client or a node-redis 5 or 6 client, got ${given}`,
    {
      hint:
        client instanceof Promise
          ? 'await it: connect() of node-redis gives a promise of the client'
          : 'pass the client itself: new CanonicalRedisClient(new Redis(url), { schema, phase })',
    },
  )
}

/** By structure: it keeps its data on itself, and each command is a function of its own. */
function isIoredisMock(client: unknown): boolean {
  return (
    typeof client === 'object' && client !== null && 'data' in client && 'expires' in client && 'channels' in client
  )
}

function checkedOptions(options: CanonicalOptions): CanonicalOptions {
  const given: Partial<CanonicalOptions> | undefined = options
  if (typeof given?.schema?.mapper?.resolve !== 'function') {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `expected \`schema\` to be what defineSchema gives, got ${typeof given?.schema}`,
      {
        hint: 'new CanonicalRedisClient(client, { schema: defineSchema({ … }), phase: "alias" })',
      },
    )
  }
  if (given.unknownCommands !== undefined && !['refuse', 'pass'].includes(given.unknownCommands)) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `expected \`unknownCommands\` to be "refuse" or "pass", got ${JSON.stringify(given.unknownCommands)}`,
    )
  }
  checkHooks(given.hooks)
  checkFamilies(options)
  return options
}

/** A misspelt family would keep the phase of the others, unseen. */
function checkFamilies({ schema, phase }: CanonicalOptions): void {
  if (typeof phase !== 'object' || phase === null || !('families' in phase)) return
  for (const family of Object.keys(phase.families ?? {})) known(schema, family)
}

/** @throws {@link CanonicalRedisError} `E_UNKNOWN_FAMILY` */
function known(schema: Schema, family: string | undefined): void {
  const names = namesOf(schema)
  if (family === undefined || names.includes(family)) return
  throw new CanonicalRedisError('E_UNKNOWN_FAMILY', `the schema "${schema.name}" has no family "${family}"`, {
    hint: `it has: ${names.join(', ')}`,
  })
}

const namesOf = (schema: Schema): string[] => [...schema.families.keys(), ...schema.channels.keys()]
