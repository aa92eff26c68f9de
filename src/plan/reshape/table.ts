/**
 * What each phase does with the old form and with the pieces, as data.
 *
 * @module
 */
import type { Phase } from '../../phases/index.js'

/** One phase. */
export interface ReshapeRule {
  /** Which of the two is true where they differ. */
  readonly primary: 'source' | 'pieces'
  /** Pieces that are not there are made from the old value first. */
  readonly adopt: boolean
  /** What a write does to the old value, in the same atomic unit. */
  readonly source: 'write' | 'drop'
  /** What a write does to the pieces. */
  readonly pieces: 'write' | 'drop' | 'leave'
}

/** The table; its columns follow from `phaseTable`, but for `canonical`, where a write of the old form drops what is left of it. */
export const reshapeTable: Readonly<Record<Phase, ReshapeRule>> = {
  alias: { primary: 'source', adopt: false, source: 'write', pieces: 'leave' },
  prepare: { primary: 'source', adopt: false, source: 'write', pieces: 'drop' },
  'dual-write': { primary: 'source', adopt: false, source: 'write', pieces: 'write' },
  'dual-read': { primary: 'pieces', adopt: true, source: 'write', pieces: 'write' },
  'canonical-primary': { primary: 'pieces', adopt: false, source: 'write', pieces: 'write' },
  'retire-alias': { primary: 'pieces', adopt: true, source: 'drop', pieces: 'write' },
  canonical: { primary: 'pieces', adopt: false, source: 'drop', pieces: 'write' },
}
