/**
 * A big key copied in pieces: into a temporary key, under a watch on the source, and renamed into place only if the
 * source is what it was at the beginning.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Server } from '../../clients/servers.js'
import type { Place } from '../names.js'
import type { Run } from '../run.js'
import { chunkCopied, chunkCopyScript } from '../scripts/index.js'
import { Guard, type Line } from './guard.js'
import { countFor, eachPiece } from './pieces.js'

/** How often a copy is begun when the source keeps changing. */
const ATTEMPTS = 3

/** What is to be copied where. */
export interface BigCopy {
  readonly from: Place
  readonly to: Place
  readonly bytes: number
  /** Replace what is at `to`. */
  readonly replace: boolean
  /** Names that the copy overtakes: removed in the same moment. */
  readonly overtaken: readonly Place[]
}

/** What became of it. `whole`: the type has no pieces, nothing was done. */
export interface BigOutcome {
  readonly kind: 'migrated' | 'skipped' | 'vanished' | 'changed' | 'whole'
  readonly retries: number
}

/** Copies a key in pieces. */
export async function copyInPieces(run: Run, server: Server, copy: BigCopy): Promise<BigOutcome> {
  for (let retries = 0; ; retries++) {
    const kind = await run.session.inTurn(server, () => attempt(run, server, copy))
    if (kind !== 'changed' || retries === ATTEMPTS - 1) return { kind, retries }
    await run.progress(
      `"${copy.from.name.toString()}", which changed while it was copied in pieces, to be copied again`,
    )
  }
}

async function attempt(run: Run, server: Server, copy: BigCopy): Promise<BigOutcome['kind']> {
  const { from, to } = copy
  const guard = await Guard.watch(run, server, [from])
  const [type] = await guard.ask([[from.db, 'TYPE', from.name]])
  if (!chunkCopied.has(String(type))) {
    await guard.release()
    return String(type) === 'none' ? 'vanished' : 'whole'
  }
  const temporary: Place = { name: temporaryName(run, to.name), db: to.db }
  try {
    await eachPiece(run, server, chunkCopyScript, {
      left: from,
      right: temporary,
      type: String(type),
      count: await countFor(guard, from, String(type), copy.bytes),
      onReply: (reply) => ({ cursor: String(reply) }),
    })
    return await putInPlace(guard, copy, temporary)
  } finally {
    // Renamed, it is not there any more. Should this fail too, its time to live removes it.
    await guard.ask([[temporary.db, 'UNLINK', temporary.name]]).catch(() => undefined)
    await guard.release().catch(() => undefined)
  }
}

async function putInPlace(guard: Guard, copy: BigCopy, temporary: Place): Promise<BigOutcome['kind']> {
  const { from, to, replace, overtaken } = copy
  const expires = await expiryOf(guard, from)
  const { db, name } = temporary
  const lines: Line[] = [
    expires < 0 ? [db, 'PERSIST', name] : [db, 'PEXPIREAT', name, String(expires)],
    // UNLINK first: RENAME over a big key would free it while everybody waits.
    ...(replace ? [[db, 'UNLINK', to.name] as const] : []),
    ...overtaken.map((place): Line => [place.db, 'UNLINK', place.name]),
    // Expired meanwhile, the temporary key is gone, and RENAMENX would be an error.
    [db, 'EVAL', renameScript, '2', name, to.name],
  ]
  const replies = await guard.commit(lines)
  if (replies === undefined) return 'changed'
  return renamed[Number(replies.at(-1))] ?? 'vanished'
}

const renameScript = `if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end return redis.call('RENAMENX', KEYS[1], KEYS[2])`
const renamed: Readonly<Record<number, BigOutcome['kind']>> = { [-1]: 'vanished', 0: 'skipped', 1: 'migrated' }

/** Milliseconds since 1970, or -1. Before Redis 7.0 there is no PEXPIRETIME, and the time left has to do. */
async function expiryOf(guard: Guard, { db, name }: Place): Promise<number> {
  try {
    return Number((await guard.ask([[db, 'PEXPIRETIME', name]]))[0])
  } catch {
    const left = Number((await guard.ask([[db, 'PTTL', name]]))[0])
    return left < 0 ? -1 : Date.now() + left
  }
}

/** A name that nobody has, in the slot of the target. */
function temporaryName(run: Run, target: Buffer): Buffer {
  const { servers } = run.session
  const slot = servers.slotOf(target)
  const nonce = randomBytes(8).toString('hex')
  for (let n = 0; ; n++) {
    const name = Buffer.from(`canonical-redis:temporary:${nonce}:${n}`)
    if (servers.slotOf(name) === slot) return name
  }
}
