/** The binary as a process of its own: signals, pipes, what is on which stream. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { binaryWorld } from '../support/binary.js'
import { jobsConfig } from '../support/cli.js'

const JOBS = 300
const world = binaryWorld(JOBS)

interface Ended {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}

/** Runs the binary; `interrupt` says how many signals it gets, as soon as it shows progress. */
async function binary(line: string, interrupt: readonly NodeJS.Signals[] = []): Promise<Ended> {
  const child = spawn(process.execPath, [world.file, ...line.split(' ')], {
    cwd: world.folder.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [signals, seen] = [[...interrupt], { out: '', err: '' }]
  child.stdout.on('data', (chunk: Buffer) => (seen.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => {
    seen.err += chunk.toString()
    // The second one when the first has been answered.
    if (/migrating|moving|Stopping/.test(chunk.toString())) {
      const signal = signals.shift()
      if (signal) child.kill(signal)
    }
  })
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, ...seen }
}

it('keeps the result on stdout and everything else on stderr', async () => {
  const { exit, out, err } = await binary('migrate --live --yes --json')
  expect(exit, err).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ exit: 0, result: { migrated: JOBS } })
  expect(err).toContain('Migrate (live)')
})

it.each(['SIGINT', 'SIGTERM'] as const)('%s stops it after the batch, and the same command goes on', async (signal) => {
  const slow = 'migrate --live --yes --batch 1 --rate'
  const first = await binary(`${slow} 20`, [signal])
  expect(first.exit, first.err).toBe(130)
  expect(first.err).toContain('Stopping after the batch at hand')
  const copied = (await world.redis.keys('step:*')).length
  expect(copied).toBeLessThan(JOBS)
  const again = await binary(`${slow} 100000`)
  expect(again.exit, again.err).toBe(0)
  expect(again.out).toContain('Went on from the checkpoint')
  expect(await world.redis.keys('step:*')).toHaveLength(JOBS)
})

it('the second signal ends it at once, whatever it is waiting for', async () => {
  const stuck = "setPhase: () => { console.error('moving'); return new Promise(() => undefined) }"
  writeFileSync(join(world.folder.cwd, 'stuck.ts'), jobsConfig(world.server.url, stuck))
  const line = 'rollback --to dual-write --phase dual-read --live --yes --config stuck.ts'
  const { exit, err } = await binary(line, ['SIGINT', 'SIGINT'])
  expect(exit, err).toBe(130)
  expect(err).toContain('Stopping')
})

it('ends by itself although the config left a timer behind', async () => {
  writeFileSync(
    join(world.folder.cwd, 'timer.ts'),
    `setInterval(() => undefined, 1000)\n${jobsConfig(world.server.url)}`,
  )
  const { exit, err } = await binary('check --offline --config timer.ts')
  expect(exit, err).toBe(0)
})
