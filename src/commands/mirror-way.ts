/**
 * Which way of mirroring these very arguments allow: the row says what is best, the line may need more.
 *
 * @module
 */
import { isPlainOverwrite } from './overwrite.js'
import { word } from './tokens.js'
import type { Arg, CommandRow, MirrorWay } from './types.js'

/**
 * How this command line reaches the second name, as far as its arguments decide it.
 *
 * @param row - the row of the command
 * @param argv - the command with its arguments
 * @returns the row's own way, or one that is right for arguments it is wrong for; `state` is right for all
 * @example
 * ```ts
 * mirrorOf(row, ['xadd', 'k', '*', 'f', 'v']) // 'effect': the id comes from the clock
 * mirrorOf(row, ['xadd', 'k', '5-1', 'f', 'v']) // 'replay'
 * mirrorOf(row, ['set', 'k', 'v', 'NX']) // 'state'
 * ```
 */
export function mirrorOf(row: CommandRow, argv: readonly Arg[]): MirrorWay {
  if (row.mirror === 'overwrite') return isPlainOverwrite(row, argv) ? 'overwrite' : 'state'
  return byLine[row.name]?.(argv) ?? row.mirror
}

/**
 * Does its key exist afterwards if it existed before, whatever the arguments meet?
 *
 * @example
 * ```ts
 * keepsKey(row, ['set', 'k', 'v', 'EX', '10', 'NX']) // true
 * keepsKey(row, ['set', 'k', 'v', 'PXAT', '1', 'NX']) // false: that time is past, and the key goes
 * ```
 */
export function keepsKey(row: CommandRow, argv: readonly Arg[]): boolean {
  return row.keeps === true && !argv.slice(3).some((arg) => ['exat', 'pxat'].includes(word(arg)))
}

/** Options that newer servers may add are not known to be mirrored right: those lines go by `state`. */
const byLine: Readonly<Record<string, (argv: readonly Arg[]) => MirrorWay | undefined>> = Object.assign(
  Object.create(null) as object,
  { xadd: addedWay, xtrim: trimmedWay, xreadgroup: groupWay },
)

function addedWay(argv: readonly Arg[]): MirrorWay {
  let at = 2
  let approximate = false
  while (at < argv.length) {
    const option = word(argv[at]!)
    if (option === 'nomkstream') at++
    else if (option === 'maxlen' || option === 'minid') {
      const trim = readTrim(argv, at)
      approximate ||= trim.approximate
      at = trim.end
    } else break
  }
  const id = argv[at]?.toString() ?? ''
  if (/^\d+(-\d+)?$/.test(id)) return approximate ? 'effect' : 'replay'
  return id === '*' || /^\d+-\*$/.test(id) ? 'effect' : 'state'
}

function trimmedWay(argv: readonly Arg[]): MirrorWay {
  const { approximate, end } = readTrim(argv, 2)
  if (end !== argv.length) return 'state'
  return approximate ? 'effect' : 'replay'
}

/** `MAXLEN|MINID [=|~] threshold [LIMIT count]`, from its first word. */
function readTrim(argv: readonly Arg[], from: number): { approximate: boolean; end: number } {
  const sign = argv[from + 1]?.toString()
  const end = from + (sign === '~' || sign === '=' ? 3 : 2)
  const limited = argv[end] !== undefined && word(argv[end]) === 'limit'
  return { approximate: sign === '~', end: limited ? end + 2 : end }
}

/** The options of XREADGROUP whose replay a script can do, with their argument count. BLOCK is refused there. */
const GROUP_OPTIONS: ReadonlyMap<string, number> = new Map([
  ['group', 2],
  ['count', 1],
  ['noack', 0],
])

function groupWay(argv: readonly Arg[]): MirrorWay | undefined {
  let at = 1
  while (at < argv.length && word(argv[at]!) !== 'streams') {
    const skip = GROUP_OPTIONS.get(word(argv[at]!))
    if (skip === undefined) return 'state'
    at += 1 + skip
  }
  return undefined
}
