/**
 * Names that seem to be of a family, and are not.
 *
 * @module
 */

/** A key of no family that looks as if it should be of one. */
export interface LookAlike {
  readonly key: string
  readonly db: number
  readonly family: string
  readonly why: string
}
