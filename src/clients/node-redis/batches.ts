/**
 * `multi().exec()` and `multi().execAsPipeline()`: node-redis hands over all the commands at once.
 *
 * @module
 */
import { locate, type Arg, type Located } from '../../commands/index.js'
import type { Plan } from '../../plan/index.js'
import { renameError } from '../shared/names.js'
import { explained } from '../shared/outcome.js'
import { OpenTransaction } from '../shared/transaction.js'
import { askKeyspace, isKeyspaceVerb } from '../shared/keyspace.js'
import { pubsubQuestion } from '../shared/pubsub-questions.js'
import type { Connection } from './connection.js'
import type { QueuedCommand, RawConnection } from './types.js'

/** One batch of the caller's. `rest` is what node-redis 6 adds for clusters. */
export interface Batch {
  readonly from: RawConnection
  readonly commands: readonly QueuedCommand[]
  readonly selectedDB: number | undefined
  readonly rest: readonly unknown[]
}

type Execute = RawConnection['_executeMulti']

interface Planned {
  readonly command: QueuedCommand
  readonly plan: Plan | undefined
}

/** A transaction: every command in it is planned before the first is sent, and one that is refused refuses all. */
export function executeMulti(connection: Connection, batch: Batch, execute: Execute): Promise<unknown[]> {
  return connection.inOrder(true, () => multi(connection, batch, execute)) as Promise<unknown[]>
}

async function multi(connection: Connection, batch: Batch, execute: Execute): Promise<unknown> {
  const { from, commands, selectedDB, rest } = batch
  connection.reads.ask()
  const watched = connection.watches
  connection.watches = false
  const before = connection.db
  let planned: Planned[]
  try {
    planned = planAll(connection, commands)
  } catch (error) {
    connection.db = before
    // EXEC would have ended it.
    if (watched) connection.self.UNWATCH().catch(() => undefined)
    throw error
  }
  const transaction = new OpenTransaction()
  transaction.begin()
  for (const { plan } of planned) transaction.note(plan, false)
  const flat = planned.flatMap(({ command, plan }) => plan?.steps.map(({ argv }) => ({ args: argv })) ?? [command])
  try {
    const replies = await execute.call(from, flat, selectedDB, ...rest)
    if (selectedDB !== undefined) connection.remembered = selectedDB
    return transaction.filter()(replies)
  } catch (error) {
    connection.db = before
    throw named(explained(error as Error), planned)
  }
}

/**
 * The error under the caller's names. Two commands may call one key by different names, so the one that was refused has
 * to be found: it is the first that the server quotes.
 */
function named(error: Error, planned: readonly Planned[]): Error {
  const [, quoted] = /^ERR unknown command '([^']*)'/.exec(error.message) ?? []
  const refused = planned.find(({ command }) => String(command.args[0]) === quoted)
  const possible = refused ? [refused] : planned
  return possible.reduce((renamed, { plan }) => (plan ? renameError(renamed, plan.renames) : renamed), error)
}

function planAll(connection: Connection, commands: readonly QueuedCommand[]): Planned[] {
  return commands.map((command) => {
    const argv = command.args
    const located = locate(argv)
    const context = connection.context(true)
    refuseQuestions(connection, argv, located)
    connection.refuseOld(argv, located, context)
    const plan = connection.wrapping.plan(argv, context, located, false)
    if (located?.row.special === 'select') connection.db = Number(argv[1])
    return { command, plan }
  })
}

/** SCAN and PUBSUB are answered with several questions, which has no place in a transaction. */
function refuseQuestions(connection: Connection, argv: readonly Arg[], located: Located | undefined): void {
  const special = located?.row.special
  const { schema } = connection.wrapping
  const context = connection.context(true)
  const nothing = { schema, context, now: () => [], later: () => Promise.resolve() }
  if (isKeyspaceVerb(special)) void askKeyspace(special, argv, nothing)
  if (special === 'pubsub') pubsubQuestion({ args: argv.slice(1), schema, context })
}

/** A pipeline: each command for itself, in order, in one write. */
export function executePipeline(connection: Connection, batch: Batch, execute: Execute): Promise<unknown[]> {
  return connection.inOrder(true, () => pipeline(connection, batch, execute)) as Promise<unknown[]>
}

async function pipeline(connection: Connection, batch: Batch, execute: Execute): Promise<unknown> {
  const { from, commands, selectedDB, rest } = batch
  if (connection.reads.isEmpty && commands.every(({ args }) => connection.isPlain(args))) {
    return execute.call(from, commands, selectedDB, ...rest)
  }
  const [slotNumber] = rest as [number?]
  // As node-redis does it: no timeout, no signal.
  const options = {
    chainId: Symbol('canonical-redis pipeline'),
    typeMapping: from._commandOptions?.typeMapping,
    timeout: undefined,
    abortSignal: undefined,
    asap: undefined,
    slotNumber,
  }
  const replies = commands.map(({ args }) => connection.send(from, args, options, true))
  for (const reply of replies) reply.catch(() => undefined)
  const results: unknown[] = []
  // One after the other, so that the error is that of the first command that failed, and not that of the first to be known:
  // what a write became is answered by its EXEC.
  for (const reply of replies) results.push(await reply)
  if (selectedDB !== undefined) {
    connection.remembered = selectedDB
    // It sends nothing, and notes the database.
    await execute.call(from, [], selectedDB, ...rest)
  }
  return results
}
