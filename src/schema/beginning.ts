/**
 * Names that differ from one another by how they begin, and by nothing else: `job:<id>` and `step:<id>`. Most do, and then no
 * name has to be taken apart to spell the other one.
 *
 * @module
 */
import { isAscii } from './bytes.js'
import type { Rule } from './rule.js'
import type { Beginning } from './types.js'

/** How to spell the names of one rule as those of another of its family; undefined where more differs than their beginning. */
export function beginningOf(from: Rule, to: Rule): Beginning | undefined {
  const [known, wanted] = [from.template, to.template]
  // Of a contested name it takes the matcher to say whether it is one.
  if (known === undefined || wanted === undefined || to.contested) return undefined
  const [before = '', ...between] = known.pieces
  const [put = '', ...wantedBetween] = wanted.pieces
  const isSame = JSON.stringify([known.params, between]) === JSON.stringify([wanted.params, wantedBetween])
  if (!isSame || !isAscii(before + put)) return undefined
  return { cut: before.length, put }
}
