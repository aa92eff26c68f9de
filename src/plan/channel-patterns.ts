/**
 * PSUBSCRIBE: which patterns to listen to for one asked pattern, and which messages of theirs it is shown.
 *
 * An asked pattern may match names that nobody publishes to any more, or not yet. So for every family that it can mean
 * there is one *carrier* on the server: the asked pattern itself where it takes in every name that the family listens
 * to, and the family's own glob where it does not. A message of a managed channel counts only when its carrier brought
 * it, and only under the name listened to; so each is shown once, however many patterns of the server match it.
 *
 * @module
 */
import { toBytes } from '../schema/bytes.js'
import type { FamilyInfo, Schema, Side } from '../schema/index.js'
import {
  activeName,
  keyeventPrefix,
  logicalChannel,
  type Listening,
  type LogicalChannel,
  type Sides,
} from './channel-names.js'
import { literalPrefix, matchesGlob } from './glob.js'
import type { PlanContext } from './types.js'

/** For each family (by unit) that a pattern can mean: what brings its messages. */
export type Carriers = ReadonlyMap<string, Readonly<Record<Side, string>>>

interface Globs {
  readonly unit: string
  readonly all: readonly string[]
  readonly names: Readonly<Record<Side, string>>
}

/** The carriers of an asked pattern. Which families it can mean is decided by literal beginnings, so "maybe" is yes. */
export function carriersOf(asked: string, schema: Schema, context: PlanContext): Carriers {
  const carrier = (glob: string): string => (takesIn(asked, glob) ? asked : glob)
  const meant = globsOf(schema, context).filter(({ all }) => all.some((glob) => mayOverlap(asked, glob)))
  return new Map(
    meant.map(({ unit, names }) => [unit, { canonical: carrier(names.canonical), alias: carrier(names.alias) }]),
  )
}

/**
 * The globs of every spelling of every family that the pattern can mean, itself first: what PUBSUB CHANNELS has to be
 * asked. Undefined when it can mean no managed name.
 */
export function channelGlobs(
  asked: string,
  how: Listening,
  schema: Schema,
  context: PlanContext,
): string[] | undefined {
  const families = how === 'shard' ? declaredGlobs(schema, context.keyPrefix ?? '') : globsOf(schema, context)
  const meant = families.filter(({ all }) => all.some((glob) => mayOverlap(asked, glob)))
  if (meant.length === 0) return undefined
  const more = meant.flatMap(({ all }) => all).filter((glob) => !takesIn(asked, glob))
  return [...new Set([asked, ...more])]
}

/** The name to show a pattern for a channel of the server's; undefined: none of its names matches. */
export function shownChannel(
  name: string,
  asked: string,
  how: Listening,
  sides: Sides,
  context: PlanContext,
): string | undefined {
  const channel = logicalChannel(name, how, context)
  if (channel) return nameFor(asked, channel, sides)
  return matchesGlob(asked, name) ? name : undefined
}

/** Can the pattern match a keyevent channel? What such messages show depends on the phase. */
export const meansKeyevents = (asked: string): boolean => mayOverlap(asked, keyeventPrefix)

/** The name to show a pattern for a managed channel: the one listened to if it matches, else any that does. */
export function nameFor(asked: string, channel: LogicalChannel, sides: Sides): string | undefined {
  return [activeName(channel, sides), ...channel.all].find((name) => matchesGlob(asked, name))
}

function globsOf(schema: Schema, context: PlanContext): Globs[] {
  const prefix = `__keyspace@*__:${escaped(context.keyPrefix ?? '')}`
  const keys = [...schema.families.values()].map((family) => familyGlobs('key', family, prefix))
  return [...declaredGlobs(schema, ''), ...keys].filter((globs) => globs !== undefined)
}

function declaredGlobs(schema: Schema, prefix: string): Globs[] {
  return [...schema.channels.values()]
    .map((family) => familyGlobs('channel', family, escaped(prefix)))
    .filter((globs) => globs !== undefined)
}

function familyGlobs(kind: 'channel' | 'key', family: FamilyInfo, prefix: string): Globs | undefined {
  const canonical = prefix + toBytes(family.canonical.glob)
  const aliases = family.aliases.map((alias) => prefix + toBytes(alias.glob))
  const [alias] = aliases
  if (alias === undefined) return undefined
  return { unit: `${kind}:${family.name}`, all: [canonical, ...aliases], names: { canonical, alias } }
}

const escaped = (text: string): string => text.replace(/[*?[\]\\]/g, '\\$&')

function mayOverlap(a: string, b: string): boolean {
  const [left, right] = [literalPrefix(a), literalPrefix(b)]
  return left.startsWith(right) || right.startsWith(left)
}

/** A character that is no byte: it stands for a star of the inner glob, which only a star can take in. */
const anyText = '\u0100'

/**
 * Does `outer` match every name that `inner` (of literals and stars) does? Only a "yes" is certain: with `?` or a class
 * in `outer` it is not looked into.
 */
function takesIn(outer: string, inner: string): boolean {
  if (!/^(?:[^?[\\]|\\.)*$/s.test(outer)) return false
  return matchesGlob(
    outer,
    inner.replace(/\\(.)|\*/gs, (_, literal?: string) => literal ?? anyText),
  )
}
