/**
 * SCAN, KEYS and RANDOMKEY of an ioredis client.
 *
 * @module
 */
import type { PlanContext } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
import { askKeyspace } from '../shared/keyspace.js'
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

/** Answers the command, or gives undefined when it can go out as it is: its pattern means no managed name. */
export function readKeyspace(verb: 'scan' | 'keys' | 'randomkey', call: KeyspaceCall): unknown {
  const { command, context, schema, sender, route } = call
  const answer = askKeyspace(verb, [command.name, ...command.args], {
    schema,
    context,
    now: (argvs) => sender.inPlaceOf(command, argvs, route),
    later: (argv) => sender.own(command, argv),
  })
  if (answer === undefined) return undefined
  answer.then(
    (reply) => command.resolve(reply),
    (error: Error) => command.reject(error),
  )
  return command.promise
}
