/**
 * `npm run test:soak -- --minutes 5`: the twin test with new seeds for as long as one likes, on every server.
 *
 * It stops at the first difference, and prints the line that runs it again.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import type { Phase } from '../../../src/phases/index.js'
import { availableServers, startServer, type ServerKind, type TestServer } from '../servers.js'
import { phasePairs, runTwin } from './run.js'
import { clientKinds, type ClientKind } from './twin.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: process.env['TWIN_MINUTES'] ?? '5' },
    runs: { type: 'string', default: '25' },
    server: { type: 'string' },
    clients: { type: 'string' },
    pair: { type: 'string' },
    queues: { type: 'boolean', default: false },
    seed: { type: 'string', default: process.env['FC_SEED'] },
    path: { type: 'string', default: process.env['FC_PATH'] },
  },
})

const kinds = clientKinds
const servers = availableServers().filter((kind) => values.server === undefined || values.server === kind)
const pairs = phasePairs.filter((pair) => values.pair === undefined || values.pair === pair.join(','))
const once = values.seed !== undefined
const end = Date.now() + Number(values.minutes) * 60_000
if (servers.length === 0 || pairs.length === 0) throw new Error('Expected --server and --pair to name what there is')

/** Commands and sequences by server, by client and by pair of phases. */
const totals = new Map<string, { sequences: number; commands: number }>()
const seen = new Set<string>()

function add(name: string, sequences: number, commands: number): void {
  const known = totals.get(name) ?? { sequences: 0, commands: 0 }
  totals.set(name, { sequences: known.sequences + sequences, commands: known.commands + commands })
}

/** Every combination of clients comes up in turn. */
function clientsOf(turn: number): readonly [ClientKind, ClientKind] {
  if (values.clients !== undefined) return values.clients.split(',') as [ClientKind, ClientKind]
  return [kinds[turn % kinds.length]!, kinds[Math.floor(turn / kinds.length) % kinds.length]!]
}

async function soak(server: TestServer, pair: readonly [Phase, Phase], turn: number): Promise<void> {
  const clients = clientsOf(turn)
  const { sequences, commands, byCommand, failure } = await runTwin({
    server,
    pair,
    clients,
    queues: values.queues,
    runs: once ? 1000 : Number(values.runs),
    ...(once && { seed: Number(values.seed), path: values.path }),
  })
  for (const name of byCommand.keys()) seen.add(name)
  // What two clients shared is counted for both.
  for (const name of new Set([server.kind, ...clients, pair.join(' beside '), 'all'])) add(name, sequences, commands)
  if (failure !== undefined) throw new Error(failure)
}

function print(): void {
  for (const [name, { sequences, commands }] of [...totals].sort()) {
    console.log(
      `${name.padEnd(40)} ${String(commands).padStart(9)} commands ${String(sequences).padStart(8)} sequences`,
    )
  }
  console.log(`${seen.size} different commands`)
}

const started: TestServer[] = []
try {
  for (const kind of servers) started.push(await startServer({ kind: kind satisfies ServerKind }))
  let turn = 0
  for (let round = 1; Date.now() < end; round++) {
    for (const pair of pairs) {
      for (const server of started) if (Date.now() < end) await soak(server, pair, turn++)
    }
    const all = totals.get('all')
    console.log(`round ${round}: ${all?.commands ?? 0} commands in ${all?.sequences ?? 0} sequences, no difference`)
    if (once) break
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  print()
  for (const server of started) await server.stop()
}
