/**
 * What the two generations of the code call the same things. The wrapped client takes either, in every phase.
 *
 * @module
 */

/** The names that one service has in its code. */
export interface Names {
  readonly job: (id: string) => string
  readonly progress: (id: string) => string
  readonly assigned: (worker: string) => string
  readonly pending: string
  readonly active: string
  readonly completed: string
  readonly failed: string
  readonly events: string
}

const named = (one: string, many: string): Names => ({
  job: (id) => `${one}:${id}`,
  progress: (id) => `${one}:${id}:progress`,
  assigned: (worker) => `worker:${worker}:${many}`,
  pending: `${many}:pending`,
  active: `${many}:active`,
  completed: `${many}:completed`,
  failed: `${many}:failed`,
  events: `${one}_events`,
})

export const oldNames: Names = named('job', 'jobs')
export const newNames: Names = named('step', 'steps')
