/**
 * What createMockRedis takes, checked before anything is made of it.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'

const EXAMPLE = "createMockRedis({ schema, phase: 'dual-write', data: { 'job:42': 'x' } })"

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)

const shown = (value: unknown): string =>
  typeof value === 'object'
    ? Object.prototype.toString.call(value)
    : typeof value === 'string'
      ? `"${value}"`
      : typeof value

/** What may be given besides the schema and the phase, which the wrapped client checks. */
const expected: Readonly<Record<string, readonly [what: string, isFine: (value: unknown) => boolean]>> = {
  data: ['an object of values by their names', isPlain],
  options: ['an object of options of the client', isPlain],
  Redis: ['the class of a client', (value) => typeof value === 'function'],
}

const known: ReadonlySet<string> = new Set(['schema', 'phase', 'hooks', 'unknownCommands', ...Object.keys(expected)])

const refuse = (message: string, hint = EXAMPLE): CanonicalRedisError =>
  new CanonicalRedisError('E_BAD_OPTION', message, { hint })

/** @throws {@link CanonicalRedisError} `E_BAD_OPTION` */
export function checkOptions(options: unknown): void {
  if (!isPlain(options)) throw refuse(`expected an object of options, got ${shown(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!known.has(name)) {
      throw refuse(`expected options of the mock, got \`${name}\``, `options are ${[...known].join(', ')}`)
    }
    checkOption(name, value)
  }
}

function checkOption(name: string, value: unknown): void {
  const [what, isFine] = expected[name] ?? []
  if (value === undefined || isFine === undefined || isFine(value)) return
  throw refuse(`expected \`${name}\` to be ${what}, got ${shown(value)}`)
}

/** @throws {@link CanonicalRedisError} `E_BAD_OPTION` */
export function checkData(data: unknown): void {
  if (data === undefined) throw refuse('expected `data` to be an object of values by their names, got undefined')
  checkOption('data', data)
}

/** @throws {@link CanonicalRedisError} `E_BAD_OPTION` */
export function checkDatabase(db: unknown, count: number): void {
  if (Number.isInteger(db) && (db as number) >= 0 && (db as number) < count) return
  throw refuse(
    `expected the number of a database to be one from 0 to ${count - 1}, got ${typeof db === 'number' ? db : shown(db)}`,
    'physicalKeys(0)',
  )
}
