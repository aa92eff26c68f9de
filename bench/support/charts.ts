/**
 * Charts as SVG, readable on a light and a dark page.
 *
 * @module
 */

const GREY = '#8b949e'
const COLOURS = ['#2f81f7', '#3fb950', '#d29922', '#db6d28', '#a371f7', '#f85149']

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x}" y="${y}" fill="${GREY}" font-family="sans-serif" font-size="12" ${more}>${content}</text>`

const svg = (height: number, title: string, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 ${height}" role="img" aria-label="${title}">`,
    text(8, 18, title, 'font-weight="bold"'),
    ...body,
    '</svg>\n',
  ].join('\n')

/** Bars from 0 to the largest value, and a line at 1, the raw client. */
export function bars(title: string, values: readonly { readonly label: string; readonly value: number }[]): string {
  const unit = 440 / Math.max(1, ...values.map(({ value }) => value))
  const row = ({ label, value }: { label: string; value: number }, i: number): string => {
    const y = 34 + i * 20
    const bar = `<rect x="210" y="${y}" width="${(unit * value).toFixed(0)}" height="13" fill="${COLOURS[0]}"/>`
    return (
      text(202, y + 11, label, 'text-anchor="end"') + bar + text(700, y + 11, value.toFixed(2), 'text-anchor="end"')
    )
  }
  const bottom = 34 + values.length * 20
  const at = (210 + unit).toFixed(0)
  const one = `<line x1="${at}" y1="30" x2="${at}" y2="${bottom}" stroke="${GREY}" stroke-dasharray="3 3"/>`
  return svg(bottom + 10, title, [...values.map(row), one])
}

/** One line for each series, over the same places; from 0 to `most`, or to the largest value. */
export function lines(
  title: string,
  places: readonly string[],
  series: readonly { readonly label: string; readonly values: readonly number[] }[],
  most = Math.max(...series.flatMap(({ values }) => values)),
): string {
  const x = (i: number): number => 60 + (i * 340) / Math.max(places.length - 1, 1)
  const y = (value: number): number => 230 - (Math.min(value, most) * 190) / most
  const drawn = series.map(({ label, values }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const points = values.map((value, at) => `${x(at).toFixed(0)},${y(value).toFixed(0)}`).join(' ')
    const key = 50 + i * 22
    return [
      `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<rect x="430" y="${key}" width="14" height="4" fill="${colour}"/>`,
      text(450, key + 6, label),
    ].join('')
  })
  const rule = (value: number): string =>
    `<line x1="50" y1="${y(value)}" x2="410" y2="${y(value)}" stroke="${GREY}" stroke-opacity="${value ? 0.3 : 1}"/>`
  const marks = [0, most / 2, most].map(
    (value) =>
      rule(value) + text(46, y(value) + 4, value.toFixed(Number.isInteger(value) ? 0 : 1), 'text-anchor="end"'),
  )
  return svg(260, title, [
    ...marks,
    ...places.map((place, i) => text(x(i), 250, place, 'text-anchor="middle"')),
    ...drawn,
  ])
}
