/**
 * What the audience sees: a line for each thing that happens, a bar where there is a terminal, a table at the end.
 *
 * @module
 */
import { SingleBar } from 'cli-progress'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan'

const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  cyan: [36, 39],
}

/** One row of the final table. */
export interface Row {
  readonly label: string
  readonly value: string
  /** It has to be zero, and this says whether it is. Undefined: a number like any other. */
  readonly good?: boolean
}

/** How far something is. */
export type Tick = (done: number, total: number) => void

/** 12345 → 12,345 */
export const number = (value: number): string => Math.round(value).toLocaleString('en')

/** Writes to a stream, as that stream can show it. */
export class Screen {
  readonly #tty: boolean
  readonly #colour: boolean

  constructor(readonly stream: NodeJS.WriteStream) {
    this.#tty = stream.isTTY === true
    this.#colour = this.#tty && !process.env['NO_COLOR']
  }

  style(style: Style, text: string): string {
    const [on, off] = codes[style]
    return this.#colour ? `\x1b[${on}m${text}\x1b[${off}m` : text
  }

  line(text = ''): void {
    this.stream.write(`${text}\n`)
  }

  /** A phase begins. */
  title(title: string, why: string): void {
    this.line(`\n${this.style('bold', title.padEnd(18))} ${why}`)
  }

  /** Something happened within a phase. */
  event(what: string, result: string, good = true): void {
    this.line(`  ${what.padEnd(34)} ${good ? result : this.style('red', result)}`)
  }

  /** Runs work that says how far it is: a bar on a terminal, nothing but the result elsewhere. */
  async progress<T>(what: string, work: (tick: Tick) => Promise<T>): Promise<T> {
    if (!this.#tty) return work(() => undefined)
    const bar = new SingleBar({
      format: `  ${what.padEnd(34)} {bar} {percentage}%  {value}/{total} keys  {rate}/s`,
      hideCursor: true,
      clearOnComplete: true,
      stream: this.stream,
    })
    const began = performance.now()
    bar.start(1, 0, { rate: '0' })
    try {
      return await work((done, total) => {
        bar.setTotal(Math.max(1, total))
        bar.update(done, { rate: number((done * 1000) / (performance.now() - began)) })
      })
    } finally {
      bar.stop()
    }
  }

  table(rows: readonly Row[]): void {
    const [labels, values] = [widest(rows, 'label'), widest(rows, 'value')]
    this.line()
    for (const { label, value, good } of rows) {
      const mark = good === undefined ? '' : good ? this.style('green', '  ok') : this.style('red', '  NOT ZERO')
      this.line(`  ${label.padEnd(labels)}  ${value.padStart(values)}${mark}`)
    }
    this.line()
  }
}

const widest = (rows: readonly Row[], column: 'label' | 'value'): number =>
  Math.max(...rows.map((row) => row[column].length))
