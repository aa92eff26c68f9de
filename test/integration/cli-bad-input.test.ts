/** What goes wrong is said with a code, with the next thing to type, and never with a stack or a password. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cli, jobsConfig, project } from '../support/cli.js'
import { freePort, startServer, type TestServer } from '../support/servers.js'

let server: TestServer
let redis: Redis
let folder: ReturnType<typeof project>

beforeAll(async () => {
  server = await startServer()
  redis = new Redis(server.port)
  await redis.call('ACL', 'SETUSER', 'known', 'on', '>right', '~*', '+@all')
  await redis.call('ACL', 'SETUSER', 'blind', 'on', '>right', '~*', '+@all', '-scan')
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => {
  folder = project(jobsConfig(server.url))
})
afterEach(() => folder.remove())

const call = (line: string, env = {}) => cli(line.split(' '), { cwd: folder.cwd, env })
/** Without the breaks of lines, which depend on the length of the folder's name. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')
const config = (text: string, name = 'canonical-redis.config.ts'): void => writeFileSync(join(folder.cwd, name), text)

/** Each line that fails, its exit code, and words that have to be in what is said. */
const lines: readonly (readonly [line: string, exit: number, ...words: RegExp[]])[] = [
  ['migarte', 2, /unknown command/, /Did you mean migrate/],
  ['migrate --lvie', 2, /unknown option/, /Did you mean --live/],
  ['migrate extra', 2, /too many arguments/],
  ['explain', 2, /missing required argument/],
  ['migrate --phase dual-wriet', 2, /dual-write/, /E_BAD_OPTION/],
  ['migrate --batch -3', 2, /--batch/, /E_BAD_OPTION/],
  ['migrate --families stp', 2, /no family "stp"/, /step/],
  ['migrate --config nowhere.ts', 2, /nowhere\.ts/, /init/],
  ['migrate --url nonsense', 2, /redis:\/\/user/],
  ['migrate --db 99', 3, /out of range/],
  ['verify --live', 2, /--repair/],
  ['rollback', 2, /--to/, /--restore/],
  ['rollback --to alias', 2, /phase/],
  ['rollback --restore nowhere.backup --phase prepare', 2, /ENOENT/],
  ['report', 2, /no reports/, /analyze/],
  ['report canonical-redis.config.ts', 2, /E_BAD_FILE/],
  ['init', 2, /there already/, /--force/],
  ['migrate --report-dir canonical-redis.config.ts/reports', 2, /ENOTDIR/, /--report-dir/],
  ['migrate --live --yes --phase dual-write --report-dir canonical-redis.config.ts', 2, /EEXIST/, /--report-dir/],
]

for (const [line, exit, ...words] of lines) {
  it(`"${line}" ends with ${exit}`, async () => {
    const result = await call(line)
    expect([result.exit, result.err]).toEqual([exit, expect.anything()])
    for (const word of words) expect(flat(result.err)).toMatch(word)
    expect(result.err).not.toMatch(/\n +at /)
  })
}

it('shows no password of a URL that it cannot read', async () => {
  const { err } = await call('migrate --url nonsense://me:s3cret@host')
  expect(flat(err)).toContain('nonsense://me:***@host')
  expect(err).not.toContain('s3cret')
})

it('without a verb gives the help, and an exit code that a script notices', async () => {
  const { exit, err } = await cli([], { cwd: folder.cwd })
  expect(exit).toBe(2)
  expect(err).toContain('Commands:')
})

it('every verb has help with examples, and no line is wider than a terminal', async () => {
  for (const verb of 'init check explain analyze migrate verify status cleanup rollback report'.split(' ')) {
    const { exit, out } = await call(`${verb} --help`)
    expect(exit).toBe(0)
    expect(out).toContain(`$ canonical-redis ${verb}`)
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  }
})

describe('the server', () => {
  it('is not there', async () => {
    const { exit, err } = await call(`migrate --url redis://127.0.0.1:${await freePort()}`)
    expect(exit).toBe(3)
    expect(err).toMatch(/Could not connect[^]*ECONNREFUSED[^]*E_CONNECTION[^]*--url/)
  })

  it('has another password; the one given is shown nowhere, not even with DEBUG', async () => {
    const { exit, err, out } = await call(`migrate --url redis://known:wr0ng@127.0.0.1:${server.port}`, { DEBUG: '1' })
    expect(exit).toBe(3)
    expect(err).toContain('WRONGPASS')
    expect(err + out).not.toContain('wr0ng')
  })

  it('wants a password that nobody gives', async () => {
    const closed = await startServer({ args: ['--requirepass', 'secret'] })
    try {
      const { exit, err } = await call(`migrate --url ${closed.url}`)
      expect(exit).toBe(3)
      expect(err).toMatch(/NOAUTH[^]*user:password/)
    } finally {
      await closed.stop()
    }
  })

  it('does not allow it, which check explains', async () => {
    const url = `redis://blind:right@127.0.0.1:${server.port}`
    const { exit, err } = await call(`migrate --url ${url}`)
    expect(exit).toBe(3)
    expect(err).toMatch(/NOPERM[^]*canonical-redis check/)
    const check = await call(`check --url ${url}`)
    expect([check.exit, check.out]).toEqual([1, expect.stringContaining('may not run SCAN')])
  })
})

describe('the config', () => {
  const broken: readonly (readonly [what: string, text: string, ...words: RegExp[]])[] = [
    ['a syntax error', 'export default { schema: ', /syntax error/, /canonical-redis\.config\.ts:1/],
    ['an import that is not there', "import { x } from 'no-such-package'\nexport default x", /no-such-package/],
    ['no default export', 'export const a = 1', /no option `a`|default export/],
    ['no schema', 'export default { redis: "redis://x" }', /defineSchema/],
    ['an unknown option', 'export default { shema: 1 }', /shema/],
    ['a schema that is not sound', unsound(), /E_NOT_IDEMPOTENT|E_MERGES_KEYS|E_AMBIGUOUS/],
    ['a client in the place of a function', jobsConfig('').replace("redis: ''", client), /function/],
  ]

  for (const [what, text, ...words] of broken) {
    it(`has ${what}`, async () => {
      config(text)
      const { exit, err } = await call('check --offline')
      expect([exit, err]).toEqual([2, expect.anything()])
      for (const word of words) expect(flat(err)).toMatch(word)
      expect(err).not.toMatch(/\n +at /)
    })
  }

  it('is JSON with a syntax error', async () => {
    config('{ "schema": ', 'bad.json')
    const { exit, err } = await call('check --offline --config bad.json')
    expect([exit, flat(err)]).toEqual([2, expect.stringContaining('syntax error')])
  })

  it('may be JSON, JavaScript or TypeScript', async () => {
    const schema = { name: 'jobs', keys: { step: { key: 'step:<id>', aliases: ['job:<id>'] } } }
    config(JSON.stringify({ schema, redis: server.url }), 'a.json')
    config(jobsConfig(server.url), 'a.mjs')
    config(jobsConfig(server.url), 'a.mts')
    for (const name of ['a.json', 'a.mjs', 'a.mts']) {
      const { exit, err } = await call(`migrate --config ${name}`)
      expect([name, exit, err]).toEqual([name, 0, expect.anything()])
    }
  })
})

function unsound(): string {
  return jobsConfig('').replace(
    "key('step:<id>:progress').alias('job:<id>:progress')",
    "key('x:<id>').alias('step:<id>')",
  )
}

const client = 'redis: { sendCommand() {}, callBuffer() {}, duplicate() {}, options: {} }'
