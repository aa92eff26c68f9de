/**
 * What a plan came to: from the replies to its steps to the answer of the caller's command.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { chosenReply, type Plan, type StepRole } from '../../plan/index.js'

/** Takes what a command came to; exactly one of them is called, once. */
export interface Outcome {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  /** Instead of `reject`, where it is given and the server has discarded the transaction: nothing of it has run. */
  readonly discarded?: (error: Error) => void
}

/** Which element of EXEC's reply is the caller's, or the sum of several. */
export function opReply(plan: Plan, replies: readonly unknown[]): unknown {
  plan.onReplies?.(replies, plan)
  // What could not be adopted was missing for the command, so its reply speaks of nothing.
  const failed = replies.find((reply, i) => reply instanceof Error && plan.steps[i]?.role === 'adopt')
  if (failed) return explained(failed as Error)
  if (plan.sum === undefined) return chosenReply(plan, replies)
  const parts = plan.sum.map((i) => replies[i])
  return parts.find((part) => part instanceof Error) ?? parts.reduce<number>((sum, part) => sum + Number(part), 0)
}

/** Answers with what came of a transaction. */
export function answer(plan: Plan, replies: readonly unknown[], outcome: Outcome): void {
  const reply = opReply(plan, replies)
  if (reply instanceof Error) outcome.reject(reply)
  else outcome.resolve(reply)
}

/** Answers with what came of steps that went out one after the other: without the right database or the adopted key, nothing. */
export function settle(plan: Plan, replies: readonly unknown[], outcome: Outcome): void {
  const failed = replies.find(
    (reply, i) => reply instanceof Error && preparing.includes(plan.steps[i]?.role as StepRole),
  )
  if (failed) outcome.reject(explained(failed as Error))
  else answer(plan, replies, outcome)
}

const preparing: readonly StepRole[] = ['adopt', 'select']

/** The server's error to a step of ours, in words for a caller who never sent that step. */
export function explained(error: Error): Error {
  if (/unknown command .copy/i.test(error.message)) return serverTooOld(undefined, error)
  if (!/not supported for this module key/.test(error.message)) return error
  return new CanonicalRedisError(
    'E_UNSUPPORTED',
    'the key holds a value of a module that the server cannot COPY, so its alias could not be adopted',
    { hint: 'such keys cannot be migrated by copying: keep them out of the schema', cause: error },
  )
}

/** The error for a server without COPY. */
export function serverTooOld(version: string | undefined, cause?: Error): CanonicalRedisError {
  return new CanonicalRedisError(
    'E_SERVER_TOO_OLD',
    `the server${version ? ` is ${version}, and` : ''} has no COPY, without which no key can be moved safely; ` +
      'Redis 6.2 or later (or any Valkey) is needed',
    { hint: 'upgrade the server, or use the client unwrapped until then', cause },
  )
}
