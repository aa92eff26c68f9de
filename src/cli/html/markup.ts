/**
 * HTML that cannot forget to escape.
 *
 * @module
 */

/** Markup that is safe to put into markup. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a hole of {@link html}. */
export type Part = Markup | string | number | undefined | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function put(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'object') return part.map(put).join('')
  // Key names hold anything: control characters would make the page something that no parser reads.
  return String(part)
    .replace(/[&<>"']/g, (char) => entities[char]!)
    .replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')
}

/**
 * Markup from a template; every value in it is escaped, unless it is markup itself.
 *
 * @example
 * ```ts
 * html`<td>${'<b>'}</td>`.text // '<td>&lt;b&gt;</td>'
 * ```
 */
export const html = (pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(pieces.reduce((text, piece, i) => text + put(parts[i - 1]) + piece))
