/**
 * PUBSUB, and publishing from a subscribed connection, on an ioredis client.
 *
 * @module
 */
import type { Plan, PlanContext } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
import { asPublishScript, pubsubQuestion } from '../shared/pubsub-questions.js'
import type { Route, Sender } from './sender.js'
import type { RawCommand } from './types.js'

/** One PUBSUB command on its way. */
export interface PubsubCall {
  readonly sender: Sender
  readonly command: RawCommand
  readonly route: Route
  readonly schema: Schema
  readonly context: PlanContext
}

/** See {@link asPublishScript}. */
export function publishInScript(plan: Plan, command: RawCommand): Plan {
  const script = asPublishScript(plan)
  if (script !== plan) command.name = 'eval'
  return script
}

/** Answers the command, or gives undefined when it can go out as it is. */
export function readPubsub({ command, context, route, schema, sender }: PubsubCall): unknown {
  const question = pubsubQuestion({ args: command.args, schema, context })
  if (question === undefined) return undefined
  Promise.all(sender.inPlaceOf(command, question.argvs, route)).then(
    (replies) => command.resolve(question.read(replies)),
    (error: Error) => command.reject(error),
  )
  return command.promise
}
