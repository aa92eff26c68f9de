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

/** One PUBSUB command: its arguments begin with the subcommand. */
interface Call {
  readonly args: readonly Arg[]
  readonly schema: Schema
  readonly context: PlanContext
}

/** What to send in the place of a PUBSUB command, and how to read the replies (bulk strings are Buffers). */
export interface PubsubQuestion {
  readonly argvs: Arg[][]
  readonly read: (replies: unknown[]) => unknown
}

type How = 'channel' | 'shard'
type Reader = (call: Call, how: How) => PubsubQuestion | undefined

const readers: Readonly<Record<string, { how: How; reader: Reader }>> = {
  channels: { how: 'channel', reader: readChannels },
  shardchannels: { how: 'shard', reader: readChannels },
  numsub: { how: 'channel', reader: readCounts },
  shardnumsub: { how: 'shard', reader: readCounts },
}

/**
 * Undefined when the command means no managed name, and can go out as it is.
 *
 * @throws {@link CanonicalRedisError} `E_UNSUPPORTED` inside MULTI
 */
export function pubsubQuestion(call: Call): PubsubQuestion | undefined {
  const verb = String(call.args[0])
  const found = readers[verb.toLowerCase()]
  const question = found?.reader(call, found.how)
  if (question === undefined || !call.context.inTransaction) return question
  throw new CanonicalRedisError(
    'E_UNSUPPORTED',
    `PUBSUB ${verb.toUpperCase()} over managed channels cannot be answered inside MULTI: its reply is made of several`,
    { hint: 'send it before MULTI' },
  )
}

/**
 * Publishing to two names from a connection that is subscribed itself, which RESP3 allows. Redis before 7.2 writes the
 * connection's own message into the middle of EXEC's reply, and every reply behind it goes to the wrong command; a
 * script's reply comes after it. The steps are one unit in either. Other plans are given back.
 */
export function asPublishScript(plan: Plan): Plan {
  if (plan.sum === undefined) return plan
  const names = plan.steps.map((step) => step.argv[1] as Arg)
  const [verb = '', , message = ''] = plan.steps[0]?.argv ?? []
  const argv = ['EVAL', publishAll, '0', verb, message, ...names]
  return { ...plan, steps: [{ role: 'op', argv }], op: 0, atomic: false, sum: [0] }
}

const publishAll = 'local n = 0 for i = 3, #ARGV do n = n + redis.call(ARGV[1], ARGV[i], ARGV[2]) end return n'

/** Each logical channel that somebody listens to once, under the name that the pattern asks for. */
function readChannels({ args, context, schema }: Call, how: How): PubsubQuestion | undefined {
  const [verb, given] = args as [Arg, Arg?]
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
function readCounts({ args, context }: Call, how: How): PubsubQuestion | undefined {
  const [verb, ...asked] = args as [Arg, ...Arg[]]
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
