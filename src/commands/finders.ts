/**
 * Key specs, compiled once per row into closures, so that finding the keys of a command interprets nothing.
 *
 * @module
 */
import type { Finder } from './parsers.js'
import { count, word } from './tokens.js'
import type { Arg, KeyRef, KeySpec, KeyUse } from './types.js'

const none: readonly KeyRef[] = Object.freeze([])

/** One finder for all the specs of a row. */
export function compileSpecs(specs: readonly KeySpec[]): Finder {
  if (specs.length === 0) return () => none
  return specs.map(compileSpec).reduce((left, right) => (argv) => [...left(argv), ...right(argv)])
}

/**
 * For specs whose keys stand at places that the number of words tells alone, as in `MGET`: from that number to the keys.
 * Undefined for those that count their keys (`ZUNION 2 a b`) or put them behind a word.
 */
export function compilePlaces(specs: readonly KeySpec[]): ((words: number) => readonly KeyRef[]) | undefined {
  const places: ((words: number) => readonly KeyRef[])[] = []
  for (const { begin, find, use } of specs) {
    if (!('index' in begin && 'last' in find)) return undefined
    places.push((words) => range(words, begin.index, find, use))
  }
  return (words) => places.flatMap((place) => place(words))
}

function compileSpec({ begin, find, use }: KeySpec): Finder {
  if ('index' in begin && 'last' in find && find.last === 0) return oneKey(begin.index, use)
  const start = 'index' in begin ? () => begin.index : afterKeyword(begin.keyword.toLowerCase(), begin.from)
  return 'last' in find
    ? (argv) => range(argv.length, start(argv), find, use)
    : (argv) => {
        const from = start(argv)
        const keys = from > 0 ? count(argv[from + find.keynum]) : 0
        // A count above what is there (EVAL … 9 a) is the server's to refuse: only keys that exist are given.
        return keysFrom(argv.length, from + find.first, find.step, keys, use)
      }
}

/** By far the commonest: the same answer for every command line that has the argument at all. */
function oneKey(index: number, use: KeyUse): Finder {
  const found: readonly KeyRef[] = Object.freeze([Object.freeze({ index, use })])
  return (argv) => (argv.length > index ? found : none)
}

/** The position behind a keyword, searched forwards from `from`, or backwards when it counts from the end; 0: absent. */
function afterKeyword(keyword: string, from: number): (argv: readonly Arg[]) => number {
  return (argv) => {
    const step = from < 0 ? -1 : 1
    for (let i = from < 0 ? argv.length + from : from; i > 0 && i < argv.length; i += step) {
      if (word(argv[i]!) === keyword) return i + 1
    }
    return 0
  }
}

type RangeRule = Extract<KeySpec['find'], { last: number }>

/** `last` counts from `start`, or from the end when negative; then `limit` takes only that part (2: the first half). */
function range(words: number, start: number, { last, step, limit }: RangeRule, use: KeyUse): readonly KeyRef[] {
  if (start <= 0) return none
  const end = last >= 0 ? start + last : limit <= 1 ? words + last : start + Math.floor((words - start) / limit) + last
  return keysFrom(words, start, step, Math.floor((end - start) / step) + 1, use)
}

function keysFrom(argc: number, first: number, step: number, keys: number, use: KeyUse): readonly KeyRef[] {
  const found: KeyRef[] = []
  for (let i = 0, index = first; i < keys && index < argc; i++, index += step) found.push({ index, use })
  return found
}
