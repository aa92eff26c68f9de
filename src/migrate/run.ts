/**
 * What the operations share: the walk through all servers, the counts, the errors, the pace.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../clients/servers.js'
import { Calls } from './calls.js'
import type { Checkpoint } from './checkpoint/checkpoint.js'
import { printable, type Job, type Names } from './names.js'
import { Capped, EXAMPLES } from './tally.js'
import { Pacer } from './throttle/pacer.js'
import { readInfo, type Load } from './throttle/load.js'
import { limitsOf } from './throttle/pressure.js'
import { type Session } from './session.js'
import type {
  BigKeyOptions,
  EndedBy,
  KeyError,
  MigratorOptions,
  Note,
  Operation,
  Progress,
  RunOptions,
  RunResult,
} from './types/index.js'

/** What a run is made of: the migrator's options, those of the call, and the call's own over both. */
export type RunSettings = MigratorOptions & RunOptions & { readonly bigKeys?: BigKeyOptions }

/** From how many bytes on a key is big, unless the user says otherwise. */
export const BIG_BYTES = 1_000_000

/** One operation under way. */
export class Run {
  readonly calls: Calls
  readonly pacer: Pacer
  readonly batch: number
  readonly big: Required<BigKeyOptions>
  scanned = 0
  total = 0
  counts: Readonly<Record<string, number>> = {}
  checkpoint: Checkpoint | undefined
  #endedBy: EndedBy = 'done'
  #halted = false
  readonly #startedAt = new Date()
  readonly #errors = new Capped<KeyError>(EXAMPLES)
  readonly #notes = new Map<string, Note>()

  constructor(
    readonly operation: Operation,
    readonly session: Session,
    readonly names: Names,
    readonly settings: RunSettings,
  ) {
    for (const family of names.unreachable) {
      const note = 'it has an alias in another database, which a cluster does not have: that alias is left out'
      this.note({ family, code: 'E_CROSS_DATABASE', note })
    }
    const { batch = 1000, bigKeys, rate = Infinity, throttle } = settings
    this.batch = batch
    this.big = { over: bigKeys?.over ?? BIG_BYTES, how: bigKeys?.how ?? 'chunk' }
    this.calls = new Calls(session, this.big.over)
    this.pacer = new Pacer({
      rate,
      limits: limitsOf(throttle),
      clock: { now: () => performance.now(), sleep: (ms) => this.sleep(ms) },
      loadOf: (server) => this.loadOf(server),
      onWait: (reason) => this.progress(reason),
      isStopped: () => this.isStopped,
    })
  }

  /** The run is to end: its limit is reached, or the caller says so. */
  get isStopped(): boolean {
    if (this.settings.signal?.aborted) this.stop('signal')
    return this.#halted || this.#endedBy !== 'done'
  }

  /** Something failed: what else is under way comes to its end. */
  halt(): void {
    this.#halted = true
  }

  /** Ends the run after the batch at hand. */
  stop(why: Exclude<EndedBy, 'done'>): void {
    if (this.#endedBy === 'done') this.#endedBy = why
  }

  /** Goes on from what an interrupted run left. */
  resume(checkpoint: Checkpoint): void {
    this.checkpoint = checkpoint
    this.scanned = checkpoint.memory?.scanned ?? 0
  }

  /** Waits, or ends earlier when the signal comes. */
  async sleep(ms: number): Promise<void> {
    const { signal } = this.settings
    // An abort rejects; it is noticed at the end of the batch, with a result.
    await sleep(ms, undefined, signal && { signal }).catch(() => undefined)
  }

  /** Tells the caller how far it is, or what it waits for. */
  async progress(waitingFor?: string): Promise<void> {
    const { onProgress } = this.settings
    if (onProgress === undefined) return
    const event: Progress = {
      operation: this.operation,
      scanned: this.scanned,
      total: this.total,
      counts: this.counts,
      elapsedMs: Date.now() - this.#startedAt.getTime(),
      ...(waitingFor !== undefined && { waitingFor }),
    }
    await onProgress(event)
  }

  /** How a server is doing; undefined where it does not say (an ACL, a managed service), which is noted. */
  async loadOf(server: Server): Promise<Load | undefined> {
    const port = await this.session.port(server)
    const began = performance.now()
    const [info] = await this.session.on(server, () => port.pipeline([['INFO']]))
    if (Buffer.isBuffer(info)) return readInfo(info.toString(), performance.now() - began)
    const words = info instanceof Error ? info.message : String(info)
    this.note({ family: undefined, code: 'INFO', note: `the server does not tell how it is doing: ${words}` })
    return undefined
  }

  /** Says something of a family or of the run, once. */
  note(note: Note): void {
    this.#notes.set(`${note.code} ${note.family}`, note)
  }

  /** Notes a key that failed. */
  failed(job: Pick<Job, 'family' | 'canonical'>, name: Buffer, error: Error): void {
    const { family, canonical } = job
    const code = (error as { code?: unknown }).code
    if (code === 'E_CROSS_SLOT') this.note({ family, code, note: error.message })
    this.#errors.push({ key: printable(name), canonical: printable(canonical), family, error: error.message })
  }

  /**
   * The counts of families, added up by group: those of the families that this run is about. A family of two groups counts
   * in each.
   */
  grouped<C extends object>(families: Readonly<Record<string, C>>): Record<string, C> {
    const groups = [...this.names.schema.groups].map(([group, members]): [string, C[]] => [
      group,
      members.flatMap((family) => (this.names.families.has(family) && families[family] ? [families[family]] : [])),
    ])
    return Object.fromEntries(groups.filter(([, list]) => list.length > 0).map(([group, list]) => [group, added(list)]))
  }

  /** The part of the result that every operation has. */
  result(): RunResult {
    const finishedAt = new Date()
    return {
      startedAt: this.#startedAt,
      finishedAt,
      durationMs: finishedAt.getTime() - this.#startedAt.getTime(),
      schema: this.names.schema.name,
      hash: this.names.schema.hash,
      scanned: this.scanned,
      endedBy: this.#endedBy,
      resumed: this.checkpoint?.memory !== undefined,
      errors: this.#errors.items,
      errorsOmitted: this.#errors.omitted,
      notes: [...this.#notes.values()],
    }
  }
}

function added<C extends object>(list: readonly C[]): C {
  const sums: Record<string, number> = {}
  for (const [kind, count] of list.flatMap((counts) => Object.entries(counts) as [string, number][])) {
    sums[kind] = (sums[kind] ?? 0) + count
  }
  return sums as C
}

/** Jobs without those for the same logical key. */
export function distinctKeys(jobs: readonly Job[]): Job[] {
  return [...new Map(jobs.map((job) => [job.canonical.toString('latin1'), job])).values()]
}
