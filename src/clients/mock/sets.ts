/**
 * The commands on sets.
 *
 * @module
 */
import { draw, integer, limitOf, options, positive, page, table, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import type { Database } from './store.js'

const setOf = (db: Database, name: string): Set<string> => db.typed(name, 'set') ?? new Set<string>()

function sadd({ db }: Context, name: string, ...members: string[]): number {
  const found = setOf(db, name)
  const before = found.size
  for (const member of members) found.add(member)
  db.put(name, found)
  return found.size - before
}

function srem({ db }: Context, name: string, ...members: string[]): number {
  const found = setOf(db, name)
  const removed = members.filter((member) => found.delete(member)).length
  if (removed > 0) db.settle(name, found)
  return removed
}

function spop({ db }: Context, name: string, amount?: string): Reply {
  const found = setOf(db, name)
  const count = amount === undefined ? 1 : integer(amount)
  if (count < 0) throw new ReplyError('ERR value is out of range, must be positive')
  const picked = draw([...found], count)
  for (const member of picked) found.delete(member)
  if (picked.length > 0) db.settle(name, found)
  return amount === undefined ? (picked[0] ?? null) : picked
}

function smove({ db }: Context, from: string, to: string, member: string): Reply {
  const source = setOf(db, from)
  // Where there is nothing to move, nobody looks where it would go to.
  if (source.size === 0) return 0
  const target = setOf(db, to)
  if (!source.has(member)) return 0
  if (from === to) return 1
  source.delete(member)
  target.add(member)
  db.settle(from, source)
  db.put(to, target)
  return 1
}

type Combine = (first: ReadonlySet<string>, others: readonly ReadonlySet<string>[]) => string[]

const combines: Readonly<Record<'sinter' | 'sunion' | 'sdiff', Combine>> = {
  sinter: (first, others) => [...first].filter((member) => others.every((other) => other.has(member))),
  sunion: (first, others) => [...new Set([...first, ...others.flatMap((other) => [...other])])],
  sdiff: (first, others) => [...first].filter((member) => !others.some((other) => other.has(member))),
}

function combined(db: Database, names: readonly string[], combine: Combine): string[] {
  const [first = new Set<string>(), ...others] = names.map((name) => setOf(db, name))
  return combine(first, others)
}

function store({ db }: Context, to: string, names: readonly string[], combine: Combine): number {
  const members = combined(db, names, combine)
  db.replace(to, members.length === 0 ? undefined : new Set(members))
  return members.length
}

function sintercard({ db }: Context, count: string, ...rest: string[]): Reply {
  const amount = positive(count, 'numkeys')
  if (amount > rest.length) throw new ReplyError("ERR Number of keys can't be greater than number of args")
  const names = rest.slice(0, amount)
  const limit = limitOf(options(rest.slice(amount), { limit: 1 }))
  const size = combined(db, names, combines.sinter).length
  return Math.min(size, limit)
}

const algebra = Object.fromEntries(
  Object.entries(combines).flatMap(([name, combine]) => [
    [name, [1, -1, ({ db }: Context, ...names: string[]) => combined(db, names, combine)]],
    [`${name}store`, [2, -1, (context: Context, to: string, ...names: string[]) => store(context, to, names, combine)]],
  ]),
) as Parameters<typeof table>[0]

/** The commands, with the fewest and the most arguments. */
export const setCommands: Commands = table({
  ...algebra,
  sadd: [2, -1, sadd],
  srem: [2, -1, srem],
  spop: [1, 2, spop],
  srandmember: [
    1,
    2,
    ({ db }, name: string, amount?: string) => {
      const members = [...setOf(db, name)]
      return amount === undefined ? (draw(members, 1)[0] ?? null) : draw(members, integer(amount))
    },
  ],
  smove: [3, 3, smove],
  sintercard: [2, -1, sintercard],
  sscan: [
    2,
    -1,
    ({ db }, name: string, cursor: string, ...rest: string[]) =>
      page(
        [...setOf(db, name)].map((member) => [member] as const),
        cursor,
        rest,
        ([member]) => member,
      ),
  ],
  scard: [1, 1, ({ db }, name: string) => setOf(db, name).size],
  smembers: [1, 1, ({ db }, name: string) => [...setOf(db, name)]],
  sismember: [2, 2, ({ db }, name: string, member: string) => (setOf(db, name).has(member) ? 1 : 0)],
  smismember: [
    2,
    -1,
    ({ db }, name: string, ...members: string[]) => {
      const found = setOf(db, name)
      return members.map((member) => (found.has(member) ? 1 : 0))
    },
  ],
})
