/**
 * Commands that wait for a job that may come under either name of its queue, where no single command can wait for both.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'

/** One command of the caller's that waits. */
export interface Waiter {
  readonly argv: readonly Arg[]
  readonly send: (plan: Plan) => Promise<unknown>
  /** Plans a command line in the phase of the moment. */
  readonly plan: (argv: readonly Arg[]) => Plan
  /** May another command go out now? Not inside a transaction that the caller has opened behind this command. */
  readonly mayGoOn: () => boolean
}

/** The server's words for a stream, or a group of it, that is not there; and for one that went away while waited for. */
const elsewhere = /^(NOGROUP|UNBLOCKED) /

/** Waits until there is an answer, or the time is over. */
export function wait(plan: Plan, waiter: Waiter): Promise<unknown> {
  return plan.turns ? waitInTurns(plan, plan.turns.timeout, waiter) : waitWhereItIs(plan, waiter)
}

/** Waits under one name, and when the stream is not there, or leaves, under the next. */
async function waitWhereItIs(plan: Plan, waiter: Waiter): Promise<unknown> {
  try {
    return await waiter.send(plan)
  } catch (error) {
    if (!plan.instead || !elsewhere.test((error as Error).message) || !waiter.mayGoOn()) throw error
    return waitWhereItIs(plan.instead, waiter)
  }
}

/**
 * Waits in turns, each planned anew, so that a job under the other name is found and a change of phase is followed.
 *
 * @param at the position in argv of the seconds to wait, 0 being for ever
 */
async function waitInTurns(first: Plan, at: number, { argv, send, plan, mayGoOn }: Waiter): Promise<unknown> {
  const seconds = Number(argv[at])
  const end = seconds === 0 ? Infinity : Date.now() + seconds * 1000
  let next = first
  for (;;) {
    const reply = await send(next)
    const left = end - Date.now()
    if (reply !== null || left <= 0 || !mayGoOn()) return reply
    next = plan(argv.map((arg, i) => (i === at ? (left === Infinity ? '0' : String(left / 1000)) : arg)))
  }
}
