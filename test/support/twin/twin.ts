/**
 * Two databases of one server: the bare twin's, and the library's with two wrapped clients in it.
 *
 * @module
 */
import { Redis as Redis5, type Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import type { Arg } from '../../../src/commands/index.js'
import { trust, type Phase } from '../../../src/phases/index.js'
import type { TestServer } from '../servers.js'
import { loadFixtures } from './fixtures.js'
import { keyIn } from './grammar.js'
import { ofBare, queueSchema, schema } from './keys.js'

const Version6 = Redis6 as unknown as typeof Redis5

/** The clients under test. The bare twin is always asked through one of the same kind. */
export const clientKinds = {
  'ioredis 5': { Client: Redis5, options: {} },
  'ioredis 6': { Client: Version6, options: {} },
  'ioredis 6 with RESP2': { Client: Version6, options: { protocol: 2 } },
  'ioredis 5 autopipelining': { Client: Redis5, options: { enableAutoPipelining: true } },
  'ioredis 6 autopipelining': { Client: Version6, options: { enableAutoPipelining: true } },
} as const

/** Their names. */
export type ClientKind = keyof typeof clientKinds

/** One of the two clients of the library, and the bare client that does the same. */
export class Side {
  phase: Phase
  readonly facade: Redis
  readonly bare: Redis
  readonly autopipelining: boolean
  readonly #raw: Redis

  constructor(
    readonly kind: ClientKind,
    readonly first: Phase,
    port: number,
    queues: boolean,
  ) {
    this.phase = first
    this.bare = connect(kind, port, 0)
    this.#raw = connect(kind, port, 1)
    this.autopipelining = 'enableAutoPipelining' in clientKinds[kind].options
    // Trusted: between two sequences it goes back to its first phase, which no fleet does.
    const source = trust({ phaseOf: (): Phase => this.phase, subscribe: () => () => undefined })
    this.facade = new CanonicalRedisClient(this.#raw, { schema: queues ? queueSchema : schema, phase: source })
  }

  close(): void {
    this.bare.disconnect()
    this.#raw.disconnect()
  }
}

function connect(kind: ClientKind, port: number, db: number): Redis {
  const { Client, options } = clientKinds[kind]
  const client = new Client({ port, host: '127.0.0.1', db, ...options })
  // An error without a listener is printed; commands say what went wrong by themselves.
  client.on('error', () => undefined)
  return client
}

/** The connections of one run. */
export class Twin {
  readonly sides: readonly [Side, Side]
  /** Connections of no phase: the bare twin's database, and the library's. */
  readonly bare: Redis
  readonly below: Redis
  /** Commands that both twins have answered with something else than an error. */
  readonly answered = new Set<string>()
  fixtures: ReadonlyMap<string, Arg> = new Map()
  readonly hasFieldExpiry: boolean

  private constructor(
    readonly server: TestServer,
    readonly kinds: readonly [ClientKind, ClientKind],
    readonly pair: readonly [Phase, Phase],
    readonly queues: boolean,
  ) {
    this.sides = [new Side(kinds[0], pair[0], server.port, queues), new Side(kinds[1], pair[1], server.port, queues)]
    this.bare = connect('ioredis 5', server.port, 0)
    this.below = connect('ioredis 5', server.port, 1)
    this.hasFieldExpiry = server.kind === 'redis-8.0'
  }

  /** Connects; {@link close} ends it. */
  static async open(
    server: TestServer,
    kinds: readonly [ClientKind, ClientKind],
    pair: readonly [Phase, Phase],
    queues: boolean,
  ): Promise<Twin> {
    const twin = new Twin(server, kinds, pair, queues)
    twin.fixtures = await loadFixtures(twin.bare)
    return twin
  }

  /** Two empty databases, and both clients in their first phase. */
  async reset(): Promise<void> {
    await this.bare.flushall()
    for (const side of this.sides) side.phase = side.first
  }

  close(): void {
    for (const side of this.sides) side.close()
    this.bare.disconnect()
    this.below.disconnect()
  }

  /** A line as the bare twin sends it. */
  bareLine(line: readonly string[]): Arg[] {
    return line.map((part) => keyIn(part) ?? this.#value(part))
  }

  /** The same line under a mix of names; each name used is noted with its logical key. */
  namedLine(line: readonly string[], mix: number, used: Map<string, string>): Arg[] {
    return line.map((part, i) => {
      const key = ofBare(keyIn(part) ?? '')
      if (key === undefined) return this.#value(part)
      const name = key.names[(mix + i) % key.names.length] as string
      used.set(name, key.bare)
      return name
    })
  }

  #value(part: string): Arg {
    return this.fixtures.get(part) ?? part
  }
}
