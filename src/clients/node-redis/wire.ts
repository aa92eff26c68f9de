/**
 * Puts the steps of a plan on the wire of one connection of node-redis.
 *
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { Arg } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { explained, opReply, settle } from '../shared/outcome.js'
import type { CommandOptions, RawConnection, TypeMapping } from './types.js'

/** The first byte of a bulk string, by which a type mapping names it. */
const BULK = 36

/** Replies for ourselves: names as bytes. */
export const inBuffers: CommandOptions = { typeMapping: { [BULK]: Buffer } }

/** Sends commands below the wrapping. `from` is the client that the caller used: a child has options of its own. */
export class Wire {
  constructor(
    readonly self: RawConnection,
    readonly send: RawConnection['sendCommand'],
  ) {}

  /** The options that count in the end; node-redis 5 takes those of the client, 6 those of the child. */
  effective(from: RawConnection, options: CommandOptions | undefined): CommandOptions {
    const base = '_keyPrefix' in this.self ? from._commandOptions : this.self._commandOptions
    return { ...base, ...options }
  }

  /** One command as it stands. */
  one(from: RawConnection, argv: readonly Arg[], options?: CommandOptions): Promise<unknown> {
    return this.send.call(from, argv, options)
  }

  /**
   * Commands that nothing comes between. They share a `chainId`, by which node-redis drops the rest of a chain that a cut
   * has torn. A timeout or a signal takes a command out of the queue as long as it has not been written; taking one out
   * of a transaction would leave it open, so only the first has them, and takes the others with it.
   */
  chain(from: RawConnection, argvs: readonly (readonly Arg[])[], options?: CommandOptions): Promise<unknown>[] {
    const [first, ...others] = argvs
    if (first === undefined) return []
    if (others.length === 0) return [this.one(from, first, options)]
    const { timeout, abortSignal } = this.effective(from, options)
    const together = timeout || abortSignal ? new AbortController() : undefined
    const chained = { ...options, chainId: options?.chainId ?? Symbol('canonical-redis'), asap: undefined }
    const head = this.one(from, first, chained)
    if (together) {
      // Node warns at eleven.
      setMaxListeners(argvs.length, together.signal)
      head.catch(() => together.abort())
    }
    const following = { ...chained, timeout: undefined, abortSignal: together?.signal }
    return [head, ...others.map((argv) => this.one(from, argv, following))]
  }

  /**
   * The steps in MULTI/EXEC; gives the reply of the op.
   *
   * @param discarded what to do when the server has discarded the transaction: nothing of it has run
   */
  transaction(
    from: RawConnection,
    plan: Plan,
    options: CommandOptions | undefined,
    discarded: (error: Error) => Promise<unknown> = (error) => Promise.reject(error),
  ): Promise<unknown> {
    const argvs = [['MULTI'], ...plan.steps.map(({ argv }) => argv), ['EXEC']]
    const replies = this.chain(from, argvs, options)
    const [multi, ...rest] = replies as [Promise<unknown>, ...Promise<unknown>[]]
    const exec = rest.pop() as Promise<unknown>
    let head: Error | undefined
    let refused: Error | undefined
    multi.catch((error: Error) => (head = error))
    rest.forEach((reply, i) => {
      // The server refuses a command when it is queued, and then EXEC says only EXECABORT: keep the reason.
      reply.catch((error: Error) => {
        if (refused === undefined || i === plan.op) refused = error
      })
    })
    return exec.then(
      (results) => {
        const reply = opReply(plan, results as unknown[])
        if (reply instanceof Error) throw reply
        return reply
      },
      (error: Error) => {
        const reason = explained(head ?? refused ?? error)
        if (error.message.startsWith('EXECABORT')) return discarded(reason)
        throw reason
      },
    )
  }

  /** The steps one after the other; gives the reply of the op. One that prepares it and fails fails the command. */
  sequence(from: RawConnection, plan: Plan, options?: CommandOptions): Promise<unknown> {
    const sent = this.#steps(from, plan, options)
    const [only] = sent
    if (only && sent.length === 1) return plan.onReplies ? this.#told(plan, only) : only
    const replies = sent.map((reply) => reply.catch((error: unknown) => error))
    return Promise.all(replies).then(
      (values) => new Promise((resolve, reject) => settle(plan, values, { resolve, reject })),
    )
  }

  /** Tells those who follow plans of one that is a single command. */
  #told(plan: Plan, reply: Promise<unknown>): Promise<unknown> {
    const answer = (value: unknown): unknown => {
      const answered = opReply(plan, [value])
      if (answered instanceof Error) throw answered
      return answered
    }
    return reply.then(answer, answer)
  }

  /** The steps inside a transaction of the caller's, whose EXEC has the replies; gives what the server says to the op. */
  queued(from: RawConnection, plan: Plan, options?: CommandOptions): Promise<unknown> {
    const replies = this.#steps(from, plan, options)
    for (const reply of replies) reply.catch(() => undefined)
    return replies[plan.op] as Promise<unknown>
  }

  #steps(from: RawConnection, { steps }: Plan, options?: CommandOptions): Promise<unknown>[] {
    return this.chain(
      from,
      steps.map(({ argv }) => argv),
      options,
    )
  }
}

/** A reply made of Buffers as the caller wants it: strings, unless the type mapping asks for Buffers. */
export function asMapped(reply: unknown, mapping: TypeMapping | undefined): unknown {
  if (mapping?.[BULK] === Buffer) return reply
  if (Buffer.isBuffer(reply)) return reply.toString()
  return Array.isArray(reply) ? reply.map((one) => asMapped(one, mapping)) : reply
}

/** The classes of node-redis for errors of the server; a bundler may rename them, and then the text has to do. */
const serverErrors = new Set(['ErrorReply', 'SimpleError', 'BlobError'])

/** Is this the server's answer, and not a connection that broke or a timeout? */
export function isServerError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return serverErrors.has(error.constructor.name) || /^[A-Z][A-Z0-9_]+( |$)/.test(error.message)
}
