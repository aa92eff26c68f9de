/**
 * The ways of sending a batch of command lines through an ioredis client.
 *
 * @module
 */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import type { Arg } from '../../../src/commands/index.js'

/** How the commands of a batch go out, and what they and their replies look like in the code that sends them. */
export interface Manner {
  readonly how: 'one by one' | 'at once' | 'pipeline' | 'multi' | 'plain multi'
  /** `client.call('HSET', …)`, `client.hset(…)`, or the method with a callback. */
  readonly style: 'call' | 'method' | 'callback'
  /** What keys and values are given as. */
  readonly args: 'strings' | 'buffers' | 'numbers'
  /** How a method is given its arguments: one by one, `mset({ k: v })`, `mset(new Map())`, `del([a, b])`. */
  readonly form: 'flat' | 'object' | 'map' | 'array'
  readonly replies: 'strings' | 'buffers'
  readonly case: 'upper' | 'lower'
}

/** The plainest way comes first in each list, since that is where shrinking goes. */
export const manners: fc.Arbitrary<Manner> = fc.record({
  how: fc.constantFrom('one by one', 'at once', 'pipeline', 'multi', 'plain multi'),
  style: fc.constantFrom('call', 'method', 'callback'),
  args: fc.constantFrom('strings', 'buffers', 'numbers'),
  form: fc.constantFrom('flat', 'object', 'map', 'array'),
  replies: fc.constantFrom('strings', 'buffers'),
  case: fc.constantFrom('upper', 'lower'),
})

/** `client.call` as the other batches use it. */
export const plainManner = (how: Manner['how']): Manner => ({
  how,
  style: 'call',
  args: 'strings',
  form: 'flat',
  replies: 'strings',
  case: 'upper',
})

/** What a batch came to. */
export interface Answers {
  /** A reply or an Error for each line, in order; null where EXEC gave nil because of a watched key. */
  readonly replies: unknown[] | null
  /** What else the caller sees: `QUEUED`, and what callbacks were given. */
  readonly asides: unknown[]
}

type Callback = (error: Error | null | undefined, reply: unknown) => void
type Target = Record<string, ((...args: unknown[]) => unknown) | undefined>

/** Long enough for a machine that does other work; an answer that never comes must fail rather than hang the run. */
const PATIENCE_MS = 15_000

/** Sends a batch. Rejects only when an answer does not come. */
export async function send(client: Redis, manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS)
  })
  return Promise.race([sendBatch(client, manner, lines), late]).finally(() => clearTimeout(timer))
}

async function sendBatch(client: Redis, manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
  switch (manner.how) {
    case 'one by one': {
      const replies: unknown[] = []
      for (const argv of lines) replies.push(await single(client, manner, argv))
      return { replies, asides: [] }
    }
    case 'at once':
      return { replies: await Promise.all(lines.map((argv) => single(client, manner, argv))), asides: [] }
    case 'pipeline':
      return chained(client.pipeline(), manner, lines)
    case 'multi':
      return chained(client.multi(), manner, lines)
    case 'plain multi': {
      await client.multi({ pipeline: false })
      const asides = await Promise.all(lines.map((argv) => single(client, manner, argv)))
      return { replies: await executed(client.exec(), lines.length), asides }
    }
  }
}

async function chained(
  pipeline: ReturnType<Redis['pipeline']>,
  manner: Manner,
  lines: readonly (readonly Arg[])[],
): Promise<Answers> {
  const asides: unknown[] = []
  lines.forEach((argv, i) => {
    const callback: Callback = (error, reply) => (asides[i] = error ?? reply)
    invoke(pipeline as unknown as Target, manner, argv, manner.style === 'callback' ? callback : undefined)
  })
  return { replies: await executed(pipeline.exec(), lines.length), asides }
}

/** A transaction that is discarded answers each of its commands with the reason. */
async function executed(exec: Promise<[Error | null, unknown][] | null>, lines: number): Promise<unknown[] | null> {
  try {
    return (await exec)?.map(([error, reply]) => error ?? reply) ?? null
  } catch (error) {
    return Array<unknown>(lines).fill(error)
  }
}

/** One command; an error is its answer. */
function single(client: Redis, manner: Manner, argv: readonly Arg[]): Promise<unknown> {
  const target = client as unknown as Target
  if (manner.style === 'callback') {
    return new Promise((resolve) => {
      const promise = invoke(target, manner, argv, (error, reply) => resolve(error ?? reply))
      // The promise beside a callback rejects as well.
      Promise.resolve(promise).catch(() => undefined)
    })
  }
  return Promise.resolve(invoke(target, manner, argv)).catch((error: unknown) => error)
}

function invoke(target: Target, manner: Manner, argv: readonly Arg[], callback?: Callback): unknown {
  const [name = '', ...args] = argv
  const command = manner.case === 'upper' ? String(name) : String(name).toLowerCase()
  const suffix = manner.replies === 'buffers' ? 'Buffer' : ''
  const last = callback ? [callback] : []
  const method = target[command.toLowerCase() + suffix]
  if (manner.style === 'call' || method === undefined) {
    return target[`call${suffix}`]?.(command, ...allGiven(command, args, manner), ...last)
  }
  return method.apply(target, [...formed(command.toLowerCase(), args, manner), ...last])
}

function given(arg: Arg, manner: Manner): Arg | number {
  if (typeof arg !== 'string') return arg
  if (manner.args === 'buffers') return Buffer.from(arg)
  return manner.args === 'numbers' && /^-?[1-9]\d{0,8}$/.test(arg) ? Number(arg) : arg
}

/** ioredis takes a lone Buffer of MSET for an object, and sends its bytes as pairs: what it then means depends on the name. */
function allGiven(command: string, args: readonly Arg[], manner: Manner): (Arg | number)[] {
  const isObject = args.length === 1 && beforePairs[command.toLowerCase()] === 0
  return isObject ? [...args] : args.map((arg) => given(arg, manner))
}

/** How many arguments stand before the pairs of a command that takes an object. */
const beforePairs: Readonly<Record<string, number>> = { mset: 0, msetnx: 0, hset: 1, hmset: 1 }

function formed(command: string, args: readonly Arg[], manner: Manner): unknown[] {
  const flat = allGiven(command, args, manner)
  const before = beforePairs[command]
  if (manner.form === 'flat' || flat.length < 2) return flat
  if (manner.form === 'array') return [flat[0], flat.slice(1)]
  if (before === undefined || flat.length === before || (flat.length - before) % 2 !== 0) return flat
  const pairs: [Arg | number, Arg | number][] = []
  for (let i = before; i < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!])
  // Bytes cannot be the name of a property.
  const object = manner.form === 'object' && pairs.every(([name]) => !Buffer.isBuffer(name))
  return [...flat.slice(0, before), object ? Object.fromEntries(pairs) : new Map(pairs)]
}
