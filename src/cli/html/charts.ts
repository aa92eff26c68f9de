/**
 * Charts as inline SVG: bars in parts, ranges on a logarithmic scale, and a line over time.
 *
 * @module
 */
import { shorten } from '../text.js'
import { html, type Markup } from './markup.js'

const WIDTH = 860
const LABEL = 170
const VALUE = 110
const ROW = 26
const BAR = 14

/** Where the charts have their colours from; more parts than these are not told apart. */
const colour = (index: number): string => `var(--c${index % 5})`

/** Which colour means what. */
export const legend = (names: readonly string[]): Markup =>
  html`<div class="legend">
    ${names.map((name, i) => html`<span><i style="background:${colour(i)}"></i>${name}</span>`)}
  </div>`

/** One bar. */
export interface Bar {
  readonly label: string
  /** In the order of the legend. */
  readonly parts: readonly number[]
  /** What stands behind it. */
  readonly value: string
}

/**
 * Bars in parts, one below the other.
 *
 * @param isShare each bar is a whole of its own, and all are of one length
 */
export function bars(title: string, names: readonly string[], rows: readonly Bar[], isShare = false): Markup {
  const sum = ({ parts }: Bar): number => parts.reduce((total, part) => total + part, 0)
  const most = Math.max(1, ...rows.map(sum))
  const space = WIDTH - LABEL - VALUE
  const drawn = rows.map((row, i) => {
    const whole = isShare ? Math.max(1, sum(row)) : most
    let x = LABEL
    const y = i * ROW + 6
    const parts = row.parts.map((part, index) => {
      // What is there is seen, however little it is.
      const width = Math.max((part / whole) * space, part > 0 ? 2 : 0)
      const shape = html`<rect
        x="${x.toFixed(1)}"
        y="${y}"
        width="${width.toFixed(1)}"
        height="${BAR}"
        rx="2"
        fill="${colour(index)}"
      >
        <title>${row.label}: ${names[index]} ${part.toLocaleString('en')}</title>
      </rect>`
      x += width
      return part > 0 ? shape : undefined
    })
    return html`<text x="${LABEL - 10}" y="${y + 11}" text-anchor="end">${shorten(row.label, 24)}</text>${parts}
      <text class="t" x="${(isShare ? WIDTH - VALUE : x) + 8}" y="${y + 11}">${row.value}</text>`
  })
  return html`${legend(names)}${svg(title, rows.length * ROW + 4, drawn)}`
}

/** One range. */
export interface Range {
  readonly label: string
  readonly median: number
  readonly mean: number
  readonly largest: number
}

/** Ranges from the median to the largest, the mean marked between them, on a logarithmic scale. */
export function ranges(title: string, rows: readonly Range[], show: (value: number) => string): Markup {
  const least = Math.min(...rows.map(({ median }) => Math.max(1, median)))
  const most = Math.max(...rows.map(({ largest }) => Math.max(1, largest)))
  const [from, to] = [
    Math.floor(Math.log10(least)),
    Math.max(Math.floor(Math.log10(least)) + 1, Math.ceil(Math.log10(most))),
  ]
  const space = WIDTH - LABEL - 40
  const at = (value: number): number => LABEL + ((Math.log10(Math.max(1, value)) - from) / (to - from)) * space
  const height = rows.length * ROW
  const grid = Array.from({ length: to - from + 1 }, (_, i) => {
    const x = at(10 ** (from + i)).toFixed(1)
    return html`<line class="g" x1="${x}" x2="${x}" y1="0" y2="${height}" />
      <text class="t" x="${x}" y="${height + 16}" text-anchor="middle">${show(10 ** (from + i))}</text>`
  })
  const drawn = rows.map(({ label, median, mean, largest }, i) => {
    const y = i * ROW + 13
    const [a, b, c] = [at(median).toFixed(1), at(mean).toFixed(1), at(largest).toFixed(1)]
    return html`<text x="${LABEL - 10}" y="${y + 4}" text-anchor="end">${shorten(label, 24)}</text>
      <g
        ><title>${label}: median ${show(median)}, mean ${show(mean)}, largest ${show(largest)}</title>
        <line x1="${a}" x2="${c}" y1="${y}" y2="${y}" stroke="${colour(4)}" stroke-width="3" />
        <circle cx="${c}" cy="${y}" r="4" fill="${colour(1)}" />
        <rect x="${(Number(b) - 1.5).toFixed(1)}" y="${y - 7}" width="3" height="14" fill="${colour(2)}" />
        <circle cx="${a}" cy="${y}" r="5" fill="${colour(0)}"
      /></g>`
  })
  return html`${legend(['median', 'largest', 'mean'])}${svg(title, height + 22, [grid, drawn])}`
}

/** A point of a line: seconds, and a value. */
export type Point = readonly [seconds: number, value: number]

/** A value over time, as a filled line from zero. */
export function line(title: string, points: readonly Point[], show: (value: number) => string): Markup {
  const [height, bottom, left] = [150, 22, 70]
  const end = Math.max(0.001, points.at(-1)?.[0] ?? 0)
  const most = Math.max(1, ...points.map(([, value]) => value))
  const x = (seconds: number): string => (left + (seconds / end) * (WIDTH - left - 10)).toFixed(1)
  const y = (value: number): string => (10 + (1 - value / most) * (height - 10)).toFixed(1)
  const path = points.map(([seconds, value]) => `${x(seconds)},${y(value)}`).join(' ')
  const grid = [0, 0.5, 1].map(
    (part) =>
      html`<line class="g" x1="${left}" x2="${WIDTH}" y1="${y(part * most)}" y2="${y(part * most)}" />
        <text class="t" x="${left - 8}" y="${Number(y(part * most)) + 4}" text-anchor="end"
          >${show(part * most)}</text
        >`,
  )
  const times = [0, 0.5, 1].map(
    (part) =>
      html`<text
        class="t"
        x="${x(part * end)}"
        y="${height + 16}"
        text-anchor="${part === 1 ? 'end' : part === 0 ? 'start' : 'middle'}"
      >
        ${(part * end).toFixed(end < 10 ? 1 : 0)} s</text
      >`,
  )
  return svg(title, height + bottom, [
    grid,
    times,
    html`<polygon
      points="${x(points[0]?.[0] ?? 0)},${y(0)} ${path} ${x(end)},${y(0)}"
      fill="${colour(0)}"
      opacity="0.18"
    />`,
    html`<polyline points="${path}" fill="none" stroke="${colour(0)}" stroke-width="2" />`,
  ])
}

const svg = (title: string, height: number, content: Parameters<typeof html>[1]): Markup =>
  html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${content}</svg>`
