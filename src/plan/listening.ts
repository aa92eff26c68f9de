/**
 * What to listen to on the server for one name or pattern that a caller asked for.
 *
 * @module
 */
import type { Schema } from '../schema/index.js'
import {
  activeName,
  keyeventPrefix,
  logicalChannel,
  type Listening,
  type LogicalChannel,
  type Sides,
} from './channel-names.js'
import { carriersOf, meansKeyevents, type Carriers } from './channel-patterns.js'
import type { PlanContext } from './types.js'

/** One name or pattern of a caller's. */
export interface Asked {
  readonly name: string
  /** The logical channel of a managed name. */
  readonly channel: LogicalChannel | undefined
  /** Empty for anything but a pattern. */
  readonly carriers: Carriers
  /** A change of side of one of these changes what the caller is to be shown. */
  readonly units: ReadonlySet<string>
}

const none: Carriers = new Map()

/** Understands what a caller asked for. */
export function understand(name: string, how: Listening, schema: Schema, sides: Sides, context: PlanContext): Asked {
  const carriers = how === 'pattern' ? carriersOf(name, schema, context) : none
  const channel = how === 'pattern' ? undefined : logicalChannel(name, how, context)
  const units = new Set(channel ? [channel.unit] : carriers.keys())
  const events = how === 'pattern' ? meansKeyevents(name) : how === 'channel' && name.startsWith(keyeventPrefix)
  if (events) for (const unit of sides.keys()) if (unit.startsWith('key:')) units.add(unit)
  return { name, channel, carriers, units }
}

/** The names to be subscribed to on the server. A pattern stands for itself too: it may match channels of nobody's. */
export function serverNames({ name, channel, carriers }: Asked, sides: Sides): string[] {
  if (channel) return [activeName(channel, sides)]
  return [...new Set([name, ...[...carriers].map(([unit, by]) => by[sides.get(unit) ?? 'canonical'])])]
}
