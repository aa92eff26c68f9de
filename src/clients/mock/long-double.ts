/**
 * Sums as INCRBYFLOAT makes them: with the 64 bits of a `long double`, of which JavaScript's numbers have 53.
 *
 * @module
 */

/** A fraction: `top / bottom`, the bottom a positive number. */
interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

const BITS = 64n
/** Digits behind the point, as `%.17Lf` writes them. */
const DIGITS = 17n

/** How many bits a positive number has. */
const width = (value: bigint): bigint => BigInt(value.toString(2).length)

/** Half to even, as processors round. */
function divided(top: bigint, bottom: bigint): bigint {
  const [whole, rest] = [top / bottom, (top % bottom) * 2n]
  return rest > bottom || (rest === bottom && whole % 2n === 1n) ? whole + 1n : whole
}

/** The nearest number with 64 bits. */
function rounded({ top, bottom }: Fraction): Fraction {
  if (top === 0n) return { top, bottom }
  const [sign, size] = top < 0n ? [-1n, -top] : [1n, top]
  let shift = BITS - (width(size) - width(bottom))
  const scaled = (by: bigint): bigint => (by >= 0n ? divided(size << by, bottom) : divided(size, bottom << -by))
  if (width(scaled(shift)) > BITS) shift--
  const mantissa = sign * scaled(shift)
  return shift >= 0n ? { top: mantissa, bottom: 1n << shift } : { top: mantissa << -shift, bottom: 1n }
}

/** A decimal number such as `-1.5e3`. */
function parsed(text: string): Fraction {
  const [, sign, whole = '', part = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? []
  const digits = BigInt(`${whole}${part}` || '0') * (sign === '-' ? -1n : 1n)
  const power = BigInt(exponent) - BigInt(part.length)
  return rounded(power >= 0n ? { top: digits * 10n ** power, bottom: 1n } : { top: digits, bottom: 10n ** -power })
}

/** The sum of two decimal numbers, as Redis writes it. */
export function sumText(one: string, other: string): string {
  const [a, b] = [parsed(one), parsed(other)]
  const sum = rounded({ top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom })
  const size = sum.top < 0n ? -sum.top : sum.top
  const digits = divided(size * 10n ** DIGITS, sum.bottom)
    .toString()
    .padStart(Number(DIGITS) + 1, '0')
  const point = digits.length - Number(DIGITS)
  const text = `${digits.slice(0, point)}.${digits.slice(point)}`.replace(/\.?0+$/, '')
  return sum.top < 0n && text !== '0' ? `-${text}` : text
}
