/**
 * The commands that may wait: what each looks for, and for how long.
 *
 * @module
 */
import { table, type Commands, type Context } from './command.js'
import { endNamed, lmpop, move, popSome } from './lists.js'
import { ReplyError, type Reply } from './resp.js'
import { scoreText } from './sorted-set.js'
import { greatest, least, popEntries, zmpop, type Before } from './sorted-sets.js'
import { typeOf, type TypeName } from './store.js'
import { endOf, readArguments, readNow } from './stream-reads.js'

/** What a command waits for. */
export interface Wait {
  /** What it looks at, in this order. */
  readonly names: readonly string[]
  /** What has to lie there: on a key of another type nobody waits in vain, it is passed over. */
  readonly type: TypeName
  /** Milliseconds; 0: without end; undefined: it does not wait at all. */
  readonly timeout: number | undefined
  /** Tries with some of the names. Null: there is nothing yet. @throws ReplyError */
  readonly attempt: (names: readonly string[]) => Reply
  /** Why it need not wait any longer, in the place of a reply. */
  readonly ended?: () => ReplyError | undefined
}

type Row = readonly [min: number, max: number, wait: (context: Context, ...args: string[]) => Wait]

/** The names to try again: those under which there is something of the type. */
export const readyNames = ({ db }: Context, { names, type }: Wait): string[] =>
  names.filter((name) => {
    const value = db.get(name)
    return value !== undefined && typeOf(value) === type
  })

function seconds(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text.trim() === '' || !Number.isFinite(value)) {
    throw new ReplyError('ERR timeout is not a float or out of range')
  }
  if (value < 0) throw new ReplyError('ERR timeout is negative')
  return Math.ceil(value * 1000)
}

function popping(type: TypeName, popOne: (context: Context, name: string) => Reply[] | undefined): Row {
  return [
    2,
    -1,
    (context, ...args) => ({
      type,
      names: args.slice(0, -1),
      timeout: seconds(args.at(-1)),
      attempt(names) {
        for (const name of names) {
          const found = popOne(context, name)
          if (found) return [name, ...found]
        }
        return null
      },
    }),
  ]
}

const popElement = (end: 'left' | 'right'): Row =>
  popping('list', ({ db }, name) => {
    const taken = popSome(db, name, end, 1)
    return taken.length > 0 ? taken : undefined
  })

const popEntry = (before: Before): Row =>
  popping('zset', ({ db }, name) => {
    const [taken] = popEntries(db, name, 1, before)
    return taken && [taken.value, scoreText(taken.score)]
  })

function moving(context: Context, from: string, to: string, ends: readonly string[], timeout: string): Wait {
  const [source, target] = ends.map(endNamed) as ['left' | 'right', 'left' | 'right']
  const attempt = ([name]: readonly string[]): Reply =>
    name === undefined ? null : move(context, name, to, source, target)
  return { type: 'list', names: [from], timeout: seconds(timeout), attempt }
}

/** BLMPOP and BZMPOP: the command that does not wait, with the names that are left. */
function poppingMany(type: TypeName, run: (context: Context, ...args: string[]) => Reply): Row {
  return [
    4,
    -1,
    (context, timeout = '', count = '', ...rest) => {
      const wait = seconds(timeout)
      const size = /^\d+$/.test(count) ? Number(count) : 0
      const attempt = (names: readonly string[]): Reply =>
        run(context, names.length === size ? count : String(names.length), ...names, ...rest.slice(size))
      return { type, names: rest.slice(0, size), timeout: wait, attempt }
    },
  ]
}

const reading = (command: 'xread' | 'xreadgroup'): Row => [
  command === 'xread' ? 3 : 6,
  -1,
  (context, ...args) => {
    const asked = readArguments(context, command, args)
    const names = asked.streams.map(({ name }) => name)
    // What a consumer was given before is there or not; only new entries can be waited for.
    const waits = asked.streams.every(({ from }) => asked.group === undefined || from === 'new')
    return {
      type: 'stream',
      names,
      timeout: waits ? asked.block : undefined,
      attempt: () => readNow(context, asked),
      ended: () => endOf(context, asked),
    }
  },
]

/** The commands, with the fewest and the most arguments. */
export const waits: Readonly<Record<string, Row>> = Object.assign(Object.create(null) as object, {
  blpop: popElement('left'),
  brpop: popElement('right'),
  bzpopmin: popEntry(least),
  bzpopmax: popEntry(greatest),
  blmove: [
    5,
    5,
    (context: Context, from = '', to = '', source = '', target = '', timeout = '') =>
      moving(context, from, to, [source, target], timeout),
  ],
  brpoplpush: [
    3,
    3,
    (context: Context, from = '', to = '', timeout = '') => moving(context, from, to, ['right', 'left'], timeout),
  ],
  blmpop: poppingMany('list', lmpop),
  bzmpop: poppingMany('zset', zmpop),
  xread: reading('xread'),
  xreadgroup: reading('xreadgroup'),
} satisfies Record<string, Row>)

/** The same commands where nothing may wait: in a transaction and in a script. */
export const unwaitingCommands: Commands = table(
  Object.fromEntries(
    Object.entries(waits).map(([name, [min, max, waitOf]]) => [
      name,
      [
        min,
        max,
        (context: Context, ...args: string[]) => {
          const wait = waitOf(context, ...args)
          return wait.attempt(wait.names)
        },
      ] as const,
    ]),
  ),
)
