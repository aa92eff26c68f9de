/**
 * SORT, of the elements themselves; BY and GET, which read other keys, are left out.
 *
 * @module
 */
import { integer, options, syntaxError, table, type Command, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { byScore } from './sorted-set.js'
import type { Database } from './store.js'

function elementsOf(db: Database, name: string): string[] {
  const value = db.get(name)
  if (value === undefined) return []
  if (Array.isArray(value)) return [...value]
  if (value instanceof Set) return [...value]
  if (value instanceof Map) return [...value.values()].sort(byScore).map((entry) => entry.value)
  throw new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
}

const words = { asc: 0, desc: 0, alpha: 0, limit: 2 } as const

function sorted(db: Database, name: string, found: ReadonlyMap<string, string[]>): string[] {
  const all = elementsOf(db, name)
  if (found.has('alpha')) all.sort((a, b) => (a < b ? -1 : Number(a > b)))
  else if (all.some((one) => one.trim() === '' || Number.isNaN(Number(one)))) {
    throw new ReplyError("ERR One or more scores can't be converted into double")
  } else all.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : Number(a > b)))
  if (found.has('desc')) all.reverse()
  const [offset, count] = (found.get('limit') ?? ['0', '-1']).map(integer) as [number, number]
  return all.slice(Math.max(0, offset), count < 0 ? undefined : Math.max(0, offset) + count)
}

function sort(more: Readonly<Record<string, number>>): Command {
  const run = ({ db }: Context, name: string, ...rest: string[]): Reply => {
    if (rest.some((word) => /^(?:by|get)$/i.test(word))) throw syntaxError()
    const found = options(rest, { ...words, ...more })
    const list = sorted(db, name, found)
    const to = found.get('store')?.[0]
    if (to === undefined) return list
    db.replace(to, list.length === 0 ? undefined : list)
    return list.length
  }
  return [1, -1, run]
}

/** The commands, with the fewest and the most arguments. */
export const sortCommands: Commands = table({ sort: sort({ store: 1 }), sort_ro: sort({}) })
