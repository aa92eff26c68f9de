/**
 * Channel names and the logical channels behind them: declared channels, and the channels of keyspace notifications,
 * which carry the name of a key. Names are bytes here, one character each (see the schema's `bytes`).
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { phaseTable, type Phase } from '../phases/index.js'
import { isAscii, toBuffer, toBytes, toText } from '../schema/bytes.js'
import type { LogicalKey, Schema, Side } from '../schema/index.js'
import type { PlanContext } from './types.js'

/** `channel`: SUBSCRIBE; `pattern`: PSUBSCRIBE; `shard`: SSUBSCRIBE. */
export type Listening = 'channel' | 'pattern' | 'shard'

/** One logical channel. */
export interface LogicalChannel {
  readonly family: string
  /** What changes its side together: `channel:<family>`, or `key:<family>` for keyspace notifications. */
  readonly unit: string
  readonly names: Readonly<Record<Side, string>>
  /** Every name, the canonical first. */
  readonly all: readonly string[]
}

/** By {@link LogicalChannel.unit}: the name that is listened to. A snapshot, so that a connection can change it at the right message. */
export type Sides = ReadonlyMap<string, Side>

/** The name of an argument or an event, as bytes. */
export const bytesOf = (name: Arg): string => (typeof name === 'string' ? toBytes(name) : name.toString('latin1'))

/** The bytes as an argument. */
export const argOf = (bytes: string): Arg => (isAscii(bytes) ? bytes : toBuffer(bytes))

/** A name as the other one is: a string for a string, a Buffer for a Buffer. */
export const nameLike = (like: Arg, bytes: string): Arg => (typeof like === 'string' ? toText(bytes) : toBuffer(bytes))

/** The sides that the phases ask for now. Only families with an alias have any. */
export function sidesNow(schema: Schema, phaseOf: (family: string) => Phase): Sides {
  const sides = new Map<string, Side>()
  for (const { name, aliases } of schema.channels.values()) {
    if (aliases.length > 0) sides.set(`channel:${name}`, phaseTable[phaseOf(name)].subscribe)
  }
  for (const { name, aliases } of schema.families.values()) {
    if (aliases.length > 0) sides.set(`key:${name}`, phaseTable[phaseOf(name)].primary)
  }
  return sides
}

/** The units that have another side. */
export function changedUnits(from: Sides, to: Sides): Set<string> {
  return new Set([...to].filter(([unit, side]) => from.get(unit) !== side).map(([unit]) => unit))
}

/** The logical channel of a name; undefined for one that is not managed. */
export function logicalChannel(name: string, how: Listening, context: PlanContext): LogicalChannel | undefined {
  return declaredChannel(name, how, context) ?? (how === 'shard' ? undefined : keyspaceChannel(name, context))
}

/** The same for channels of the schema alone: what a publisher can mean. */
export function declaredChannel(name: string, how: Listening, context: PlanContext): LogicalChannel | undefined {
  // ioredis takes a shard channel for a key, and has put its keyPrefix in front.
  const prefix = how === 'shard' ? (context.keyPrefix ?? '') : ''
  if (!name.startsWith(prefix)) return undefined
  const key = context.mapper.resolveChannel(toBuffer(name.slice(prefix.length)))
  return key && pairOf('channel', key, (bytes) => prefix + bytes)
}

/** The name that is listened to. */
export function activeName(channel: LogicalChannel, sides: Sides): string {
  return channel.names[sides.get(channel.unit) ?? 'canonical']
}

function pairOf(
  kind: 'channel' | 'key',
  key: LogicalKey<Buffer>,
  name: (bytes: string, db: number | undefined) => string,
): LogicalChannel | undefined {
  const canonical = name(bytesOf(key.canonical), undefined)
  const aliases = key.aliases.map((alias) => name(bytesOf(alias.name), alias.db))
  const [alias] = aliases
  return alias === undefined
    ? undefined
    : { family: key.family, unit: `${kind}:${key.family}`, names: { canonical, alias }, all: [canonical, ...aliases] }
}

const keyspace = /^__keyspace@(\d+)__:(.*)$/s

/**
 * `__keyspace@0__:job:1` belongs to the logical key of `job:1`. An alias that has a database of its own lies there,
 * and its canonical name in the database that the connection has selected.
 */
function keyspaceChannel(name: string, context: PlanContext): LogicalChannel | undefined {
  const [, digits, bytes] = keyspace.exec(name) ?? []
  if (digits === undefined || bytes === undefined) return undefined
  const db = Number(digits)
  const key = context.mapper.resolve(toBuffer(bytes))
  if (key === undefined) return undefined
  const own = key.aliases.find((alias) => bytesOf(alias.name) === bytes && alias.db === db && key.side === 'alias')
  const home = own ? context.db : db
  return pairOf('key', key, (text, at) => `__keyspace@${at ?? home}__:${text}`)
}

const keyevent = /^__keyevent@(\d+)__:/

/** How the channels begin whose payload is the name of a key. */
export const keyeventPrefix = '__keyevent@'

/** Is this a keyevent of the name that the phase does not read? The event of the other name stands for both. */
export function isSecondEvent(channel: string, payload: Arg, sides: Sides, { mapper }: PlanContext): boolean {
  const [, digits] = keyevent.exec(channel) ?? []
  if (digits === undefined) return false
  const name = bytesOf(payload)
  const key = mapper.resolve(toBuffer(name))
  if (key === undefined || key.aliases.length === 0) return false
  const [first] = key.aliases
  const alias = key.side === 'alias' ? key.aliases.find((one) => bytesOf(one.name) === name) : undefined
  // The same name in a database where no family has it.
  if (alias?.db !== undefined && alias.db !== Number(digits)) return false
  const shown = sides.get(`key:${key.family}`)
  return key.side !== shown || (shown === 'alias' && alias !== first)
}

/** The keys of an invalidation message under the names that the phases read, each once. */
export function invalidated(keys: readonly unknown[], sides: Sides, { mapper }: PlanContext): unknown[] {
  const shown = new Map<unknown, unknown>()
  for (const name of keys) {
    const key = Buffer.isBuffer(name) ? mapper.resolve(name) : undefined
    const alias = key?.aliases[0]?.name
    const read = key && (alias && sides.get(`key:${key.family}`) === 'alias' ? alias : key.canonical)
    const one = read ?? name
    shown.set(Buffer.isBuffer(one) ? one.toString('latin1') : one, one)
  }
  return [...shown.values()]
}
