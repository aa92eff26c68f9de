/** `map`, `migrate --validate` and `--dry-run`: a migration plan's own steps, as people write them down. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cli, jobsConfig, project, type CliOptions } from '../support/cli.js'
import { startServer, type TestServer } from '../support/servers.js'

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
beforeEach(() => {
  folder = project(jobsConfig(server.url))
})
afterEach(() => folder.remove())

const call = (line: string, options: Partial<CliOptions> = {}) => cli(line.split(' '), { cwd: folder.cwd, ...options })
const file = (name: string, text: string): void => writeFileSync(join(folder.cwd, name), text)

describe('map', () => {
  it('says what names become, without a server', async () => {
    folder.remove()
    folder = project(jobsConfig('redis://127.0.0.1:1'))
    const { exit, out } = await call('map job:42 job:42:progress step:7 session:1')
    expect(out.trim().split('\n')).toEqual([
      'job:42',
      '  → step:42  (step)',
      'job:42:progress',
      '  → step:42:progress  (progress)',
      'step:7',
      '  a new name of step',
      'session:1',
      '  of no family, and stays',
    ])
    expect(exit).toBe(0)
  })

  it('says what a name resembles', async () => {
    const { exit, out } = await call('map JOB:42 job:42:meta')
    expect(out).toContain('it differs in upper and lower case: "job:42"')
    expect(out).toContain('it begins as "job:<id>" does, but does not match it')
    expect(exit).toBe(0)
  })

  it('tests a list of pairs, and shows every one that is wrong', async () => {
    file('good.txt', '# old and new\njob:1 step:1\n\njob:1:progress\tstep:1:progress\nsession:1 -\n')
    expect(await call('map --expect good.txt')).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/3 names tested, 0 wrong/),
    })
    file('bad.txt', 'job:1 step:2\nsession:1 step:1\njob:2 -\njob:3 step:3\n')
    const { exit, out } = await call('map --expect bad.txt --json')
    expect(exit).toBe(1)
    expect(JSON.parse(out).result.wrong).toEqual([
      { name: 'job:1', expected: 'step:2', canonical: 'step:1' },
      { name: 'session:1', expected: 'step:1', canonical: '-' },
      { name: 'job:2', expected: '-', canonical: 'step:2' },
    ])
    expect((await call('map --expect bad.txt')).out).toMatch(/expected step:2\n +got +step:1/)
  })

  it.each([
    ['job:1\n', 'Expected two names in line 1'],
    ['job:1 step:1\njob:2 step:2 what\n', 'Expected two names in line 2'],
  ])('refuses a list that holds %j', async (text, sentence) => {
    file('list.txt', text)
    expect(await call('map --expect list.txt')).toMatchObject({ exit: 2, err: expect.stringContaining(sentence) })
  })

  it('finds two old names that would become one key', async () => {
    folder.remove()
    folder = project(`
      import { defineSchema, key } from 'canonical-redis'
      const schema = defineSchema({ name: 'two', keys: { step: key('step:<id>').alias('job:<id>').alias('task:<id>') } })
      export default { schema, redis: '${server.url}' }
    `)
    const { exit, out } = await call('map job:1 task:1 step:1 job:2')
    expect(out).toContain('job:1 and task:1 would both become step:1')
    expect(out).not.toContain('job:2 and')
    expect(exit).toBe(1)
  })

  it('takes names from a file and from a pipe, each once', async () => {
    file('names.txt', 'job:1\njob:1\nx\n')
    const fromFile = await call('map --from names.txt --json')
    expect(JSON.parse(fromFile.out).result.names.map(({ canonical }: { canonical: string }) => canonical)).toEqual([
      'step:1',
      'x',
    ])
    const piped = await call('map --from -', { stdin: 'job:9\n' })
    expect(piped.out).toContain('→ step:9')
  })

  it('shows fifty names of many, and all of them as JSON', async () => {
    file('names.txt', Array.from({ length: 60 }, (_, i) => `job:${i}`).join('\n'))
    expect((await call('map --from names.txt')).out).toContain('and 10 more names')
    expect(JSON.parse((await call('map --from names.txt --json')).out).result.names).toHaveLength(60)
  })

  it('wants a name', async () => {
    expect(await call('map')).toMatchObject({ exit: 2, err: expect.stringContaining('Expected names, got none') })
  })
})

describe('migrate --validate', () => {
  beforeEach(async () => {
    await redis.flushall()
    await redis.eval("for i = 1, 20 do redis.call('HSET', 'job:' .. i, 'status', 'done') end", 0)
  })

  const reports = () =>
    readdirSync(join(folder.cwd, 'canonical-redis-reports'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(folder.cwd, 'canonical-redis-reports', name), 'utf8')))

  it('copies, compares, and writes a report of each', async () => {
    const { exit, out } = await call('migrate --live --yes --validate --phase dual-write')
    expect(out).toMatch(/Validation\n[^]*step +20 +0 +0 +0 +0[^]*Clean\./)
    expect(out).not.toContain('Next: canonical-redis verify')
    expect(exit).toBe(0)
    expect(
      reports()
        .map(({ operation }) => operation)
        .sort(),
    ).toEqual(['migrate', 'verify'])
  })

  it('exits with 1 when something differs', async () => {
    await redis.hset('step:3', { status: 'other' })
    const { exit, out } = await call('migrate --live --yes --validate --phase dual-write')
    expect(out).toContain('job:3 and step:3: value')
    expect(exit).toBe(1)
    const json = JSON.parse((await call('migrate --live --yes --validate --phase dual-write --json')).out)
    expect(json).toMatchObject({ exit: 1, result: { skipped: 20, validation: { clean: false, different: 1 } } })
  })

  it('wants --live, and --dry-run does not stand beside it', async () => {
    expect(await call('migrate --validate')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('A dry run copies nothing'),
    })
    expect(await call('migrate --live --dry-run')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('cannot be used with'),
    })
    expect(await call('migrate --dry-run')).toMatchObject({ exit: 0, out: expect.stringContaining('to copy') })
    expect(await redis.exists('step:1')).toBe(0)
  })
})
