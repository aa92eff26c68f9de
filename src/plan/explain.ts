/**
 * A plan for people: the commands as one would type them.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import type { Plan } from './types.js'

/**
 * The exact commands of a plan, one a line, MULTI and EXEC included.
 *
 * @example
 * ```ts
 * explain(['DEL', 'job:42'], plan(['DEL', 'job:42'], context))
 * // [ 'MULTI', 'DEL job:42', 'UNLINK step:42', 'EXEC' ]
 * ```
 */
export function explain(argv: readonly Arg[], plan: Plan | undefined): string[] {
  if (plan === undefined) return [typed(argv)]
  const lines = plan.steps.map((step) => typed(step.argv))
  return plan.atomic ? ['MULTI', ...lines, 'EXEC'] : lines
}

function typed(argv: readonly Arg[]): string {
  return argv.map((arg) => quote(arg)).join(' ')
}

/** As redis-cli reads it: quotes where there is white space, a quote or a byte that does not print. */
function quote(arg: Arg): string {
  const text = typeof arg === 'string' ? arg : arg.toString('latin1')
  if (/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/.test(text)) return text
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/gu, (char) => {
    const bytes = typeof arg === 'string' ? Buffer.from(char) : Buffer.from(char, 'latin1')
    return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  })
  return `"${escaped}"`
}
