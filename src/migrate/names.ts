/**
 * Names as the server has them: raw bytes, with the client's keyPrefix, each in a database.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { Schema } from '../schema/index.js'
import { ruleWord } from './scripts/index.js'

/** A physical key. */
export interface Place {
  readonly name: Buffer
  readonly db: number
}

/** One logical key that a scan met by one of its names. */
export interface Job {
  readonly family: string
  /** In the home database. */
  readonly canonical: Buffer
  /** In the order of the schema; the first that exists is the one that counts. Never empty. */
  readonly aliases: readonly Place[]
  /** The alias it was met by; -1 when it was met by its canonical name. */
  readonly met: number
  /** Its elements are jobs: it is moved, never copied. */
  readonly queue: boolean
  /** What its family says of times to live, as a word for scripts. */
  readonly rule?: string
}

/** A name for people: text, or with `\xNN` for what is not ASCII when the bytes are not UTF-8. */
export function printable(name: Buffer): string {
  if (isUtf8(name)) return name.toString()
  return name
    .toString('latin1')
    .replace(/[\\\x80-\xff]/g, (byte) => (byte === '\\' ? '\\\\' : `\\x${byte.charCodeAt(0).toString(16)}`))
}

/** A text as a glob that matches it alone. */
export const escapeGlob = (text: Buffer): Buffer =>
  Buffer.from(text.toString('latin1').replace(/[\\*?[\]]/g, '\\$&'), 'latin1')

/** The mapper, for names as stored. */
export class Names {
  /** By family, those that have one. */
  readonly #rules: ReadonlyMap<string, string>

  constructor(
    readonly schema: Schema,
    readonly families: ReadonlySet<string>,
    readonly home: number,
    readonly keyPrefix: Buffer,
    /** A cluster has no other databases: aliases there cannot exist. */
    readonly isCluster = false,
  ) {
    const words = [...schema.families.values()].map((family) => [family.name, ruleWord(family)] as const)
    this.#rules = new Map(words.filter((entry): entry is [string, string] => entry[1] !== undefined))
  }

  /** Has no family more aliases than this? */
  aliasesAtMost(count: number): boolean {
    return [...this.families].every((family) => (this.schema.families.get(family)?.aliases.length ?? 0) <= count)
  }

  /** Families with an alias that this server cannot have. */
  get unreachable(): string[] {
    if (!this.isCluster) return []
    const elsewhere = (name: string): boolean =>
      this.schema.families.get(name)?.aliases.some(({ db }) => (db ?? this.home) !== this.home) ?? false
    return [...this.families].filter(elsewhere)
  }

  /**
   * The logical key of a stored name; undefined for a name of no family (or of one left out), for one in a database
   * where the schema does not have it, and for a key without any alias.
   */
  resolve(stored: Buffer, db: number): Job | undefined {
    const prefix = this.keyPrefix
    if (prefix.length > 0 && !stored.subarray(0, prefix.length).equals(prefix)) return undefined
    const key = this.schema.mapper.resolve(stored.subarray(prefix.length))
    if (key === undefined || !this.families.has(key.family)) return undefined
    const canonical = this.#stored(key.canonical)
    const aliases = key.aliases
      .map((alias) => ({ name: this.#stored(alias.name), db: alias.db ?? this.home }))
      // `key('a:<id>').alias('a:<id>', { db: 2 })` with a client that is in database 2 itself: one key, not a pair.
      // Sweeping that "alias" would delete the data.
      .filter((alias) => (alias.db !== this.home ? !this.isCluster : !alias.name.equals(canonical)))
    const met = aliases.findIndex((alias) => alias.db === db && alias.name.equals(stored))
    const isCanonical = db === this.home && canonical.equals(stored)
    if (aliases.length === 0 || (met === -1 && !isCanonical)) return undefined
    const job = { family: key.family, canonical, aliases, met, queue: key.queue === true }
    const rule = this.#rules.get(key.family)
    return rule === undefined ? job : { ...job, rule }
  }

  #stored(name: Buffer): Buffer {
    return this.keyPrefix.length === 0 ? name : Buffer.concat([this.keyPrefix, name])
  }
}
