/**
 * What wrapping costs: the raw client beside the wrapped one, slice by slice in one process on one server.
 * `npm run bench` for the cases that matter most, `npm run bench:full` for all of them; results in bench/results/client.json.
 *
 * @module
 */
import { defineSchema, key, phases, type Phase } from '../src/index.js'
import { startServer } from '../test/support/servers.js'
import { drivers, type Driver } from './support/drivers.js'
import { race, type Raced } from './support/race.js'
import { isFull, save } from './support/results.js'

const rounds = isFull ? 81 : 35
/** Commands in one pipeline. */
const batch = 100
const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('jobs:<id>') } })

type Argv = readonly [string, ...string[]]

/** What is sent, for a name without its number. `unmanaged` is what the raw client always sends. */
const prefixes = { unmanaged: 'misc', canonical: 'step', alias: 'jobs' } as const
type Naming = keyof typeof prefixes

const fields = Array.from({ length: 10 }, (_, i) => [`field${i}`, `value${i}`]).flat()
/** By name: the command for key number `i` of a prefix. */
const operations = {
  GET: (prefix, i) => ['get', `${prefix}:${i}`],
  'GET, a miss': (prefix, i) => ['get', `${prefix}:9999${i}`],
  SET: (prefix, i) => ['set', `${prefix}:${i}`, 'value'],
  'HSET of 10 fields': (prefix, i) => ['hset', `${prefix}:1${i}00`, ...fields],
  'MGET of 50': (prefix) => ['mget', ...Array.from({ length: 50 }, (_, k) => `${prefix}:${k}`)],
  XADD: (prefix, i) => ['xadd', `${prefix}:2${i}00`, 'MAXLEN', '10', '*', 'field', 'value'],
} satisfies Record<string, (prefix: string, i: number) => Argv>
type Operation = keyof typeof operations

const ways = ['one by one', 'pipelined'] as const

/** One line of the results; the raw client is 1. */
export interface ClientRow extends Raced {
  readonly client: string
  readonly way: (typeof ways)[number]
  readonly operation: Operation | 'SET beside MULTI, SET, SET, EXEC'
  readonly phase: Phase
  readonly naming: Naming
}

type Case = Pick<ClientRow, 'client' | 'way' | 'phase' | 'naming'> & { readonly operation: Operation }

const everyName = Object.keys(prefixes) as Naming[]

/** Every combination, or the ones that say most. */
function* cases(): Iterable<Case> {
  const clients = Object.keys(drivers)
  const heavy: Operation[] = ['HSET of 10 fields', 'MGET of 50', 'XADD']
  for (const phase of phases) {
    for (const operation of ['GET', 'SET'] as const) {
      for (const naming of everyName) yield { client: 'ioredis 5', way: 'pipelined', operation, phase, naming }
    }
    yield { client: 'ioredis 5', way: 'pipelined', operation: 'GET, a miss', phase, naming: 'canonical' }
    for (const operation of heavy) yield { client: 'ioredis 5', way: 'pipelined', operation, phase, naming: 'alias' }
  }
  for (const client of clients.slice(isFull ? 0 : 1)) {
    for (const way of ways) {
      for (const phase of ['dual-write', 'dual-read', 'canonical'] as const) {
        for (const operation of ['GET', 'SET'] as const) {
          for (const naming of isFull ? everyName : (['alias'] as const))
            yield { client, way, operation, phase, naming }
        }
      }
    }
  }
}

const send = (driver: Driver, way: ClientRow['way'], argvs: readonly Argv[]): Promise<unknown> =>
  way === 'pipelined'
    ? driver.pipeline(argvs)
    : argvs.reduce<Promise<unknown>>((p, argv) => p.then(() => driver.one(argv)), Promise.resolve())

const lines = (operation: Operation, naming: Naming, count = batch): Argv[] =>
  Array.from({ length: count }, (_, i) => operations[operation](prefixes[naming], i))

const server = await startServer()
const rows: ClientRow[] = []

for (const one of cases()) {
  const open = drivers[one.client] as (typeof drivers)[string]
  const raw = await open(server.port)
  const wrapped = await open(server.port, { schema, phase: one.phase })
  await raw.one(['flushall'])
  // Through the wrapped client, so that each key lies where its phase wants it.
  await wrapped.pipeline([...lines('SET', 'canonical'), ...lines('SET', 'unmanaged')])
  const count = one.way === 'pipelined' ? batch : 40
  const slices = one.way === 'pipelined' && !one.operation.startsWith('MGET') ? 5 : 1
  const slice = (driver: Driver, naming: Naming) => {
    const argvs = lines(one.operation, naming, count)
    return async () => {
      for (let i = 0; i < slices; i++) await send(driver, one.way, argvs)
    }
  }
  const contestants = [
    { name: 'raw', slice: slice(raw, 'unmanaged') },
    { name: 'wrapped', slice: slice(wrapped, one.naming) },
  ] as const
  const result = await race(contestants, { operations: count * slices, rounds })
  rows.push({ ...one, ...result.wrapped })
  console.log(
    `${one.client}, ${one.way}, ${one.phase}, ${one.operation}, ${one.naming}: ${result.wrapped.throughput.toFixed(2)}`,
  )
  raw.close()
  wrapped.close()
}

// What one would write by hand for two names.
for (const phase of ['dual-write', 'dual-read', 'canonical-primary'] as const) {
  const client = 'ioredis 5'
  const open = drivers[client] as (typeof drivers)[string]
  const raw = await open(server.port)
  const wrapped = await open(server.port, { schema, phase })
  const units = Array.from({ length: batch }, (_, i): Argv[] => [
    ['set', `misc:${i}`, 'value'],
    ['set', `other:${i}`, 'value'],
  ])
  const result = await race(
    [
      { name: 'by hand', slice: () => raw.units(units) },
      { name: 'wrapped', slice: () => wrapped.pipeline(lines('SET', 'alias')) },
    ],
    { operations: batch, rounds: rounds * 2 },
  )
  rows.push({
    client,
    way: 'pipelined',
    operation: 'SET beside MULTI, SET, SET, EXEC',
    phase,
    naming: 'alias',
    ...result.wrapped,
  })
  console.log(`by hand, ${phase}: ${result.wrapped.throughput.toFixed(2)}`)
  raw.close()
  wrapped.close()
}

save('client', rounds, rows)
await server.stop()
