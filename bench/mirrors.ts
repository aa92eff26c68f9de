/**
 * What a mirrored write costs: the commands of one on the wire, and its throughput on a big key beside raw ioredis = 1.
 *
 * Ratios are medians over alternating rounds, as in client.ts. `npx tsx bench/mirrors.ts --fields 10000 --rounds 20`
 *
 * @module
 */
import { Redis } from 'ioredis'
import { parseArgs } from 'node:util'
import { CanonicalRedisClient, defineSchema, key, type Phase } from '../src/index.js'
import { startServer } from '../test/support/servers.js'

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, fields: { type: 'string', default: '10000' } },
})
const rounds = Number(flags.rounds)
const fields = Number(flags.fields)
/** Commands in one round, one after the other's reply. */
const batch = 20

const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('job:<id>') } })
const mirroring: readonly Phase[] = ['dual-write', 'dual-read', 'canonical-primary']
const lines = [
  'HSET $:hash f7 v',
  'ZADD $:zset 7 m7',
  'EXPIRE $:hash 1000',
  'XADD $:stream * f v',
  'SPOP $:set',
  'SADD $:set m1 m2 m3',
  'SET $:string v EX 100',
]

const server = await startServer()
const raw = new Redis(server.port)
const argvOf = (line: string, key: string): [string, ...string[]] =>
  line.replace('$', key).split(' ') as [string, ...string[]]

async function fill(name: string): Promise<void> {
  const pipeline = raw.pipeline()
  for (let i = 0; i < fields; i++) {
    pipeline.hset(`${name}:hash`, `f${i}`, 'value').zadd(`${name}:zset`, i, `m${i}`).sadd(`${name}:set`, `m${i}`)
    pipeline.xadd(`${name}:stream`, `${i + 1}-0`, 'f', 'v')
  }
  await pipeline.exec()
}

async function time(client: Redis, argv: [string, ...string[]]): Promise<number> {
  const start = process.hrtime.bigint()
  for (let i = 0; i < batch; i++) await client.call(...argv)
  return Number(process.hrtime.bigint() - start)
}

async function ratio(wrapped: Redis, line: string): Promise<string> {
  const ratios: number[] = []
  for (let round = -2; round < rounds; round++) {
    const ours = await time(wrapped, argvOf(line, 'step'))
    const theirs = await time(raw, argvOf(line, 'other'))
    if (round >= 0) ratios.push(theirs / ours)
  }
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]!.toFixed(3)
}

const wire: Record<string, Record<string, number>> = {}
const speed: Record<string, Record<string, string>> = {}
for (const phase of mirroring) {
  await raw.flushall()
  await Promise.all(['step', 'job', 'other'].map(fill))
  const wrapped = new CanonicalRedisClient(raw.duplicate(), { schema, phase })
  for (const line of lines) {
    const shown = line.replace('$:', '')
    ;(wire[shown] ??= {})[phase] = wrapped.canonical.explain(argvOf(line, 'step')).length
    ;(speed[shown] ??= {})[phase] = await ratio(wrapped, line)
  }
  wrapped.disconnect()
}
console.log('commands on the wire for one write, MULTI and EXEC among them')
console.table(wire)
console.log(`throughput on keys of ${fields} elements, one write after the other, raw ioredis = 1`)
console.table(speed)
raw.disconnect()
await server.stop()
