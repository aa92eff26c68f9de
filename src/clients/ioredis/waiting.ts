/**
 * Commands that wait for a job that may come under either name of its queue, where no single command can wait for both.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import type { Outcome } from '../shared/outcome.js'
import type { Route, Sender } from './sender.js'
import type { RawCommand } from './types.js'

/** One command of the caller's that waits. */
export interface Waiter {
  readonly sender: Sender
  readonly command: RawCommand
  readonly route: Route
  readonly outcome: Outcome
  /** Plans a command line in the phase of the moment. */
  readonly plan: (argv: readonly Arg[]) => Plan
  /** May another command go out now? Not inside a transaction that the caller has opened behind this command. */
  readonly mayGoOn: () => boolean
}

/** The server's words for a stream, or a group of it, that is not there; and for one that went away while waited for. */
const elsewhere = /^(NOGROUP|UNBLOCKED) /

/** Waits under one name, and when the stream is not there, or leaves, under the next. */
export function waitWhereItIs(plan: Plan, waiter: Waiter): void {
  const { sender, command, route, outcome } = waiter
  sender.sequence(command, plan, route, {
    resolve: outcome.resolve,
    reject: (error) => {
      if (plan.instead && elsewhere.test(error.message) && waiter.mayGoOn()) waitWhereItIs(plan.instead, waiter)
      else outcome.reject(error)
    },
  })
}

/**
 * Waits in turns, each planned anew, so that a job under the other name is found and a change of phase is followed.
 *
 * @param at the position in argv of the seconds to wait, 0 being for ever
 */
export function waitInTurns(plan: Plan, at: number, waiter: Waiter): void {
  const { sender, command, route, outcome } = waiter
  const asked: readonly Arg[] = [command.name, ...command.args]
  const seconds = Number(asked[at])
  const end = seconds === 0 ? Infinity : Date.now() + seconds * 1000
  const again = (left: number): void => {
    const argv = [...asked]
    argv[at] = left === Infinity ? '0' : String(left / 1000)
    try {
      turn(waiter.plan(argv))
    } catch (error) {
      outcome.reject(error as Error)
    }
  }
  const turn = (next: Plan): void =>
    sender.sequence(command, next, route, {
      resolve: (reply) => {
        const left = end - Date.now()
        if (reply === null && left > 0 && waiter.mayGoOn()) again(left)
        else outcome.resolve(reply)
      },
      reject: outcome.reject,
    })
  turn(plan)
}
