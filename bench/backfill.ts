/**
 * The migrator measured: beside `redis-cli --pipe` and the script that teams write themselves, with small keys, mixed
 * ones and large ones; its memory; and what others feel of it. All in turns, since machines are noisy.
 *
 * `npx tsx bench/backfill.ts` takes some minutes; `--full` more, with a million keys to race and two million to hold.
 * `--parts race,memory` runs some of it. Tables go to stdout, figures to bench/results/backfill.json, of short runs to short-backfill.json.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { memory, memoryTable } from './backfill/memory.js'
import { neighbours, neighboursTable } from './backfill/neighbours.js'
import { race, raceTable } from './backfill/race.js'
import { redis, server } from './backfill/world.js'
import { resultFile } from './support/results.js'

const { values: flags } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean' },
    parts: { type: 'string', default: 'race,kinds,memory,neighbours' },
    rounds: { type: 'string', default: '5' },
    keys: { type: 'string' },
    sizes: { type: 'string' },
  },
})
const rounds = Number(flags.rounds)
const keys = Number(flags.keys ?? (flags.full ? 1_000_000 : 200_000))
const sizes = (flags.sizes ?? (flags.full ? '100000,1000000,2000000,5000000' : '100000,1000000')).split(',').map(Number)

const parts: Readonly<Record<string, () => Promise<{ figures: unknown; text: string }>>> = {
  async race() {
    const figures = await race('small', keys, rounds)
    return { figures, text: raceTable(figures) }
  },
  async kinds() {
    const figures = [await race('mixed', keys / 5, rounds), await race('10 KB', keys / 20, rounds)]
    return { figures, text: figures.map(raceTable).join('\n\n') }
  },
  async memory() {
    const figures = await memory(sizes)
    return { figures, text: memoryTable(figures) }
  },
  async neighbours() {
    const figures = await neighbours(100_000, rounds, [2_000, 10_000, undefined])
    return { figures, text: neighboursTable(figures) }
  },
}

const file = resultFile('backfill')
mkdirSync('bench/results', { recursive: true })
for (const name of flags.parts.split(',')) {
  const part = parts[name]
  if (part === undefined) throw new Error(`no part "${name}": ${Object.keys(parts).join(', ')}`)
  const { figures, text } = await part()
  console.log(`\n${text}`)
  const machine = {
    at: new Date(),
    node: process.version,
    server: server.kind,
    cpus: cpus().length,
    load: loadavg()[0],
  }
  // Each part as soon as it is there; those of earlier runs stay.
  writeFileSync(file, JSON.stringify({ ...known(), [name]: { machine, figures } }, undefined, 2))
}
redis.disconnect()
await server.stop()

function known(): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch {
    return {}
  }
}
