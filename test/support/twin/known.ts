/**
 * What is known to differ and not yet repaired, so that the test can look for other things. Without entries, this file
 * goes.
 *
 * @module
 */
import type { Phase } from '../../../src/phases/index.js'

/** Ends a sequence at a known difference. */
export class KnownDifference extends Error {}

/**
 * `WATCH old:1`, then `SET old:2 x`, then another client's `SET old:1 x`, then `MULTI … EXEC`: EXEC runs where it must
 * give nil. The write (and in "dual-read" a read that adopts) goes out in a transaction of the library's own, and its
 * EXEC ends the caller's WATCH.
 */
export const endsWatch = (phase: Phase, between: boolean): boolean => between || phase === 'dual-read'
