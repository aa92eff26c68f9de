/**
 * Numbers, times and tables for people, within 80 columns.
 *
 * @module
 */
import { bytes } from '../migrate/throttle/load.js'

export { bytes }

/** `1,234,567` */
export const count = (value: number): string => Math.round(value).toLocaleString('en')

/** `1 key`, `2 keys` */
export const plural = (value: number, word: string, words = `${word}s`): string =>
  `${count(value)} ${value === 1 ? word : words}`

/** `12.3 %`; never 100 before all of it is done. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '-'
  const value = (part / whole) * 100
  const shown = part < whole ? Math.min(99.9, value) : value
  return `${shown >= 10 || shown === 0 ? Math.floor(shown) : shown.toFixed(1)} %`
}

/** `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Cuts the middle out of what is too long. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text
  const head = Math.ceil((width - 1) / 2)
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`
}

/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand right. */
  readonly right?: boolean
}

const WIDTH = 80
/** A column of text is made no narrower than this. */
const NARROW = 12

/** Lines of a table, columns two spaces apart, with a line under the titles; no line for no rows. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const cells = [columns.map(({ title }) => title), ...rows]
  const widths = fit(columns, cells)
  const line = (row: readonly string[]): string =>
    columns
      .map(({ right }, i) => {
        const cell = shorten(row[i] ?? '', widths[i]!)
        return right ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
      })
      .join('  ')
      .trimEnd()
  const [head, ...body] = cells
  return [line(head!), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)]
}

/** As wide as what stands in it; but the widest columns of text give way until a line of the terminal holds all. */
function fit(columns: readonly Column[], cells: readonly (readonly string[])[]): number[] {
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)))
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + 2 * (columns.length - 1)
  const texts = [...columns.keys()].filter((i) => !columns[i]!.right)
  for (let over = total() - WIDTH; over > 0; over--) {
    const widest = texts.reduce((most, i) => (widths[i]! > widths[most]! ? i : most), texts[0] ?? 0)
    if (texts.length === 0 || widths[widest]! <= NARROW) break
    widths[widest]!--
  }
  return widths
}

/**
 * Breaks text into lines of so many columns, each indented. Words longer than that stay whole, and so does a command's
 * name with its verb: they are there to be copied.
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  const glued = text.replace(/canonical-redis (?=[a-z])/g, 'canonical-redis\u00a0')
  for (const part of glued.split('\n')) {
    let line = ''
    for (const word of part.split(' ')) {
      if (line !== '' && indent.length + line.length + 1 + word.length > width) {
        lines.push(indent + line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    lines.push(indent + line)
  }
  return lines.map((line) => line.replaceAll('\u00a0', ' '))
}
