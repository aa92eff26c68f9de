/**
 * A billion keys on a hundred nodes, worked out from what was measured: the generated parts of docs/billion-keys.md.
 *
 * @module
 */
import { phases } from 'canonical-redis'
import type { ClientRow } from '../client.js'
import type { MigratorRow } from '../cluster.js'
import type { Results } from '../support/results.js'
import { grid, table, two, unique, whole, type Section } from './tables.js'

const KEYS = 1e9
const NODES = 100
/** Keys a second that the page reckons with: held back, and as fast as one process goes. */
const RATES = [10_000, 25_000] as const
/** Commands a second of the whole application, and how many of them write. */
const COMMANDS = 1_000_000
const WRITES = 0.2

const hours = (seconds: number): string => (seconds / 3600).toFixed(1)
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)
const percent = (part: number): string => `${(part * 100).toFixed(part < 0.01 ? 2 : 1)} %`

/** The measured figures of the largest cluster. */
function largest(results: Results<MigratorRow>) {
  const masters = Math.max(...results.rows.map((row) => row.masters))
  const of = (operation: MigratorRow['operation']): MigratorRow =>
    results.rows.find((row) => row.masters === masters && row.operation === operation)!
  return { masters, backfill: of('backfill'), verify: of('verify'), analyze: of('analyze') }
}

/** Names that an operation walks through, in all. */
const walks = [
  ['analyze, before', 'analyze', KEYS],
  ['backfill', 'backfill', KEYS],
  ['verify', 'verify', KEYS],
  ['analyze, after', 'analyze', 2 * KEYS],
] as const

export function billionMigrator(results: Results<MigratorRow>): Section {
  const { masters, ...measured } = largest(results)
  const line = (what: string, row: MigratorRow, keys: number, rate: number): string[] => [
    what,
    whole(rate),
    hours(keys / rate),
    percent((rate / NODES) * row.server * 1e-6),
    percent(rate * row.process * 1e-6),
    ((rate * (row.received + row.sent)) / 1e6).toFixed(1),
    gigabytes(keys * (row.received + row.sent)),
  ]
  const rows = walks.flatMap(([what, operation, keys]) => {
    const row = measured[operation]
    const slower = operation === 'analyze' ? [] : RATES.filter((rate) => rate < row.rate)
    return [
      line(`${what}, as fast as one process goes`, row, keys, row.rate),
      ...slower.map((rate) => line(`${what}, \`rate: ${whole(rate)}\``, row, keys, rate)),
    ]
  })
  const head = ['', 'keys a second', 'hours', 'CPU of a node', 'CPU of the migrator', 'MB/s', 'GB in all']
  const { memory } = measured.backfill
  const text = [
    `From the figures of ${masters} masters, measured on ${results.date} (${results.machine}); keys are hashes of three fields.`,
    table(head, rows),
    `The second name of such a key takes ${whole(memory)} bytes: ${gigabytes(memory * KEYS)} GB in all, ${gigabytes((memory * KEYS) / NODES)} GB a node, until the sweep.`,
  ]
  return { text: text.join('\n\n'), charts: {} }
}

export function billionPhases(results: Results<ClientRow>): Section {
  const find = (operation: string, phase: string): ClientRow | undefined =>
    results.rows.find(
      (row) =>
        row.client === 'ioredis 5' &&
        row.way === 'pipelined' &&
        row.naming === 'alias' &&
        row.operation === operation &&
        row.phase === phase,
    )
  // Writes are SET and HSET in equal parts.
  const mixed = (phase: string, figure: 'cpu' | 'server' | 'network'): number => {
    const of = (operation: string): number => find(operation, phase)?.[figure] ?? NaN
    return (1 - WRITES) * of('GET') + (WRITES / 2) * (of('SET') + of('HSET of 10 fields'))
  }
  const lines = {
    'CPU of the application for Redis': (phase: string) => mixed(phase, 'cpu'),
    'CPU of the servers': (phase: string) => mixed(phase, 'server'),
    'bytes on the network': (phase: string) => mixed(phase, 'network'),
    // A ratio times the measured time of a raw command.
    'cores for a million commands a second': (phase: string) =>
      ((1 - WRITES) * (find('GET', phase)?.cpuNs ?? NaN) +
        (WRITES / 2) * ((find('SET', phase)?.cpuNs ?? NaN) + (find('HSET of 10 fields', phase)?.cpuNs ?? NaN))) *
      COMMANDS *
      1e-9,
    'a GET that misses, CPU of the servers': (phase: string) => find('GET, a miss', phase)?.server ?? NaN,
  }
  const names = Object.keys(lines) as (keyof typeof lines)[]
  const cell = (name: string, phase: string): string => two(lines[name as keyof typeof lines](phase))
  return { text: grid(unique(names), phases, cell), charts: {} }
}

export function billionTimetable(results: Results<MigratorRow>): Section {
  const { backfill, verify, analyze } = largest(results)
  const time = (operation: MigratorRow, keys = KEYS): string => `${hours(keys / operation.rate)} h`
  const twoPasses = `${hours(KEYS / backfill.rate + KEYS / verify.rate)} h`
  const steps: [string, string, string, string][] = [
    ['1', 'wrap the clients, phase `alias`; `check`, `analyze`', `a rollout, ${time(analyze)}`, 'remove the wrapping'],
    ['2', '`prepare`: no new name may be there', 'a rollout', 'back to `alias`'],
    ['3', '`dual-write`; retire raw writers of the old names', 'a rollout, a day to watch', 'back to `prepare`'],
    ['4', 'backfill with `overwrite`', time(backfill), 'end it; nothing reads the new names yet'],
    ['5', '`dual-read`', 'a rollout, a day to watch', 'back to `dual-write`'],
    ['6', 'backfill of what is missing, verify until clean', twoPasses, 'end it; run it again'],
    ['7', '`canonical-primary`; retire raw readers', 'a rollout, days to watch', 'back to `dual-read`'],
    ['8', '`retire-alias`: from here `rollback` is the way back', 'a rollout', '`rollback`'],
    ['9', 'cleanup with `--backup`: verifies, then removes', `${time(verify)} and more`, '`rollback`, then restore'],
    ['10', 'analyze: no old name is left; `canonical`', `${time(analyze)}, a rollout`, '`rollback`'],
  ]
  return { text: table(['', 'step', 'takes', 'way back'], steps), charts: {} }
}
