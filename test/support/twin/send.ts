/**
 * The ways of sending a batch of command lines, and what the twin test needs of a client for them.
 *
 * @module
 */
import fc from 'fast-check'
import type { Arg } from '../../../src/commands/index.js'

/** How the commands of a batch go out, and what they and their replies look like in the code that sends them. */
export interface Manner {
  readonly how: 'one by one' | 'at once' | 'pipeline' | 'multi' | 'plain multi'
  /** `client.call('HSET', …)`, `client.hset(…)`, or the method with a callback; of node-redis, its `legacy()` face. */
  readonly style: 'call' | 'method' | 'callback'
  /** What keys and values are given as. */
  readonly args: 'strings' | 'buffers' | 'numbers'
  /** How a method of ioredis is given its arguments: one by one, `mset({ k: v })`, `mset(new Map())`, `del([a, b])`. */
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

/** A client, bare or wrapped, as the twin test uses it. */
export interface TwinClient {
  /** What a migrator may be given; undefined where this client is nothing for it. */
  readonly forMigrator: object | undefined
  /** Does one error hide the replies to all other commands of its pipeline? */
  readonly hidesReplies: boolean
  call(argv: readonly Arg[]): Promise<unknown>
  /** Never rejects: an error is the answer to its line. */
  batch(manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers>
  watch(names: readonly string[]): Promise<unknown>
  /** Every name that the client's own iterator over SCAN gives. */
  iterate(pattern: string): Promise<string[]>
  close(): void
}

/** Long enough for a machine that does other work; an answer that never comes must fail rather than hang the run. */
const PATIENCE_MS = 15_000

/** Sends a batch. Rejects only when an answer does not come. */
export async function send(client: TwinClient, manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS)
  })
  return Promise.race([client.batch(manner, lines), late]).finally(() => clearTimeout(timer))
}

/** Commands by themselves, in the manner's order. */
export async function singly(
  { how }: Manner,
  lines: readonly (readonly Arg[])[],
  single: (argv: readonly Arg[]) => Promise<unknown>,
): Promise<unknown[]> {
  if (how === 'at once') return Promise.all(lines.map(single))
  const replies: unknown[] = []
  for (const argv of lines) replies.push(await single(argv))
  return replies
}
