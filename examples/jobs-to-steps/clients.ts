/**
 * The three kinds of client that the traffic comes through: raw, wrapped, and the hand-made dual write.
 *
 * @module
 */
import { phaseTable, type PhaseSource } from 'canonical-redis'
import type { Redis } from 'ioredis'
import type { Kind } from './ledger.js'
import { schema } from './schema.js'

/** A command line. */
export type Line = readonly [command: string, ...args: (string | number)[]]

/** What the traffic asks of a client. */
export interface JobClient {
  readonly kind: Kind
  send(line: Line): Promise<unknown>
  /** Several commands in MULTI. */
  batch(lines: readonly Line[]): Promise<unknown>
}

/** An ioredis client, wrapped or not: nothing here knows which. */
export function plainClient(redis: Redis, kind: Kind): JobClient {
  return {
    kind,
    send: ([command, ...args]) => redis.call(command, ...args),
    async batch(lines) {
      const results = await redis.multi(lines.map(([command, ...args]) => ['call', command, ...args])).exec()
      const failed = results?.find(([error]) => error)?.[0]
      if (failed) throw failed
      return results?.map(([, reply]) => reply)
    },
  }
}

/**
 * How it is usually done by hand, and how it is described in many migration plans: write the new name, then the old
 * one; read the new name, and on a miss read the old one and put it back under the new. `--break` has one service do
 * this, to show what the counters say then.
 */
export function naiveClient(redis: Redis, source: PhaseSource): JobClient {
  const raw = plainClient(redis, 'naive')
  const reads = new Set(['HGET', 'SISMEMBER'])

  async function send([command, name, ...args]: Line): Promise<unknown> {
    const key = schema.mapper.resolve(String(name)) ?? schema.mapper.resolveChannel(String(name))
    const alias = key?.aliases[0]?.name
    if (key === undefined || alias === undefined) return raw.send([command, name as string, ...args])
    const { primary, secondary, adopt } = phaseTable[source.phaseOf(key.family)]
    const [first, second] = primary === 'alias' ? [alias, key.canonical] : [key.canonical, alias]
    if (reads.has(command)) {
      const reply = await raw.send([command, first, ...args])
      if (!adopt || reply !== null || command !== 'HGET') return reply
      const hash = await redis.hgetall(alias)
      if (Object.keys(hash).length > 0) await redis.hset(key.canonical, hash)
      return raw.send([command, alias, ...args])
    }
    if (secondary === 'mirror') await raw.send([command, second, ...args])
    return raw.send([command, first, ...args])
  }

  return {
    kind: 'naive',
    send,
    async batch(lines) {
      const replies: unknown[] = []
      for (const line of lines) replies.push(await send(line))
      return replies
    },
  }
}
