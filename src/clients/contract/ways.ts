/**
 * What a wrapped client does beside answering command lines, a part each.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { constantPhase, phases, phaseTable, type Phase, type PhaseSource } from '../../phases/index.js'
import type { ContractClient, ContractListening } from './client.js'
import { home } from './lines.js'

/** What a part has in hand. */
export interface Stage {
  readonly phase: Phase
  readonly bare: ContractClient
  /** Wrapped, in the phase. */
  readonly redis: ContractClient
  /** Another wrapped client. */
  readonly another: (phase: Phase | PhaseSource) => Promise<ContractClient>
}

const reads = (phase: Phase): 'alias' | 'both' | 'canonical' => {
  const { primary, adopt } = phaseTable[phase]
  return primary === 'alias' ? 'alias' : adopt ? 'both' : 'canonical'
}

async function legacy({ phase, bare, redis }: Stage): Promise<void> {
  await bare.send(['SET', 'job:{t}:a', 'legacy'], home)
  const found = await redis.send(['GET', 'step:{t}:a'], home)
  assert.equal(found, reads(phase) === 'canonical' ? null : 'legacy', 'what legacy code wrote')
  await redis.send(['SET', 'step:{t}:b', 'v'], home)
  const names = ['retire-alias', 'canonical'].includes(phase) ? [null, 'v'] : ['v', 'v']
  if (['alias', 'prepare'].includes(phase)) names[1] = null
  const stored = await Promise.all(['job:{t}:b', 'step:{t}:b'].map((name) => bare.send(['GET', name], home)))
  assert.deepEqual(stored, names, 'what lies under the old and the new name')
}

async function buffers({ redis }: Stage): Promise<void> {
  // A byte that is no text.
  const named = (side: string): Buffer => Buffer.concat([Buffer.from(`${side}:{t}:`), Buffer.from([255])])
  const [old, young, value] = [named('job'), named('step'), Buffer.from([0, 255])]
  await redis.sendBuffers(['SET', old, value], home)
  assert.deepEqual(await redis.sendBuffers(['GET', young], home), value)
  assert.equal(await redis.sendBuffers(['DEL', young, old], home), 1)
}

async function scan({ redis }: Stage): Promise<void> {
  const ids = Array.from({ length: 25 }, (_, i) => String(i))
  for (const id of ids) await redis.send(['SET', `${Number(id) % 2 ? 'job' : 'step'}:{t}:${id}`, id], home)
  for (const side of ['job', 'step']) {
    const expected = ids.map((id) => `${side}:{t}:${id}`)
    assert.deepEqual((await redis.scan(`${side}:{t}:*`)).sort(), expected.sort(), 'each key once, under this name')
  }
}

async function blocking({ phase, redis, another }: Stage): Promise<void> {
  const popped = redis.send(['BLPOP', 'step:{t}:q', 'job:{t}:p', '5'], home)
  if (!['alias', 'canonical'].includes(phase)) return assert.rejects(popped, { code: 'E_BLOCKING_MIRRORED' })
  const other = await another(phase)
  await other.send(['RPUSH', 'job:{t}:q', 'x'], home)
  assert.deepEqual(await popped, ['step:{t}:q', 'x'])
}

/** What is listened to, what is sent, and what exactly must be heard. */
interface Broadcast {
  readonly kinds: readonly (readonly [how: ContractListening, name: string])[]
  readonly sent: readonly string[][]
  /** Sent last, by legacy code. */
  readonly last: readonly string[]
  readonly expected: readonly string[]
}

async function hears({ phase, bare, another }: Stage, { kinds, sent, last, expected }: Broadcast): Promise<void> {
  const [subscriber, publisher] = [await another(phase), await another(phase)]
  const heard: string[] = []
  for (const [how, name] of kinds) {
    await subscriber.listen(how, name, (shown, message) => void heard.push(`${how} ${shown} ${message}`))
  }
  for (const argv of sent) await publisher.send(argv, home)
  await bare.send(last, home)
  const end = Date.now() + PATIENCE_MS
  while (!expected.every((one) => heard.includes(one)) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.deepEqual(heard.sort(), [...expected].sort(), 'each message once, under the name that was subscribed to')
  for (const [how, name] of kinds) await subscriber.leave(how, name)
}

const PATIENCE_MS = 10_000

const heardName = (phase: Phase): string => (reads(phase) === 'alias' ? 'job:{t}' : 'step:{t}')

const channels = (stage: Stage): Promise<void> =>
  hears(stage, {
    kinds: [
      ['channel', 'job:{t}'],
      ['pattern', 'step:*'],
    ],
    sent: [['PUBLISH', 'step:{t}', '1']],
    last: ['PUBLISH', heardName(stage.phase), 'end'],
    expected: ['channel job:{t} 1', 'channel job:{t} end', 'pattern step:{t} 1', 'pattern step:{t} end'],
  })

const shardChannels = (stage: Stage): Promise<void> =>
  hears(stage, {
    kinds: [['shard', 'job:{t}']],
    sent: [['SPUBLISH', 'step:{t}', '1']],
    last: ['SPUBLISH', heardName(stage.phase), 'end'],
    expected: ['shard job:{t} 1', 'shard job:{t} end'],
  })

async function unknown({ redis }: Stage): Promise<void> {
  const line = ['NOSUCHCOMMAND', 'job:{t}:a']
  await assert.rejects(redis.send(line, home), { code: 'E_UNKNOWN_COMMAND' })
  await assert.rejects(redis.multi([['SET', 'job:{t}:a', 'x'], line], home), /NOSUCHCOMMAND/)
  assert.equal(await redis.send(['EXISTS', 'step:{t}:a'], home), 0, 'nothing of a refused transaction has run')
}

/** What is asked, by the name of the part. */
export const ways: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'legacy code': legacy,
  Buffers: buffers,
  SCAN: scan,
  'blocking pops': blocking,
  channels,
  'shard channels': shardChannels,
  'unknown commands': unknown,
}

/** From the first phase to the last and back, two clients in turn, which share the source of their phase. */
export async function walk({ another }: Pick<Stage, 'another'>): Promise<void> {
  const source = constantPhase('alias')
  const [one, two] = [await another(source), await another(source)]
  await one.send(['SET', 'job:{t}:n', '0'], home)
  const path = [...phases.slice(1), 'canonical-primary', ...[...phases].reverse().slice(3)] as Phase[]
  for (const [i, phase] of path.entries()) {
    source.set?.(phase)
    const reply = await (i % 2 ? one : two).send(['INCR', `${i % 3 ? 'job' : 'step'}:{t}:n`], home)
    assert.equal(reply, i + 1, `the counter in "${phase}"`)
  }
}
