/**
 * Bytes of the heap that one command takes, raw and wrapped. Results in bench/results/allocation.json.
 *
 * bench/run.ts starts it with a young generation so large that nothing is collected while it counts: the heap after a lap
 * less the heap before it is what the lap has taken. Buffers of the socket lie outside of the heap.
 *
 * @module
 */
import { phases, type Phase } from 'canonical-redis'
import { startServer } from '../test/support/servers.js'
import { commands, namings, prepare, schema, send, type Naming, type Operation } from './support/commands.js'
import { drivers, type Client, type Driver } from './support/drivers.js'
import { heapUsed, sweep } from './support/heap.js'
import { progress } from './support/progress.js'
import { median } from './support/race.js'
import { byMode, save } from './support/results.js'

interface Case {
  readonly client: Client
  readonly operation: Operation
  readonly phase: Phase
  readonly naming: Naming
}

/** One line of the results: bytes for one command, pipelined by 100; medians. */
export interface AllocationRow extends Case {
  readonly raw: number
  readonly wrapped: number
}

const product = (client: Client, operations: readonly Operation[], names: readonly Naming[]): Case[] =>
  operations.flatMap((operation) =>
    names.flatMap((naming) => phases.map((phase) => ({ client, operation, phase, naming }))),
  )

const others: readonly Client[] = ['ioredis 6', 'node-redis 5', 'node-redis 6']
const cases = byMode<() => Case[]>({
  full: () => [
    ...product('ioredis 5', ['GET', 'SET'], namings),
    ...product('ioredis 5', ['GET, a miss', 'HSET of 10 fields', 'MGET of 50', 'XADD'], ['alias']),
    ...others.flatMap((client) => product(client, ['GET', 'SET'], ['alias'])),
  ],
  short: () => product('ioredis 5', ['GET', 'SET'], ['alias']),
  smoke: () => product('ioredis 5', ['GET'], ['alias']).slice(0, 1),
})()

const rounds = byMode({ full: 9, short: 5, smoke: 1 })
/** Bytes of the heap that a lap may find; the young generation has 256 MB. */
const SWEEP_ABOVE = 100e6
/** Pipelines in one lap: enough that what the lap itself takes does not show, few enough for the young generation. */
const pipelines = byMode({ full: 10, short: 10, smoke: 1 })
const warmUps = byMode({ full: 200, short: 100, smoke: 1 })

async function bytes(driver: Driver, argvs: ReturnType<typeof commands>): Promise<number> {
  const before = heapUsed()
  for (let i = 0; i < pipelines; i++) await send(driver, 'pipelined', argvs)
  const taken = heapUsed() - before
  if (taken < 0) throw new Error('expected a young generation that holds a lap: start this by `npm run bench`')
  return taken / (pipelines * argvs.length)
}

const server = await startServer()
const rows: AllocationRow[] = []
const done = progress(cases.length)
for (const one of cases) {
  const raw = await drivers[one.client](server.port)
  const wrapped = await drivers[one.client](server.port, { schema, phase: one.phase })
  await prepare(raw, wrapped)
  const [plain, named] = [commands(one.operation, 'unmanaged'), commands(one.operation, one.naming)]
  const warmUp = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await send(raw, 'pipelined', plain)
      await send(wrapped, 'pipelined', named)
    }
  }
  await warmUp(warmUps)
  const taken: { raw: number[]; wrapped: number[] } = { raw: [], wrapped: [] }
  for (let round = 0; round < rounds; round++) {
    // A sweep drops compiled code as well, so it is done rarely, and something goes before what counts.
    if (round === 0 || heapUsed() > SWEEP_ABOVE) {
      sweep()
      await warmUp(Math.min(warmUps, 5))
    }
    taken.raw.push(await bytes(raw, plain))
    taken.wrapped.push(await bytes(wrapped, named))
  }
  const row: AllocationRow = {
    ...one,
    raw: Math.round(median(taken.raw)),
    wrapped: Math.round(median(taken.wrapped)),
  }
  rows.push(row)
  done(`${Object.values(one).join(', ')}: raw ${row.raw} bytes, wrapped ${row.wrapped}`)
  raw.close()
  wrapped.close()
}
save('allocation', rounds, rows)
await server.stop()
