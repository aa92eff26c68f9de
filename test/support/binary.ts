/**
 * The binary, built, in a project of its own, and a server full of jobs.
 *
 * @module
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { build } from 'tsup'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { scratch } from './built-package.js'
import { jobsConfig, project } from './cli.js'
import { startServer, type TestServer } from './servers.js'

/** What the tests of a file share; there from the first test on. */
export interface BinaryWorld {
  /** What Node is to run. */
  readonly file: string
  server: TestServer
  redis: Redis
  folder: ReturnType<typeof project>
}

/** Call it at the top of a test file: `job:1` to `job:<jobs>` are there anew before each test. */
export function binaryWorld(jobs: number): BinaryWorld {
  // In the repository, so that it finds the packages it imports.
  const bundle = scratch('cli-').folder
  const world = { file: join(bundle, 'cli.js') } as BinaryWorld
  beforeAll(async () => {
    world.server = await startServer()
    world.redis = new Redis(world.server.port)
    world.folder = project(jobsConfig(world.server.url, "phase: 'dual-write'"))
    await build({
      entry: { cli: 'src/cli.ts' },
      outDir: bundle,
      format: 'esm',
      silent: true,
      config: false,
      dts: false,
    })
  })
  afterAll(async () => {
    world.redis.disconnect()
    world.folder.remove()
    rmSync(bundle, { recursive: true, force: true })
    await world.server.stop()
  })
  beforeEach(async () => {
    await world.redis.flushall()
    await world.redis.eval(`for i = 1, ${jobs} do redis.call('HSET', 'job:' .. i, 'id', i) end`, 0)
  })
  return world
}
