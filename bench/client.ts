/**
 * What wrapping costs: the raw client beside the wrapped one, lap by lap in one process on one server. Results in
 * bench/results/client.json.
 *
 * @module
 */
import { phases, type Phase } from 'canonical-redis'
import { Redis } from 'ioredis'
import { startServer } from '../test/support/servers.js'
import {
  BATCH,
  commands,
  everyOperation,
  heavy,
  namings,
  prepare,
  schema,
  send,
  ways,
  type Naming,
  type Operation,
  type Way,
} from './support/commands.js'
import { drivers, openIoredis5, type Argv, type Client } from './support/drivers.js'
import { progress } from './support/progress.js'
import { median, race, type Raced } from './support/race.js'
import { byMode, save } from './support/results.js'
import { used, type Usage } from './support/usage.js'

/** What is measured of one line. */
interface Case {
  readonly client: Client
  readonly way: Way
  readonly operation: Operation
  readonly phase: Phase
  readonly naming: Naming
}

/** One line of the results; the raw client is 1. */
export interface ClientRow extends Raced, Omit<Case, 'operation'>, Partial<ServerSide> {
  readonly operation: Operation | typeof BY_HAND
}

/** What the server notices, the raw client's commands being 1: its CPU time, and bytes from and to it. */
export interface ServerSide {
  readonly server: number
  readonly network: number
}

export const BY_HAND = 'SET beside MULTI, SET, SET, EXEC'

/** All combinations of what is given. */
const product = (
  client: Client,
  way: Way,
  every: readonly Phase[],
  operations: readonly Operation[],
  names: readonly Naming[],
): Case[] =>
  every.flatMap((phase) =>
    operations.flatMap((operation) => names.map((naming) => ({ client, way, operation, phase, naming }))),
  )

const single: readonly Operation[] = ['GET', 'GET, a miss', 'SET']
const [, ...others] = Object.keys(drivers) as [Client, ...Client[]]

const cases = byMode<() => Case[]>({
  full: () => [
    ...product('ioredis 5', 'pipelined', phases, everyOperation, namings),
    ...product('ioredis 5', 'one by one', phases, single, namings),
    ...product('ioredis 5', 'one by one', phases, heavy, ['alias']),
    ...others.flatMap((client) =>
      // Who sends one by one has no use for autopipelining.
      ways
        .filter((way) => way === 'pipelined' || !client.includes('autopipelining'))
        .flatMap((way) => [
          ...product(client, way, phases, single, ['alias']),
          ...product(client, way, phases, ['GET'], way === 'pipelined' ? ['canonical'] : []),
        ]),
    ),
  ],
  short: () => [
    ...product('ioredis 5', 'pipelined', ['canonical'], single, ['unmanaged']),
    ...product('ioredis 5', 'pipelined', phases, single, ['alias']),
    ...product('ioredis 5', 'one by one', ['dual-read', 'canonical'], ['GET', 'SET'], ['alias']),
    ...others.flatMap((client) => product(client, 'pipelined', ['dual-read', 'canonical'], ['GET', 'SET'], ['alias'])),
  ],
  smoke: () => product('ioredis 5', 'pipelined', ['dual-read'], ['GET'], ['alias']),
})()

const rounds = byMode({ full: 51, short: 21, smoke: 2 })
const warmUpMs = byMode({ full: 150, short: 150, smoke: 0 })
const server = await startServer()
const admin = new Redis(server.port)
const rows: ClientRow[] = []
const byHand: Phase[] = ['dual-write', 'dual-read', 'canonical-primary']
const done = progress(cases.length + byHand.length)

async function measure(one: Case): Promise<Raced & Partial<ServerSide>> {
  const raw = await drivers[one.client](server.port)
  const wrapped = await drivers[one.client](server.port, { schema, phase: one.phase })
  await prepare(raw, wrapped)
  // So few, that no contestant has the machine for long.
  const count = one.way === 'pipelined' && one.operation !== 'MGET of 50' ? BATCH : 20
  const [plain, named] = [commands(one.operation, 'unmanaged', count), commands(one.operation, one.naming, count)]
  const contestants = [
    { name: 'raw', slice: () => send(raw, one.way, plain) },
    { name: 'wrapped', slice: () => send(wrapped, one.way, named) },
  ] as const
  const { wrapped: result } = await race(contestants, { operations: count, rounds, warmUpMs })
  const isMain = one.client === 'ioredis 5' && one.way === 'pipelined'
  const notices = isMain ? await serverSide(count, contestants[0].slice, contestants[1].slice) : {}
  raw.close()
  wrapped.close()
  return { ...result, ...notices }
}

/** In turns, as a race, since a server too takes longer where others have the processor. */
async function serverSide(count: number, raw: () => Promise<void>, wrapped: () => Promise<void>): Promise<ServerSide> {
  const passes = byMode({ full: 5, short: 3, smoke: 1 })
  const total = byMode({ full: 4_000, short: 4_000, smoke: count })
  const pass = (slice: () => Promise<void>): Promise<Usage> =>
    used([admin], total, async () => {
      for (let sent = 0; sent < total; sent += count) await slice()
    })
  const bytes = ({ received, sent }: Usage): number => received + sent
  const ratios: ServerSide[] = []
  for (let i = 0; i < passes; i++) {
    const [plain, named] = [await pass(raw), await pass(wrapped)]
    ratios.push({ server: named.cpu / plain.cpu, network: bytes(named) / bytes(plain) })
  }
  return { server: median(ratios.map(({ server }) => server)), network: median(ratios.map(({ network }) => network)) }
}

/** What one would write by hand for two names. */
async function besideByHand(phase: Phase): Promise<Raced> {
  const raw = await openIoredis5(server.port)
  const wrapped = await openIoredis5(server.port, { schema, phase })
  const units = Array.from({ length: BATCH }, (_, i): Argv[] => [
    ['set', `misc:${i}`, 'value'],
    ['set', `other:${i}`, 'value'],
  ])
  const named = commands('SET', 'alias')
  const contestants = [
    { name: 'by hand', slice: () => raw.units(units) },
    { name: 'wrapped', slice: () => wrapped.pipeline(named) },
  ] as const
  const { wrapped: result } = await race(contestants, { operations: BATCH, rounds, warmUpMs })
  raw.close()
  wrapped.close()
  return result
}

const said = ({ throughput, cpu }: Raced): string => `throughput ${throughput.toFixed(2)}, CPU ${cpu.toFixed(2)}`

for (const one of cases) {
  const raced = await measure(one)
  rows.push({ ...one, ...raced })
  done(`${Object.values(one).join(', ')}: ${said(raced)}`)
}
for (const phase of byHand) {
  const raced = await besideByHand(phase)
  rows.push({ client: 'ioredis 5', way: 'pipelined', operation: BY_HAND, phase, naming: 'alias', ...raced })
  done(`beside by hand, ${phase}: ${said(raced)}`)
}
save('client', rounds, rows)
admin.disconnect()
await server.stop()
