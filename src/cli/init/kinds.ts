/**
 * What a part of a key's name is: an id of some kind, or a word.
 *
 * @module
 */

/** A kind of id, and what a hole for it is called where nothing better is known. */
export interface Kind {
  readonly name: string
  readonly hole: string
  readonly holds: (text: string) => boolean
}

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

/** Upper and lower case and digits together: no word looks like that. */
const mixed = (text: string): boolean => /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text)

/** The kinds, the surest first. */
const kinds: readonly Kind[] = [
  { name: 'a UUID', hole: 'uuid', holds: matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i) },
  {
    name: 'a date',
    hole: 'date',
    holds: matches(/^(19|20)\d\d[-_./]?(0[1-9]|1[0-2])[-_./]?(0[1-9]|[12]\d|3[01])(T[\d.Z+-]*)?$/),
  },
  { name: 'a month', hole: 'month', holds: matches(/^(19|20)\d\d[-_/.](0[1-9]|1[0-2])$/) },
  { name: 'a number', hole: 'id', holds: matches(/^-?\d+(\.\d+)?$/) },
  { name: 'an e-mail address', hole: 'email', holds: matches(/^[^@\s]+@[^@\s]+\.[^@\s]+$/) },
  { name: 'an IP address', hole: 'ip', holds: matches(/^\d{1,3}(\.\d{1,3}){3}$/) },
  { name: 'hex', hole: 'hash', holds: (text) => /^[0-9a-f]{8,}$/i.test(text) && /\d/.test(text) },
  { name: 'a ULID', hole: 'ulid', holds: matches(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) },
  {
    name: 'base64',
    hole: 'token',
    holds: (text) => /^[\w+/-]{12,}={0,2}$/.test(text) && (mixed(text) || /=$/.test(text)),
  },
]

/** The kind of a part; undefined for a word. */
export const kindOf = (text: string): Kind | undefined => kinds.find(({ holds }) => holds(text))

/** A part that begins or ends with words and has an id at the end: `job_42`. */
const TRAILING = /^(.*?[A-Za-z][_-])([^_-]+|[0-9a-f-]{36})$/

/** `job_42` as its words and its id; undefined where there is no id at the end. */
export function trailingId(
  text: string,
): { readonly words: string; readonly id: string; readonly kind: Kind } | undefined {
  const [, words, id] = TRAILING.exec(text) ?? []
  const kind = id === undefined ? undefined : kindOf(id)
  return kind && { words: words!, id: id!, kind }
}
