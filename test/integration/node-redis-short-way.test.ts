/** Where a command of node-redis that goes out without a plan could go wrong. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CanonicalRedisClient } from '../../src/clients/canonical.js'
import { constantPhase, type Phase } from '../../src/phases/index.js'
import { defineSchema, key } from '../../src/schema/index.js'
import { NodeClients, nodeRedisMatrix, type NodeClient } from '../support/node-redis.js'
import { startServer, type TestServer } from '../support/servers.js'

const schema = defineSchema({ name: 'short', keys: { step: key('step:<id>').alias('job:<id>') } })

/** The type bytes of bulk strings and of maps, by which a type mapping names them. */
const BULK = 36
const MAP = 37

/** Reads adopt in these. */
const adopting = ['dual-read', 'retire-alias'] as const

describe.each(nodeRedisMatrix.map((one) => [one.name, one] as const))('%s', (_, { version, RESP }) => {
  let server: TestServer
  let clients: NodeClients
  let raw: NodeClient

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    clients = new NodeClients(version, RESP, server.port)
    raw = await clients.raw()
    await raw.flushAll()
  })
  afterEach(() => clients.close())

  /** Wrapped, and its server is known: nothing has to be asked any more. */
  const wrap = async (phase: Phase) => {
    const redis = new CanonicalRedisClient(await clients.raw(), { schema, phase })
    await redis.get('elsewhere')
    return redis
  }

  describe.each(adopting)('in %s', (phase) => {
    it('a read that misses is not changed by what was sent right behind it', async () => {
      const redis = await wrap(phase)
      await raw.mSet({ 'job:1': 'a', 'job:2': 'b', 'job:3': 'c' })
      const replies = await Promise.all([
        redis.get('step:1'),
        redis.del('job:1'),
        redis.sendCommand([Buffer.from('GET'), 'job:2']),
        redis.sendCommand(['GET', Buffer.from('step:2')]),
        redis.sendCommand(['set', Buffer.from('job:2'), 'B']),
        redis.get('job:2'),
        redis.get('job:3'),
        redis.append('step:3', 'C'),
        redis.get('step:3'),
      ])
      expect(replies).toEqual(['a', 1, 'b', 'b', 'OK', 'B', 'c', 2, 'cC'])
    })

    it('a read that misses is asked again before a MULTI, and never inside one', async () => {
      const redis = await wrap(phase)
      await raw.mSet({ 'job:1': 'a', 'job:2': 'b' })
      const replies = await Promise.all([
        redis.get('step:1'),
        redis.sendCommand(['MULTI']),
        redis.sendCommand(['GET', 'step:2']),
        redis.sendCommand(['DEL', 'step:1']),
        redis.sendCommand(['EXEC']),
        redis.get('job:1'),
      ])
      expect(replies[0]).toBe('a')
      expect(replies.slice(-2)).toEqual([['b', 1], null])
    })

    it('a read of several keys that misses is not changed by what was sent right behind it', async () => {
      const redis = await wrap(phase)
      await raw.mSet({ 'job:1': 'a', 'job:2': 'b', 'job:3': 'c' })
      const replies = await Promise.all([
        redis.mGet(['step:1', 'job:9', 'job:2']),
        redis.exists(['step:1', 'job:2', 'step:9']),
        redis.del(['job:1', 'step:2']),
        redis.sendCommand(['mget', Buffer.from('job:1'), 'step:3']),
        redis.mSet({ 'step:3': 'C', 'job:4': 'd' }),
        redis.mGet(['job:3', 'step:4']),
      ])
      expect(replies).toEqual([['a', null, 'b'], 2, 2, [null, 'c'], 'OK', ['C', 'd']])
    })

    it('a read of several keys is not changed in a name that is not managed', async () => {
      const redis = await wrap(phase)
      await raw.mSet({ 'job:1': 'a', elsewhere: 'old' })
      const replies = await Promise.all([redis.mGet(['step:1', 'elsewhere']), redis.set('elsewhere', 'new')])
      expect(replies).toEqual([['a', 'old'], 'OK'])
    })

    it('the caller may use his arguments again', async () => {
      const redis = await wrap(phase)
      await raw.hSet('job:1', { f: 'a', other: 'b' })
      const argv = ['HGET', 'step:1', 'f']
      const reply = redis.sendCommand(argv)
      // Behind the immediate in which node-redis writes, and before any reply.
      await new Promise((resolve) => setImmediate(resolve))
      argv[2] = 'other'
      expect(await reply).toBe('a')
    })

    it('shapes the answer to the second question as the first would have been', async () => {
      const redis = await wrap(phase)
      await raw.hSet('job:1', { f: 'v' })
      await raw.hSet('job:2', { f: 'v' })
      const mapping = { [BULK]: Buffer, [MAP]: Map } as const
      const mapped = redis.withTypeMapping(mapping as never)
      expect(await mapped.hGet('job:1', 'f')).toEqual(Buffer.from('v'))
      expect(await mapped.hGetAll('step:2')).toEqual(await raw.withTypeMapping(mapping as never).hGetAll('job:2'))
    })

    it('a read whose connection is cut is rejected, and not asked again', async () => {
      const redis = await wrap(phase)
      const { id } = await redis.clientInfo()
      const waiting = redis.blPop('elsewhere:list', 0)
      const read = redis.get('job:1')
      const settled = Promise.allSettled([waiting, read])
      await vi.waitFor(async () =>
        expect(await raw.clientList()).toContainEqual(expect.objectContaining({ flags: 'b' })),
      )
      const ready = new Promise((resolve) => void redis.once('ready', resolve))
      await raw.set('job:1', 'a')
      await raw.sendCommand(['CLIENT', 'KILL', 'ID', String(id)])
      expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      await ready
      expect(await raw.exists('step:1')).toBe(0)
      // Nobody waits for it any more, so nothing that follows has it asked.
      await raw.configResetStat()
      expect(await redis.del('step:1')).toBe(1)
      expect(await raw.info('commandstats')).not.toContain('cmdstat_get:')
    })
  })

  it.each(['prepare', 'dual-read', 'canonical'] as const)(
    'errors quote the name that was asked in %s',
    async (phase) => {
      const redis = await wrap(phase)
      for (const asked of ['job:1', 'step:1']) {
        await expect(redis.xPending(asked, 'g')).rejects.toThrow(`'${asked}'`)
        await expect(redis.sendCommand(['xpending', Buffer.from(asked), 'g'])).rejects.toThrow(`'${asked}'`)
      }
    },
  )

  it.each(['alias', 'canonical'] as const)('names that are no text keep their bytes in %s', async (phase) => {
    const redis = await wrap(phase)
    const [alias, canonical] = ['job:', 'step:'].map((text) =>
      Buffer.concat([Buffer.from(text), Buffer.of(0xff, 0xc3)]),
    )
    await redis.sendCommand(['SET', alias!, 'v'])
    expect(await raw.exists(phase === 'alias' ? alias! : canonical!)).toBe(1)
    expect(await redis.sendCommand(['GET', canonical!])).toBe('v')
  })

  it.each(['alias', 'dual-read', 'canonical'] as const)(
    'what is no argument is refused as ever in %s',
    async (phase) => {
      const redis = await wrap(phase)
      for (const argv of [
        ['GET', 1],
        ['GET', 'job:1', 1],
        ['SET', 'step:1', 1],
      ]) {
        const expected: unknown = await raw.sendCommand(argv as string[]).catch((error: unknown) => error)
        expect(expected).toBeInstanceOf(TypeError)
        await expect(redis.sendCommand(argv as string[])).rejects.toThrow((expected as Error).message)
      }
      await expect(redis.sendCommand(['GET'])).rejects.toThrow(/wrong number of arguments/)
    },
  )

  it.each([
    ['one key', ['GET', 'job:1'], ['DEL', 'step:1'], 'a', 1],
    ['several keys', ['MGET', 'job:1', 'step:2'], ['DEL', 'step:1', 'step:2'], ['a', 'b'], 2],
  ])('of %s: the phase goes on to `canonical` behind a read, whose copy must not come after a DEL', async (...row) => {
    const [, read, remove, answer, removed] = row
    const phase = constantPhase('retire-alias')
    const redis = new CanonicalRedisClient(await clients.raw(), { schema, phase })
    await redis.get('elsewhere')
    await raw.mSet({ 'job:1': 'a', 'job:2': 'b' })
    const reply = redis.sendCommand(read)
    phase.set?.('canonical')
    expect(await redis.sendCommand(remove)).toBe(removed)
    expect(await reply).toEqual(answer)
    expect(await raw.exists(['step:1', 'step:2'])).toBe(0)
  })

  it('a signal and a timeout reach the command', async () => {
    const redis = await wrap('canonical')
    const reading = await wrap('dual-read')
    for (const one of [redis, reading]) {
      const controller = new AbortController()
      const reply = one.withAbortSignal(controller.signal).get('job:1')
      controller.abort()
      await expect(reply).rejects.toThrow(/abort/i)
      expect(await Promise.all([one.set('job:1', 'a'), one.get('step:1')])).toEqual(['OK', 'a'])
    }
  })

  it("a write of both names in one command is counted, and its error is the caller's", async () => {
    const redis = await wrap('dual-write')
    await redis.set('job:1', 'a')
    expect(redis.canonical.health().families['step']).toMatchObject({ mirrored: 1 })
    await raw.configSet('maxmemory', '1')
    await expect(redis.set('job:1', 'b')).rejects.toThrow(/^OOM/)
    await raw.configSet('maxmemory', '0')
    expect(redis.canonical.health().families['step']).toMatchObject({ mirrored: 1 })
  })
})
