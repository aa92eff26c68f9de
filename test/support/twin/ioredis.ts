/**
 * A client of ioredis in the twin test.
 *
 * @module
 */
import { Redis as Redis5, type Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import type { Arg } from '../../../src/commands/index.js'
import { singly, type Answers, type Manner, type TwinClient } from './send.js'

const Version6 = Redis6 as unknown as typeof Redis5

/** The kinds of ioredis under test. */
export const ioredisKinds = {
  'ioredis 5': { Client: Redis5, options: {} },
  'ioredis 6': { Client: Version6, options: {} },
  'ioredis 6 with RESP2': { Client: Version6, options: { protocol: 2 } },
  'ioredis 5 autopipelining': { Client: Redis5, options: { enableAutoPipelining: true } },
  'ioredis 6 autopipelining': { Client: Version6, options: { enableAutoPipelining: true } },
} as const

/** Their names. */
export type IoredisTwinKind = keyof typeof ioredisKinds

/** A raw client. */
export function connectIoredis(kind: IoredisTwinKind, port: number, db: number): Redis {
  const { Client, options } = ioredisKinds[kind]
  const client = new Client({ port, host: '127.0.0.1', db, ...options })
  // An error without a listener is printed; commands say what went wrong by themselves.
  client.on('error', () => undefined)
  return client
}

/** See {@link TwinClient}. */
export class IoredisTwin implements TwinClient {
  readonly hidesReplies = false

  constructor(readonly client: Redis) {}

  /** A migrator's own connection must not autopipeline: `callBuffer` loses its command there (see {@link IoredisTwin.batch}). */
  get forMigrator(): Redis | undefined {
    return this.client.options.enableAutoPipelining ? undefined : this.client
  }

  call(argv: readonly Arg[]): Promise<unknown> {
    return this.client.call(...(argv as [string, ...Arg[]]))
  }

  /**
   * Autopipelining would take a transaction apart that is one command after the other; and ioredis loses the command's
   * name in an autopipelined `callBuffer`, wrapped or not.
   */
  batch(manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
    if (!this.client.options.enableAutoPipelining) return sendBatch(this.client, manner, lines)
    const how = manner.how === 'plain multi' ? 'multi' : manner.how
    return sendBatch(this.client, { ...manner, replies: 'strings', how }, lines)
  }

  watch(names: readonly string[]): Promise<unknown> {
    return this.client.watch(...names)
  }

  async iterate(match: string): Promise<string[]> {
    const found: string[] = []
    for await (const page of this.client.scanStream({ match })) found.push(...(page as string[]))
    return found
  }

  close(): void {
    this.client.disconnect()
  }
}

type Callback = (error: Error | null | undefined, reply: unknown) => void
type Target = Record<string, ((...args: unknown[]) => unknown) | undefined>

async function sendBatch(client: Redis, manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
  switch (manner.how) {
    case 'one by one':
    case 'at once':
      return { replies: await singly(manner, lines, (argv) => single(client, manner, argv)), asides: [] }
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
