/**
 * What the server says about itself: version, eviction, databases, what is used on it.
 *
 * @module
 */
import type { Port } from '../../clients/port.js'
import type { Schema } from '../../schema/index.js'
import { count, plural } from '../text.js'
import type { Finding } from './finding.js'

/** The fields of INFO. */
export type Info = ReadonlyMap<string, string>

/** Reads INFO; empty where the server does not tell. */
export async function infoOf(port: Port): Promise<Info> {
  const fields = new Map<string, string>()
  const [basic, usage] = await port.pipeline([['INFO'], ['INFO', 'commandstats']])
  for (const text of [basic, usage]) {
    if (!Buffer.isBuffer(text)) continue
    for (const [, name, value] of text.toString().matchAll(/^([^#:\r\n]+):(.*?)\r?$/gm)) fields.set(name!, value!)
  }
  return fields
}

/** A number of INFO; 0 where it is left out. */
export const numberOf = (info: Info, name: string): number => Number(info.get(name) ?? 0)

function version(info: Info): Finding {
  const name = info.has('valkey_version') ? 'Valkey' : 'Redis'
  const shown = info.get('valkey_version') ?? info.get('redis_version')
  if (shown === undefined)
    return { level: 'warning', check: 'version', says: 'The server does not tell its version (INFO).' }
  const [major = 0, minor = 0] = (info.get('redis_version') ?? shown).split('.').map(Number)
  const isOld = major < 6 || (major === 6 && minor < 2)
  return {
    level: isOld ? 'problem' : 'ok',
    check: 'version',
    says: `${name} ${shown}${isOld ? ' has no COPY, which everything here is built on.' : '.'}`,
    ...(isOld && { next: 'upgrade to Redis 6.2 or later, or to Valkey' }),
  }
}

function eviction(info: Info): Finding[] {
  const policy = info.get('maxmemory_policy')
  if (policy === undefined) return []
  const limit = numberOf(info, 'maxmemory')
  if (!policy.startsWith('allkeys-')) return [{ level: 'ok', check: 'eviction', says: `Eviction: ${policy}.` }]
  return [
    {
      level: limit > 0 ? 'problem' : 'note',
      check: 'eviction',
      says: `Eviction is ${policy}: a key that is absent may have been evicted, and its other name would bring an old value back.`,
      evidence: [limit > 0 ? `maxmemory is ${count(limit)} bytes` : 'maxmemory is not set, so nothing is evicted'],
      ...(limit > 0 && {
        next: 'for the time of the migration: CONFIG SET maxmemory-policy noeviction (or volatile-…)',
      }),
    },
  ]
}

const calls = (info: Info, name: string): number =>
  Number(/calls=(\d+)/.exec(info.get(`cmdstat_${name}`) ?? '')?.[1] ?? 0)

/** What cannot be made safe, where the server's counters show that it is done here. */
const hazards: readonly {
  readonly commands: readonly string[]
  readonly check: string
  readonly says: string
  readonly next: string
}[] = [
  {
    commands: ['eval', 'evalsha', 'fcall'],
    check: 'scripts',
    says: 'Scripts run here (those of the migrator count too). Names that they make up are not seen by a wrapped client.',
    next: 'declare every name in KEYS',
  },
  {
    commands: ['blpop', 'brpop', 'blmove', 'brpoplpush', 'blmpop', 'bzpopmin', 'bzpopmax', 'bzmpop', 'xreadgroup'],
    check: 'queues',
    says: 'Consumers take jobs here. A queue must be declared, or jobs are doubled.',
    next: "key('steps:pending', { queue: true }).alias('jobs:pending')",
  },
  {
    commands: ['flushdb', 'flushall', 'swapdb'],
    check: 'flushes',
    says: 'Databases are emptied or swapped here. With aliases in another database, that empties one side only.',
    next: 'do without for the time of the migration',
  },
]

function usage(info: Info, isQueued: boolean): Finding[] {
  return hazards.flatMap(({ commands, check, says, next }) => {
    const used = commands.map((name) => [name, calls(info, name)] as const).filter(([, times]) => times > 0)
    if (used.length === 0 || (check === 'queues' && isQueued)) return []
    const evidence = [used.map(([name, times]) => `${name.toUpperCase()} ${plural(times, 'time')}`).join(', ')]
    return [{ level: 'note' as const, check, says, evidence, next }]
  })
}

function replicas(info: Info): Finding[] {
  const connected = numberOf(info, 'connected_slaves')
  if (connected === 0) return []
  const says = `${connected} replicas follow asynchronously: a failover can lose writes that were acknowledged, with any client.`
  return [{ level: 'note', check: 'replicas', says }]
}

/** The databases of aliases, asked for one by one: CONFIG GET is often not allowed. */
export async function checkDatabases(port: Port, schema: Schema, isCluster: boolean): Promise<Finding[]> {
  const wanted = new Map<number, string[]>()
  for (const { name, aliases } of schema.families.values()) {
    for (const { db } of aliases) if (db !== undefined) wanted.set(db, [...(wanted.get(db) ?? []), name])
  }
  const findings: Finding[] = []
  for (const [db, families] of wanted) {
    const problem = isCluster ? 'a cluster has only database 0' : await opens(port, db)
    findings.push({
      level: problem === undefined ? 'ok' : 'problem',
      check: 'databases',
      says: `Database ${db} of ${[...new Set(families)].join(', ')}${problem === undefined ? ' is there.' : `: ${problem}.`}`,
      ...(problem !== undefined && {
        next: 'raise `databases` in the configuration of the server, or correct `db` in the schema',
      }),
    })
  }
  return findings
}

async function opens(port: Port, db: number): Promise<string | undefined> {
  try {
    const other = await port.duplicate({ db })
    await other.close()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** All that INFO says. */
export function checkServer(info: Info, schema: Schema): Finding[] {
  const isQueued = [...schema.families.values()].some(({ queue }) => queue)
  return [version(info), ...eviction(info), ...usage(info, isQueued), ...replicas(info)]
}
