/**
 * The phases of a queue, as data. A queue is not mirrored: a job that is taken under one name must not wait under the
 * other. So it lies under one name at a time, and whoever touches it in a phase between the first and the last brings it
 * to the name of that phase in the same atomic unit.
 *
 * @module
 */
import type { Side } from '../schema/types.js'
import type { Phase } from './phases.js'

/** What a client in a phase does with a queue. */
export interface QueueRule {
  /** The name that commands go to, and that a queue is created under. */
  readonly home: Side
  /** A neighbour may have the queue under the other name: look there as well, and bring it home. */
  readonly gather: boolean
  /** Do raw clients that push to the alias have their jobs served? */
  readonly rawProducers: 'right' | 'lost'
  /** Do raw clients that take from the alias see every job? `starve`: no, but whoever is wrapped does. */
  readonly rawConsumers: 'right' | 'starve'
}

const onAlias = { home: 'alias', gather: true, rawProducers: 'right', rawConsumers: 'right' } as const
const onCanonical = { home: 'canonical', gather: true, rawProducers: 'right', rawConsumers: 'starve' } as const

/** The phase table of queues. */
export const queueTable: Readonly<Record<Phase, QueueRule>> = Object.assign(Object.create(null) as object, {
  alias: { ...onAlias, gather: false },
  prepare: onAlias,
  'dual-write': onAlias,
  'dual-read': onCanonical,
  'canonical-primary': onCanonical,
  'retire-alias': onCanonical,
  canonical: { home: 'canonical', gather: false, rawProducers: 'lost', rawConsumers: 'starve' },
} satisfies Record<Phase, QueueRule>)
