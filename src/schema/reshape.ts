/**
 * A transform, compiled: from any of its names to all of them, and between the old value and its pieces.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { CanonicalRedisError } from '../errors.js'
import type { RedisKeyMapper } from './mapper.js'
import type { Pattern } from './pattern.js'
import type { StoredPiece, TransformDefinition } from './transform-definition.js'
import type { KeyName } from './types.js'

/** The fields of one piece. */
export type PieceFields = ReadonlyMap<string, string>

/** The pieces of one old value, by what the index holds of each; the one piece of a transform without index is `''`. */
export type Pieces = ReadonlyMap<string, PieceFields>

/** The names of one old value and its pieces, as stored. */
export interface Group {
  readonly transform: Transform
  readonly params: Readonly<Record<string, string>>
  /** The old name. */
  readonly source: string
  /** The set that lists the pieces. */
  readonly index: string | undefined
  /** The name of each piece begins with it; what follows is what the index holds. */
  readonly prefix: string
}

/** What a name is in its group. */
export interface Part {
  readonly group: Group
  readonly part: 'source' | 'index' | 'piece'
  /** Of a piece: what the index holds of it. */
  readonly member: string
}

/** What a transform is compiled from. */
export interface TransformParts {
  readonly name: string
  readonly into: string
  readonly index: string | undefined
  readonly source: Pattern
  readonly target: Pattern
  readonly definition: TransformDefinition
}

/** One transform. */
export class Transform {
  readonly name: string
  readonly into: string
  readonly index: string | undefined
  readonly isReversible: boolean
  readonly #parts: TransformParts
  readonly #mapper: RedisKeyMapper

  constructor(parts: TransformParts, mapper: RedisKeyMapper) {
    this.name = parts.name
    this.into = parts.into
    this.index = parts.index
    this.isReversible = parts.definition.down !== undefined
    this.#parts = parts
    this.#mapper = mapper
  }

  /** The group of a name of a family of this transform, by the params of that name. */
  group(params: Readonly<Record<string, string>>, keyPrefix: string): Group {
    const own = Object.fromEntries(this.#parts.source.holes.map((hole) => [hole, params[hole]!]))
    const nameOf = (family: string): string => keyPrefix + this.#mapper.names(family, own).canonical
    return {
      transform: this,
      params: own,
      source: nameOf(this.name),
      index: this.index === undefined ? undefined : nameOf(this.index),
      prefix: keyPrefix + this.#prefixOf(own),
    }
  }

  /**
   * The pieces of an old value.
   * @throws CanonicalRedisError `E_TRANSFORM`
   */
  up(group: Group, source: string): Pieces {
    const pieces = new Map<string, PieceFields>()
    const up = this.#parts.definition.up as (source: string, params: object) => Iterable<unknown>
    try {
      for (const piece of up(source, group.params)) {
        const member = this.#memberOf(group, piece)
        if (pieces.has(member)) throw new Error(`it gave the piece ${JSON.stringify(member)} twice`)
        pieces.set(member, fieldsOf(piece, member))
      }
    } catch (cause) {
      throw this.#failed('up', group, cause)
    }
    return pieces
  }

  /**
   * The old value of pieces; undefined: there is none. `up` of it gives the same pieces.
   * @throws CanonicalRedisError `E_TRANSFORM`; `E_UNSUPPORTED` without `down`
   */
  down(group: Group, pieces: Pieces): string | undefined {
    const down = this.#parts.definition.down as ((pieces: StoredPiece[], params: object) => unknown) | undefined
    if (down === undefined) throw lacksDown(this.name)
    // Without an index there is one piece, or nothing.
    if (this.index === undefined && pieces.size === 0) return undefined
    let text: unknown
    try {
      text = down(
        [...pieces].sort(([a], [b]) => (a < b ? -1 : 1)).map(([member, fields]) => this.#stored(group, member, fields)),
        group.params,
      )
      if (text !== undefined && text !== null && typeof text !== 'string') throw new Error('it gave no text')
    } catch (cause) {
      throw this.#failed('down', group, cause)
    }
    const back = text === undefined || text === null ? new Map<string, PieceFields>() : this.up(group, text)
    if (!samePieces(back, pieces)) {
      throw this.#failed('down', group, new Error(`up of what it gave has other pieces: ${difference(back, pieces)}`))
    }
    return text ?? undefined
  }

  #stored(group: Group, member: string, fields: PieceFields): StoredPiece {
    const parsed = this.#mapper.parse(this.#prefixOf(group.params) + member)
    if (parsed?.family !== this.into) throw new Error(`the index lists ${JSON.stringify(member)}, which is no piece`)
    return { params: parsed.params, hash: Object.fromEntries(fields) }
  }

  #prefixOf(params: Readonly<Record<string, string>>): string {
    const { source, target } = this.#parts
    const last = target.tokens.findLastIndex((token) => token.kind === 'hole' && source.holes.includes(token.name))
    const literal = target.tokens[last + 1]?.kind === 'literal' ? 1 : 0
    const tokens = target.tokens.slice(0, last + 1 + literal)
    return tokens.map((token) => (token.kind === 'literal' ? token.text : params[token.name])).join('')
  }

  #memberOf(group: Group, piece: unknown): string {
    const given = isRecord(piece) && isRecord(piece['params']) ? piece['params'] : {}
    for (const [hole, value] of Object.entries(group.params)) {
      const own = given[hole]
      if (own === undefined || own === value || (typeof own === 'number' && String(own) === value)) continue
      throw new Error(`it gave a piece whose <${hole}> is ${JSON.stringify(given[hole])}, of a value of ${value}`)
    }
    const params = { ...given, ...group.params } as Record<string, string>
    return this.#mapper.names(this.into, params).canonical.slice(this.#prefixOf(group.params).length)
  }

  #failed(which: 'up' | 'down', { source }: Group, cause: unknown): CanonicalRedisError {
    // The first line: the hint of an error of ours would stand before our own.
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    return new CanonicalRedisError(
      'E_TRANSFORM',
      `\`${which}\` of the transform "${this.name}" failed for "${source}": ${why}`,
      {
        hint: 'Nothing was changed. Put the value right, or teach the transform to read it.',
        cause,
      },
    )
  }
}

/** `E_UNSUPPORTED`: what was asked for cannot be done without `down`. */
export function lacksDown(name: string): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_UNSUPPORTED',
    `the transform "${name}" has no \`down\`, which this needs in its phase`,
    {
      hint: 'give transform() a `down`; without it pieces are only written from "retire-alias" on (docs/transform.md)',
    },
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function fieldsOf(piece: unknown, member: string): PieceFields {
  const hash = isRecord(piece) && isRecord(piece['hash']) ? Object.entries(piece['hash']) : []
  if (hash.length === 0) throw new Error(`it gave the piece ${JSON.stringify(member)} without a field`)
  return new Map(
    hash.map(([field, value]) => {
      if (typeof value === 'string') return [field, value]
      if (typeof value === 'number' && Number.isFinite(value)) return [field, String(value)]
      throw new Error(`it gave the field ${JSON.stringify(field)} of ${JSON.stringify(member)} as ${String(value)}`)
    }),
  )
}

/** Are these the same pieces, whatever their order? */
export const samePieces = (a: Pieces, b: Pieces): boolean => difference(a, b) === undefined

/** The first difference, for people; undefined when there is none. */
export function difference(a: Pieces, b: Pieces): string | undefined {
  for (const member of new Set([...a.keys(), ...b.keys()])) {
    const [ours, theirs] = [a.get(member), b.get(member)]
    const name = member === '' ? '' : ` of ${JSON.stringify(member)}`
    if (ours === undefined || theirs === undefined) return `${JSON.stringify(member)} is on one side only`
    for (const field of new Set([...ours.keys(), ...theirs.keys()])) {
      if (ours.get(field) !== theirs.get(field)) return `the field ${JSON.stringify(field)}${name} differs`
    }
  }
  return undefined
}

/** All transforms of a schema. */
export class Transforms {
  /** By the name of each family that takes part. */
  readonly families: ReadonlyMap<string, Transform>
  readonly #mapper: RedisKeyMapper

  constructor(all: readonly TransformParts[], mapper: RedisKeyMapper) {
    this.#mapper = mapper
    this.families = new Map(
      all.flatMap((parts) => {
        const one = new Transform(parts, mapper)
        return [parts.name, parts.into, parts.index].flatMap((family) => (family ? [[family, one] as const] : []))
      }),
    )
  }

  /** Does a family take part in one? */
  has(family: string): boolean {
    return this.families.has(family)
  }

  /** Each transform once. */
  get all(): Transform[] {
    return [...new Set(this.families.values())]
  }

  /**
   * What a stored name is; undefined for one of no transform.
   *
   * @param keyPrefix what the client puts before every name
   * @throws CanonicalRedisError `E_TRANSFORM`: the name is no text
   */
  find(name: KeyName, keyPrefix = ''): Part | undefined {
    if (this.families.size === 0) return undefined
    const text = name.toString()
    if (!text.startsWith(keyPrefix)) return undefined
    const own = text.slice(keyPrefix.length)
    const seen = this.#mapper.glance(own)
    const transform = seen && this.families.get(seen.family)
    if (transform === undefined || seen?.side !== 'canonical') return undefined
    if (typeof name !== 'string' && !isUtf8(name)) {
      throw new CanonicalRedisError(
        'E_TRANSFORM',
        `the name "${text}" of the transform "${transform.name}" is not UTF-8`,
      )
    }
    const group = transform.group(this.#mapper.parse(own)!.params, keyPrefix)
    if (seen.family === transform.name) return { group, part: 'source', member: '' }
    if (seen.family === transform.index) return { group, part: 'index', member: '' }
    return { group, part: 'piece', member: text.slice(group.prefix.length) }
  }
}
