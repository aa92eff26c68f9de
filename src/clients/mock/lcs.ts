/**
 * LCS, the longest common subsequence of two strings, found as Redis finds it: of several it has to be the same one.
 *
 * @module
 */
import { integer, options, table, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'

function textOf(db: Database, name: string): string {
  const value = db.get(name) ?? ''
  if (typeof value !== 'string') throw new ReplyError('ERR The specified keys must contain string values')
  return value
}

/** The length for the first `i` and `j` bytes is at `i * (b.length + 1) + j`. */
function lengths(a: string, b: string): Uint32Array {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const [above, left] = [table[(i - 1) * width + j] as number, table[i * width + j - 1] as number]
      const same = a[i - 1] === b[j - 1]
      table[i * width + j] = same ? (table[(i - 1) * width + j - 1] as number) + 1 : Math.max(above, left)
    }
  }
  return table
}

/** A piece that both have: where it begins in each, and how long it is. */
interface Match {
  a: number
  b: number
  length: number
}

/** Walks back from the end. */
function trace(a: string, b: string, table: Uint32Array): { text: string; matches: Match[] } {
  const width = b.length + 1
  const [letters, matches]: [string[], Match[]] = [[], []]
  let open: Match | undefined
  let [i, j] = [a.length, b.length]
  while (i > 0 && j > 0) {
    let ends = false
    if (a[i - 1] === b[j - 1]) {
      letters.push(a[i - 1] as string)
      if (open === undefined) open = { a: i - 1, b: j - 1, length: 1 }
      else if (open.a === i && open.b === j) Object.assign(open, { a: i - 1, b: j - 1, length: open.length + 1 })
      else ends = true
      ends ||= open.a === 0 || open.b === 0
      i--
      j--
    } else {
      if ((table[(i - 1) * width + j] as number) > (table[i * width + j - 1] as number)) i--
      else j--
      ends = open !== undefined
    }
    if (!ends || open === undefined) continue
    matches.push(open)
    open = undefined
  }
  return { text: letters.reverse().join(''), matches }
}

function lcs({ db }: Context, first: string, second: string, ...rest: string[]): Reply {
  const [a, b] = [textOf(db, first), textOf(db, second)]
  const found = options(rest, { len: 0, idx: 0, withmatchlen: 0, minmatchlen: 1 })
  const least = Math.max(0, integer(found.get('minmatchlen')?.[0] ?? '0'))
  if (found.has('len') && found.has('idx')) {
    throw new ReplyError('ERR If you want both the length and indexes, please just use IDX.')
  }
  const table = lengths(a, b)
  const length = table.at(-1) as number
  if (found.has('len')) return length
  const { text, matches } = trace(a, b, table)
  if (!found.has('idx')) return text
  const shown = matches
    .filter((match) => match.length >= least)
    .map((match): Reply => {
      const ranges: Reply[] = [match.a, match.b].map((from) => [from, from + match.length - 1])
      return found.has('withmatchlen') ? [...ranges, match.length] : ranges
    })
  return ['matches', shown, 'len', length]
}

/** The commands, with the fewest and the most arguments. */
export const lcsCommands: Commands = table({ lcs: [2, -1, lcs] })
