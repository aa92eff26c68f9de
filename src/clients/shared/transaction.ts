/**
 * The caller's own transaction on one connection: what was put into it, so that EXEC's reply can be read.
 *
 * @module
 */
import type { Plan } from '../../plan/index.js'
import { renameError, renameReply } from './names.js'
import { opReply } from './outcome.js'

interface Entry {
  readonly size: number
  readonly plan: Plan | undefined
  /** Replies of a pipelined MULTI are named by each command itself; without a pipeline nobody else does it. */
  readonly rename: boolean
}

/** Follows MULTI … EXEC. */
export class OpenTransaction {
  #entries: Entry[] | undefined
  #refusal: Error | undefined

  get isOpen(): boolean {
    return this.#entries !== undefined
  }

  /** Why a command of this transaction was not sent; EXEC must not run the rest then. */
  get refusal(): Error | undefined {
    return this.#refusal
  }

  begin(): void {
    this.#entries = []
    this.#refusal = undefined
  }

  end(): void {
    this.#entries = undefined
    this.#refusal = undefined
  }

  refuse(error: Error): void {
    this.#refusal ??= error
  }

  /** Notes one command of the caller's; without a plan it stands for itself. */
  note(plan: Plan | undefined, pipelined: boolean): void {
    this.#entries?.push({ size: plan?.steps.length ?? 1, plan, rename: !pipelined })
  }

  /** Gives the function that takes our commands' replies out of EXEC's. */
  filter(): (reply: unknown) => unknown {
    const entries = this.#entries ?? []
    if (entries.every((entry) => entry.plan === undefined)) return (reply) => reply
    return (reply) => (Array.isArray(reply) ? pick(entries, reply) : reply)
  }
}

function pick(entries: readonly Entry[], replies: readonly unknown[]): unknown[] {
  let at = 0
  return entries.map(({ size, plan, rename }) => {
    const own = replies.slice(at, at + size)
    at += size
    if (plan === undefined) return own[0]
    const reply = opReply(plan, own)
    if (reply instanceof Error) return renameError(reply, plan.renames)
    return rename ? renameReply(plan.located.row.reply, reply, plan.renames) : reply
  })
}
