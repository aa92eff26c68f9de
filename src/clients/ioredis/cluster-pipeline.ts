/**
 * Pipelines of a cluster.
 *
 * ioredis works out the slot of a pipeline from its commands before it sends any of them, so here the commands are
 * planned when they are queued, and what comes out of `exec` is read back to one result for each of the caller's.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { renameError } from '../shared/names.js'
import { asAsked, renameOn } from './renames.js'
import { become, loaded, ownCommand } from './sender.js'
import { opReply, explained } from '../shared/outcome.js'
import { commandClassOf, type RawClient, type RawCommand } from './types.js'

/** One result of a pipeline. */
type Result = [Error | null, unknown]

/** The parts of an ioredis `Pipeline` that are used. */
export interface RawPipeline {
  sendCommand(command: RawCommand): unknown
  exec(callback?: (error: Error | null, results?: Result[] | null) => void): Promise<Result[] | null>
  addBatch(commands: unknown[][]): unknown
}

/** What a pipeline asks of the client around it. */
export interface Planner {
  readonly client: RawClient
  /** Gives a command its names, where that is all it takes. */
  rename(command: RawCommand): boolean
  plan(argv: readonly Arg[], inTransaction: boolean): Plan | undefined
  mark(command: RawCommand): void
  isMarked(command: RawCommand): boolean
}

interface Entry {
  readonly size: number
  /** The plan with its place in the queue; undefined: the command stands for itself. */
  readonly plan: Plan | undefined
  readonly atomic: boolean
  readonly refusal: Error | undefined
  /** The command line of the caller, for what has a plan. */
  readonly asked: readonly Arg[]
}

/** A command that stands for itself. */
const alone: Entry = { size: 1, plan: undefined, atomic: false, refusal: undefined, asked: [] }

/** Makes a pipeline (or, with `isMulti`, a transaction) of a cluster plan its commands. */
export function planned<P extends RawPipeline>(pipeline: P, isMulti: boolean, planner: Planner): P {
  const entries: Entry[] = []
  const queue = pipeline.sendCommand.bind(pipeline)
  let inTransaction = isMulti

  pipeline.sendCommand = (command) => {
    // After MOVED or ASK ioredis queues the whole pipeline once more, with ASKING in front.
    if (planner.isMarked(command) || command.ignore) return queue(command)
    planner.mark(command)
    const name = command.name.toLowerCase()
    // The MULTI and EXEC of `multi()` are in no result of it. (Its MULTI comes here only when it is queued once more.)
    if (isMulti && (name === 'multi' || name === 'exec')) return queue(command)
    if (name === 'multi') inTransaction = true
    else if (name === 'exec' || name === 'discard') inTransaction = false
    if (!inTransaction && planner.rename(command)) {
      entries.push(alone)
      return queue(command)
    }
    try {
      const asked = [command.name, ...command.args]
      const plan = planner.plan(asked, inTransaction)
      const atomic = plan !== undefined && plan.atomic && !inTransaction
      entries.push(plan ? { ...alone, size: plan.steps.length + (atomic ? 2 : 0), plan, atomic, asked } : alone)
      if (plan === undefined) return queue(command)
      return queuePlan(command, plan, atomic)
    } catch (error) {
      entries.push({ ...alone, size: 0, refusal: error as Error })
      command.promise.catch(() => undefined)
      command.reject(error as Error)
      return pipeline
    }
  }

  const exec = pipeline.exec.bind(pipeline)
  pipeline.exec = (callback) => {
    const refusal = isMulti ? entries.find((entry) => entry.refusal)?.refusal : undefined
    const results = refusal
      ? Promise.reject(new Error(`EXECABORT Transaction discarded because of: ${refusal.message}`, { cause: refusal }))
      : exec().then((all) => all && read(entries, all))
    if (callback) {
      results.then(
        (value) => callback(null, value),
        (error: Error) => callback(error),
      )
    }
    return results
  }
  return pipeline

  function queuePlan(command: RawCommand, plan: Plan, atomic: boolean): unknown {
    const own = (argv: readonly Arg[]): RawCommand => {
      const extra = ownCommand(commandClassOf(command), argv)
      planner.mark(extra)
      // MULTI too, or ioredis takes its OK for a write that must not be sent again after MOVED. EXEC not: what comes
      // behind it would go without ASKING.
      extra.inTransaction = atomic && extra.name === 'multi'
      return extra
    }
    renameOn(command, plan)
    if (atomic) queue(own(['multi']))
    plan.steps.forEach((step, i) => {
      if (i === plan.op) become(command, atomic ? loaded(planner.client, step.argv) : step.argv)
      const part = i === plan.op ? command : own(step.argv)
      part.inTransaction = atomic || inTransaction
      queue(part)
    })
    if (atomic) queue(own(['exec']))
    return pipeline
  }
}

/** One result for each of the caller's commands. */
function read(entries: readonly Entry[], results: readonly Result[]): Result[] {
  let at = 0
  return entries.map((entry) => {
    const own = results.slice(at, at + entry.size)
    at += entry.size
    if (entry.refusal) return [entry.refusal, undefined]
    const { plan } = entry
    if (plan === undefined) return own[0] as Result
    const [error, value] = entry.atomic ? readBlock(plan, own) : readSteps(plan, own)
    return [error && asAsked(error, String(entry.asked[0]), entry.asked.slice(1)), value]
  })
}

function readSteps(plan: Plan, own: readonly Result[]): Result {
  const reply = opReply(
    plan,
    own.map(([error, value]) => error ?? value),
  )
  return reply instanceof Error ? [reply, undefined] : [null, reply]
}

function readBlock(plan: Plan, own: readonly Result[]): Result {
  const queued = own[plan.op + 1]?.[0] ?? own.find(([error]) => error)?.[0]
  if (queued) return [explained(queued), undefined]
  const reply = opReply(plan, own.at(-1)?.[1] as unknown[])
  return reply instanceof Error ? [renameError(reply, plan.renames), undefined] : [null, reply]
}
