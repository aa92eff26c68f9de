/**
 * The ways of a backfill, as data: what is looked for, what is copied, what is removed, and where it may run.
 *
 * @module
 */
import type { KeyOperation } from '../../phases/index.js'
import type { Sides } from '../scan/walks.js'
import type { MigrateOptions } from '../types/index.js'

/** One way. */
export interface Way {
  /** What the gates call it. */
  readonly operation: KeyOperation
  /** The side that is copied from. */
  readonly source: 'aliases' | 'canonical'
  /** Flags of the copy script. */
  readonly copy: string
  /** Flags of the prune script. */
  readonly prune: string
  /** Which names to scan for. */
  readonly sides: Sides
  /** Is what the source side lacks removed from the other? */
  readonly prunes: boolean
}

/** The way that options ask for. */
export function wayOf(options: MigrateOptions): Way {
  const { direction = 'forward', overwrite = false, match } = options
  const reverse = direction === 'reverse'
  const prunes = (options.prune ?? true) && (reverse || overwrite) && match === undefined
  const source = reverse ? 'canonical' : 'aliases'
  const sides = prunes ? 'both' : source
  if (reverse) {
    const operation = prunes ? 'reverse backfill' : 'reverse backfill without removal'
    return { operation, source, copy: 'back', prune: 'alias', sides, prunes }
  }
  return {
    operation: overwrite ? 'overwriting backfill' : 'backfill',
    source,
    copy: overwrite ? 'replace' : '',
    prune: '',
    sides,
    prunes,
  }
}
