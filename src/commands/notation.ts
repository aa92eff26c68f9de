/**
 * The compact spelling of key specs in the generated table.
 *
 * `<use> <begin> [<find>]`, several joined by `; `:
 *
 * | spelling | meaning |
 * |---|---|
 * | `read 1` | the key is argument 1 |
 * | `read STREAMS@1 -1:1:2` | begin after the word STREAMS, searched from argument 1; then last : step : limit |
 * | `read 2 #0:1:1` | begin at argument 2; then number of keys at +0, first key at +1, step 1 |
 *
 * @module
 */
import type { KeySpec, KeyUse } from './types.js'

/** Name, arity, flags, key specs; the servers that have it, where not all of them do. */
export type GeneratedRow = readonly [name: string, arity: number, flags: string, keys: string, servers?: string]

/** The same of a command that was only read about. */
export type DocumentedRow = readonly [name: string, arity: number, flags: string, keys: string]

/** One argument, no further keys: by far the commonest, so it is left out of the spelling. */
const ONE_KEY = '0:1:0'

/** Spells one key spec. */
export function writeSpec({ use, begin, find }: KeySpec): string {
  const from = 'index' in begin ? `${begin.index}` : `${begin.keyword}@${begin.from}`
  const how = 'last' in find ? `${find.last}:${find.step}:${find.limit}` : `#${find.keynum}:${find.first}:${find.step}`
  return how === ONE_KEY ? `${use} ${from}` : `${use} ${from} ${how}`
}

/** Reads what {@link writeSpec} spelled, several of them joined by `; `. */
export function readSpecs(text: string): KeySpec[] {
  return text === '' ? [] : text.split('; ').map(readSpec)
}

function readSpec(text: string): KeySpec {
  const [use, from, how = ONE_KEY] = text.split(' ') as [KeyUse, string, string?]
  const [keyword, start] = from.split('@') as [string, string?]
  const [a, b, c] = how.replace('#', '').split(':').map(Number) as [number, number, number]
  return {
    use,
    begin: start === undefined ? { index: Number(keyword) } : { keyword, from: Number(start) },
    find: how.startsWith('#') ? { keynum: a, first: b, step: c } : { last: a, step: b, limit: c },
  }
}
