/**
 * The phases that a SCAN was begun in.
 *
 * Which of its two names stands for a key depends on the phase. If it changed between two pages, a key whose one name lies
 * before the cursor and whose other behind it would be missed, though it was there all the time; so a cursor goes on in the
 * phases that it began in, which neighbours keep right.
 *
 * @module
 */
import type { PlanContext } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'

/** Cursors that are on their way; the oldest is forgotten, and goes on in the phases of the moment. */
const MOST_CURSORS = 1_000

type PhaseOf = PlanContext['phaseOf']

const bySchema = new WeakMap<Schema, Map<string, PhaseOf>>()

/** The context of a page, and what notes the cursor that leads on. */
export function pageOf(
  cursor: string,
  schema: Schema,
  context: PlanContext,
): { context: PlanContext; goOn: (next: string) => void } {
  const begun = bySchema.get(schema) ?? new Map<string, PhaseOf>()
  bySchema.set(schema, begun)
  const phaseOf = (cursor === '0' ? undefined : begun.get(cursor)) ?? phasesNow(schema, context)
  return {
    context: { ...context, phaseOf },
    goOn(next) {
      if (next === '0') return
      // Behind all others again, since it is the youngest.
      begun.delete(next)
      begun.set(next, phaseOf)
      if (begun.size > MOST_CURSORS) for (const oldest of begun.keys()) return void begun.delete(oldest)
    },
  }
}

function phasesNow(schema: Schema, { phaseOf }: PlanContext): PhaseOf {
  const phases = new Map([...schema.families.keys()].map((family) => [family, phaseOf(family)]))
  return (family) => phases.get(family) ?? phaseOf(family)
}
