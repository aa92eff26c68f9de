/**
 * The reckoning, by a client that knows nothing of any mapping: the new names as they are written in the plan.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { odd, sizes } from './load.js'
import { keptLines, type Record as Ledger } from './traffic.js'

/** What was found. */
export interface Audit {
  compared: number
  /** A sentence for each key that is not what it should be. */
  readonly wrong: string[]
  /** Names under the old prefix, but for those that nobody may touch. */
  old: number
  /** Names that nobody may touch, and that are there as they were. */
  left: number
}

/** What must not have changed: of no family, and of another type. */
const untouched: readonly (readonly [name: string, value: string])[] = [
  [odd.name, 'the id was empty'],
  [`aside:${odd.type}`, '{"name":"written by an import of long ago"}'],
  ['josancamon:another-app:state', 'not ours'],
]

/** Compares what was loaded, and what users did since. Run it when all is quiet. */
export async function audit(redis: Redis, ledger: Ledger, times: number): Promise<Audit> {
  const found: Audit = { compared: 0, wrong: [], old: 0, left: 0 }
  const compare = (name: string, got: unknown, wanted: unknown): void => {
    found.compared++
    if (got !== wanted) found.wrong.push(`${name} is ${String(got)}, and should be ${String(wanted)}`)
  }
  for (let i = 0; i < sizes.cache * times; i++) {
    const name = `meta-glasses:cache:generic:${Buffer.from(`old question ${i}`).toString('base64')}`
    compare(name, await redis.get(name), `answer ${i}`)
    compare(`ttl of ${name}`, (await redis.ttl(name)) > 0, true)
  }
  for (let i = 0; i < sizes.reminder * times; i++) {
    const name = `meta-glasses:reminder:event:old_${i}`
    compare(name, await redis.hget(name, 'text'), `meeting ${i}`)
    compare(`days of ${name}`, Math.ceil((await redis.ttl(name)) / 86_400), 1 + (i % 30))
  }
  for (let i = 0; i < sizes.user_history * times; i++) {
    const name = `meta-glasses:user:history:old_${i}`
    compare(name, (await redis.lrange(name, 0, -1)).join(), `hello,I am ${i}`)
  }
  for (let i = 0; i < sizes.user_profile * times; i++) {
    const name = `meta-glasses:user:profile:old_${i}`
    compare(name, await redis.hget(name, 'name'), `User ${i}`)
  }
  for (let i = 0; i < sizes.cancellation * times; i++) {
    const name = `meta-glasses:state:cancellation:wa:old_${i}`
    compare(name, await redis.get(name), 'true')
  }
  for (const { id, said, visits } of ledger.users) {
    compare(
      `history of ${id}`,
      (await redis.lrange(`meta-glasses:user:history:${id}`, 0, -1)).join(),
      keptLines(said.acked).join(),
    )
    compare(`visits of ${id}`, Number(await redis.hget(`meta-glasses:user:profile:${id}`, 'visits')), visits.acked)
  }
  for (const [name, value] of untouched) if ((await redis.get(name)) === value) found.left++
  const names = await redis.keys('josancamon:rayban-meta-glasses-api:*')
  found.old = names.filter((name) => !untouched.some(([kept]) => kept === name)).length
  if (found.left < untouched.length) found.wrong.push('a name that nobody may touch has changed')
  return found
}
