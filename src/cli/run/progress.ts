/**
 * Shows how far a run is: a bar on a terminal, a line now and then elsewhere.
 *
 * @module
 */
import { SingleBar } from 'cli-progress'
import type { Operation, Progress } from '../../migrate/types/index.js'
import type { Io } from '../io.js'
import { count, duration, percent } from '../text.js'
import type { Journal } from './journal.js'
import { reasonOf, Timeline } from './timeline.js'

const titles: Readonly<Record<Operation, string>> = {
  find: 'looking',
  migrate: 'migrating',
  verify: 'verifying',
  cleanup: 'cleaning up',
  restore: 'restoring',
  analyze: 'analyzing',
}

const LINE_MS = 5_000
const BAR = 10

/** `migrating 45 % · waits for memory · 45,000 of 100,000 keys · 12,300/s · 4.5 s left` */
export function progressLine(progress: Progress, first: number): string {
  const { operation, scanned, total, elapsedMs, waitingFor } = progress
  // SCAN may meet more than was there when it began.
  const whole = Math.max(total, scanned)
  const rate = elapsedMs > 0 ? ((scanned - first) * 1000) / elapsedMs : 0
  const parts = [`${titles[operation]} ${percent(scanned, whole)}`]
  // The reason to wait comes early: a terminal cuts what is too long.
  if (waitingFor !== undefined) parts.push(`waits for ${waitingFor}`)
  parts.push(`${count(scanned)} of ${count(whole)} keys`)
  if (rate > 0) parts.push(`${count(rate)}/s`, `${duration(((whole - scanned) * 1000) / rate)} left`)
  return parts.join(' · ')
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

function barOf({ scanned, total }: Progress): string {
  const done = Math.round((scanned / Math.max(1, total, scanned)) * BAR)
  return '█'.repeat(done) + '░'.repeat(BAR - done)
}

/** The progress of one verb, which may run several operations one after the other. */
export class ProgressView {
  readonly timeline = new Timeline()
  #bar: SingleBar | undefined
  #operation: Operation | undefined
  /** What an earlier run had gone through already: no part of this one's speed. */
  #first = 0
  #told = 0
  #reason: string | undefined

  constructor(
    readonly io: Io,
    readonly journal: Journal,
  ) {}

  /** To be given as `onProgress`. */
  readonly onProgress = (progress: Progress): void => {
    if (progress.operation !== this.#operation) this.#begin(progress)
    this.timeline.add(progress)
    const line = progressLine(progress, this.#first)
    const reason = progress.waitingFor === undefined ? undefined : reasonOf(progress.waitingFor)
    // A new reason to wait is said at once; a run held back by its own rate would say so at every batch.
    const isNews = reason !== undefined && reason !== this.#reason
    if (isNews || progress.elapsedMs - this.#told >= LINE_MS) {
      this.#told = progress.elapsedMs
      this.#reason = reason ?? this.#reason
      this.journal.write(line)
      if (!this.io.stderr.isTTY) this.io.stderr.write(`${line}\n`)
    }
    if (this.io.stderr.isTTY) this.#draw(progress, line)
  }

  /** Takes the bar away, before anything else is written. The next event brings it back. */
  clear(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #begin({ operation, scanned }: Progress): void {
    this.clear()
    this.#operation = operation
    this.#first = scanned
    this.#told = 0
  }

  #draw(progress: Progress, line: string): void {
    const payload = { text: `${barOf(progress)} ${line}` }
    if (this.#bar) return this.#bar.update(progress.scanned, payload)
    this.#bar = new SingleBar({
      stream: this.io.stderr as NodeJS.WriteStream,
      format: (_options, _params, shown: typeof payload) => cut(shown.text, (this.io.stderr.columns ?? 80) - 1),
      clearOnComplete: true,
      fps: 8,
      // Our own handler stops the run; one that exits here would leave the batch at hand unreported.
      gracefulExit: false,
    })
    this.#bar.start(Math.max(1, progress.total), progress.scanned, payload)
  }
}
