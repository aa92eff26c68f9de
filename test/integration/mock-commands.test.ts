/**
 * Each command line gets the same reply from the mock as from a real Redis 7.0, and leaves the same data behind, or the
 * mock refuses it by name. What may be refused stands in `refusals`: anything else that differs turns this red.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientOf } from '../../src/clients/mock/client.js'
import { refusals } from '../../src/clients/mock/refusals.js'
import { MemoryServer } from '../../src/clients/mock/server.js'
import { CanonicalRedisError } from '../../src/errors.js'
import { edges } from '../support/mock/edges.js'
import { runLines, wordsOf, type Result } from '../support/mock/side-by-side.js'
import { worlds } from '../support/mock/worlds.js'
import { startServer, type TestServer } from '../support/servers.js'
import { examples } from './command-examples.js'
import { missingKeyExamples } from './missing-key-examples.js'

/** Times that are over before anybody looks, or for which the test would have to wait, become others. */
function retimed([name = '', ...args]: readonly string[]): string[] {
  const word = name.toLowerCase()
  if (/^(?:setex|expire|psetex|pexpire)$/.test(word) && args[1] === '10') {
    return [name, args[0] as string, word.startsWith('p') ? '1000000' : '1000', ...args.slice(2)]
  }
  // Whether a millisecond has passed since the entry was given out is chance.
  if (word === 'xpending' && args[2] === 'IDLE' && args[3] === '1')
    return [name, ...args.slice(0, 3), '0', ...args.slice(4)]
  if (/^b[lz]mpop$/.test(word) && args[0] === '1') return [name, '0.01', ...args.slice(1)]
  if (/^b(?:[lr]pop|lmove|zpop|rpoplpush)/.test(word) && args.at(-1) === '1')
    return [name, ...args.slice(0, -1), '0.01']
  return [name, ...args]
}

const lines = [
  ...new Set([
    ...examples.map(({ argv }) => argv.map((word) => word || '""').join(' ')),
    ...missingKeyExamples,
    ...edges,
  ]),
].map((line) => retimed(wordsOf(line)))

/** Differences that are meant to be, with the reason. They are in docs/testing.md too. */
const otherwise: readonly { readonly line: RegExp; readonly why: string }[] = [
  { line: /^dump a$|^dump k$/i, why: 'the bytes are those of the mock' },
  { line: /^eval return tostring\((?:0\/0|2 \^ 53)\)/i, why: 'Lua 5.3 writes NaN and large numbers otherwise' },
  { line: /^eval this is not lua/i, why: 'another compiler words its error otherwise' },
]

const isRefusal = (reply: unknown): reply is CanonicalRedisError =>
  reply instanceof CanonicalRedisError && reply.code === 'E_UNSUPPORTED'

/** Which of two mistakes in one line is named is up to the order in which a server looks. */
const isTypeAndMistake = (a: unknown, b: unknown): boolean =>
  a instanceof Error && b instanceof Error && /^WRONGTYPE/.test(a.message) !== /^WRONGTYPE/.test(b.message)

let server: TestServer
let real: Redis
let mock: Redis
/** The tips of COMMAND: whose reply has no order, and whose is left to chance. */
const tips = new Map<string, readonly string[]>()

beforeAll(async () => {
  server = await startServer({ kind: 'redis-7.0' })
  real = new Redis(server.port)
  mock = clientOf(new MemoryServer())
  type Entry = [string, number, string[], number, number, number, string[], string[]]
  for (const entry of (await real.call('COMMAND')) as Entry[]) tips.set(entry[0], entry[7])
})
afterAll(async () => {
  real.disconnect()
  await server.stop()
})

const ID = /^\d{13}-\d+$/

/** Times within a minute, and IDs made of the time, are the same; what has no order is put into one. */
function comparable(value: unknown): unknown {
  if (value instanceof Error) return { error: value.message }
  if (typeof value === 'string' && ID.test(value)) return 'an ID'
  if (typeof value === 'number' && Math.abs(value - Date.now()) < 3e6) return 'a time'
  return Array.isArray(value) ? value.map(comparable) : value
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value

/** Replies that are left to chance have the same shape: the same number of values. */
const shapeOf = (value: unknown): unknown => (Array.isArray(value) ? value.map(shapeOf) : typeof value)

/** How long a consumer was idle is counted from its last command. */
const withoutIdle = (reply: unknown): unknown => (reply as unknown[][]).map((one) => one.slice(0, -1))

function replyOf(argv: readonly string[], { reply }: Result): unknown {
  const name = (argv[0] as string).toLowerCase()
  if (reply instanceof Error) return comparable(reply)
  if (/^(?:.?randmember|hrandfield|randomkey|spop|p?ttl|time)$/.test(name)) {
    return typeof reply === 'number' ? Math.round(reply / 1e6) : shapeOf(reply)
  }
  if (name === 'xpending' && Array.isArray(reply)) {
    return reply.map((one: unknown) => (Array.isArray(one) && typeof one[2] === 'number' ? one.with(2, 'idle') : one))
  }
  if (name === 'xinfo' && argv[1]?.toLowerCase() === 'consumers') return withoutIdle(reply)
  const isSorted = tips.get(name)?.includes('nondeterministic_output_order') || /^(?:.?scan|sort(?:_ro)?)$/.test(name)
  return isSorted && !/^sort .*(?:alpha|by w_)/i.test(argv.join(' ')) ? sorted(comparable(reply)) : comparable(reply)
}

/** Members that chance took are not compared. */
const stateOf = (argv: readonly string[], { state }: Result): unknown =>
  /^spop$/i.test(argv[0] as string) ? undefined : comparable(state)

/** The many forms of SORT are sent where there is something to sort. */
const sortable = /lists|sets/

const refused = new Set<string>()

describe.each(Object.keys(worlds))('in the world of %s', (world) => {
  it('each line has the reply of a real server, or is refused by name', { timeout: 120_000 }, async () => {
    const sent = lines.filter(([name = '']) => sortable.test(world) || !/^sort/.test(name))
    const [expected, found] = (await Promise.all([real, mock].map((client) => runLines(client, world, sent)))) as [
      Result[],
      Result[],
    ]
    const different: unknown[] = []
    sent.forEach((argv, i) => {
      const [theirs, ours] = [expected[i] as Result, found[i] as Result]
      const line = argv.join(' ')
      if (isRefusal(ours.reply)) refused.add(/the mock has no ([^:]+):/.exec(ours.reply.message)?.[1] as string)
      else if (!otherwise.some((one) => one.line.test(line)) && !isTypeAndMistake(theirs.reply, ours.reply)) {
        const pair = [theirs, ours].map((one) => [replyOf(argv, one), stateOf(argv, one)])
        if (JSON.stringify(pair[0]) !== JSON.stringify(pair[1])) different.push({ line, real: pair[0], mock: pair[1] })
      }
    })
    expect(different).toEqual([])
    expect(sent.length).toBeGreaterThan(1100)
  })
})

it('refuses what it lacks and nothing else', () => {
  // A container that is refused whole is refused under each of its words.
  const listed = (command: string): boolean => command in refusals || (command.split(' ')[0] as string) in refusals
  const isNewer = (command: string): boolean => !tips.has(command.split(' ')[0]!.toLowerCase())
  expect([...refused].filter((command) => !listed(command) && !isNewer(command))).toEqual([])
})
