/**
 * A client of node-redis in the twin test.
 *
 * @module
 */
import type { Arg } from '../../../src/commands/index.js'
import { nodeRedisVersions, type NodeClient } from '../node-redis.js'
import { singly, type Answers, type Manner, type TwinClient } from './send.js'

/** The kinds of node-redis under test. */
export const nodeKinds = {
  'node-redis 5': { version: 'node-redis 5', RESP: 2 },
  'node-redis 5 with RESP3': { version: 'node-redis 5', RESP: 3 },
  'node-redis 6': { version: 'node-redis 6', RESP: 3 },
  'node-redis 6 with RESP2': { version: 'node-redis 6', RESP: 2 },
} as const

/** Their names. */
export type NodeTwinKind = keyof typeof nodeKinds

/** A raw client, connected. */
export async function connectNode(kind: NodeTwinKind, port: number, database: number): Promise<NodeClient> {
  const { version, RESP } = nodeKinds[kind]
  const socket = { port, host: '127.0.0.1' }
  const client = nodeRedisVersions[version].createClient({ socket, database, RESP })
  client.on('error', () => undefined)
  return (await client.connect()) as NodeClient
}

/** The type byte of bulk strings, by which a type mapping names them. */
const BULK = 36

/** What `multi().exec()` rejects with when a command in it fails: all the replies. */
interface Failed {
  readonly replies?: unknown[]
}

/** The client, or a child of it whose replies are Buffers: all of node-redis 6, those of `multi()` alone of 5. */
interface Face {
  readonly client: NodeClient
  readonly legacy: ReturnType<NodeClient['legacy']>
}

/** See {@link TwinClient}. */
export class NodeTwin implements TwinClient {
  readonly hidesReplies = true

  /** Each is made once: `legacy()` builds some four hundred methods. */
  readonly #faces: Readonly<Record<Manner['replies'], Face>>

  constructor(readonly client: NodeClient) {
    const child = client.withTypeMapping({ [BULK]: Buffer }) as unknown as NodeClient
    const faceOf = (one: NodeClient): Face => ({ client: one, legacy: one.legacy() })
    this.#faces = { strings: faceOf(client), buffers: faceOf(child) }
  }

  get forMigrator(): object {
    return this.client
  }

  call(argv: readonly Arg[]): Promise<unknown> {
    return this.client.sendCommand([...argv])
  }

  async batch(manner: Manner, lines: readonly (readonly Arg[])[]): Promise<Answers> {
    const sent = lines.map((argv) => given(argv, manner))
    const face = this.#faces[manner.replies]
    switch (manner.how) {
      case 'one by one':
      case 'at once':
        return { replies: await singly(manner, sent, (argv) => this.#single(face, manner, [...argv])), asides: [] }
      case 'pipeline':
        return { replies: await this.#pipeline(face, sent), asides: [] }
      case 'multi':
        return { replies: await this.#multi(face, sent), asides: [] }
      case 'plain multi': {
        await this.call(['MULTI'])
        const asides = await Promise.all(sent.map((argv) => this.#single(face, manner, argv)))
        const replies = face.client.sendCommand(['EXEC']) as unknown as Promise<unknown[]>
        return { replies: await replies.catch((error: unknown) => sent.map(() => error)), asides }
      }
    }
  }

  async watch(names: readonly string[]): Promise<unknown> {
    return this.client.watch([...names])
  }

  async iterate(pattern: string): Promise<string[]> {
    const found: string[] = []
    for await (const page of this.client.scanIterator({ MATCH: pattern, COUNT: 3 })) found.push(...page)
    return found
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy()
  }

  #single({ client, legacy }: Face, { style }: Manner, argv: Arg[]): Promise<unknown> {
    if (style !== 'callback') return client.sendCommand(argv).catch((error: unknown) => error)
    return new Promise((resolve) => {
      legacy.sendCommand(...argv, (error: unknown, reply: unknown) => resolve(error ?? reply))
    })
  }

  /** It is rejected with the first error; what stands behind it is answered before the next command is. */
  async #pipeline({ client }: Face, lines: readonly Arg[][]): Promise<unknown[]> {
    try {
      return await queued(client, lines).execAsPipeline()
    } catch (error) {
      await client.sendCommand(['PING'])
      return lines.map(() => error)
    }
  }

  async #multi({ client }: Face, lines: readonly Arg[][]): Promise<unknown[] | null> {
    try {
      return await queued(client, lines).exec()
    } catch (error) {
      if ((error as Error).constructor.name === 'WatchError') return null
      return (error as Failed).replies ?? lines.map(() => error)
    }
  }
}

function queued(client: NodeClient, lines: readonly Arg[][]) {
  const multi = client.multi()
  for (const argv of lines) multi.addCommand(argv)
  return multi
}

const given = ([name = '', ...args]: readonly Arg[], manner: Manner): Arg[] => [
  manner.case === 'upper' ? name : String(name).toLowerCase(),
  ...args.map((arg) => (manner.args === 'buffers' ? Buffer.from(arg) : arg)),
]
