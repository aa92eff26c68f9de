import { Redis } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandRows, locate, proves } from '../../src/commands/index.js'
import { availableServers, startServer, type ServerKind, type TestServer } from '../support/servers.js'
import { examples } from './command-examples.js'
import { missingKeyExamples } from './missing-key-examples.js'

/** One value of each type, with the members, fields and scores that the examples ask for; and some that are "empty". */
const seeds: Record<string, string> = {
  string: 'SET @ abc',
  'empty string': 'SET @ ""',
  zero: 'SET @ 0',
  hyperloglog: 'PFADD @ x y',
  list: 'RPUSH @ 1 v 2',
  'list of empty strings': 'RPUSH @ ""',
  set: 'SADD @ 1 x y m e',
  hash: 'HSET @ f 1 x 2 1 3 y ""',
  'sorted set': 'GEOADD @ 1 2 m 1.001 2 n 1 2 x 1 2 1',
  'sorted set of zeros': 'ZADD @ 0 m 0 x 1 1',
  stream: 'XADD @ 1-1 f v',
  'stream with a group': 'XGROUP CREATE @ g 0 MKSTREAM',
  'vector set': 'VADD @ VALUES 2 1 1 e SETATTR {"a":1}',
}
const onlyOn: Record<string, ServerKind> = { 'vector set': 'redis-8.0' }

/** Rules that no example here can satisfy. */
const unprovable: Record<string, string> = {
  'object freq': 'the server has no LFU policy, so it replies with an error',
}

interface Client {
  send(argv: readonly string[]): Promise<unknown>
  disconnect(): void
}

/** A client that gives errors back as values, which is what a reply is to `proves`. */
function over(client: Redis | Redis6, method: 'call' | 'callBuffer' = 'call'): Client {
  const call = client[method].bind(client) as (...argv: string[]) => Promise<unknown>
  return {
    send: (argv) => call(...argv).catch((error: Error) => error),
    disconnect: () => client.disconnect(),
  }
}

const clients: Record<string, (port: number) => Client> = {
  RESP2: (port) => over(new Redis(port)),
  'RESP2 with Buffers': (port) => over(new Redis(port), 'callBuffer'),
  'RESP2 with numbers as strings': (port) => over(new Redis(port, { stringNumbers: true })),
  RESP3: (port) => over(new Redis6({ port, host: '127.0.0.1' })),
  'RESP3 with its own types': (port) => over(new Redis6({ port, host: '127.0.0.1', replyMapping: 'resp3' })),
}

const words = (line: string): string[] => line.split(' ').map((word) => (word === '""' ? '' : word))

describe.each(availableServers())('what replies prove on %s', (kind) => {
  let server: TestServer
  let plain: Client
  beforeAll(async () => {
    server = await startServer({ kind })
    plain = over(new Redis(server.port))
  })
  afterAll(async () => {
    plain.disconnect()
    await server.stop()
  })

  const reads = examples
    .map(({ argv }) => ({ argv, located: locate(argv)! }))
    .filter(({ located: { row, keys } }) => row.proof !== 'never' && keys.every(({ use }) => use === 'read'))
    .filter(({ located: { row } }) => row.servers.includes(kind))
    .filter(({ argv }) => !/^xread .*BLOCK 1/.test(argv.join(' '))) // waits; its reply is that of XREAD without BLOCK
  const namesOf = ({ argv, located }: (typeof reads)[number]): string[] => located.keys.map(({ index }) => argv[index]!)
  const allNames = [...new Set(reads.flatMap(namesOf))]
  const types = Object.keys(seeds).filter((type) => (onlyOn[type] ?? kind) === kind)

  async function seed(type: string, names: readonly string[]): Promise<void> {
    await plain.send(['FLUSHALL'])
    for (const name of names) {
      const reply = await plain.send(words(seeds[type]!).map((word) => (word === '@' ? name : word)))
      expect(reply, type).not.toBeInstanceOf(Error)
    }
  }

  describe.each(Object.keys(clients))('%s', (protocol) => {
    let client: Client
    beforeAll(() => {
      client = clients[protocol]!(server.port)
    })
    afterAll(() => client.disconnect())

    test('a proof is given only while every key of the command exists', async () => {
      const wrong: unknown[] = []
      const proved = new Set<string>()
      for (const type of types) {
        for (const names of [[], ['a'], ['b'], ['a', 'b'], allNames]) {
          await seed(type, names)
          const replies = await Promise.all(reads.map(({ argv }) => client.send(argv)))
          reads.forEach((read, i) => {
            if (!proves(read.located, read.argv, replies[i])) return
            proved.add(read.located.row.name)
            if (!namesOf(read).every((name) => names.includes(name))) wrong.push([type, read.argv, replies[i], names])
          })
        }
      }
      expect(wrong).toEqual([])
      // A rule that never proves anything would pass the above and cost a round trip on every read.
      const useless = [...new Set(reads.map(({ located }) => located.row.name))].filter((name) => !proved.has(name))
      expect(useless).toEqual(Object.keys(unprovable))
    })

    test('no reply of a missing key is a proof', async () => {
      const wrong: unknown[] = []
      for (const line of missingKeyExamples) {
        await plain.send(['FLUSHALL'])
        const argv = words(line)
        const reply = await client.send(argv)
        if (proves(locate(argv)!, argv, reply)) wrong.push([line, reply])
      }
      expect(wrong).toEqual([])
    })
  })

  test('every read of the table is among the examples', () => {
    const named = new Set(reads.map(({ located }) => located.row.name))
    const without = commandRows.filter(
      (row) => row.proof !== 'never' && row.servers.includes(kind) && !named.has(row.name),
    )
    expect(without).toEqual([])
  })
})
