/**
 * A read of ioredis: one command for a hit, and a second question when its reply proves nothing.
 *
 * @module
 */
import { proves } from '../../commands/index.js'
import type { Plan, Step } from '../../plan/index.js'
import { renameError } from '../shared/names.js'
import { idsOf, type OpenRead, type OpenReads } from '../shared/open-reads.js'
import type { Outcome } from '../shared/outcome.js'
import { asAsked, renameOn } from './renames.js'
import type { RawCommand } from './types.js'

/** A read that is tried under one name first. */
interface Tried {
  readonly plan: Plan
  readonly command: RawCommand
  readonly reads: OpenReads
  /** Asks again, with the COPY in front. */
  readonly again: () => Promise<unknown>
}

/** One command for a hit; COPY and the command again when the reply does not prove that every key exists. */
export function readThenAdopt({ plan, command, reads, again }: Tried): void {
  const asked = [...command.args]
  const { resolve, reject } = command
  let second: Promise<unknown> | undefined
  const ask = (): Promise<unknown> => (second ??= again())
  const ids = idsOf(plan.located, (plan.steps[plan.op] as Step).argv)
  const read: OpenRead = { ids, ask: () => void ask().catch(() => undefined) }
  const settle = (reply: unknown): boolean => {
    reads.remove(read)
    return proves(plan.located, [command.name, ...command.args], reply)
  }
  const outcome: Outcome = {
    resolve: (value) => resolve.call(command, value),
    reject: (error) => reject.call(command, asAsked(renameError(error, plan.renames), command.name, asked)),
  }
  command.resolve = (reply) => {
    if (settle(reply)) resolve.call(command, reply)
    else ask().then(outcome.resolve, outcome.reject)
    return command.promise
  }
  command.reject = (error) => {
    // A connection that closed, or a timeout: there is nobody to ask again.
    if (settle(error) || error.name !== 'ReplyError') outcome.reject(error)
    else ask().then(outcome.resolve, outcome.reject)
  }
  renameOn(command, plan)
  reads.add(read)
}
