/**
 * What the connections of one wrapped client share: the schema, the phase source, the options.
 *
 * @module
 */
import calculateSlot from 'cluster-key-slot'
import type { PhaseSource } from '../../phases/index.js'
import type { PlanContext } from '../../plan/index.js'
import type { KeyName, LogicalKey, Schema } from '../../schema/index.js'

/** Shared by a client and its duplicates. */
export class Wrapping {
  #context: PlanContext

  constructor(
    readonly schema: Schema,
    readonly source: PhaseSource,
    readonly unknownCommands: 'refuse' | 'pass',
    readonly keyPrefix: string | Buffer | undefined,
    isCluster = false,
    /** Does the client put its prefix before shard channels too, as ioredis does? */
    prefixesShardChannels = true,
  ) {
    const mapper = keyPrefix && keyPrefix.length > 0 ? behindPrefix(schema.mapper, keyPrefix) : schema.mapper
    const phaseOf: PlanContext['phaseOf'] = (family) => source.phaseOf(family)
    const prefix = prefixesShardChannels ? Buffer.from(keyPrefix ?? '').toString('latin1') : ''
    const context: PlanContext = { mapper, phaseOf, db: 0, inTransaction: false, unknownCommands, keyPrefix: prefix }
    this.#context = isCluster ? { ...context, slotOf: (name) => calculateSlot(name) } : context
  }

  /** What a plan for a connection depends on. The last one is kept: a connection seldom changes its database. */
  contextFor(db: number, inTransaction: boolean): PlanContext {
    const last = this.#context
    if (last.db !== db || last.inTransaction !== inTransaction) this.#context = { ...last, db, inTransaction }
    return this.#context
  }

  /** The server has modules: from now on plans take care of values that have no COPY. */
  noteModules(): void {
    this.#context = { ...this.#context, hasModules: true }
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
  return {
    resolveChannel: (name) => mapper.resolveChannel(name),
    resolve: ((name: KeyName) => {
      const bytes = Buffer.from(name)
      if (!bytes.subarray(0, prefix.length).equals(prefix)) return undefined
      const rest = bytes.subarray(prefix.length)
      const key: LogicalKey | undefined = mapper.resolve<KeyName>(typeof name === 'string' ? rest.toString() : rest)
      if (key === undefined) return undefined
      const aliases = key.aliases.map((alias) => ({ ...alias, name: add(alias.name) }))
      return { ...key, canonical: add(key.canonical), aliases }
    }) as PlanContext['mapper']['resolve'],
  }
}
