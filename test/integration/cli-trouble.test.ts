/** The binary in trouble that comes from outside: a full disk, a server that goes away in the middle, rights that are missing. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { binaryWorld } from '../support/binary.js'
import { startServer } from '../support/servers.js'

const JOBS = 2000
const world = binaryWorld(JOBS)

interface Ended {
  readonly exit: number | null
  readonly said: string
}

/** Runs a command line; `onSaid` is told all that it has said so far. */
async function run(argv: readonly string[], onSaid: (said: string) => void = () => undefined): Promise<Ended> {
  const child = spawn(argv[0]!, argv.slice(1), { cwd: world.folder.cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => onSaid((said += chunk.toString())))
  }
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, said }
}

const binary = (line: string): string[] => [process.execPath, world.file, ...line.split(' ')]
/** Without the breaks of lines. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')

describe('a user who lacks a right', () => {
  it.each([
    ['COPY', '+@all -copy', '~*'],
    ['scripts', '+@all -@scripting', '~*'],
    ['the new names', '+@all', '~job:*'],
  ])('%s: each key is named, nothing is copied, and the next thing to type is said', async (_, commands, keys) => {
    await world.redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>pass', keys, '&*', ...commands.split(' '))
    const url = world.server.url.replace('redis://', 'redis://limited:pass@')
    const { exit, said } = await run(binary(`migrate --live --yes --url ${url}`))
    expect(exit).toBe(1)
    expect(flat(said)).toMatch(/NOPERM|can't run this command/)
    expect(flat(said)).toContain('Which permissions are missing: canonical-redis check')
    expect(await world.redis.keys('step:*')).toEqual([])
  })
})

describe('a server that goes away in the middle', () => {
  it('ends the run with what to type, and the same command goes on when it is back', { timeout: 60_000 }, async () => {
    const fragile = await startServer()
    const line = binary(`migrate --live --yes --batch 20 --rate 400 --url ${fragile.url}`)
    try {
      const own = new Redis(fragile.port)
      await own.eval(`for i = 1, ${JOBS} do redis.call('HSET', 'job:' .. i, 'id', i) end`, 0)
      own.disconnect()
      const { exit, said } = await run(line, (text) => void (text.includes('waits for') && fragile.stop()))
      expect(exit).toBe(3)
      expect(flat(said)).toMatch(/What was done stays done: run the same command again/)
      expect(said).not.toMatch(/\n +at /)
    } finally {
      await fragile.stop()
    }
    // Another process with the same keys: the cursor of the checkpoint means nothing to it, and is dropped.
    const again = await run(binary('migrate --live --yes'))
    expect(again.exit, again.said).toBe(0)
    expect(await world.redis.keys('step:*')).toHaveLength(JOBS)
  })
})

/** A namespace in which a folder of a few kilobytes may be mounted, without rights on the machine. */
const canMount =
  spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

// Where no namespace can be made (a container without the right), a disk cannot be filled on purpose.
describe.skipIf(!canMount)('a full disk', () => {
  /** The binary with its reports on a disk of so many kilobytes. */
  const onDisk = (kilobytes: number, line: string): Promise<Ended> => {
    const mount = `mkdir -p full && mount -t tmpfs -o size=${kilobytes}k tmpfs full && exec "$@" --report-dir full/reports`
    return run(['unshare', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh', ...binary(line)])
  }

  it('ends the run at the first checkpoint that does not fit, with what to type', async () => {
    // A page of 4 kB for the log's first line, none for the checkpoint.
    const { exit, said } = await onDisk(4, 'migrate --live --yes --rate 1000 --batch 20')
    expect(exit, said).toBe(2)
    expect(flat(said)).toMatch(/ENOSPC[^]*The disk is full[^]*--report-dir <folder>[^]*run the same command again/)
    expect(said).not.toMatch(/\n +at /)
    expect((await world.redis.keys('step:*')).length).toBeLessThan(JOBS)
  })

  it('that fills up with the report leaves what was done, and the same command is right again', async () => {
    const { exit, said } = await onDisk(64, 'migrate --live --yes')
    expect(exit, said).toBe(2)
    expect(said).toContain('ENOSPC')
    expect(await world.redis.keys('step:*')).toHaveLength(JOBS)
    const again = await run(binary('migrate --live --yes'))
    expect(again.exit, again.said).toBe(0)
    expect(flat(again.said)).toContain('2,000')
  })
})

// `script` (util-linux) gives a terminal of its own; where it is missing there is none to draw on.
const hasTerminal = spawnSync('script', ['--version']).status === 0

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('draws one bar that moves, and takes it away before the result', async () => {
    const line = binary('migrate --live --yes --batch 20 --rate 1500').map((part) => `'${part}'`)
    const { exit, said } = await run(['script', '-qec', `stty cols 100; ${line.join(' ')}`, '/dev/null'])
    expect(exit, said).toBe(0)
    const bars = [...said.matchAll(/[█░]{10} migrating (\d+) %/g)].map(([, percent]) => Number(percent))
    expect(bars.length).toBeGreaterThan(2)
    expect(bars).toEqual([...bars].sort((a, b) => a - b))
    expect(new Set(bars).size).toBeGreaterThan(2)
    // No line of a bar is wider than the terminal, and none is left on the screen: the result comes behind the last.
    expect(
      said
        .replaceAll('\u001b[1G', '\n')
        .split(/[\r\n]/)
        .filter((part) => part.includes('█') && part.length > 110),
    ).toEqual([])
    const after = said.slice(said.lastIndexOf('migrating'))
    expect(after).toContain('\u001b[2K')
    expect(flat(after)).toMatch(/copied/)
  })
})
