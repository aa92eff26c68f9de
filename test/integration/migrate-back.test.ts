/** The way back: overwriting backfills in both directions, rollbacks from every phase, backups and their restoration. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { RedisKeyMigrator, type MigrateOptions, type MigratorOptions } from '../../src/migrate.js'
import { phases, type Phase, type PhaseSetting } from '../../src/phases/index.js'
import { defineSchema, key, type Schema } from '../../src/schema/index.js'
import { availableServers, startServer, type TestServer } from '../support/servers.js'

const AT = 4_000_000_000_000
const schema = defineSchema({
  name: 'back',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>'),
    far: key('far:<id>').alias('near:<id>', { db: 2 }),
  },
})
const queues = defineSchema({
  name: 'queues',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    pending: key('steps:pending', { queue: true }).alias('jobs:pending'),
  },
})

describe.each(availableServers())('%s', (kind) => {
  let server: TestServer
  let redis: Redis
  let other: Redis
  const folder = mkdtempSync(join(tmpdir(), 'canonical-back-'))
  const opened: Redis[] = []

  beforeAll(async () => {
    server = await startServer({ kind })
    redis = new Redis(server.port)
    other = new Redis(server.port, { db: 2 })
  })
  beforeEach(() => redis.flushall())
  afterEach(() => opened.splice(0).forEach((client) => client.disconnect()))
  afterAll(async () => {
    redis.disconnect()
    other.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const wrapped = (phase: PhaseSetting, own: Schema = schema) => {
    const client = new Redis(server.port)
    opened.push(client)
    return new CanonicalRedisClient(client, { schema: own, phase })
  }
  const migrator = (options?: MigratorOptions, client: unknown = redis) => new RedisKeyMigrator(client, schema, options)
  const live = (options: MigrateOptions) => migrator().migrateKeys({ dryRun: false, ...options })
  const names = async () => [...(await redis.keys('*')), ...(await other.keys('*'))].sort()
  const dump = async (): Promise<string> => {
    const all: unknown[] = []
    for (const client of [redis, other]) {
      for (const name of (await client.keys('*')).sort()) {
        all.push([name, await client.dumpBuffer(name), await client.pexpiretime(name)])
      }
    }
    return JSON.stringify(all)
  }

  describe('the overwriting backfill', () => {
    beforeEach(async () => {
      await redis.mset(
        'job:1',
        'new',
        'step:1',
        'stale',
        'job:2',
        'only',
        'step:3',
        'orphan',
        'task:4',
        'old',
        'step:4',
        's',
      )
      await redis.pexpireat('job:1', AT)
      await other.set('near:1', 'x')
      await redis.mset('far:1', 'y', 'far:2', 'orphan')
    })

    it('makes canonical keys what the aliases are, and removes those without', async () => {
      const dry = await migrator().migrateKeys({ overwrite: true })
      const before = await dump()
      expect(dry).toMatchObject({ found: 4, migrated: 4, removed: 2, dryRun: true })
      expect(await dump()).toBe(before)
      expect(await live({ overwrite: true })).toMatchObject({ found: 4, migrated: 4, skipped: 0, removed: 2 })
      expect(await redis.mget('step:1', 'step:2', 'step:4', 'far:1')).toEqual(['new', 'only', 'old', 'x'])
      expect(await redis.pexpiretime('step:1')).toBe(AT)
      expect(await redis.exists('step:3', 'far:2')).toBe(0)
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 4, orphans: 0 })
    })

    it('leaves orphans where it is told to, and where it does not look at all names', async () => {
      expect(await live({ overwrite: true, prune: false })).toMatchObject({ migrated: 4, removed: 0 })
      expect(await live({ overwrite: true, match: 'job:*' })).toMatchObject({ migrated: 2, removed: 0 })
      expect(await redis.exists('step:3', 'far:2')).toBe(2)
    })
  })

  describe('the reverse backfill', () => {
    beforeEach(async () => {
      await redis.mset(
        'step:1',
        'new',
        'job:1',
        'stale',
        'task:1',
        'older',
        'step:2',
        'only',
        'job:3',
        'stray',
        'task:4',
        's',
      )
      await redis.pexpireat('step:1', AT)
      await redis.set('far:1', 'x')
      await other.mset('near:1', 'stale', 'near:2', 'stray')
    })

    it('makes the first alias what the canonical key is, and removes the others and those without', async () => {
      const before = await dump()
      const dry = await migrator().migrateKeys({ direction: 'reverse' })
      expect(dry).toMatchObject({ found: 3, migrated: 3, removed: 3, direction: 'reverse' })
      expect(await dump()).toBe(before)
      expect(await live({ direction: 'reverse' })).toMatchObject({ found: 3, migrated: 3, removed: 3, failed: 0 })
      expect(await names()).toEqual(['far:1', 'job:1', 'job:2', 'near:1', 'step:1', 'step:2'])
      expect(await redis.mget('job:1', 'job:2')).toEqual(['new', 'only'])
      expect(await other.get('near:1')).toBe('x')
      expect(await redis.pexpiretime('job:1')).toBe(AT)
      expect(await migrator().verify()).toMatchObject({ clean: true, compared: 3, orphans: 0 })
    })

    it('leaves aliases without a canonical key where it is told to', async () => {
      expect(await live({ direction: 'reverse', prune: false })).toMatchObject({ migrated: 3, removed: 0 })
      expect(await redis.mget('job:3', 'task:4')).toEqual(['stray', 's'])
    })

    it('is refused where the aliases are what counts', async () => {
      const allowed = { true: ['canonical-primary'], false: ['alias', 'dual-read', 'canonical-primary'] }
      for (const [prune, fine] of Object.entries(allowed)) {
        for (const phase of phases) {
          const run = migrator({}, wrapped(phase)).migrateKeys({
            dryRun: false,
            direction: 'reverse',
            prune: prune === 'true',
          })
          if (fine.includes(phase)) expect(await run).toMatchObject({ migrated: 3 })
          else await expect(run, phase).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
        }
      }
    })
  })

  describe('rollback', () => {
    it('gives the steps, and changes nothing in a dry run', async () => {
      await redis.mset('step:1', 'a', 'job:2', 'b')
      const before = await dump()
      const client = wrapped('canonical')
      const { steps, from, to, dryRun } = await migrator({}, client).rollback()
      expect({ from, to, dryRun }).toEqual({ from: 'canonical', to: 'alias', dryRun: true })
      expect(steps.map(({ what, phase }) => `${what} ${phase}`)).toEqual([
        'phase canonical-primary',
        'reverse backfill canonical-primary',
        'verify canonical-primary',
        'phase dual-read',
        'verify dual-read',
        'phase dual-write',
        'phase prepare',
        'phase alias',
      ])
      expect(steps.every(({ done, why }) => !done && why.length > 10)).toBe(true)
      expect(client.canonical.phase('step')).toBe('canonical')
      expect(await dump()).toBe(before)
    })

    /** Logical keys as clients of a phase see them. */
    const seen = async (client: Redis): Promise<(string | null)[]> =>
      Promise.all(Array.from({ length: 9 }, (_, id) => client.get(`step:${id}`)))

    const starts = phases.slice(1)
    it.each(starts)('from %s to every phase before it loses and resurrects nothing', async (from) => {
      for (const to of phases.slice(0, phases.indexOf(from))) {
        if (from === 'canonical' && to === 'retire-alias') continue
        await redis.flushall()
        const client = wrapped('alias')
        const { canonical } = client
        // Walked there as the path says, with keys made, changed and deleted in each phase.
        for (const [i, phase] of phases.slice(0, phases.indexOf(from) + 1).entries()) {
          canonical.setPhase(phase)
          if (phase === 'dual-write' || phase === 'dual-read') await migrator({}, client).migrateKeys({ dryRun: false })
          if (phase === 'retire-alias' && from !== 'retire-alias')
            await migrator({}, client).cleanupAliases({ dryRun: false })
          await client.set(`step:${i}`, phase)
          await client.set(`job:8`, phase)
          if (i > 0) await client.del(`job:${i - 1}`)
        }
        // In `canonical` an alias that was left behind is of a key deleted since, or of another time.
        if (from === 'canonical') await redis.mset('job:0', 'deleted since', 'job:8', 'stale')
        const before = await seen(client)
        const result = await migrator({}, client).rollback({ to, dryRun: false })
        expect(result.steps.every(({ done }) => done)).toBe(true)
        expect(canonical.phase('step')).toBe(to)
        expect(await seen(client), `${from} to ${to}`).toEqual(before)
        if (phases.indexOf(to) < phases.indexOf('retire-alias')) {
          // What raw readers of the old names see.
          const raw = await Promise.all(Array.from({ length: 9 }, (_, id) => redis.get(`job:${id}`)))
          expect(raw, `${from} to ${to}, raw`).toEqual(before)
        }
      }
    })

    it('adopts before it leaves retire-alias', async () => {
      await redis.set('job:1', 'not adopted yet')
      const client = wrapped('retire-alias')
      const result = await migrator({}, client).rollback({ to: 'canonical-primary', dryRun: false })
      expect(result.migrated.map(({ direction, migrated }) => [direction, migrated])).toEqual([
        ['forward', 1],
        ['reverse', 1],
      ])
      expect(await client.get('step:1')).toBe('not adopted yet')
      expect(await redis.get('job:1')).toBe('not adopted yet')
    })

    it('stops where the next step would lose data, and says what to do', async () => {
      await redis.mset('step:1', 'right', 'job:1', 'wrong')
      const client = wrapped('dual-read')
      const back = migrator({}, client).rollback({ to: 'dual-write', dryRun: false })
      await expect(back).rejects.toMatchObject({ code: 'E_NOT_CLEAN', hint: expect.stringContaining('repair: true') })
      expect(client.canonical.phase('step')).toBe('dual-read')
      expect(await migrator({}, client).verify({ repair: true })).toMatchObject({ clean: true, repaired: 1 })
      await migrator({}, client).rollback({ to: 'dual-write', dryRun: false })
      expect(await client.get('step:1')).toBe('right')
    })

    it('moves a fleet that it does not hold itself, and families one by one', async () => {
      await redis.mset('step:1', 'a')
      const moved: [Phase, readonly string[]][] = []
      const setPhase = (phase: Phase, families: readonly string[]): void => void moved.push([phase, families])
      const options = { from: 'canonical', to: 'dual-read', dryRun: false, setPhase } as const
      await migrator().rollback(options)
      expect(moved).toEqual([
        ['canonical-primary', ['step', 'far']],
        ['dual-read', ['step', 'far']],
      ])
      const mixed = wrapped({ default: 'dual-read', families: { far: 'prepare' } })
      await expect(migrator({}, mixed).rollback()).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
      await migrator({}, mixed).rollback({ families: ['far'], dryRun: false })
      expect([mixed.canonical.phase('far'), mixed.canonical.phase('step')]).toEqual(['alias', 'dual-read'])
    })

    it('brings queues back under the name that is looked at', async () => {
      const client = wrapped('dual-read', queues)
      await client.rpush('steps:pending', 'one', 'two')
      await client.set('step:1', 'a')
      await new RedisKeyMigrator(client, queues).rollback({ dryRun: false })
      expect(await redis.lrange('jobs:pending', 0, -1)).toEqual(['one', 'two'])
      expect(await redis.exists('steps:pending')).toBe(0)
      expect(await client.lrange('steps:pending', 0, -1)).toEqual(['one', 'two'])
    })
  })

  describe('a backup', () => {
    let file: string
    let number = 0
    const bytes = Buffer.from([0xff, 0x00, 0x5c])
    const binary = Buffer.concat([Buffer.from('job:'), bytes])
    beforeEach(async () => {
      file = join(folder, `${kind}-${number++}.backup`)
      await redis.mset('job:1', 'a', 'job:2', 'b', 'task:2', 'older')
      await redis.set(binary, bytes)
      await redis.hset('job:3', { f: '1' })
      await redis.pexpireat('job:3', AT)
      await redis.xadd('job:4', '1-1', 'f', 'v')
      await redis.xgroup('CREATE', 'job:4', 'group', '0')
      await redis.xreadgroup('GROUP', 'group', 'c', 'STREAMS', 'job:4', '>')
      await other.set('near:1', 'x', 'PX', 3_600_000)
      await live({})
    })
    const cleanup = () => migrator().cleanupAliases({ dryRun: false, backup: file })

    it('brings back exactly what the cleanup removed', async () => {
      const before = await dump()
      const all = await names()
      const result = await cleanup()
      expect(result).toMatchObject({ deleted: 7, kept: 0, backupFile: file })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const left = await dump()
      expect(await migrator().restore(file)).toMatchObject({ restored: 7, skipped: 0, complete: true, dryRun: true })
      expect(await dump()).toBe(left)
      const restored = await migrator().restore(file, { dryRun: false })
      expect(restored).toMatchObject({
        restored: 7,
        failed: 0,
        families: { step: { restored: 6 }, far: { restored: 1 } },
      })
      expect(await names()).toEqual(all)
      expect(await dump()).toBe(before)
      expect(await redis.xpending('job:4', 'group')).toEqual(await redis.xpending('step:4', 'group'))
    })

    it('leaves keys that are there alone, unless told to replace them', async () => {
      await cleanup()
      await redis.set('job:1', 'newer')
      expect(await migrator().restore(file)).toMatchObject({ restored: 6, skipped: 1 })
      expect(await migrator().restore(file, { dryRun: false })).toMatchObject({ restored: 6, skipped: 1 })
      expect(await redis.get('job:1')).toBe('newer')
      expect(await migrator().restore(file, { dryRun: false, overwrite: true })).toMatchObject({
        restored: 7,
        skipped: 0,
      })
      expect(await redis.get('job:1')).toBe('a')
    })

    it('does not bring back what has expired', async () => {
      await redis.set('job:5', 'short', 'PX', 1000)
      await live({})
      await cleanup()
      const text = readFileSync(file, 'utf8')
      const line = text.split('\n').find((one) => one.includes('"job:5"'))!
      await expect.poll(() => Date.now() > Number((JSON.parse(line) as { expires: number }).expires)).toBe(true)
      expect(await migrator().restore(file, { dryRun: false })).toMatchObject({ restored: 7, expired: 1 })
      expect(await redis.exists('job:5')).toBe(0)
    })

    it('is checked as a whole before anything is restored', async () => {
      await cleanup()
      const text = readFileSync(file, 'utf8')
      const lines = text.trim().split('\n')
      const damages: Record<string, string> = {
        'a changed byte': text.replace(/"dump":"(.)/, (_, c: string) => `"dump":"${c === 'A' ? 'B' : 'A'}`),
        'a changed expiry': text.replace(/"expires":\d+/, '"expires":1'),
        'a line less': [...lines.slice(0, 2), ...lines.slice(3), ''].join('\n'),
        'no header': lines.slice(1).join('\n'),
        'another format': text.replace('canonical-redis backup', 'something'),
        nothing: '',
        'no JSON': `${lines[0]}\nhello\n${lines.slice(1).join('\n')}\n`,
      }
      for (const [what, damaged] of Object.entries(damages)) {
        const bad = `${file}.bad`
        writeFileSync(bad, damaged)
        await expect(migrator().restore(bad, { dryRun: false }), what).rejects.toMatchObject({ code: 'E_BAD_FILE' })
        expect(await redis.exists('job:1', 'job:2')).toBe(0)
      }
      writeFileSync(`${file}.old`, text.replace(schema.hash, '0123456789abcdef'))
      await expect(migrator().restore(`${file}.old`)).rejects.toMatchObject({ code: 'E_SCHEMA_CHANGED' })
    })

    it('of a cleanup that was killed restores what is in it, and says that it is not complete', async () => {
      await cleanup()
      const lines = readFileSync(file, 'utf8').trim().split('\n')
      writeFileSync(file, `${lines.slice(0, 4).join('\n')}\n${lines[4]!.slice(0, 30)}`)
      expect(await migrator().restore(file, { dryRun: false })).toMatchObject({ restored: 3, complete: false })
    })

    it('is never written over another, and holds everything before the first alias goes', async () => {
      writeFileSync(file, 'mine')
      await expect(cleanup()).rejects.toMatchObject({ code: 'E_BAD_OPTION' })
      expect(readFileSync(file, 'utf8')).toBe('mine')
      expect(await redis.exists('job:1', 'job:2')).toBe(2)
      await expect(migrator().cleanupAliases({ dryRun: false, backup: `${file}/below a file` })).rejects.toThrow()
      expect(await redis.exists('job:1', 'job:2')).toBe(2)
    })

    it('is not restored where clients would adopt what was deleted since', async () => {
      await cleanup()
      for (const phase of phases) {
        const restore = migrator({}, wrapped(phase)).restore(file, { dryRun: false, overwrite: true })
        if (['dual-read', 'retire-alias'].includes(phase)) {
          await expect(restore).rejects.toMatchObject({ code: 'E_WRONG_PHASE' })
        } else expect(await restore).toMatchObject({ restored: 7 })
      }
    })
  })

  describe('repair', () => {
    // Alias and canonical value of a key that is missing its canonical key, one that differs, and one without an alias.
    const plant = () =>
      redis.flushall().then(() => redis.mset('job:m', 'A', 'job:d', 'A', 'step:d', 'C', 'step:o', 'C'))
    const state = () => redis.mget('job:m', 'step:m', 'job:d', 'step:d', 'job:o', 'step:o')
    const [A, C] = ['A', 'C']
    const results: Partial<Record<Phase, [left: object, state: (string | null)[]]>> = {
      prepare: [{ repaired: 3 }, [A, A, A, A, null, null]],
      'dual-write': [{ repaired: 3, clean: true }, [A, A, A, A, null, null]],
      'dual-read': [{ repaired: 3, clean: true }, [A, A, C, C, C, C]],
      'canonical-primary': [{ repaired: 2, missing: 1, clean: false }, [A, null, C, C, C, C]],
      'retire-alias': [{ repaired: 2, orphans: 1, clean: true }, [A, A, null, C, null, C]],
    }

    it.each(Object.entries(results))('goes by what is authoritative in %s', async (phase, [left, expected]) => {
      for (const [client, repair] of [
        [wrapped(phase as Phase), true],
        [redis, phase as Phase],
      ] as const) {
        await plant()
        const result = await migrator({}, client).verify({ repair })
        // A raw client knows no phase that would make an orphan unclean.
        expect(result).toMatchObject(client === redis ? { repaired: (left as { repaired: number }).repaired } : left)
        expect(await state(), phase).toEqual(expected)
        expect(result.details.filter(({ repaired }) => repaired).length).toBe(result.repaired)
      }
    })

    it('is refused where one of the names is not used, and with a raw client that names no phase', async () => {
      await plant()
      for (const phase of ['alias', 'canonical'] as const) {
        await expect(migrator({}, wrapped(phase)).verify({ repair: true })).rejects.toMatchObject({
          code: 'E_WRONG_PHASE',
        })
      }
      await expect(migrator().verify({ repair: true })).rejects.toMatchObject({ code: 'E_BAD_OPTION' })
      expect(await state()).toEqual([A, null, A, C, null, C])
    })

    it('leaves alone what is right by the time it would be repaired', async () => {
      await redis.mset('job:1', 'A', 'step:1', 'C')
      const onProgress = async (): Promise<void> => void (await redis.set('step:1', 'A'))
      const result = await migrator({ onProgress }).verify({ repair: 'dual-write', rounds: 1 })
      expect(result.repaired + result.different).toBe(1)
      expect(await redis.mget('job:1', 'step:1')).toEqual(['A', 'A'])
    })
  })

  it('a cleanup removes no alias that has changed since the verification', async () => {
    await redis.mset('job:1', 'a', 'step:1', 'a', 'job:2', 'b', 'step:2', 'b')
    const confirm = async (): Promise<boolean> => (await redis.set('job:1', 'changed')) === 'OK'
    const result = await migrator().cleanupAliases({ dryRun: false, confirm })
    expect(result).toMatchObject({ deleted: 1, kept: 1 })
    expect(await redis.get('job:1')).toBe('changed')
  })
})
