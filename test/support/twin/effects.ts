/**
 * Commands whose replies the server draws: the library's draw must be a possible one, and the bare twin repeats it.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import type { Arg } from '../../../src/commands/index.js'

/** What the bare twin is given, and what it should have answered; a sentence where the draw was not possible. */
export async function repeatDraw(bare: Redis, argv: readonly Arg[], got: unknown): Promise<unknown> {
  const command = String(argv[0]).toLowerCase()
  const call = (line: readonly Arg[]): Promise<unknown> =>
    bare.callBuffer(...(line as [string, ...Arg[]])).catch((error: unknown) => error)
  const drawn = Array.isArray(got) ? (got as unknown[]) : [got]
  // Nothing was drawn: then the bare twin must have nothing to draw from either.
  if (!drawn.every(isText) || drawn.length === 0) return call(argv)
  if (command === 'xadd') {
    const id = await call(argv.map((part) => (part === '*' ? (got as Arg) : part)))
    return typeof got === 'string' ? String(id) : id
  }
  const key = argv[1] as string
  const members = await membersOf[command as keyof typeof membersOf](bare, key)
  const taken = drawn.map((one) => members.find((member) => isSame(member, one)) ?? Buffer.from(one))
  const fault = impossible(taken, members, argv[2] === undefined ? 1 : Number(argv[2]))
  if (fault !== undefined) return fault
  if (command === 'spop') await bare.srem(key, ...taken)
  return got
}

const isText = (value: unknown): value is Arg => typeof value === 'string' || Buffer.isBuffer(value)

/** Is this what was drawn? The EXEC of node-redis gives strings, in which bytes that are no text are lost. */
const isSame = (member: Buffer, drawn: Arg): boolean =>
  typeof drawn === 'string' ? member.toString() === drawn : member.equals(drawn)

const membersOf = {
  spop: (bare: Redis, key: string): Promise<Buffer[]> => bare.smembersBuffer(key),
  srandmember: (bare: Redis, key: string): Promise<Buffer[]> => bare.smembersBuffer(key),
  hrandfield: (bare: Redis, key: string): Promise<Buffer[]> => bare.hkeysBuffer(key),
  zrandmember: (bare: Redis, key: string): Promise<Buffer[]> => bare.zrangeBuffer(key, 0, -1),
}

/** Why this draw cannot be: a negative count may draw one member twice, and gives exactly so many. */
function impossible(drawn: readonly Buffer[], members: readonly Buffer[], count: number): string | undefined {
  const known = new Set(members.map((member) => member.toString('latin1')))
  const names = drawn.map((member) => member.toString('latin1'))
  const foreign = names.filter((name) => !known.has(name))
  if (foreign.length > 0) return `drawn, but not a member of the bare twin: ${foreign.join(', ')}`
  const expected = count < 0 ? -count : Math.min(count, members.length)
  if (drawn.length !== expected) return `expected ${expected} of ${members.length} members, got ${drawn.length}`
  return count > 0 && new Set(names).size < names.length ? 'the same member was drawn twice' : undefined
}
