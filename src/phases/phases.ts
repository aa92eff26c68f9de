/**
 * The phases of a migration, as data: what is read, what is written, and which phases may run side by side.
 *
 * The table comes from online schema change (Google F1: absent, delete-only, write-only, public), with every row
 * checked by exhaustive search over the interleavings of one key.
 *
 * @module
 */
import type { Side } from '../schema/types.js'

/** The phases in the order of the path. */
export const phases = [
  'alias',
  'prepare',
  'dual-write',
  'dual-read',
  'canonical-primary',
  'retire-alias',
  'canonical',
] as const

/** One step of the path from the old names to the new. */
export type Phase = (typeof phases)[number]

/** What a client in a phase does. A is the first alias, C the canonical name. */
export interface PhaseRule {
  /** The name that commands go to: C or A. The other is the secondary. */
  readonly primary: Side
  /** Copy A to C (never overwriting) before C is read or changed. */
  readonly adopt: boolean
  /**
   * A read adopts in one atomic unit with itself. `dual-read` may run beside `prepare`, which removes C at every write:
   * between a COPY and a GET of its own, a key that was there all the time would read as missing.
   */
  readonly adoptInOneUnit: boolean
  /** What a write does to the secondary, in the same atomic unit. */
  readonly secondary: 'leave' | 'unlink' | 'mirror'
  /** The channel names a publisher sends to. */
  readonly publish: readonly Side[]
  /** The channel name a subscriber listens on. */
  readonly subscribe: Side
  /** Do raw clients that read A see every write? */
  readonly rawReaders: 'right' | 'miss'
  /** Do raw clients that write A keep their writes? `stale`: yes, but C is left behind. */
  readonly rawWriters: 'right' | 'stale' | 'lost'
}

/** The phase table. A null prototype, so that `toString` is no phase. */
export const phaseTable: Readonly<Record<Phase, PhaseRule>> = Object.assign(Object.create(null) as object, {
  alias: {
    primary: 'alias',
    adopt: false,
    adoptInOneUnit: false,
    secondary: 'leave',
    publish: ['alias'],
    subscribe: 'alias',
    rawReaders: 'right',
    rawWriters: 'right',
  },
  prepare: {
    primary: 'alias',
    adopt: false,
    adoptInOneUnit: false,
    secondary: 'unlink',
    publish: ['alias'],
    subscribe: 'alias',
    rawReaders: 'right',
    rawWriters: 'right',
  },
  'dual-write': {
    primary: 'alias',
    adopt: false,
    adoptInOneUnit: false,
    secondary: 'mirror',
    publish: ['alias', 'canonical'],
    subscribe: 'alias',
    rawReaders: 'right',
    rawWriters: 'stale',
  },
  'dual-read': {
    primary: 'canonical',
    adopt: true,
    adoptInOneUnit: true,
    secondary: 'mirror',
    publish: ['alias', 'canonical'],
    subscribe: 'canonical',
    rawReaders: 'right',
    rawWriters: 'lost',
  },
  'canonical-primary': {
    primary: 'canonical',
    adopt: false,
    adoptInOneUnit: false,
    secondary: 'mirror',
    publish: ['alias', 'canonical'],
    subscribe: 'canonical',
    rawReaders: 'right',
    rawWriters: 'lost',
  },
  'retire-alias': {
    primary: 'canonical',
    adopt: true,
    adoptInOneUnit: false,
    secondary: 'unlink',
    publish: ['canonical'],
    subscribe: 'canonical',
    rawReaders: 'miss',
    rawWriters: 'lost',
  },
  canonical: {
    primary: 'canonical',
    adopt: false,
    adoptInOneUnit: false,
    secondary: 'leave',
    publish: ['canonical'],
    subscribe: 'canonical',
    rawReaders: 'miss',
    rawWriters: 'lost',
  },
} satisfies Record<Phase, PhaseRule>)

/**
 * Pairs of phases, other than neighbours, that may run at the same time, and under which condition.
 * Everything that is neither here nor a neighbour can lose or resurrect a value.
 */
export const safeLeaps: readonly { readonly from: Phase; readonly to: Phase; readonly when: string }[] = [
  { from: 'prepare', to: 'dual-read', when: 'always' },
  { from: 'dual-write', to: 'canonical-primary', when: 'every alias key has its canonical copy' },
  { from: 'dual-read', to: 'retire-alias', when: 'always: both phases adopt' },
  { from: 'canonical-primary', to: 'canonical', when: 'only wrapped clients are left' },
]

/** Is this a phase? */
export function isPhase(value: unknown): value is Phase {
  return typeof value === 'string' && value in phaseTable
}

/** May clients in these two phases run at the same time? (The order of the two does not matter.) */
export function mayCoexist(a: Phase, b: Phase): boolean {
  if (Math.abs(phases.indexOf(a) - phases.indexOf(b)) <= 1) return true
  return safeLeaps.some((leap) => (leap.from === a && leap.to === b) || (leap.from === b && leap.to === a))
}

/** The phases to go through from one to another, both ends included, one safe step each. */
export function pathBetween(from: Phase, to: Phase): Phase[] {
  const start = phases.indexOf(from)
  const end = phases.indexOf(to)
  return start <= end ? phases.slice(start, end + 1) : phases.slice(end, start + 1).reverse()
}
