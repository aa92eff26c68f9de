/**
 * What a plan is: the exact commands to send for one command of the caller, and how to read the reply.
 *
 * @module
 */
import type { Arg, Located } from '../commands/index.js'
import type { Phase } from '../phases/index.js'
import type { Part, RedisKeyMapper } from '../schema/index.js'
import type { Flow } from './reshape/flow.js'

/** Why a step is there. */
export type StepRole =
  /** the caller's command, under the names of the phase */
  | 'op'
  /** COPY of an alias to the canonical name, never overwriting; a queue is moved to the name of the phase */
  | 'adopt'
  /** looks under an alias that must not be adopted */
  | 'look'
  /** brings the second name to the state of the first */
  | 'mirror'
  /** the caller's command and its mirror in one command, which is a unit by itself */
  | 'both'
  /** removes the name that the phase gives up */
  | 'drop'
  /** removes older spellings that the first alias has overtaken */
  | 'supersede'
  /** a stream that was lent goes back under the name that others wait for it under */
  | 'return'
  /** goes to another database and back */
  | 'select'

/** One command to send. */
export interface Step {
  readonly role: StepRole
  readonly argv: readonly Arg[]
}

/** A name that was sent, and the name that the caller used for it. */
export interface Rename {
  readonly sent: Arg
  readonly asked: Arg
}

/** A command that takes several ways to the server and back, each depending on the reply before. */
export interface FlowPlan {
  /** Flows of one group go one after the other, in the order of their commands. */
  readonly group: string
  /** `shapes` are those of the connection's replies. */
  readonly start: (shapes: 2 | 3) => Flow
}

/** The steps for one command. */
export interface Plan {
  readonly steps: readonly Step[]
  /** Which step's reply is the caller's reply. */
  readonly op: number
  /** The steps are one unit: MULTI before, EXEC after, unless the caller's own transaction is around them. */
  readonly atomic: boolean
  /**
   * A read: the op may be sent alone, and the whole list only when its reply does not prove
   * that every key exists ({@link Plan.located} says how to tell).
   */
  readonly optimistic: boolean
  readonly located: Located
  /** In the order of the keys; only names that differ. */
  readonly renames: readonly Rename[]
  /**
   * Told of the replies of all steps, in order, once they are there; and of the plan that was carried out in the end, which
   * may be another: on a replica, or as one script.
   */
  readonly onReplies?: (replies: readonly unknown[], plan: Plan) => void
  /** Where the reply is found when several steps may have it: the first whose EXISTS gave 1; else the op's. */
  readonly choose?: readonly { readonly exists: number; readonly reply: number }[]
  /** More steps whose numeric replies are added to the op's (PUBLISH under two names). */
  readonly sum?: readonly number[]
  /** What to send when the server says NOGROUP or UNBLOCKED: the stream is under another name. */
  readonly instead?: Plan
  /**
   * The op waits for less than it was asked to. When its reply is nil and there is time left, the caller's command is
   * planned anew, `timeout` being the position in argv of the seconds that it waits (0: for ever).
   */
  readonly turns?: { readonly timeout: number }
  /** Instead of the steps, which only show what was asked: see {@link FlowPlan}. */
  readonly flow?: FlowPlan
}

/** What a plan depends on besides the command. */
export interface PlanContext {
  readonly mapper: Pick<RedisKeyMapper, 'resolve' | 'resolveChannel' | 'glance' | 'nameOn'>
  /** The phase of a family (keys and channels alike). */
  readonly phaseOf: (family: string) => Phase
  /** The database that the connection has selected. */
  readonly db: number
  /** The command stands in a transaction of the caller's: nothing blocks there, and no MULTI can be added. */
  readonly inTransaction: boolean
  /** What the client puts before keys and shard channels, as bytes; nothing by default. */
  readonly keyPrefix?: string
  /** On a cluster: the slot of a name. There is only one database there, and only one slot in a transaction. */
  readonly slotOf?: (name: Arg) => number
  /** What `transform()` declares, by names as stored; only where a schema has any. */
  readonly transforms?: { find(name: Arg): Part | undefined; has(family: string): boolean }
  /** The server has modules, whose values may have no COPY. */
  readonly hasModules?: boolean
  /** What to do with a command that has no row. Default `refuse`. */
  readonly unknownCommands: 'refuse' | 'pass'
}
