/**
 * How each cost grows: with keys, families, the length of names, the size of values, and clients. Results in
 * bench/results/growth.json; what grows with the nodes of a cluster is in cluster.ts.
 *
 * @module
 */
import { CanonicalRedisClient, defineSchema, key, type Phase } from 'canonical-redis'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import { startServer } from '../test/support/servers.js'
import { BATCH, schema } from './support/commands.js'
import { openIoredis5, type Argv, type Wrapping } from './support/drivers.js'
import { heapUsed, sweep } from './support/heap.js'
import { progress } from './support/progress.js'
import { race, type Raced } from './support/race.js'
import { byMode, save } from './support/results.js'

/** One line of the results, pipelined; the raw client is 1. */
export interface GrowthRow extends Pick<Raced, 'throughput' | 'cpu'> {
  /** What grows. */
  readonly of: 'keys' | 'families' | 'bytes of a name' | 'bytes of a value' | 'clients'
  readonly size: number
  /** What is measured: the command and the phase. */
  readonly what: string
}

/** What one client holds of the heap, in bytes. */
export interface HoldingRow {
  readonly of: 'memory of a client'
  readonly raw: number
  readonly wrapped: number
}

const rounds = byMode({ full: 51, short: 21, smoke: 2 })
const warmUpMs = byMode({ full: 200, short: 150, smoke: 0 })
const pick = (full: readonly number[], short: readonly number[]): readonly number[] =>
  byMode({ full, short, smoke: [full[0]!] })

const server = await startServer()
const admin = new Redis(server.port)
const rows: (GrowthRow | HoldingRow)[] = []

/** Pipelines, and over how many connections of each kind they go at the same time. */
interface Work {
  readonly raw: readonly (readonly Argv[])[]
  readonly wrapped: readonly (readonly Argv[])[]
  readonly connections?: number
}

async function compare(wrapping: Wrapping, { raw, wrapped, connections = 1 }: Work): Promise<Raced> {
  const open = (how?: Wrapping) =>
    Promise.all(Array.from({ length: connections }, () => openIoredis5(server.port, how)))
  const [plain, named] = [await open(), await open(wrapping)]
  // One pipeline after the other, so that it is not always the same keys.
  const slice = (drivers: typeof plain, pipelines: Work['raw']) => {
    let turn = 0
    return () => Promise.all(drivers.map((driver) => driver.pipeline(pipelines[turn++ % pipelines.length]!)))
  }
  const contestants = [
    { name: 'raw', slice: slice(plain, raw) },
    { name: 'wrapped', slice: slice(named, wrapped) },
  ] as const
  const operations = raw[0]!.length * connections
  const { wrapped: result } = await race(contestants, {
    operations,
    rounds,
    warmUpMs,
    lapMs: connections > 1 ? 60 : 10,
  })
  for (const driver of [...plain, ...named]) driver.close()
  return result
}

interface Case {
  readonly of: GrowthRow['of']
  readonly size: number
  readonly what: string
  readonly run: () => Promise<Raced>
}

/** Keys of the server under both names, or under the canonical one alone. */
async function fill(keys: number, phase: Phase): Promise<void> {
  await admin.flushall()
  const names = phase === 'canonical' ? ['step'] : ['step', 'jobs']
  const write = names.map((name) => `redis.call('SET', '${name}:' .. i, 'value')`).join(' ')
  for (let from = 0; from < keys; from += 10_000) {
    await admin.eval(`for i = ${from}, ${Math.min(keys, from + 10_000) - 1} do ${write} end`, 0)
  }
}

/** By the number of keys: names from all over the keyspace. */
const keysCase = (size: number, phase: Phase): Case => ({
  of: 'keys',
  size,
  what: `GET, ${phase}`,
  async run() {
    await fill(size, phase)
    const ids = Array.from({ length: 50 }, () => Array.from({ length: BATCH }, () => Math.floor(Math.random() * size)))
    const gets = (prefix: string) => ids.map((some) => some.map((id): Argv => ['get', `${prefix}:${id}`]))
    return compare({ schema, phase }, { raw: gets('step'), wrapped: gets('jobs') })
  },
})

const familiesCase = (size: number, phase: Phase): Case => ({
  of: 'families',
  size,
  what: `GET, ${phase}`,
  async run() {
    await admin.flushall()
    const families = Object.fromEntries(
      Array.from({ length: size }, (_, i) => [`f${i}`, key(`app${i % 20}:thing${i}:<id>`).alias(`old${i}:<id>`)]),
    )
    const wrapping = { schema: defineSchema({ name: 'many', keys: families }), phase }
    const each = Array.from({ length: 1000 }, (_, i) => i)
    const of = (name: (i: number) => string): Argv[] => each.map((i) => ['get', name(i % size)])
    const wrapped = of((i) => `old${i}:${i}`)
    const filler = await openIoredis5(server.port, wrapping)
    await filler.pipeline(wrapped.map(([, name]): Argv => ['set', name!, 'value']))
    filler.close()
    const cut = (argvs: Argv[]) => Array.from({ length: 10 }, (_, i) => argvs.slice(i * BATCH, (i + 1) * BATCH))
    return compare(wrapping, { raw: cut(of((i) => `app${i % 20}:thing${i}:${i}`)), wrapped: cut(wrapped) })
  },
})

/** One pipeline over and over; GET reads what is written here first. */
async function same(phase: Phase, command: 'GET' | 'SET', ids: readonly string[], value: string): Promise<Raced> {
  await admin.flushall()
  const lines = (prefix: string, name: 'GET' | 'SET'): Argv[] =>
    ids.map((id) => (name === 'GET' ? ['get', `${prefix}:${id}`] : ['set', `${prefix}:${id}`, value]))
  const writer = await openIoredis5(server.port, { schema, phase })
  await writer.pipeline([...lines('misc', 'SET'), ...lines('jobs', 'SET')])
  writer.close()
  return compare({ schema, phase }, { raw: [lines('misc', command)], wrapped: [lines('jobs', command)] })
}

const measuredCommands = [
  ['GET', 'dual-read'],
  ['GET', 'canonical'],
  ['SET', 'dual-write'],
] as const

const namesCase = (size: number, [command, phase]: (typeof measuredCommands)[number]): Case => ({
  of: 'bytes of a name',
  size,
  what: `${command}, ${phase}`,
  run: () =>
    same(
      phase,
      command,
      Array.from({ length: BATCH }, (_, i) => String(i).padStart(size - 'step:'.length, 'x')),
      'value',
    ),
})

const valuesCase = (size: number, [command, phase]: (typeof measuredCommands)[number]): Case => ({
  of: 'bytes of a value',
  size,
  what: `${command}, ${phase}`,
  // Fewer, lest a pipeline of large values fills the buffers of the server.
  run: () =>
    same(
      phase,
      command,
      Array.from({ length: size > 10_000 ? 10 : BATCH }, (_, i) => String(i)),
      'v'.repeat(size),
    ),
})

/** What the server does for a key that is copied: no wrapping in it, a COPY beside a SET of the same value. */
const copyCase = (size: number): Case => ({
  of: 'bytes of a value',
  size,
  what: 'COPY beside SET',
  async run() {
    await admin.flushall()
    const value = 'v'.repeat(size)
    const ids = Array.from({ length: size > 10_000 ? 10 : BATCH }, (_, i) => i)
    await admin.mset(ids.flatMap((id) => [`misc:${id}`, value]))
    const raw = ids.map((id): Argv => ['set', `misc:${id}`, value])
    const copies = ids.map((id): Argv => ['copy', `misc:${id}`, `other:${id}`, 'REPLACE'])
    const driver = await openIoredis5(server.port)
    const contestants = [
      { name: 'set', slice: () => driver.pipeline(raw) },
      { name: 'copy', slice: () => driver.pipeline(copies) },
    ] as const
    const { copy } = await race(contestants, { operations: ids.length, rounds, warmUpMs })
    driver.close()
    return copy
  },
})

const clientsCase = (size: number, phase: Phase): Case => ({
  of: 'clients',
  size,
  what: `GET, ${phase}`,
  async run() {
    await fill(BATCH, phase)
    const gets = (prefix: string) => [Array.from({ length: BATCH }, (_, i): Argv => ['get', `${prefix}:${i}`])]
    return compare({ schema, phase }, { raw: gets('step'), wrapped: gets('jobs'), connections: size })
  },
})

/** Bytes of the heap for each of some hundred clients that are connected and have sent a command. */
async function holding(): Promise<HoldingRow> {
  const count = byMode({ full: 200, short: 100, smoke: 2 })
  const each = async (make: () => Redis): Promise<number> => {
    sweep()
    const before = heapUsed()
    const clients = Array.from({ length: count }, make)
    await Promise.all(clients.map((client) => client.get('jobs:1')))
    sweep()
    const bytes = (heapUsed() - before) / count
    const ended = clients.map((client) => once(client, 'end'))
    for (const client of clients) client.disconnect()
    await Promise.all(ended)
    return Math.round(bytes)
  }
  const raw = (): Redis => new Redis(server.port)
  const wrapped = (): Redis => new CanonicalRedisClient(raw(), { schema, phase: 'dual-read' })
  // The first of each loads what all share.
  await each(raw)
  await each(wrapped)
  return { of: 'memory of a client', raw: await each(raw), wrapped: await each(wrapped) }
}

const read: readonly Phase[] = ['dual-read', 'canonical']
const values = pick([10, 1000, 100_000], [10, 1000])
const cases: readonly Case[] = [
  ...pick([10_000, 100_000, 1_000_000], [10_000, 100_000]).flatMap((size) => read.map((p) => keysCase(size, p))),
  ...pick([10, 100, 1000], [10, 1000]).flatMap((size) => read.map((phase) => familiesCase(size, phase))),
  ...pick([10, 100, 1000], [10, 1000]).flatMap((size) => measuredCommands.map((one) => namesCase(size, one))),
  ...values.flatMap((size) => [...measuredCommands.map((one) => valuesCase(size, one)), copyCase(size)]),
  ...pick([1, 10, 100], [1, 10]).flatMap((size) => read.map((phase) => clientsCase(size, phase))),
]
const done = progress(cases.length + 1)
// First: what other cases leave behind is removed some time later, and would count as what a client frees.
const held = await holding()
rows.push(held)
done(`a client holds ${held.raw} bytes, a wrapped one ${held.wrapped}`)
for (const { of, size, what, run } of cases) {
  const { throughput, cpu } = await run()
  rows.push({ of, size, what, throughput, cpu })
  done(`${size} ${of}, ${what}: throughput ${throughput.toFixed(2)}, CPU ${cpu.toFixed(2)}`)
}
save('growth', rounds, rows)
admin.disconnect()
await server.stop()
