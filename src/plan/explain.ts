/**
 * A plan for people: the commands as one would type them.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { changeScript } from './adopting.js'
import { gatherScript, returnScript } from './queue-scripts.js'
import { guardScript, recipes, supersedeScript, tidyScript } from './recipes.js'
import { actScript, lookScript, regroupScript } from './reshape/index.js'
import type { FlowPlan, Plan } from './types.js'

/** How to print a plan. */
export interface ExplainOptions {
  /** Scripts of ours by their names, `<expiry>` (the default), or with their text. */
  readonly scripts?: 'named' | 'text'
}

/**
 * The exact commands of a plan, one a line, MULTI and EXEC included. A line that begins with `#` is a remark: a read that
 * may find its key at once has one, and behind it what is sent when it does not.
 *
 * @example
 * ```ts
 * explain(['DEL', 'job:42'], plan(['DEL', 'job:42'], context))
 * // [ 'MULTI', 'DEL job:42', 'UNLINK step:42', 'EXEC' ]
 * ```
 */
export function explain(argv: readonly Arg[], plan: Plan | undefined, options: ExplainOptions = {}): string[] {
  if (plan === undefined) return [typed(argv)]
  if (plan.flow) return flowing(argv, plan.flow, options)
  const lines = plan.steps.map((step) => typed(shown(step.argv, options)))
  const whole = plan.atomic ? ['MULTI', ...lines, 'EXEC'] : lines
  const op = lines[plan.op]
  if (plan.optimistic && op !== undefined) return [op, ifNotProved, ...whole]
  const instead = plan.instead ? [ifElsewhere, ...explain(argv, plan.instead, options)] : []
  return [...whole, ...(plan.turns ? [inTurns] : []), ...instead]
}

/** What a flow sends depends on what it sees: the first command is known, and what follows is said. */
function flowing(argv: readonly Arg[], flow: FlowPlan, options: ExplainOptions): string[] {
  const first = flow.start(2).next()
  const line = first.done === true ? [] : [typed(shown(first.value.argv, options))]
  const tries = first.done !== true && first.value.final === true
  return [...line, ...(tries ? [ifNotProved, '# EVAL <look>'] : []), thenActs, `# EVAL <act> … ${typed(argv)} …`]
}

const thenActs = '# then `up` and `down` work out what follows, and it is done if nothing has changed since:'

const ifNotProved = '# only if that does not show that every key exists:'

const ifElsewhere = '# only if the server says that the stream is not there:'
const inTurns = '# and again, until there is something or the time is up'

const names: ReadonlyMap<Arg | undefined, string> = new Map<Arg | undefined, string>([
  ...Object.entries(recipes).map(([name, { script }]) => [script, name] as const),
  [supersedeScript, 'supersede'],
  [guardScript, 'guard'],
  [tidyScript, 'tidy'],
  [gatherScript, 'gather'],
  [returnScript, 'return'],
  [changeScript, 'change'],
  [lookScript, 'look'],
  [actScript, 'act'],
  [regroupScript, 'regroup'],
])

function shown(argv: readonly Arg[], { scripts = 'named' }: ExplainOptions): readonly Arg[] {
  const name = scripts === 'named' && argv[0] === 'EVAL' ? names.get(argv[1]) : undefined
  return name === undefined ? argv : ['EVAL', `<${name}>`, ...argv.slice(2)]
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
