/**
 * The commands on the bits of a string. BITFIELD is in a file of its own.
 *
 * @module
 */
import { integer, syntaxError, table, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'

const bytesOf = ({ db }: Context, name: string): Buffer => Buffer.from(db.typed(name, 'string') ?? '', 'latin1')

const bitAt = (bytes: Buffer, at: number): number => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1

function offset(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) >= 2 ** 32)
    throw new ReplyError('ERR bit offset is not an integer or out of range')
  return Number(text)
}

function bit(text: string): number {
  if (text !== '0' && text !== '1') throw new ReplyError('ERR bit is not an integer or out of range')
  return Number(text)
}

function setbit(context: Context, name: string, at: string, value: string): Reply {
  const place = offset(at)
  const wanted = bit(value)
  const old = bytesOf(context, name)
  const bytes = Buffer.alloc(Math.max(old.length, (place >> 3) + 1))
  old.copy(bytes)
  const before = bitAt(bytes, place)
  const mask = 1 << (7 - (place & 7))
  const byte = bytes[place >> 3] as number
  bytes[place >> 3] = wanted ? byte | mask : byte & ~mask
  context.db.put(name, bytes.toString('latin1'))
  return before
}

/** The first and the last bit of a range in bytes or bits; negative numbers count from the end. */
function bitRange(size: number, start: string, end: string, unit: string): [number, number] {
  const word = unit.toLowerCase()
  if (word !== 'byte' && word !== 'bit') throw syntaxError()
  const length = word === 'bit' ? size * 8 : size
  const [from, upto] = [integer(start), integer(end)].map((at) => (at < 0 ? Math.max(0, length + at) : at)) as [
    number,
    number,
  ]
  const last = Math.min(upto, length - 1)
  return word === 'bit' ? [from, last] : [from * 8, last * 8 + 7]
}

function bitcount(context: Context, name: string, start = '0', end?: string, unit = 'BYTE'): Reply {
  if (context.db.get(name) === undefined) return 0
  if (end === undefined && start !== '0') throw syntaxError()
  const bytes = bytesOf(context, name)
  const [from, upto] = bitRange(bytes.length, start, end ?? '-1', unit)
  let count = 0
  for (let at = from; at <= upto; at++) count += bitAt(bytes, at)
  return count
}

function bitpos(context: Context, name: string, value: string, start = '0', end?: string, unit = 'BYTE'): Reply {
  if (!/^[01]$/.test(value)) throw new ReplyError('ERR The bit argument must be 1 or 0.')
  const wanted = Number(value)
  const bytes = bytesOf(context, name)
  if (bytes.length === 0) return wanted === 0 ? 0 : -1
  const [from, upto] = bitRange(bytes.length, start, end ?? '-1', unit)
  for (let at = from; at <= upto; at++) if (bitAt(bytes, at) === wanted) return at
  // Without an end the string counts as if zeros followed it.
  return wanted === 0 && end === undefined ? bytes.length * 8 : -1
}

const combine: Readonly<Record<string, (a: number, b: number) => number>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
}

function bitop(context: Context, operation: string, to: string, ...from: string[]): Reply {
  const word = operation.toLowerCase()
  const operate = combine[word]
  if (operate === undefined && word !== 'not') throw syntaxError()
  if (word === 'not' && from.length > 1) throw new ReplyError('ERR BITOP NOT must be called with a single source key.')
  const sources = from.map((name) => bytesOf(context, name))
  const result = Buffer.alloc(Math.max(...sources.map((source) => source.length)))
  for (let at = 0; at < result.length; at++) {
    const column = sources.map((source) => source[at] ?? 0)
    result[at] = operate ? column.reduce(operate) : ~(column[0] as number)
  }
  context.db.replace(to, result.length === 0 ? undefined : result.toString('latin1'))
  return result.length
}

/** The commands, with the fewest and the most arguments. */
export const bitCommands: Commands = table({
  setbit: [3, 3, setbit],
  getbit: [2, 2, (context, name: string, at: string) => bitAt(bytesOf(context, name), offset(at))],
  bitcount: [1, 4, bitcount],
  bitpos: [2, 5, bitpos],
  bitop: [3, -1, bitop],
})
