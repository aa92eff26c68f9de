/** Groups of families: chosen by name wherever families are, and counted wherever families are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../src/migrate.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { cli, project } from '../support/cli.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({
  name: 'groups',
  keys: {
    state: key('vol:state:<x>').alias('volume_state:<x>'),
    baseline: key('vol:baseline:<x>').alias('volume_averages:<x>'),
    session: key('sys:session:<x>').alias('session:<x>'),
    alone: key('new:<x>').alias('old:<x>'),
  },
  groups: { volume: ['state', 'baseline'], system: ['session'], historical: ['state', 'baseline', 'session'] },
})
const names = {
  'volume_state:': 3,
  'volume_averages:': 2,
  'session:': 4,
  'old:': 1,
}

let server: TestServer
let redis: Redis
const folder = mkdtempSync(join(tmpdir(), 'canonical-redis-groups-'))

beforeAll(async () => {
  server = await startServer()
  redis = new Redis(server.port)
})
afterAll(async () => {
  redis.disconnect()
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  for (const [prefix, count] of Object.entries(names)) {
    for (let i = 0; i < count; i++) await redis.set(`${prefix}${i}`, 'x')
  }
})

const migrator = (client: unknown = redis) => new RedisKeyMigrator(client, schema)

describe('groups', () => {
  it('choose families: each once, however many groups name it', async () => {
    const result = await migrator().migrateKeys({ dryRun: false, groups: ['volume', 'historical'] })
    expect(result).toMatchObject({ found: 9, migrated: 9 })
    expect(Object.keys(result.families)).toEqual(['state', 'baseline', 'session'])
    expect(await redis.exists('new:0')).toBe(0)
    const both = await migrator().migrateKeys({ dryRun: false, groups: ['system'], families: ['alone'] })
    expect(Object.keys(both.families).sort()).toEqual(['alone', 'session'])
  })

  it('of a call win over the families of the migrator, and the other way round', async () => {
    const mine = new RedisKeyMigrator(redis, schema, { groups: ['volume'] })
    expect((await mine.migrateKeys()).found).toBe(5)
    expect((await mine.migrateKeys({ families: ['alone'] })).found).toBe(1)
    const other = new RedisKeyMigrator(redis, schema, { families: ['alone'] })
    expect((await other.migrateKeys({ groups: ['system'] })).found).toBe(4)
  })

  it('count a family in each group that it is in; the totals count it once', async () => {
    const { groups, migrated } = await migrator().migrateKeys({ dryRun: false })
    expect(migrated).toBe(10)
    expect(Object.fromEntries(Object.entries(groups).map(([name, counts]) => [name, counts.migrated]))).toEqual({
      volume: 5,
      system: 4,
      historical: 9,
    })
    expect((await migrator().verify()).groups['historical']).toMatchObject({ compared: 9, different: 0 })
    const analysis = await migrator().analyze()
    expect(analysis.groups['volume']).toMatchObject({
      families: ['state', 'baseline'],
      aliasKeys: 5,
      canonicalKeys: 5,
    })
    expect(analysis.groups['volume']!.bytes).toBeGreaterThan(0)
    const swept = await migrator().cleanupAliases({ dryRun: false, groups: ['system'], backup: join(folder, 'backup') })
    expect(swept).toMatchObject({ deleted: 4, groups: { system: { deleted: 4 } } })
    expect(swept.verified).toMatchObject({ compared: 4 })
    expect(await redis.exists('volume_state:0')).toBe(1)
    const back = await migrator().restore(join(folder, 'backup'), { dryRun: false, groups: ['historical'] })
    expect(back).toMatchObject({ restored: 4, groups: { system: { restored: 4 }, historical: { restored: 4 } } })
  })

  it('of which only a part is chosen count that part, and those without any are left out', async () => {
    const { groups } = await migrator().migrateKeys({ families: ['state'] })
    expect(groups).toMatchObject({ volume: { found: 3 }, historical: { found: 3 } })
    expect(groups).not.toHaveProperty('system')
  })

  it('move back together', async () => {
    const client = new Redis(server.port)
    const wrapped = new CanonicalRedisClient(client, { schema, phase: 'dual-write' })
    await migrator(wrapped).rollback({ to: 'prepare', groups: ['volume'], dryRun: false })
    expect(wrapped.canonical.phase('state')).toBe('prepare')
    expect(wrapped.canonical.phase('session')).toBe('dual-write')
    client.disconnect()
  })

  it('that are not there are refused, and so is no group at all', async () => {
    const unknown = migrator().migrateKeys({ groups: ['histroical'] })
    await expect(unknown).rejects.toMatchObject({
      code: 'E_UNKNOWN_GROUP',
      hint: expect.stringContaining('historical'),
    })
    await expect(migrator().verify({ groups: [] })).rejects.toMatchObject({ code: 'E_BAD_OPTION' })
    expect(() => new RedisKeyMigrator(redis, schema, { groups: ['x'] })).toThrow(/no group "x"/)
  })

  it('stand in the JSON report, under the names of its reader as well', async () => {
    const { reportFile } = await migrator().migrateKeys({ dryRun: false, report: folder })
    const report = JSON.parse(readFileSync(reportFile!, 'utf8')) as Record<string, unknown>
    expect(report).toMatchObject({
      volume_migrated: 5,
      system_migrated: 4,
      historical_migrated: 9,
      total_keys_migrated: 10,
      errors: 0,
      dry_run: false,
      groups: { volume: { migrated: 5 } },
    })
  })
})

describe('the command line', () => {
  const json = JSON.stringify({
    schema: {
      name: 'groups',
      keys: {
        state: { key: 'vol:state:<x>', aliases: ['volume_state:<x>'], ttl: { seconds: 60 } },
        session: { key: 'sys:session:<x>', aliases: ['session:<x>'] },
      },
      groups: { volume: ['state'], historical: ['state', 'session'] },
    },
  })

  it('takes --group, shows a table of groups, and draws them', async () => {
    const { cwd, remove } = project(json, 'canonical-redis.config.json')
    const call = (line: string) => cli([...line.split(' '), '--url', server.url], { cwd })
    try {
      expect((await call('analyze')).out).toMatch(/group +old names.*\n.*volume +3 /s)
      const done = await call('migrate --live --yes --phase dual-write --group volume')
      expect([done.exit, done.out]).toEqual([0, expect.stringMatching(/group +to copy|group +found/)])
      expect(done.out).toContain('got a TTL')
      expect(await redis.ttl('vol:state:0')).toBeGreaterThan(0)
      expect(await redis.exists('sys:session:0')).toBe(0)
      const result = await call('verify --group volume --json')
      expect(JSON.parse(result.out)).toMatchObject({ result: { compared: 3, groups: { volume: { compared: 3 } } } })
      expect((await call('verify --group volumes')).err).toContain('no group "volumes"')
      expect((await cli(['report'], { cwd })).exit).toBe(0)
      const page = readFileSync(join(cwd, 'canonical-redis-reports', 'report.html'), 'utf8')
      expect(page).toContain('aria-label="Outcome by group"')
      expect(page).toMatch(/<td class="">historical<\/td>\s*<td class="">state, session<\/td>/)
    } finally {
      remove()
    }
  })
})
