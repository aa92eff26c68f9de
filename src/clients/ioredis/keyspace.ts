/**
 * Carries out SCAN, KEYS and RANDOMKEY; see the plan's `keyspace` for what is shown.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import { globsFor, mayMeanManaged, show, splitScan, type PlanContext, type Shown } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
import type { Route, Sender } from './sender.js'
import type { RawCommand } from './types.js'

/** One keyspace command on its way. */
export interface KeyspaceCall {
  readonly sender: Sender
  readonly command: RawCommand
  readonly route: Route
  readonly schema: Schema
  readonly context: PlanContext
}

type Verb = 'scan' | 'keys' | 'randomkey'

/** Answers the command, or gives undefined when it can go out as it is: its pattern means no managed name. */
export function readKeyspace(verb: Verb, call: KeyspaceCall): unknown {
  const { command, context, schema } = call
  const argv: Arg[] = [command.name, ...command.args]
  const glob = verb === 'scan' ? splitScan(argv).glob : verb === 'keys' ? argv[1] : undefined
  if (!mayMeanManaged(schema, glob) || (verb === 'keys' && glob === undefined)) return undefined
  if (context.inTransaction) {
    throw new CanonicalRedisError(
      'E_UNSUPPORTED',
      `${verb.toUpperCase()} over managed names cannot be answered inside MULTI: it takes a second question`,
      { hint: 'send it before MULTI' },
    )
  }
  const answers: Record<Verb, () => Promise<unknown>> = {
    scan: () => scan(call, argv),
    keys: () => keys(call, glob as Arg),
    randomkey: () => randomKey(call),
  }
  answers[verb]().then(
    (reply) => command.resolve(reply),
    (error: Error) => command.reject(error),
  )
  return command.promise
}

async function scan(call: KeyspaceCall, argv: readonly Arg[]): Promise<unknown> {
  const { glob, sent } = splitScan(argv)
  const [cursor, names] = (await inPlace(call, sent)) as [Buffer, Buffer[]]
  return [cursor, await visible(call, names, glob)]
}

async function keys(call: KeyspaceCall, glob: Arg): Promise<unknown> {
  const argvs = globsFor(call.schema, glob).map((one) => ['keys', one])
  const replies = await Promise.all(call.sender.inPlaceOf(call.command, argvs, call.route))
  return visible(call, (replies as Buffer[][]).flat(), glob)
}

function inPlace(call: KeyspaceCall, argv: readonly Arg[]): Promise<unknown> | undefined {
  return call.sender.inPlaceOf(call.command, [argv], call.route)[0]
}

/** Hidden names are drawn again. After so many there is hardly a visible one, and the server would draw for ever. */
const draws = 100

async function randomKey(call: KeyspaceCall): Promise<unknown> {
  let name = (await inPlace(call, ['randomkey'])) as Buffer | null
  for (let i = 0; i < draws && name !== null; i++) {
    const [shown] = await visible(call, [name], undefined)
    if (shown) return shown
    name = (await call.sender.own(call.command, ['randomkey'])) as Buffer | null
  }
  return null
}

/** The names to show, each once; where one depends on another's absence, the server is asked. */
async function visible(call: KeyspaceCall, names: readonly Buffer[], glob: Arg | undefined): Promise<Buffer[]> {
  const candidates = names.map((name) => show(name, glob, call.context)).filter((one) => one !== undefined)
  const taken = await Promise.all(candidates.map((one) => exists(call, one)))
  const once = new Map<string, Buffer>()
  candidates.forEach((one, i) => {
    if (taken[i] === 0) once.set(one.name.toString('latin1'), one.name)
  })
  return [...once.values()]
}

async function exists(call: KeyspaceCall, shown: Shown): Promise<number> {
  if (shown.unless.length === 0) return 0
  return Number(await call.sender.own(call.command, ['exists', ...shown.unless]))
}
