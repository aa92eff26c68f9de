/**
 * What the connections of one wrapped client share: the schema, the phase source, the options.
 *
 * @module
 */
import calculateSlot from 'cluster-key-slot'
import type { Arg, Located } from '../../commands/index.js'
import type { PhaseSource } from '../../phases/index.js'
import { plan, type Plan, type PlanContext } from '../../plan/index.js'
import type { Glance, KeyName, LogicalKey, Schema, Side } from '../../schema/index.js'
import { opOf } from './happened.js'
import type { HookCalls } from './hooks.js'
import { evictionWarning, type ServerFacts } from './server-facts.js'

/** What the application asks for. */
export interface Wanted {
  readonly schema: Schema
  readonly source: PhaseSource
  readonly unknownCommands: 'refuse' | 'pass'
  readonly hooks: HookCalls
}

/** What the client that is wrapped does to names. */
export interface Naming {
  readonly keyPrefix: string | Buffer | undefined
  readonly isCluster: boolean
  /** Does it put its prefix before shard channels too, as ioredis does? */
  readonly prefixesShardChannels: boolean
}

/** Shared by a client and its duplicates. */
export class Wrapping {
  readonly schema: Schema
  readonly source: PhaseSource
  readonly keyPrefix: string | Buffer | undefined
  readonly hooks: HookCalls
  #context: PlanContext
  #eviction: ServerFacts['eviction']

  constructor({ schema, source, unknownCommands, hooks }: Wanted, naming: Naming) {
    const { keyPrefix, isCluster, prefixesShardChannels } = naming
    this.schema = schema
    this.source = source
    this.keyPrefix = keyPrefix
    this.hooks = hooks
    const mapper = keyPrefix && keyPrefix.length > 0 ? behindPrefix(schema.mapper, keyPrefix) : schema.mapper
    const phaseOf: PlanContext['phaseOf'] = (family) => source.phaseOf(family)
    const prefix = prefixesShardChannels ? Buffer.from(keyPrefix ?? '').toString('latin1') : ''
    let context: PlanContext = { mapper, phaseOf, db: 0, inTransaction: false, unknownCommands, keyPrefix: prefix }
    const { transforms } = schema
    if (transforms.families.size > 0) {
      const prefixed = String(keyPrefix ?? '')
      context = {
        ...context,
        transforms: { find: (name) => transforms.find(name, prefixed), has: (family) => transforms.has(family) },
      }
    }
    this.#context = isCluster ? { ...context, slotOf: (name) => calculateSlot(name) } : context
  }

  /** What a plan for a connection depends on. The last one is kept: a connection seldom changes its database. */
  contextFor(db: number, inTransaction: boolean): PlanContext {
    const last = this.#context
    if (last.db !== db || last.inTransaction !== inTransaction) this.#context = { ...last, db, inTransaction }
    return this.#context
  }

  /**
   * The plan for a command, with what hooks say to it.
   *
   * @param alone it stands in no pipeline, so that a read can be tried under one name first
   * @throws {@link CanonicalRedisError} what `plan` throws, and `E_VETOED`
   */
  plan(argv: readonly Arg[], context: PlanContext, located: Located | undefined, alone: boolean): Plan | undefined {
    try {
      const made = plan(argv, context, located)
      return made && this.hooks.first(made, context, alone)
    } catch (error) {
      this.hooks.counts.failed(error as Error, argv, located, context)
      throw error
    }
  }

  /** Counts a command that went out as one unit and has failed; gives its error back. */
  failed(error: Error, plan: Plan): Error {
    this.hooks.counts.failed(error, opOf(plan).argv, plan.located, this.#context)
    return error
  }

  /** What is known of a server from now on: plans take care of values that have no COPY, and eviction is warned of once. */
  note({ hasModules, eviction }: ServerFacts): void {
    if (hasModules && !this.#context.hasModules) this.#context = { ...this.#context, hasModules }
    if (eviction === undefined) return
    if (this.#eviction === undefined) process.emitWarning(evictionWarning(eviction), { type: 'CanonicalRedisWarning' })
    this.#eviction = eviction
  }

  /** What an operator should see to; empty while all is well. */
  warnings(): string[] {
    const problem = this.source.problem?.()
    return [...(problem ? [problem] : []), ...(this.#eviction ? [evictionWarning(this.#eviction)] : [])]
  }
}

/**
 * The schema speaks of names without the client's keyPrefix, and ioredis has put the prefix on before we see the
 * command. A name without it is one that ioredis does not know for a key: it stays as it is, as on a raw client.
 */
function behindPrefix(mapper: Schema['mapper'], keyPrefix: string | Buffer): PlanContext['mapper'] {
  const prefix = Buffer.from(keyPrefix)
  const add = (name: KeyName): KeyName =>
    typeof name === 'string' ? prefix.toString() + name : Buffer.concat([prefix, name])
  const without = (name: KeyName): KeyName | undefined => {
    const bytes = Buffer.from(name)
    if (!bytes.subarray(0, prefix.length).equals(prefix)) return undefined
    const rest = bytes.subarray(prefix.length)
    return typeof name === 'string' ? rest.toString() : rest
  }
  return {
    resolveChannel: (name) => mapper.resolveChannel(name),
    glance(name) {
      const rest = without(name)
      return rest === undefined ? undefined : mapper.glance(rest)
    },
    nameOn: ((side: Side, name: KeyName, seen?: Glance) => {
      const rest = without(name)
      return rest === undefined ? name : add(mapper.nameOn(side, rest, seen))
    }) as PlanContext['mapper']['nameOn'],
    resolve: ((name: KeyName) => {
      const rest = without(name)
      const key: LogicalKey | undefined = rest === undefined ? undefined : mapper.resolve(rest)
      if (key === undefined) return undefined
      const aliases = key.aliases.map((alias) => ({ ...alias, name: add(alias.name) }))
      return { ...key, canonical: add(key.canonical), aliases }
    }) as PlanContext['mapper']['resolve'],
  }
}
