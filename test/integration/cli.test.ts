/** Every verb of the command line, against a real server. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cli, jobsConfig, project, type CliOptions } from '../support/cli.js'
import { startServer, type TestServer } from '../support/servers.js'

const JOBS = 40

let server: TestServer
let redis: Redis
let folder: ReturnType<typeof project>

beforeAll(async () => {
  server = await startServer()
  redis = new Redis(server.port)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  await redis.eval(`for i = 1, ${JOBS} do redis.call('HSET', 'job:' .. i, 'status', 'done') end`, 0)
  await redis.set('job:1:progress', '50', 'EX', 1000)
  folder = project(jobsConfig(server.url))
})
afterEach(() => folder.remove())

const call = (line: string, options: Partial<CliOptions> = {}) => cli(line.split(' '), { cwd: folder.cwd, ...options })
const json = async (line: string) => JSON.parse((await call(`${line} --json`)).out)
const reports = (): string[] => readdirSync(join(folder.cwd, 'canonical-redis-reports')).sort()

describe('the whole way', () => {
  it('goes from analyze to cleanup and back, each step with its exit code', async () => {
    expect((await call('check')).exit).toBe(0)
    expect((await call('analyze')).out).toMatch(/step +40 +0 +0 %/)
    expect((await call('migrate')).out).toMatch(/step +40 +40 +0/)
    expect(await redis.exists('step:1')).toBe(0)
    expect((await call('migrate --live --yes --phase dual-write')).exit).toBe(0)
    expect(await redis.hgetall('step:1')).toEqual({ status: 'done' })
    expect((await call('verify')).exit).toBe(0)
    const cleaned = await call('cleanup --live --yes --phase retire-alias --backup aliases.backup')
    expect(cleaned.exit, cleaned.err).toBe(0)
    expect(await redis.exists('job:1')).toBe(0)
    expect((await call('rollback --restore aliases.backup')).out).toMatch(/step +40 /)
    expect(await redis.exists('job:1')).toBe(0)
    const restored = await call('rollback --restore aliases.backup --live --yes --phase canonical-primary')
    expect(restored.exit, restored.err).toBe(0)
    expect(await redis.hgetall('job:1')).toEqual({ status: 'done' })
  })

  it('writes reports under the names that are promised, with the log beside them', async () => {
    await call('analyze')
    await call('migrate --live --yes --phase dual-write')
    expect(reports()).toEqual([
      expect.stringMatching(/^migration_report_\d{8}_\d{6}\.json$/),
      expect.stringMatching(/^redis_analysis_\d{8}_\d{6}\.json$/),
      expect.stringMatching(/^redis_migration_\d{8}_\d{6}(_2)?\.log$/),
      expect.stringMatching(/^redis_migration_\d{8}_\d{6}(_2)?\.log$/),
    ])
    const report = JSON.parse(readFileSync(join(folder.cwd, 'canonical-redis-reports', reports()[0]!), 'utf8'))
    expect(report).toMatchObject({
      migration_stats: { total_keys_found: JOBS + 1, migrated_successfully: JOBS + 1, step_keys: JOBS },
      server: `redis://127.0.0.1:${server.port}/0`,
      timeline: expect.arrayContaining([expect.objectContaining({ scanned: expect.any(Number) })]),
    })
    const log = reports().at(-1)!
    expect(readFileSync(join(folder.cwd, 'canonical-redis-reports', log), 'utf8')).toMatch(/jobs-to-steps[^]*ended: ok/)
  })

  it('writes nothing with --no-report', async () => {
    await call('migrate --live --yes --phase dual-write --no-report')
    expect(await redis.exists('step:1')).toBe(1)
    expect(existsSync(join(folder.cwd, 'canonical-redis-reports'))).toBe(false)
  })

  it('gives one JSON object on stdout, whatever happens', async () => {
    expect(await json('migrate')).toMatchObject({
      verb: 'migrate',
      exit: 0,
      migration: { name: 'jobs-to-steps' },
      result: { migrated: JOBS + 1, dryRun: true },
    })
    expect(await json('migrate --live --yes')).toMatchObject({ exit: 2, error: { code: 'E_BAD_OPTION' } })
    expect(await json('cleanup')).toMatchObject({ exit: 4, result: { refusal: { code: 'E_NOT_CLEAN' } } })
  })
})

describe('verify', () => {
  beforeEach(async () => {
    await call('migrate --live --yes --phase dual-write')
    await redis.hset('step:2', 'status', 'broken')
    await redis.del('step:3')
  })

  it('ends with 1 when something differs, and names it', async () => {
    const { exit, out } = await call('verify')
    expect(exit).toBe(1)
    expect(out).toContain('job:2 and step:2: value')
    expect(out).toContain('job:3 and step:3: missing')
    expect(out).toContain('canonical-redis verify --repair --live --phase <phase>')
  })

  it('repairs with --repair --live, and changes nothing without --live', async () => {
    await call('verify --repair --phase dual-write')
    expect(await redis.hget('step:2', 'status')).toBe('broken')
    const { exit, err } = await call('verify --repair --live --yes --phase dual-write')
    expect(exit, err).toBe(0)
    expect(await redis.hget('step:2', 'status')).toBe('done')
    expect((await call('verify')).exit).toBe(0)
  })

  it('has no way to repair when nobody says which side is right', async () => {
    const { exit, err } = await call('verify --repair --live --yes --phase offline')
    expect(exit).toBe(2)
    expect(err).toContain('--phase dual-write')
  })
})

describe('asking first', () => {
  it('refuses without a terminal and without --yes, before anything is connected', async () => {
    for (const line of ['migrate --live', 'cleanup --live', 'verify --repair --live', 'rollback --to alias --live']) {
      const { exit, err } = await call(`${line} --phase retire-alias --url redis://127.0.0.1:1`)
      expect([line, exit]).toEqual([line, 4])
      expect(err).toContain('--yes')
    }
  })

  it('goes on for the word itself, and names the migration and the server', async () => {
    const { exit, err } = await call('migrate --live --phase dual-write', { answer: 'yes' })
    expect(exit, err).toBe(0)
    expect(err).toMatch(/will copy 41 keys[^]*"jobs-to-steps"/)
    expect(err).toContain(`127.0.0.1:${server.port}`)
    expect(await redis.exists('step:1')).toBe(1)
  })

  it('changes nothing for any other', async () => {
    const { exit } = await call('migrate --live --phase dual-write', { answer: 'y' })
    expect(exit).toBe(4)
    expect(await redis.exists('step:1')).toBe(0)
  })

  it('wants the name of the migration before it removes', async () => {
    await call('migrate --live --yes --phase dual-write')
    expect((await call('cleanup --live --phase retire-alias', { answer: 'yes' })).exit).toBe(4)
    expect(await redis.exists('job:1')).toBe(1)
    expect((await call('cleanup --live --phase retire-alias', { answer: 'jobs-to-steps' })).exit).toBe(0)
    expect(await redis.exists('job:1')).toBe(0)
  })
})

describe('refusals', () => {
  it('needs to be told the phase before it changes data', async () => {
    const { exit, err } = await call('migrate --live --yes')
    expect(exit).toBe(2)
    expect(err).toContain('--phase')
  })

  it('goes by the phase: no backfill in alias, no cleanup in dual-read; offline has no gates', async () => {
    expect((await call('migrate --live --yes --phase alias')).exit).toBe(4)
    expect((await call('cleanup --live --yes --phase dual-read')).exit).toBe(4)
    expect((await call('migrate --live --yes --phase offline')).exit).toBe(0)
    expect((await call('cleanup --live --yes --phase offline')).exit).toBe(0)
    expect(await redis.exists('job:1')).toBe(0)
  })

  it('takes the phase from the config, and --phase wins', async () => {
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), jobsConfig(server.url, "phase: 'alias'"))
    expect((await call('migrate --live --yes')).exit).toBe(4)
    expect((await call('migrate --live --yes --phase dual-write')).exit).toBe(0)
  })

  it('goes by the phase of a client that the config has wrapped, and --phase wins', async () => {
    const wrapped = `() => new CanonicalRedisClient(new Redis('${server.url}'), { schema, phase: 'dual-read' })`
    const config = jobsConfig('').replace("redis: ''", `redis: ${wrapped}`)
    const imports = "import { CanonicalRedisClient } from 'canonical-redis'\nimport { Redis } from 'ioredis'\n"
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), imports + config)
    expect((await call('migrate --live --yes')).exit).toBe(0)
    expect((await call('cleanup --live --yes')).err).toContain('E_WRONG_PHASE')
    expect((await call('cleanup --live --yes --phase retire-alias')).exit).toBe(0)
    expect(await redis.exists('step:1', 'job:1')).toBe(1)
    expect(await redis.exists('step:1')).toBe(1)
  })

  it('removes nothing while something differs', async () => {
    const { exit, err } = await call('cleanup --live --yes --phase retire-alias')
    expect(exit).toBe(4)
    expect(err).toContain('E_NOT_CLEAN')
    expect(err).toContain('canonical-redis migrate --live')
    expect(await redis.exists('job:1')).toBe(1)
  })
})

describe('being stopped', () => {
  /** Stops at the first word of progress. */
  async function stopped(line: string) {
    const stop = new AbortController()
    // A rate of ten keys a second makes it wait, and say so, before it is through.
    return call(`${line} --rate 10 --batch 1`, {
      signal: stop.signal,
      onSaid: (text) => text.includes('migrating') && stop.abort(),
    })
  }

  it('ends with 130 after the batch at hand, and goes on from the checkpoint', async () => {
    const first = await stopped('migrate --live --yes --phase dual-write')
    expect(first.exit, first.err).toBe(130)
    expect(first.out).toContain('run the same command again')
    const copied = (await redis.keys('step:*')).length
    expect(copied).toBeLessThan(JOBS)
    expect(reports().filter((name) => name.endsWith('.checkpoint'))).toHaveLength(1)
    expect((await call('status')).out).toContain('Interrupted run')
    const again = await call('migrate --live --yes --phase dual-write')
    expect(again.exit).toBe(0)
    expect(again.out).toContain('Went on from the checkpoint')
    expect(await redis.keys('step:*')).toHaveLength(JOBS + 1)
    expect(reports().filter((name) => name.endsWith('.checkpoint'))).toEqual([])
  })

  it('refuses a checkpoint of another schema', async () => {
    expect((await stopped('migrate --live --yes --phase dual-write')).exit).toBe(130)
    const other = jobsConfig(server.url).replace("'step:<id>:progress'", "'step:<id>:percent'")
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), other)
    const { exit, err } = await call('migrate --live --yes --phase dual-write')
    expect(exit).toBe(4)
    expect(err).toContain('E_SCHEMA_CHANGED')
  })
})

describe('rollback', () => {
  it('shows the steps, and does nothing', async () => {
    const { exit, out } = await call('rollback --to prepare --phase dual-read')
    expect(exit).toBe(0)
    expect(out).toMatch(/verify +dual-read[^]*move the fleet to dual-write[^]*move the fleet to prepare/)
  })

  it('moves the fleet by the function of the config, in order', async () => {
    const config = jobsConfig(server.url, 'setPhase: (phase) => { (globalThis as any).moved.push(phase) }')
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), config)
    const moved: string[] = []
    Object.assign(globalThis, { moved })
    await call('migrate --live --yes --phase dual-write')
    const { exit, err } = await call('rollback --to prepare --phase dual-read --live --yes')
    expect(exit, err).toBe(0)
    expect(moved).toEqual(['dual-write', 'prepare'])
  })

  it('writes one report for all of its steps', async () => {
    await call('migrate --live --yes --phase dual-write')
    await redis.hset('step:1', 'status', 'newer')
    const config = jobsConfig(server.url, 'setPhase: () => undefined')
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), config)
    const { exit, out, err } = await call('rollback --to dual-read --phase canonical --live --yes --json')
    expect(exit, err).toBe(0)
    const file = (JSON.parse(out) as { result: { reportFile: string } }).result.reportFile
    const report = JSON.parse(readFileSync(file, 'utf8')) as object
    expect(report).toMatchObject({ operation: 'rollback', dry_run: false, from: 'canonical', to: 'dual-read' })
    expect(report).toMatchObject({ migration_stats: { migrated_successfully: JOBS + 1, migration_errors: 0 } })
    expect(report).toHaveProperty('steps.length', 4)
    expect(report).toHaveProperty('migrated_keys.length', JOBS + 1)
    expect((await call('report')).exit).toBe(0)
  })

  it('asks to move the fleet at each step where nobody else does', async () => {
    await call('migrate --live --yes --phase dual-write')
    const { exit, err } = await call('rollback --to prepare --phase dual-read --live', { answer: 'yes' })
    expect(exit, err).toBe(0)
    expect(err).toContain('Now move every client of "jobs-to-steps" to the phase "dual-write"')
  })

  it('is refused from a script without such a function: --yes moves no fleet', async () => {
    const { exit, err } = await call('rollback --to prepare --phase dual-read --live --yes')
    expect(exit).toBe(4)
    expect(err).toContain('setPhase')
  })
})

describe('status', () => {
  it('says how far it is, and what comes next', async () => {
    expect((await call('status --phase dual-write')).out).toContain('Next: canonical-redis migrate --live')
    await call('migrate --live --yes --phase dual-write')
    const result = await json('status --phase dual-write')
    expect(result.result.families.step).toMatchObject({ aliases: JOBS, canonical: JOBS, copied: JOBS, left: 0 })
    expect(result.result.next).toContain('dual-read')
    expect(result.result.runs[0]).toMatchObject({ operation: 'migrate', dryRun: false, done: JOBS + 1, ended: 'done' })
  })
})

describe('check', () => {
  it('finds new names that exist already, before any phase made them', async () => {
    await redis.hset('step:5', 'status', 'new')
    const { result } = await json('check --phase prepare')
    expect(result.findings).toContainEqual(
      expect.objectContaining({ check: 'collisions', level: 'warning', evidence: ['job:5 and step:5'] }),
    )
    const later = await json('check --phase dual-read')
    expect(later.result.findings).toContainEqual(expect.objectContaining({ check: 'collisions', level: 'ok' }))
  })

  it('finds old names that would merge, which is a problem', async () => {
    const merging = jobsConfig(server.url).replace(".alias('job:<id>')", ".alias('job:<id>').alias('task:<id>')")
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), merging)
    await redis.set('task:7', 'x')
    const { exit, out } = await call('check')
    expect(exit).toBe(1)
    expect(out).toContain('job:7 and task:7 → step:7')
  })

  it('finds what the user may not do', async () => {
    await redis.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@all', '-copy', '-unlink')
    await redis.call('ACL', 'SETUSER', 'jobs', 'on', '>pw', '~job:*', '+@all')
    const reader = await call(`check --url redis://reader:pw@127.0.0.1:${server.port}`)
    expect(reader.exit).toBe(1)
    expect(reader.out).toContain('may not run COPY, UNLINK')
    expect(reader.out).toContain('+copy +unlink')
    const jobs = await call(`check --url redis://jobs:pw@127.0.0.1:${server.port}`)
    expect(jobs.out).toMatch(/ACL SETUSER <user> ~step:\* ~step:\*:progress/)
  })

  it('finds eviction that would bring old values back', async () => {
    await redis.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru')
    try {
      const { exit, out } = await call('check')
      expect(exit).toBe(1)
      expect(out).toContain('Eviction is allkeys-lru')
    } finally {
      await redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction')
    }
  })

  it('finds a database that the server does not have', async () => {
    const far = jobsConfig(server.url).replace("alias('job:<id>')", "alias('job:<id>', { db: 99 })")
    writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), far)
    const { exit, out } = await call('check')
    expect(exit).toBe(1)
    expect(out).toContain('Database 99 of step: ERR DB index is out of range')
  })

  it('proves the schema offline', async () => {
    const { exit, out } = await call('check --offline')
    expect(exit).toBe(0)
    expect(out).toContain('is sound')
    expect(out).toContain('v2:{job:<id>}')
  })
})
