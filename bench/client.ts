/**
 * What wrapping costs: raw ioredis beside the wrapped client, round by round in one process on one server.
 *
 * Every figure is a ratio of throughputs, the median over many alternating rounds, since machines are noisy and two runs
 * on one machine can differ by more than what is measured. `npm run bench -- --rounds 60 --batch 100`
 *
 * @module
 */
import { Redis } from 'ioredis'
import { parseArgs } from 'node:util'
import { CanonicalRedisClient, defineSchema, key, phases, type Phase } from '../src/index.js'
import { startServer } from '../test/support/servers.js'

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, batch: { type: 'string', default: '100' } },
})
const rounds = Number(flags.rounds)
const batch = Number(flags.batch)
/** Pipelines in one round, long enough for the clock and short enough to alternate often. */
const pipelines = 40

const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('job:<id>') } })
const server = await startServer()
const raw = new Redis(server.port)

type Client = Pick<Redis, 'pipeline'>
type Fill = (pipeline: ReturnType<Redis['pipeline']>, i: number) => void

const get =
  (prefix: string): Fill =>
  (pipeline, i) =>
    void pipeline.get(`${prefix}:${i}`)
const set =
  (prefix: string): Fill =>
  (pipeline, i) =>
    void pipeline.set(`${prefix}:${i}`, 'value')

async function run(client: Client, fill: Fill): Promise<number> {
  const start = process.hrtime.bigint()
  for (let p = 0; p < pipelines; p++) {
    const pipeline = client.pipeline()
    for (let i = 0; i < batch; i++) fill(pipeline, i)
    await pipeline.exec()
  }
  return Number(process.hrtime.bigint() - start)
}

/** The wrapped client's throughput as a part of the raw one's. */
async function ratio(wrapped: Client, ours: Fill, theirs: Fill): Promise<number> {
  const ratios: number[] = []
  for (let round = -3; round < rounds; round++) {
    const [first, second] = round % 2 ? [raw, wrapped] : [wrapped, raw]
    const times = new Map<Client, number>()
    for (const client of [first, second]) times.set(client, await run(client, client === raw ? theirs : ours))
    if (round >= 0) ratios.push((times.get(raw) as number) / (times.get(wrapped) as number))
  }
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] as number
}

async function inPhase(phase: Phase, ours: Fill, theirs: Fill): Promise<string> {
  await raw.flushall()
  const wrapped = new CanonicalRedisClient(raw.duplicate(), { schema, phase })
  const load = wrapped.pipeline()
  for (let i = 0; i < batch; i++) load.set(`step:${i}`, 'value').set(`other:${i}`, 'value')
  await load.exec()
  const result = await ratio(wrapped, ours, theirs)
  wrapped.disconnect()
  return result.toFixed(2)
}

console.log(
  `pipelined by ${batch}, throughput of the wrapped client with raw ioredis = 1 (median of ${rounds} rounds)\n`,
)
const table: Record<string, Record<string, string>> = {}
for (const phase of phases) {
  table[phase] = {
    'GET other': await inPhase(phase, get('other'), get('other')),
    'GET canonical': await inPhase(phase, get('step'), get('other')),
    'GET alias': await inPhase(phase, get('job'), get('other')),
    'SET canonical': await inPhase(phase, set('step'), set('other')),
  }
}
console.table(table)
raw.disconnect()
await server.stop()
