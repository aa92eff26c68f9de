/**
 * Two databases of one server: the bare twin's, and the library's with two wrapped clients in it.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { CanonicalRedisClient, type CanonicalOptions } from '../../../src/clients/canonical.js'
import type { Arg } from '../../../src/commands/index.js'
import { trust, type Phase } from '../../../src/phases/index.js'
import type { Schema } from '../../../src/schema/index.js'
import type { TestServer } from '../servers.js'
import { loadFixtures } from './fixtures.js'
import { keyIn } from './grammar.js'
import { connectIoredis, ioredisKinds, IoredisTwin, type IoredisTwinKind } from './ioredis.js'
import { ofBare, queueSchema, schema } from './keys.js'
import { connectNode, nodeKinds, NodeTwin, type NodeTwinKind } from './node-redis.js'
import type { TwinClient } from './send.js'

/** The clients under test. The bare twin is always asked through one of the same kind. */
export type ClientKind = IoredisTwinKind | NodeTwinKind

/** Their names. */
export const clientKinds = [...Object.keys(ioredisKinds), ...Object.keys(nodeKinds)] as readonly ClientKind[]

/** One of the two clients of the library, and the bare client that does the same. */
export class Side {
  phase: Phase

  private constructor(
    readonly first: Phase,
    readonly bare: TwinClient,
    readonly schema: Schema,
  ) {
    this.phase = first
  }

  facade!: TwinClient

  static async open(kind: ClientKind, first: Phase, port: number, queues: boolean): Promise<Side> {
    const side = new Side(first, await connect(kind, port, 0), queues ? queueSchema : schema)
    // Trusted: between two sequences it goes back to its first phase, which no fleet does.
    const source = trust({ phaseOf: (): Phase => side.phase, subscribe: () => () => undefined })
    side.facade = await connect(kind, port, 1, { schema: side.schema, phase: source })
    return side
  }

  close(): void {
    this.bare.close()
    this.facade.close()
  }
}

/** A client of a database; wrapped, where it is said how. */
async function connect(kind: ClientKind, port: number, db: number, wrapping?: CanonicalOptions): Promise<TwinClient> {
  if (isNodeKind(kind)) {
    const raw = await connectNode(kind, port, db)
    return new NodeTwin(wrapping ? new CanonicalRedisClient(raw, wrapping) : raw)
  }
  const raw = connectIoredis(kind, port, db)
  return new IoredisTwin(wrapping ? new CanonicalRedisClient(raw, wrapping) : raw)
}

const isNodeKind = (kind: ClientKind): kind is NodeTwinKind => kind in nodeKinds

/** The connections of one run. */
export class Twin {
  /** Connections of no phase: the bare twin's database, and the library's. */
  readonly bare: Redis
  readonly below: Redis
  /** Commands that both twins have answered with something else than an error. */
  readonly answered = new Set<string>()
  fixtures: ReadonlyMap<string, Arg> = new Map()
  readonly hasFieldExpiry: boolean

  private constructor(
    server: TestServer,
    readonly sides: readonly [Side, Side],
    readonly queues: boolean,
  ) {
    this.bare = connectIoredis('ioredis 5', server.port, 0)
    this.below = connectIoredis('ioredis 5', server.port, 1)
    this.hasFieldExpiry = server.kind === 'redis-8.0'
  }

  /** Connects; {@link close} ends it. */
  static async open(
    server: TestServer,
    kinds: readonly [ClientKind, ClientKind],
    pair: readonly [Phase, Phase],
    queues: boolean,
  ): Promise<Twin> {
    const [one, two] = [0, 1].map((i) => Side.open(kinds[i]!, pair[i]!, server.port, queues))
    const twin = new Twin(server, [await one!, await two!], queues)
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
