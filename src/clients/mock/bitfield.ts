/**
 * BITFIELD: integers of any width inside a string.
 *
 * @module
 */
import { int64, syntaxError, table, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'

type Overflow = 'wrap' | 'sat' | 'fail'

interface Piece {
  readonly isSigned: boolean
  readonly bits: number
  readonly at: number
}

interface Step extends Piece {
  readonly word: 'get' | 'set' | 'incrby'
  readonly amount: bigint
  readonly overflow: Overflow
}

const invalidType = (): ReplyError =>
  new ReplyError('ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.')

function piece(type = '', offset = ''): Piece {
  const [, sign, width] = /^([iu])(\d+)$/i.exec(type) ?? []
  const bits = Number(width)
  const isSigned = sign === 'i'
  if (sign === undefined || /[IU]/.test(sign) || bits < 1 || bits > (isSigned ? 64 : 63)) throw invalidType()
  const [, hash, digits] = /^(#?)(\d+)$/.exec(offset) ?? []
  const at = Number(digits) * (hash ? bits : 1)
  if (digits === undefined || at + bits > 2 ** 32)
    throw new ReplyError('ERR bit offset is not an integer or out of range')
  return { isSigned, bits, at }
}

const SIZES: Readonly<Record<string, number>> = { get: 2, set: 3, incrby: 3, overflow: 1 }

function read(args: readonly string[]): Step[] {
  const steps: Step[] = []
  let overflow: Overflow = 'wrap'
  for (let i = 0; i < args.length;) {
    const word = (args[i] as string).toLowerCase()
    const size = SIZES[word]
    if (size === undefined || i + size >= args.length) throw syntaxError()
    const [first = '', second, third] = args.slice(i + 1, i + 1 + size)
    i += 1 + size
    if (word === 'overflow') {
      const wanted = first.toLowerCase()
      if (!['wrap', 'sat', 'fail'].includes(wanted)) throw new ReplyError('ERR Invalid OVERFLOW type specified')
      overflow = wanted as Overflow
    } else {
      const place = piece(first, second)
      steps.push({ ...place, word: word as Step['word'], amount: third === undefined ? 0n : int64(third), overflow })
    }
  }
  return steps
}

function valueAt(bytes: Buffer, { at, bits, isSigned }: Piece): bigint {
  let value = 0n
  for (let bit = at; bit < at + bits; bit++) {
    value = (value << 1n) | BigInt(((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1)
  }
  return isSigned ? BigInt.asIntN(bits, value) : value
}

function write(bytes: Buffer, { at, bits }: Piece, value: bigint): void {
  for (let i = 0; i < bits; i++) {
    const bit = at + i
    const mask = 1 << (7 - (bit & 7))
    const isOne = (value >> BigInt(bits - 1 - i)) & 1n
    const byte = bytes[bit >> 3] as number
    bytes[bit >> 3] = isOne ? byte | mask : byte & ~mask
  }
}

/** The number as it fits into the piece; undefined: it does not, and is not to. */
function fitted(value: bigint, { bits, isSigned, overflow }: Step): bigint | undefined {
  const [min, max] = isSigned
    ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n]
    : [0n, (1n << BigInt(bits)) - 1n]
  if (value >= min && value <= max) return value
  if (overflow === 'sat') return value > max ? max : min
  if (overflow === 'fail') return undefined
  return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
}

function apply(bytes: Buffer, step: Step): Reply {
  const old = valueAt(bytes, step)
  if (step.word === 'get') return old
  // As in Redis, a negative number to set into an unsigned piece is a very large one.
  const given = step.isSigned ? step.amount : BigInt.asUintN(64, step.amount)
  const next = fitted(step.word === 'set' ? given : old + step.amount, step)
  if (next === undefined) return null
  write(bytes, step, next)
  return step.word === 'set' ? old : next
}

function bitfield({ db }: Context, name: string, ...args: string[]): Reply {
  const steps = read(args)
  const old = Buffer.from(db.typed(name, 'string') ?? '', 'latin1')
  const writes = steps.filter(({ word }) => word !== 'get')
  const size = Math.max(old.length, ...writes.map(({ at, bits }) => Math.ceil((at + bits) / 8)))
  const bytes = Buffer.concat([old], size)
  const replies = steps.map((step) => apply(bytes, step))
  if (writes.length > 0) db.put(name, bytes.toString('latin1'))
  return replies
}

function bitfieldRo(context: Context, name: string, ...args: string[]): Reply {
  if (read(args).some(({ word }) => word !== 'get')) {
    throw new ReplyError('ERR BITFIELD_RO only supports the GET subcommand')
  }
  return bitfield(context, name, ...args)
}

/** The commands, with the fewest and the most arguments. */
export const bitfieldCommands: Commands = table({ bitfield: [1, -1, bitfield], bitfield_ro: [1, -1, bitfieldRo] })
