/**
 * SORT, also by what lies under other keys, and of what lies there.
 *
 * @module
 */
import { float, integer, syntaxError, table, type Command, type Commands, type Context } from './command.js'
import { ReplyError, type Reply } from './resp.js'
import { byScore } from './sorted-set.js'
import type { Database } from './store.js'

interface Asked {
  by: string | undefined
  readonly gets: string[]
  limit: readonly [offset: number, count: number]
  isAlpha: boolean
  isReversed: boolean
  to: string | undefined
}

function read(args: readonly string[], mayStore: boolean): Asked {
  const asked: Asked = { by: undefined, gets: [], limit: [0, -1], isAlpha: false, isReversed: false, to: undefined }
  const rest = [...args]
  const take = (count: number): string[] => {
    if (rest.length < count) throw syntaxError()
    return rest.splice(0, count)
  }
  const words: Record<string, () => unknown> = {
    asc: () => (asked.isReversed = false),
    desc: () => (asked.isReversed = true),
    alpha: () => (asked.isAlpha = true),
    limit: () => (asked.limit = take(2).map(integer) as [number, number]),
    by: () => (asked.by = take(1)[0]),
    get: () => asked.gets.push(...take(1)),
    ...(mayStore ? { store: () => (asked.to = take(1)[0]) } : {}),
  }
  while (rest.length > 0) {
    const word = words[(rest.shift() as string).toLowerCase()]
    if (word === undefined) throw syntaxError()
    word()
  }
  return asked
}

function elementsOf(db: Database, name: string): { elements: string[]; isSet: boolean } {
  const value = db.get(name)
  if (value === undefined) return { elements: [], isSet: false }
  if (Array.isArray(value)) return { elements: [...value], isSet: false }
  if (value instanceof Set) return { elements: [...value], isSet: true }
  if (value instanceof Map)
    return { elements: [...value.values()].sort(byScore).map((entry) => entry.value), isSet: false }
  throw new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
}

/** What lies under `weight_*` or in `object_*->field`, with the element in the place of the star. */
function lookUp(db: Database, pattern: string, element: string): string | undefined {
  if (pattern === '#') return element
  const star = pattern.indexOf('*')
  if (star === -1) return undefined
  const arrow = pattern.indexOf('->', star)
  const hasField = arrow !== -1 && arrow + 2 < pattern.length
  const name = pattern.slice(0, star) + element + pattern.slice(star + 1, hasField ? arrow : undefined)
  const value = db.get(name)
  if (!hasField) return typeof value === 'string' ? value : undefined
  const isHash = typeof value === 'object' && Object.getPrototypeOf(value) === null
  return isHash ? (value as Record<string, string>)[pattern.slice(arrow + 2)] : undefined
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function scoreOf(text: string | undefined): number {
  try {
    return text === undefined ? 0 : float(text)
  } catch {
    throw new ReplyError("ERR One or more scores can't be converted into double")
  }
}

function sorted(db: Database, name: string, asked: Asked): string[] {
  const { elements, isSet } = elementsOf(db, name)
  const isUnsorted = asked.by !== undefined && !asked.by.includes('*')
  // A set has no order, and what is stored must have one.
  const isForced = isUnsorted && isSet && asked.to !== undefined
  if (isUnsorted && !isForced) return asked.isReversed && db.get(name) instanceof Map ? elements.reverse() : elements
  const by = isForced ? undefined : asked.by
  const weightOf = (element: string): string | undefined => (by === undefined ? element : lookUp(db, by, element))
  const weighed = elements.map((element) => ({ element, weight: weightOf(element) }))
  const order =
    asked.isAlpha || isForced
      ? weighed.sort((a, b) => byBytes(a.weight ?? '', b.weight ?? ''))
      : weighed
          .map((one) => ({ ...one, score: scoreOf(one.weight) }))
          .sort((a, b) => a.score - b.score || byBytes(a.element, b.element))
  const found = order.map(({ element }) => element)
  return asked.isReversed ? found.reverse() : found
}

function sort(mayStore: boolean): Command {
  const run = ({ db }: Context, name: string, ...rest: string[]): Reply => {
    const asked = read(rest, mayStore)
    const [offset, count] = [Math.max(0, asked.limit[0]), asked.limit[1]]
    const elements = sorted(db, name, asked).slice(offset, count < 0 ? undefined : offset + count)
    const gets = asked.gets
    const list = elements.flatMap((element) =>
      gets.length === 0 ? [element] : gets.map((pattern) => lookUp(db, pattern, element) ?? null),
    )
    if (asked.to === undefined) return list
    db.replace(asked.to, list.length === 0 ? undefined : list.map((one) => one ?? ''))
    return list.length
  }
  return [1, -1, run]
}

/** The commands, with the fewest and the most arguments. */
export const sortCommands: Commands = table({ sort: sort(true), sort_ro: sort(false) })
