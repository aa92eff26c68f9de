/**
 * The walk: every key of every server, masters side by side, each page worked through before its cursor counts as done.
 *
 * @module
 */
import type { Port } from '../../clients/port.js'
import type { Server } from '../../clients/servers.js'
import type { Memory } from '../checkpoint/checkpoint.js'
import { Express, type ExpressPlan } from '../express/express.js'
import type { Job } from '../names.js'
import type { Run } from '../run.js'
import { ServerLost } from '../session.js'
import { Coverage } from './coverage.js'
import { pagesOf, scanning, type Ask, type Page } from './pages.js'
import { planWalks, type Sides, type Walk } from './walks.js'

/** Where a batch was met. */
export interface Met {
  readonly server: Server
  readonly db: number
}

/** What to walk through, and what to do. */
export interface WalkPlan {
  readonly sides: Sides
  /** A glob on names as stored. */
  readonly match?: string | undefined
  /** One server after the other: where a limit counts over all of them. */
  readonly inTurn?: boolean
  /** Two pages of one server may be worked on at a time. */
  readonly overlaps?: boolean
  /**
   * Works on the names of one page; false when it was ended before all of them had their turn. Pages of different
   * servers come at the same time.
   */
  readonly each: (names: readonly Buffer[], met: Met) => Promise<boolean> | boolean
  /** What the server may do itself with keys that are simple enough; `each` is then given the others. */
  readonly express?: ExpressPlan | undefined
  /** Called before a checkpoint is saved: whatever the pages so far have left open has to be closed now. */
  readonly settle?: () => Promise<void>
  /** What the checkpoint has to remember. */
  readonly counts?: () => Memory['counts']
}

/** Walks through everything, and again through what moved to another server in the meantime. */
export async function walkAll(run: Run, plan: WalkPlan): Promise<void> {
  const walks = planWalks(run.names, plan.sides, plan.match)
  const coverage = new Coverage()
  const patience = run.session.patience()
  run.total = 0
  for (let servers = await run.session.list(), round = 0; !run.isStopped; round++) {
    const todo = coverage.left(servers)
    if (todo.length === 0) break
    if (round === 0) await measure(run, servers, walks)
    const lost = await walkServers(run, plan, walks, todo, coverage)
    const covered = coverage.size
    if (run.session.servers.haveSuccessors) servers = await run.session.refresh()
    for (const server of todo) if (lost.get(server) === undefined) coverage.walked(server, servers)
    if (run.isStopped) break
    if (coverage.size > covered) patience.renew()
    const trouble = [...lost.values()].find((error) => error !== undefined)
    if (trouble) await patience.wait(`a successor (${trouble.message})`, trouble)
  }
  await finish(run, plan)
}

/** Walks through servers; gives which of them was lost, and why. */
async function walkServers(
  run: Run,
  plan: WalkPlan,
  walks: readonly Walk[],
  servers: readonly Server[],
  coverage: Coverage,
): Promise<Map<Server, ServerLost | undefined>> {
  const outcome = new Map<Server, ServerLost | undefined>()
  const one = async (server: Server): Promise<void> => {
    try {
      for (const walk of walks) if (!run.isStopped) await walkOne(run, plan, walk, server, coverage)
      outcome.set(server, undefined)
    } catch (error) {
      if (!(error instanceof ServerLost)) {
        run.halt()
        throw error
      }
      outcome.set(server, error)
    }
  }
  if (plan.inTurn) for (const server of servers) await one(server)
  // All of them come to an end before an error is thrown: nobody works on behind the caller's back.
  else
    for (const result of await Promise.allSettled(servers.map(one)))
      if (result.status === 'rejected') throw result.reason
  return outcome
}

async function walkOne(run: Run, plan: WalkPlan, walk: Walk, server: Server, coverage: Coverage): Promise<void> {
  const { session, checkpoint } = run
  const port = await session.port(server, walk.db)
  const size = Number(await session.on(server, () => port.send(['DBSIZE'])))
  const runId = checkpoint ? ((await run.loadOf(server))?.runId ?? '') : ''
  const id = `${server.address} db ${walk.db}`
  const slots = `${server.slots[0]}-${server.slots.at(-1)} (${server.slots.length})`
  const from = checkpoint?.cursorOf(id, runId, slots) ?? '0'
  if (from === 'done') return
  let walked = 0
  const work = async (page: Page, before: Promise<boolean> | undefined): Promise<boolean> => {
    const names = page.names.filter((name) => !coverage.has(session.servers.slotOf(name)))
    const isThrough = await plan.each(names, { server, db: walk.db })
    // A page that was ended in the middle comes again after a checkpoint, and counts then.
    if (isThrough) page.settle?.()
    // In order: the cursor behind this page counts when everything before it is done too.
    const areAllThrough = (await before) !== false && isThrough
    const counted = Math.min(walked + page.count, size)
    run.scanned += counted - walked
    walked = counted
    if (areAllThrough) checkpoint?.note(id, { runId, slots, cursor: page.next === '0' ? 'done' : page.next })
    if (checkpoint?.isDue) await save(run, plan)
    await run.progress()
    return areAllThrough
  }
  const pages = walkPages(run, plan, { walk, server, port, from })
  let underWay: Promise<boolean> | undefined
  try {
    while (!run.isStopped) {
      const next = await session.on(server, () => pages.next())
      if (next.done) break
      const before = underWay
      underWay = work(next.value, before)
      // It is awaited in the next round; until then nobody listens to its failure.
      underWay.catch(() => undefined)
      // This side prepares one page while the server works on another.
      await (plan.overlaps ? before : underWay)
    }
  } finally {
    await underWay
  }
}

interface Place {
  readonly walk: Walk
  readonly server: Server
  readonly port: Port
  readonly from: string
}

function walkPages(run: Run, plan: WalkPlan, { walk, server, port, from }: Place): AsyncGenerator<Page> {
  const scan = scanning(port, walk, run.batch)
  const express = Express.through(run, walk, plan.express)
  if (express === undefined) return pagesOf(scan, from)
  const ask: Ask = async (cursor) => (express.takesNext() && (await express.page(port, server, cursor))) || scan(cursor)
  // What the server has worked through has to be counted: it is not asked for more once the run is to end.
  return pagesOf(ask, from, false)
}

/** How much there is to go through, for `onProgress`. */
async function measure(run: Run, servers: readonly Server[], walks: readonly Walk[]): Promise<void> {
  for (const server of servers) {
    for (const { db } of walks) {
      try {
        const port = await run.session.port(server, db)
        run.total += Number(await run.session.on(server, () => port.send(['DBSIZE'])))
      } catch (error) {
        // It is only for show; the walk itself goes to the successor.
        if (!(error instanceof ServerLost)) throw error
      }
    }
  }
}

async function save(run: Run, plan: WalkPlan): Promise<void> {
  const { checkpoint } = run
  if (checkpoint === undefined) return
  // The marks first: what other servers add while this one settles is not settled yet.
  const marks = checkpoint.snapshot()
  await plan.settle?.()
  await checkpoint.save(marks, { counts: plan.counts?.(), scanned: run.scanned })
}

async function finish(run: Run, plan: WalkPlan): Promise<void> {
  await plan.settle?.()
  if (run.isStopped) await save(run, plan)
  else await run.checkpoint?.remove()
}

/** The logical keys of names met in a database, by one of their aliases or by their canonical name. */
export const jobsOf = (run: Run, names: readonly Buffer[], db: number): Job[] =>
  names.map((name) => run.names.resolve(name, db)).filter((job) => job !== undefined)
