/**
 * `npm run bench` and `npm run bench:full`: builds the package, runs the parts one after the other, each in a process of its
 * own, and goes on where one fails. `--parts client,mapper` runs some of them, `--smoke` only shows that they start.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { buildPackage } from '../test/support/built-package.js'
import { clock } from './support/progress.js'
import { mode, type Mode } from './support/results.js'

interface Part {
  /** Below bench/. */
  readonly file: string
  /** About how many seconds it takes. */
  readonly seconds: Readonly<Record<Mode, number>>
  readonly node?: readonly string[]
  /** Arguments besides the mode. */
  readonly args?: Readonly<Record<Mode, readonly string[]>>
}

// The young generation of each is as Node has it, but where bytes are counted: there nothing may be collected meanwhile.
const parts: Readonly<Record<string, Part>> = {
  client: { file: 'client.ts', seconds: { short: 60, full: 640, smoke: 2 } },
  allocation: {
    file: 'allocation.ts',
    seconds: { short: 15, full: 60, smoke: 2 },
    node: ['--min-semi-space-size=256', '--max-semi-space-size=256'],
  },
  mapper: { file: 'mapper.ts', seconds: { short: 20, full: 60, smoke: 2 } },
  cluster: { file: 'cluster.ts', seconds: { short: 60, full: 240, smoke: 4 } },
  growth: { file: 'growth.ts', seconds: { short: 40, full: 100, smoke: 3 } },
  backfill: {
    file: 'backfill.ts',
    seconds: { short: 120, full: 600, smoke: 10 },
    args: {
      full: [],
      short: ['--rounds', '3'],
      smoke: ['--rounds', '1', '--keys', '2000', '--sizes', '1000', '--parts', 'race,memory'],
    },
  },
}

const { values: flags } = parseArgs({
  options: { parts: { type: 'string' }, full: { type: 'boolean' }, smoke: { type: 'boolean' } },
})
const names = flags.parts?.split(',') ?? Object.keys(parts)
const unknown = names.find((name) => !Object.hasOwn(parts, name))
if (unknown !== undefined) throw new Error(`no part "${unknown}"; there are ${Object.keys(parts).join(', ')}`)

async function run({ file, node = [], args }: Part): Promise<boolean> {
  const argv = [...node, '--import', 'tsx', `bench/${file}`, ...(args?.[mode] ?? [])]
  const child = spawn(process.execPath, mode === 'short' ? argv : [...argv, `--${mode}`], {
    stdio: 'inherit',
    env: { ...process.env, TSX_TSCONFIG_PATH: 'bench/tsconfig.built.json' },
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}

const seconds = (some: readonly string[]): number => some.reduce((total, name) => total + parts[name]!.seconds[mode], 0)

await buildPackage('.cache/bench')
const failed: string[] = []
for (const [i, name] of names.entries()) {
  const end = (some: readonly string[]): string => clock(new Date(Date.now() + seconds(some) * 1000))
  console.log(`\n${name}: until about ${end([name])}, all of it until about ${end(names.slice(i))}`)
  if (!(await run(parts[name]!))) failed.push(name)
}
if (failed.length > 0) {
  console.error(`failed, and left no results: ${failed.join(', ')}`)
  process.exitCode = 1
}
