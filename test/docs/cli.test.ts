/** docs/cli.md: what its shell blocks marked `run` type is typed here, in order, on a server of its own; and its tables are whole. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exits } from '../../src/cli/exits.js'
import { splitCommand } from '../../src/cli/words.js'
import { verbs } from '../../src/cli/verbs/index.js'
import { cli, jobsConfig, project } from '../support/cli.js'
import { startServer, type TestServer } from '../support/servers.js'
import { extractBlocks } from './extract.js'

const text = readFileSync('docs/cli.md', 'utf8')
const shell = extractBlocks('docs/cli.md', text).filter(({ language }) => language === 'bash')
const typed = shell
  .filter(({ flags }) => flags.includes('run'))
  .flatMap(({ code }) => code.split('\n'))
  .map((line) => line.replace(/\s+#.*| > \S+.*/g, '').trim())
  .filter((line) => line !== '')

describe('what it says to type', () => {
  let server: TestServer
  let redis: Redis
  let folder: ReturnType<typeof project>

  beforeAll(async () => {
    server = await startServer()
    redis = new Redis(server.port)
    folder = project(jobsConfig(server.url))
    await redis.eval("for i = 1, 20 do redis.call('HSET', 'job:' .. i, 'status', 'done') end", 0)
  })
  afterAll(async () => {
    redis.disconnect()
    folder.remove()
    await server.stop()
  })

  // One after the other: each goes on from what the one before it left.
  for (const line of typed) {
    it(line, async () => {
      const [program, ...argv] = splitCommand(line.replace('$REDIS_URL', server.url))
      expect(program).toBe('canonical-redis')
      const { exit, err, out } = await cli(argv, { cwd: folder.cwd })
      expect([exit, err, out]).toEqual([0, expect.anything(), expect.anything()])
    })
  }
})

it('names every verb and every exit code', () => {
  for (const { name } of verbs) expect(text).toContain(`| \`${name}`)
  for (const code of Object.values(exits)) expect(text).toContain(`\n| ${code} |`)
})

it('the examples of each verb are of that verb, and have only flags that it has', () => {
  for (const verb of verbs) {
    const flags = verb.flags.flatMap(({ flags: spelled }) => spelled.match(/(?<!\S)--?[a-z][a-z-]*/g) ?? [])
    for (const [line] of verb.examples) {
      const [name, ...words] = splitCommand(line)
      expect(name).toBe(verb.name)
      expect(flags).toEqual(expect.arrayContaining(words.filter((word) => /^--?[a-z]/.test(word))))
    }
  }
})
