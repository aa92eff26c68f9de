/**
 * PUBSUB CHANNELS, NUMSUB and their like for shard channels, under the names that the caller used.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import {
  argOf,
  bytesOf,
  channelGlobs,
  logicalChannel,
  shownChannel,
  sidesNow,
  type Plan,
  type PlanContext,
} from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
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

/**
 * Publishing to two names from a connection that is subscribed itself, which RESP3 allows. Redis before 7.2 writes the
 * connection's own message into the middle of EXEC's reply, and every reply behind it goes to the wrong command; a
 * script's reply comes after it. The steps are one unit in either.
 */
export function publishInScript(plan: Plan, command: RawCommand): Plan {
  if (plan.sum === undefined) return plan
  command.name = 'eval'
  const names = plan.steps.map((step) => step.argv[1] as Arg)
  const [verb = '', , message = ''] = plan.steps[0]?.argv ?? []
  const argv = ['EVAL', publishAll, '0', verb, message, ...names]
  return { ...plan, steps: [{ role: 'op', argv }], op: 0, atomic: false, sum: [0] }
}

const publishAll = 'local n = 0 for i = 3, #ARGV do n = n + redis.call(ARGV[1], ARGV[i], ARGV[2]) end return n'

type How = 'channel' | 'shard'

/** Undefined: the command means no managed name, and can go out as it is. */
type Reader = (call: PubsubCall, how: How) => { argvs: Arg[][]; read: (replies: unknown[]) => unknown } | undefined

const readers: Readonly<Record<string, { how: How; reader: Reader }>> = {
  channels: { how: 'channel', reader: readChannels },
  shardchannels: { how: 'shard', reader: readChannels },
  numsub: { how: 'channel', reader: readCounts },
  shardnumsub: { how: 'shard', reader: readCounts },
}

/** Answers the command, or gives undefined when it can go out as it is. */
export function readPubsub(call: PubsubCall): unknown {
  const { command, context, route, sender } = call
  const found = readers[String(command.args[0]).toLowerCase()]
  const question = found?.reader(call, found.how)
  if (question === undefined) return undefined
  if (context.inTransaction) {
    throw new CanonicalRedisError(
      'E_UNSUPPORTED',
      `PUBSUB ${String(command.args[0]).toUpperCase()} over managed channels cannot be answered inside MULTI: its reply is ` +
        'made of several',
      { hint: 'send it before MULTI' },
    )
  }
  Promise.all(sender.inPlaceOf(command, question.argvs, route)).then(
    (replies) => command.resolve(question.read(replies)),
    (error: Error) => command.reject(error),
  )
  return command.promise
}

/** Each logical channel that somebody listens to once, under the name that the pattern asks for. */
function readChannels({ command, context, schema }: PubsubCall, how: How): ReturnType<Reader> {
  const [verb, given] = command.args as [Arg, Arg?]
  const glob = given === undefined ? '*' : bytesOf(given)
  const globs = channelGlobs(glob, how, schema, context)
  if (globs === undefined) return undefined
  const sides = sidesNow(schema, context.phaseOf)
  return {
    argvs: given === undefined ? [['pubsub', verb]] : globs.map((one) => ['pubsub', verb, argOf(one)]),
    read(replies) {
      const names = (replies as Buffer[][]).flat().map((name) => shownChannel(bytesOf(name), glob, how, sides, context))
      return [...new Set(names)].flatMap((name) => (name === undefined ? [] : [Buffer.from(name, 'latin1')]))
    },
  }
}

/** The subscribers of a logical channel under all its names: each wrapped one listens on one of them. */
function readCounts({ command, context }: PubsubCall, how: How): ReturnType<Reader> {
  const [verb, ...asked] = command.args as [Arg, ...Arg[]]
  const found = asked.map((name) => logicalChannel(bytesOf(name), how, context))
  if (found.every((one) => one === undefined)) return undefined
  const names = asked.map((name, i) => (found[i] ? found[i].all.map(argOf) : [name]))
  return {
    argvs: [['pubsub', verb, ...names.flat()]],
    read([reply]) {
      // The server answers in the order asked, names and counts in turn.
      const counts = (reply as unknown[]).filter((_, i) => i % 2 === 1)
      return asked.flatMap((name, i) => {
        const own = counts.splice(0, names[i]?.length)
        return [Buffer.from(name), summed(own)]
      })
    },
  }
}

/** With `stringNumbers` counts are strings. */
function summed(counts: readonly unknown[]): unknown {
  const sum = counts.reduce<number>((total, count) => total + Number(count), 0)
  return typeof counts[0] === 'number' ? sum : String(sum)
}
