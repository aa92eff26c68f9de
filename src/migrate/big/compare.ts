/**
 * A big pair compared in pieces, and removed on the strength of it.
 *
 * @module
 */
import type { Server } from '../../clients/servers.js'
import type { Answer } from '../calls.js'
import type { Job } from '../names.js'
import type { Run } from '../run.js'
import { chunkCompared, chunkCompareScript, compareScript, headersScript } from '../scripts/index.js'
import { Guard } from './guard.js'
import { countFor, eachPiece } from './pieces.js'

/**
 * Compares the alias `which` (from 1) with the canonical key. Each piece is read from both in one moment; the pieces one
 * after the other, so a pair that is being written may look different, and is looked at again like any other.
 *
 * @returns as the script for small pairs: `[state, which, …]`
 */
export async function compareInPieces(
  run: Run,
  server: Server,
  job: Job,
  which: number,
  bytes: number,
): Promise<Answer> {
  const [headers] = await run.calls.run(headersScript, '', [job])
  if (headers instanceof Error || headers === undefined) return headers ?? new Error('no answer')
  const type = String(headers[0])
  if (headers.length > 2 || type === 'gone') return headers
  if (!chunkCompared.has(type)) return (await run.calls.run(compareScript, 'whole', [job]))[0]!
  const left = job.aliases[which - 1]!
  const right = { name: job.canonical, db: run.session.home }
  const guard = await Guard.watch(run, server, [])
  let state = 'equal'
  await eachPiece(run, server, chunkCompareScript, {
    left,
    right,
    type,
    count: await countFor(guard, left, type, bytes),
    onReply: (reply) => {
      const [cursor, found] = (reply as Buffer[]).map(String)
      state = found!
      return { cursor: cursor!, stop: found !== 'equal' }
    },
  })
  return [state, which]
}

/** Removes the aliases of a big key if the first equals the canonical key, and neither has changed since that was seen. */
export function sweepBig(run: Run, server: Server, job: Job, which: number, bytes: number): Promise<Answer> {
  return run.session.inTurn(server, () => sweepWatched(run, server, job, which, bytes))
}

async function sweepWatched(run: Run, server: Server, job: Job, which: number, bytes: number): Promise<Answer> {
  const watched = [{ name: job.canonical, db: run.session.home }, ...job.aliases]
  const guard = await Guard.watch(run, server, watched)
  const compared = await compareInPieces(run, server, job, which, bytes).catch((error: Error) => error)
  if (compared instanceof Error || compared[0] !== 'equal') {
    await guard.release()
    return compared instanceof Error ? compared : [compared[0] === 'gone' ? 'gone' : 'differs', which]
  }
  const there = await guard.ask(job.aliases.map(({ db, name }) => [db, 'EXISTS', name]))
  const removed = await guard.commit(job.aliases.map(({ db, name }) => [db, 'UNLINK', name]))
  if (removed === undefined) return ['differs', which]
  return ['deleted', ...there.flatMap((exists, i) => (Number(exists) === 1 ? [i + 1] : []))]
}
