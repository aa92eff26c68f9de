/** The contract: what every wrapped client must do, whatever client it is. The gaps are printed at the end. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { constantPhase, phases, type Phase } from '../../src/phases/index.js'
import { channel, defineSchema, key } from '../../src/schema/index.js'
import { until } from '../support/clients.js'
import { startCluster } from '../support/cluster.js'
import { startServer } from '../support/servers.js'
import { drivers, type Subject, type Target } from './drivers.js'
import { bothLines, comparable, home, manners, namesIn, refusedInMulti } from './lines.js'
import { topics } from './topics.js'

const schema = defineSchema({
  name: 'contract',
  // One hash tag, so that commands with several keys run on a cluster.
  keys: { step: key('step:{t}:<id>').alias('job:{t}:<id>') },
  channels: { events: channel('step:{t}').alias('job:{t}') },
})

const blind = (phase: Phase): boolean => ['canonical-primary', 'canonical'].includes(phase)
const onAlias = (phase: Phase): boolean => ['alias', 'prepare', 'dual-write'].includes(phase)

const parts = [
  'shard channels',
  ...Object.keys(topics).flatMap((topic) => Object.keys(manners).map((manner) => `${topic}, ${manner}`)),
]
it.each(drivers.map((driver) => [driver.name, driver.gaps]))('%s skips parts that there are', (_, gaps) => {
  expect(parts).toEqual(expect.arrayContaining(Object.keys(gaps)))
})

const skipped: { driver: string; part: string; why: string }[] = []
afterAll(() => console.table(skipped))

describe.each(drivers.map((driver) => [driver.name, driver] as const))('%s', (_, driver) => {
  let target: Target
  let stop: () => Promise<void>
  let bare: Subject
  const open: Subject[] = []

  beforeAll(async () => {
    const cluster = driver.isCluster ? await startCluster('redis-7.0') : undefined
    const server = cluster ? undefined : await startServer()
    const nodes = cluster?.nodes ?? [{ host: '127.0.0.1', port: server?.port ?? 0 }]
    target = { nodes, isCluster: driver.isCluster }
    stop = async () => await (cluster ?? server)?.stop()
    bare = await driver.open(target)
  })
  afterAll(async () => {
    await Promise.all([bare, ...open].map((subject) => subject.close()))
    await stop()
  })
  beforeEach(async () => {
    for (const name of await bare.scan('*')) await bare.send(['DEL', name], name)
  })

  const wrap = async (phase: Phase | ReturnType<typeof constantPhase>): Promise<Subject> => {
    const subject = await driver.open(target, { schema, phase })
    open.push(subject)
    return subject
  }

  /** Is this a gap of the driver? Then it is noted, once. */
  const lacks = (part: string, phase: Phase): boolean => {
    const why = driver.gaps[part]
    if (why !== undefined && phase === phases[0]) skipped.push({ driver: driver.name, part, why })
    return why !== undefined
  }

  describe.each(phases)('in %s', (phase) => {
    let redis: Subject
    beforeAll(async () => {
      redis = await wrap(phase)
    })

    describe.each(Object.entries(topics))('%s', (topic, lines) => {
      for (const [manner, run] of Object.entries(manners)) {
        const part = `${topic}, ${manner}`
        if (lacks(part, phase)) continue
        it(manner, async () => {
          let turn = 0
          const sent = lines.filter((line) => manner !== 'in a transaction' || !refusedInMulti.has(line))
          const both = sent.map((line) => bothLines(line, () => turn++))
          const expected = await run(
            bare,
            both.map((one) => one.bare),
          )
          const replies = await run(
            redis,
            both.map((one) => one.wrapped),
          )
          both.forEach(({ wrapped }, i) => {
            expect(comparable(replies[i]), wrapped.join(' ')).toEqual(comparable(expected[i]))
            expect(wrapped, wrapped.join(' ')).toEqual(expect.arrayContaining(namesIn(replies[i])))
          })
        })
      }
    })

    it('finds what legacy code wrote, where the phase reads it, and leaves it to legacy code where it must', async () => {
      await bare.send(['SET', 'job:{t}:a', 'legacy'], home)
      expect(await redis.send(['GET', 'step:{t}:a'], home)).toBe(blind(phase) ? null : 'legacy')
      await redis.send(['SET', 'step:{t}:b', 'v'], home)
      expect(await bare.send(['GET', 'job:{t}:b'], home)).toBe(
        ['retire-alias', 'canonical'].includes(phase) ? null : 'v',
      )
      expect(await bare.send(['GET', 'step:{t}:b'], home)).toBe(['alias', 'prepare'].includes(phase) ? null : 'v')
    })

    it('takes and gives Buffers', async () => {
      const [old, young] = ['job:{t}:', 'step:{t}:'].map((side) =>
        Buffer.concat([Buffer.from(side), Buffer.from([255])]),
      )
      const value = Buffer.from([0, 255])
      await redis.sendBuffers(['SET', old!, value], home)
      expect(await redis.sendBuffers(['GET', young!], home)).toEqual(value)
      expect(await redis.sendBuffers(['DEL', young!, old!], home)).toBe(1)
    })

    it('shows each key once in SCAN, under the name of the pattern', async () => {
      const ids = Array.from({ length: 25 }, (__, i) => String(i))
      for (const id of ids) await redis.send(['SET', `${Number(id) % 2 ? 'job' : 'step'}:{t}:${id}`, id], home)
      for (const side of ['job', 'step']) {
        const expected = ids.map((id) => `${side}:{t}:${id}`).sort()
        expect((await redis.scan(`${side}:{t}:*`)).sort()).toEqual(expected)
      }
    })

    it('blocks where the pop needs no transaction, and says so elsewhere', async () => {
      const popped = redis.send(['BLPOP', 'step:{t}:q', 'job:{t}:p', '5'], home)
      if (['alias', 'canonical'].includes(phase)) {
        const other = await wrap(phase)
        await other.send(['RPUSH', 'job:{t}:q', 'x'], home)
        expect(await popped).toEqual(['step:{t}:q', 'x'])
      } else await expect(popped).rejects.toMatchObject({ code: 'E_BLOCKING_MIRRORED' })
    })

    it('brings messages once, under the name that was subscribed to', async () => {
      const [subscriber, publisher] = [await wrap(phase), await wrap(phase)]
      const heard: string[] = []
      const kinds = [
        ['channel', 'job:{t}'],
        ['pattern', 'step:*'],
        ...(lacks('shard channels', phase) ? [] : [['shard', 'job:{t}'] as const]),
      ] as const
      for (const [how, name] of kinds) {
        await subscriber.listen(how, name, (shown, message) => void heard.push(`${how} ${shown} ${message}`))
      }
      await publisher.send(['PUBLISH', 'step:{t}', '1'], home)
      if (kinds.length > 2) await publisher.send(['SPUBLISH', 'job:{t}', '2'], home)
      await bare.send(['PUBLISH', onAlias(phase) ? 'job:{t}' : 'step:{t}', 'end'], home)
      const all = ['channel job:{t} 1', 'channel job:{t} end', 'pattern step:{t} 1', 'pattern step:{t} end']
      if (kinds.length > 2) all.push('shard job:{t} 2')
      await until('the messages', () => all.every((one) => heard.includes(one)))
      expect(heard.sort()).toEqual(all)
      for (const [how, name] of kinds) await subscriber.leave(how, name)
    })

    it('refuses what it does not know, and a transaction with it', async () => {
      const unknown = ['NOSUCHCOMMAND', 'job:{t}:a']
      await expect(redis.send(unknown, home)).rejects.toMatchObject({ code: 'E_UNKNOWN_COMMAND' })
      const sent = redis.multi([['SET', 'job:{t}:a', 'x'], unknown], home)
      await expect(sent).rejects.toThrow(/NOSUCHCOMMAND/)
      expect(await redis.send(['EXISTS', 'step:{t}:a'], home)).toBe(0)
    })
  })

  it('goes through every phase, forth and back, and keeps every value', async () => {
    const source = constantPhase('alias')
    const [one, two] = [await wrap(source), await wrap(source)]
    const path = [...phases.slice(1), 'canonical-primary', ...[...phases].reverse().slice(3)] as Phase[]
    await one.send(['SET', 'job:{t}:n', '0'], home)
    for (const [i, phase] of path.entries()) {
      source.set?.(phase)
      expect(await (i % 2 ? one : two).send(['INCR', `${i % 3 ? 'job' : 'step'}:{t}:n`], home), phase).toBe(i + 1)
    }
    expect(one.canonical?.phase('step')).toBe('alias')
    expect(two.canonical?.health()).toMatchObject({ schema: 'contract', connection: 'ready' })
  })
})
