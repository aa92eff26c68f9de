/**
 * A cluster, by its number of masters: the raw client beside the wrapped one (bench/results/cluster.json), and the migrator
 * on the cluster of one master beside the others (bench/results/migrator.json).
 *
 * @module
 */
import { defineSchema, key, phases, RedisKeyMigrator, type Phase } from 'canonical-redis'
import calculateSlot from 'cluster-key-slot'
import { Cluster, Redis } from 'ioredis'
import { startCluster, type TestCluster } from '../test/support/cluster.js'
import { BATCH } from './support/commands.js'
import { openCluster, type Argv } from './support/drivers.js'
import { progress } from './support/progress.js'
import { median, race, type Raced } from './support/race.js'
import { byMode, save } from './support/results.js'
import { used, type Usage } from './support/usage.js'

type Operation = 'GET' | 'SET'

/** One line of the results: pipelined by 100, one pipeline to each master at once; the raw client is 1. */
export interface ClusterRow extends Raced {
  readonly masters: number
  readonly operation: Operation
  readonly phase: Phase
}

/** One line of the migrator's results; medians. */
export interface MigratorRow {
  readonly masters: number
  readonly operation: 'backfill' | 'verify' | 'analyze'
  /** Logical keys of the cluster; of `analyze` names, since both are there by then. */
  readonly keys: number
  /** Of them a second, all masters together. */
  readonly rate: number
  /** The rate beside that on one master, which is 1. */
  readonly ratio: number
  /** Microseconds of the migrator's process for one key. */
  readonly process: number
  /** Microseconds of all servers for one key. */
  readonly server: number
  /** Bytes to the servers and from them for one key. */
  readonly received: number
  readonly sent: number
  /** Bytes of memory that one key took more. */
  readonly memory: number
}

const schema = defineSchema({ name: 'bench', keys: { step: key('step:{<id>}').alias('jobs:{<id>}') } })
const sizes = byMode({ full: [1, 3, 6], short: [1, 3], smoke: [1] })
const rounds = byMode({ full: 31, short: 11, smoke: 2 })
const warmUpMs = byMode({ full: 300, short: 200, smoke: 0 })
const migratorRounds = byMode({ full: 4, short: 3, smoke: 1 })
const keys = byMode({ full: 100_000, short: 20_000, smoke: 100 })

const clusters: TestCluster[] = []
for (const masters of sizes) clusters.push(await startCluster('redis-7.0', 0, masters))
const rows: ClusterRow[] = []
const migratorRows: MigratorRow[] = []

/** For each master as many numbers of keys as a pipeline has. */
function numbers(masters: number): number[][] {
  const of = Array.from({ length: masters }, (): number[] => [])
  const share = Math.ceil(16384 / masters)
  for (let id = 0; of.some(({ length }) => length < BATCH); id++) {
    const own = of[Math.floor(calculateSlot(`{${id}}`) / share)]!
    if (own.length < BATCH) own.push(id)
  }
  return of
}

async function client(cluster: TestCluster, operation: Operation, phase: Phase): Promise<ClusterRow> {
  const masters = cluster.masters.length
  const raw = await openCluster(cluster.nodes)
  const wrapped = await openCluster(cluster.nodes, { schema, phase })
  const ids = numbers(masters)
  const command = (prefix: string, id: number): Argv =>
    operation === 'GET' ? ['get', `${prefix}:{${id}}`] : ['set', `${prefix}:{${id}}`, 'value']
  const all = (prefix: string): Argv[][] => ids.map((some) => some.map((id) => command(prefix, id)))
  for (const id of ids.flat()) {
    await Promise.all([raw.one(['set', `misc:{${id}}`, 'value']), wrapped.one(['set', `step:{${id}}`, 'value'])])
  }
  const [plain, named] = [all('misc'), all('jobs')]
  const contestants = [
    { name: 'raw', slice: () => Promise.all(plain.map((argvs) => raw.pipeline(argvs))) },
    { name: 'wrapped', slice: () => Promise.all(named.map((argvs) => wrapped.pipeline(argvs))) },
  ] as const
  const { wrapped: result } = await race(contestants, { operations: masters * BATCH, rounds, warmUpMs, lapMs: 30 })
  raw.close()
  wrapped.close()
  return { masters, operation, phase, ...result }
}

const some = byMode<readonly Phase[]>({
  full: ['dual-write', 'dual-read', 'canonical'],
  short: ['dual-write', 'dual-read', 'canonical'],
  smoke: ['dual-read'],
})
const cases = clusters.flatMap((cluster) =>
  // The other sizes show how it grows, this one what each phase costs.
  (byMode({ full: cluster.masters.length === 3, short: false, smoke: false }) ? phases : some).flatMap((phase) =>
    (['GET', 'SET'] as const).map((operation) => ({ cluster, phase, operation })),
  ),
)
const done = progress(cases.length)
for (const { cluster, phase, operation } of cases) {
  const row = await client(cluster, operation, phase)
  rows.push(row)
  done(`${row.masters} masters, ${operation}, ${phase}: throughput ${row.throughput.toFixed(2)}`)
}
save('cluster', rounds, rows)

type Operations = MigratorRow['operation']
interface Pace extends Usage {
  readonly rate: number
  readonly process: number
}

/** A round of the migrator on one cluster. */
async function migrate({ nodes, masters }: TestCluster): Promise<Record<Operations, Pace>> {
  const redis = new Cluster([...nodes])
  const servers = masters.map(({ port }) => new Redis(port))
  await Promise.all(servers.map((server) => server.flushall()))
  for (let from = 0; from < keys; from += 1000) {
    const hash = (i: number) => redis.hset(`jobs:{${from + i}}`, { status: 'done', user: from + i, tries: 1 })
    await Promise.all(Array.from({ length: Math.min(1000, keys - from) }, (_, i) => hash(i)))
  }
  const migrator = new RedisKeyMigrator(redis, schema)
  const pace = async (count: number, work: () => Promise<unknown>): Promise<Pace> => {
    const [cpu, began] = [process.cpuUsage(), performance.now()]
    let ms = 0
    const usages = await used(servers, count, async () => {
      await work()
      ms = performance.now() - began
    })
    const { user, system } = process.cpuUsage(cpu)
    return { ...usages, rate: (count * 1000) / ms, process: (user + system) / count }
  }
  const result = {
    backfill: await pace(keys, async () => {
      const { migrated } = await migrator.migrateKeys({ dryRun: false })
      if (migrated !== keys) throw new Error(`${migrated} of ${keys} keys were copied`)
    }),
    verify: await pace(keys, async () => {
      const { clean, compared } = await migrator.verify()
      if (!clean || compared !== keys) throw new Error(`${compared} of ${keys} keys were compared`)
    }),
    analyze: await pace(2 * keys, () => migrator.analyze()),
  }
  for (const one of [redis, ...servers]) one.disconnect()
  return result
}

const paces = clusters.map((): Record<Operations, Pace>[] => [])
for (let round = -1; round < migratorRounds; round++) {
  for (const [i, cluster] of clusters.entries()) {
    const pace = await migrate(cluster)
    // The first one warms up.
    if (round >= 0 || migratorRounds === 1) paces[i]!.push(pace)
    console.log(`  migrator, round ${round + 1} of ${migratorRounds}, ${sizes[i]} masters`)
  }
}
for (const operation of ['backfill', 'verify', 'analyze'] as const) {
  const first = paces[0]!.map((pace) => pace[operation])
  for (const [i, masters] of sizes.entries()) {
    const own = paces[i]!.map((pace) => pace[operation])
    const middle = (of: (pace: Pace, round: number) => number): number => median(own.map(of))
    migratorRows.push({
      masters,
      operation,
      keys: operation === 'analyze' ? 2 * keys : keys,
      rate: middle(({ rate }) => rate),
      ratio: middle(({ rate }, round) => rate / first[round]!.rate),
      process: middle((pace) => pace.process),
      server: middle(({ cpu }) => cpu),
      received: middle(({ received }) => received),
      sent: middle(({ sent }) => sent),
      memory: middle(({ memory }) => memory),
    })
  }
}
save('migrator', migratorRounds, migratorRows)
console.table(migratorRows)
await Promise.all(clusters.map((cluster) => cluster.stop()))
