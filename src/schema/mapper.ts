/**
 * From any name of a logical key to all of them.
 *
 * @module
 */
import { toBuffer, toBytes, toText } from './bytes.js'
import { exchangeOf, type Exchange } from './exchange.js'
import { checkParams, type Params } from './params.js'
import type { Found, Rulebook } from './rulebook.js'
import type { Glance, KeyName, LogicalKey, ParsedKey, Side } from './types.js'
import { unknownName } from './unknown-name.js'

/** A string for a string, a Buffer for a Buffer. */
export type NameLike<N extends KeyName> = N extends string ? string : Buffer

const bytesOf = (name: KeyName): string => (typeof name === 'string' ? toBytes(name) : name.toString('latin1'))

const identity = (bytes: string): string => bytes

/** How results go back: as the caller's name came in. Only a name that is ASCII is its own bytes. */
function writerFor(name: KeyName, bytes: string, ascii: boolean): (bytes: string) => KeyName {
  if (typeof name !== 'string') return toBuffer
  return ascii && bytes === name ? identity : toText
}

/**
 * Maps names of keys and channels: pure, total, and made by `defineSchema` (as `schema.mapper`).
 * A Buffer in gives Buffers out, and bytes that are not UTF-8 survive.
 *
 * @example
 * ```ts
 * const { mapper } = defineSchema({ name: 'demo', keys: { step: key('step:<id>').alias('job:<id>') } })
 * mapper.getCanonicalKey('job:42') // 'step:42'
 * mapper.getAliasKeys('step:42')   // ['job:42']
 * ```
 */
export class RedisKeyMapper {
  readonly #keys: Rulebook
  readonly #channels: Rulebook
  /** No literal, value or default has a character outside ASCII: then ASCII in means ASCII out. */
  readonly #ascii: boolean

  constructor(keys: Rulebook, channels: Rulebook, ascii: boolean) {
    this.#keys = keys
    this.#channels = channels
    this.#ascii = ascii
  }

  /** Does the name belong to a family of the schema, under any of its spellings? */
  isKeyManaged(name: KeyName): boolean {
    return this.#keys.find(bytesOf(name)) !== undefined
  }

  /** The canonical name; a name that no family manages comes back unchanged. */
  getCanonicalKey<N extends KeyName>(name: N): NameLike<N> {
    const bytes = bytesOf(name)
    const found = this.#keys.find(bytes)
    return (found ? writerFor(name, bytes, this.#ascii)(found.canonical) : name) as NameLike<N>
  }

  /** The alias names of the same logical key, in the order of the schema; empty for a name that is not managed. */
  getAliasKeys<N extends KeyName>(name: N): NameLike<N>[] {
    return (this.resolve(name)?.aliases ?? []).map((alias) => alias.name)
  }

  /** The family and the canonical parameters; undefined for a name that is not managed. */
  parse<N extends KeyName>(name: N): ParsedKey<NameLike<N>> | undefined {
    const bytes = bytesOf(name)
    const found = this.#keys.find(bytes)
    if (found === undefined) return undefined
    const { family, rule, params } = found
    const write = writerFor(name, bytes, this.#ascii) as (bytes: string) => NameLike<N>
    const entries = family.canonical.pattern.holes.map((hole, index) => [hole, write(params[index]!)] as const)
    return { family: family.name, params: Object.fromEntries(entries), side: rule.side, index: rule.index }
  }

  /**
   * Which family and side the name seems to belong to; undefined for a name that is not managed. An alias may seem to be one
   * and belong to nobody, where its canonical name would be that of another family: {@link resolve} says for sure.
   */
  glance(name: KeyName): Glance | undefined {
    return this.#keys.glance(name)
  }

  /**
   * The one name of a logical key that is wanted, for a name whose {@link glance} is `plain`: the canonical name, or the first
   * alias that the key has; the canonical name where it has none. A name that is not managed after all comes back unchanged.
   *
   * @param seen - what {@link glance} gave for the name: it mostly saves a second look
   */
  nameOn<N extends KeyName>(side: Side, name: N, seen?: Glance): NameLike<N> {
    const beginning = seen?.beginnings[side]
    if (beginning && typeof name === 'string') return (beginning.put + name.slice(beginning.cut)) as NameLike<N>
    const bytes = bytesOf(name)
    const found = this.#keys.find(bytes)
    if (found === undefined) return name as NameLike<N>
    const wanted = side === 'canonical' ? found.canonical : this.#keys.firstAliasOf(found)
    return writerFor(name, bytes, this.#ascii)(wanted ?? found.canonical) as NameLike<N>
  }

  /** Every name of the logical key that the name belongs to; undefined for a name that is not managed. */
  resolve<N extends KeyName>(name: N): LogicalKey<NameLike<N>> | undefined {
    return this.#resolveIn(this.#keys, name)
  }

  /** The same for a channel; undefined for a channel that is not managed. */
  resolveChannel<N extends KeyName>(name: N): LogicalKey<NameLike<N>> | undefined {
    return this.#resolveIn(this.#channels, name)
  }

  /**
   * Every name of a logical key of a family.
   *
   * @param family A family of keys.
   * @param params Values by hole of the canonical pattern. With a Buffer among them, the names are Buffers.
   * @throws CanonicalRedisError `E_UNKNOWN_FAMILY`; `E_BAD_PARAM`: a hole is missing or unknown, a value cannot
   * stand in it, or the name belongs to a more specific family.
   * @example
   * ```ts
   * schema.mapper.names('step', { id: 42 }).aliases // [{ name: 'job:42', db: undefined }]
   * ```
   */
  names(family: string, params: Readonly<Record<string, string | number>>): LogicalKey<string>
  names(family: string, params: Params): LogicalKey
  names(name: string, params: Params): LogicalKey {
    const family = this.#keys.families.get(name)
    if (family === undefined) {
      throw unknownName('family', name, this.#keys.families.keys())
    }
    const values = checkParams(family, params)
    const canonical = this.#keys.canonicalOf(family, values)
    const write: (bytes: string) => KeyName = Object.values(params).some((value) => Buffer.isBuffer(value))
      ? toBuffer
      : toText
    return toLogical(this.#keys, { family, rule: family.canonical, params: values, canonical }, write)
  }

  /** How the two names of each key of a family are told from one another by text alone; undefined where they are not. */
  exchange(family: string): Exchange | undefined {
    const known = this.#keys.families.get(family)
    return known && exchangeOf(known)
  }

  #resolveIn<N extends KeyName>(book: Rulebook, name: N): LogicalKey<NameLike<N>> | undefined {
    const bytes = bytesOf(name)
    const found = book.find(bytes)
    if (found === undefined) return undefined
    return toLogical(book, found, writerFor(name, bytes, this.#ascii) as (bytes: string) => NameLike<N>)
  }
}

function toLogical<N extends KeyName>(book: Rulebook, found: Found, write: (bytes: string) => N): LogicalKey<N> {
  const { family, rule, params, canonical } = found
  const key = {
    family: family.name,
    canonical: write(canonical),
    aliases: book.aliasesOf(family, params, write),
    side: rule.side,
    index: rule.index,
  }
  return family.queue ? { ...key, queue: true } : key
}
