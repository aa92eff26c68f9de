/**
 * What the test of the mirrors runs: command lines of the twin's grammar on keys that start in every state.
 *
 * @module
 */
import fc from 'fast-check'
import { commandRows, type CommandRow } from '../../../src/commands/index.js'
import type { ServerKind } from '../servers.js'
import { blockingShapes, commandOf, randomShapes, steadyShapes } from '../twin/commands.js'
import { keyIn, lineOf, shapes, type Shape } from '../twin/grammar.js'
import { logical } from '../twin/keys.js'
import { seedLines } from '../twin/sequence.js'

/** The phases that mirror. */
export const mirroring = ['dual-write', 'dual-read', 'canonical-primary'] as const

/**
 * How a line goes out: through the library by itself, inside MULTI of the caller's, beside a WATCH (one script), or, past
 * the client, step by step with a clock that moves between the steps.
 */
export type Manner = 'alone' | 'multi' | 'watch' | 'slow'

/** Where a value lies at the start. `secondary` (the first name is missing) only where the phase adopts. */
export type Where = 'primary' | 'both' | 'secondary'

/** One key at the start. */
export interface Start {
  /** One of {@link states}; `missing` is none. */
  readonly state: string
  /** What is set on it: an expiry far away, one that counts from now, or none. */
  readonly expires: 'no' | 'far' | 'soon'
  readonly where: Where
}

/** One command on one start. */
export interface Case {
  readonly phase: (typeof mirroring)[number]
  readonly manner: Manner
  /** Keys are `$` and the logical key's name. */
  readonly line: readonly string[]
  /** By the logical key's name. */
  readonly starts: Readonly<Record<string, Start>>
  /** Which of its names each key is called by: a bit each. */
  readonly mix: number
}

/** Entries that fill several nodes, a group that has read some, and one of those deleted. */
const worn = [
  ...['1-0', '2-0', '3-0', '5-0', '5-1', '6-0', '6-1'].map((id) => `XADD $ ${id} f ${id}`),
  'XGROUP CREATE $ g 0',
  'XREADGROUP GROUP g c COUNT 3 STREAMS $ >',
  'XREADGROUP GROUP g d COUNT 1 STREAMS $ >',
  'XDEL $ 2-0 6-1',
  'XGROUP CREATE $ g2 5-0',
]

/** What a key can hold at the start, by name: the lines that make it. */
export const states: Readonly<Record<string, readonly string[]>> = {
  missing: [],
  ...seedLines,
  worn,
  'many members': ['SADD $ a b 1 2 10 f g h'],
}

/** States that a server needs HPEXPIREAT for. */
const fieldStates: Readonly<Record<string, readonly string[]>> = {
  'fields that expire': [
    'HSET $ f 1 g a h 2',
    'HPEXPIREAT $ 4000000000000 FIELDS 1 f',
    'HPEXPIRE $ 500000000 FIELDS 1 g',
  ],
}

/** The states that a server can have. */
export const statesOn = (kind: ServerKind): Readonly<Record<string, readonly string[]>> =>
  kind === 'redis-8.0' ? { ...states, ...fieldStates } : states

/** Lines that the twin test has no use for, since two twins are not asked at the same moment. */
const more: readonly Shape[] = [
  ...shapes('generic', ['EXPIRE <k> <ttl> (GT|LT)', 'PEXPIRE <k> <pttl> (GT|LT)'].join('\n')),
  ...shapes('hash', 'HEXPIRE <k> 0 FIELDS 2 <f> <f> ~only:redis-8.0'),
  ...shapes(
    'stream',
    `
    XADD <k> (MAXLEN ~ 2|MAXLEN 0|MINID ~ 6|MAXLEN = 3) * <f> <v>
    XADD <k> MAXLEN ~ 3 LIMIT 2 9-* <f> <v>
    XADD <k> (MAXLEN ~ 2|MAXLEN 0) 9-1 <f> <v>
    XTRIM <k> (MAXLEN ~ 3|MINID ~ 6|MAXLEN ~ 0 LIMIT 2|MAXLEN = 2)
    XREADGROUP GROUP <g> <c> [COUNT 2] [NOACK] STREAMS <k> (0|2-0|5)
    XREADGROUP COUNT 3 GROUP <g> <c> STREAMS <k> <k> > >
    `,
  ),
]

/** The rows whose mirror is more than UNLINK and COPY, and that a server has. */
export const rowsOn = (kind: ServerKind): CommandRow[] =>
  commandRows.filter(
    ({ mirror, keeps, servers }) => (mirror === 'replay' || mirror === 'effect' || keeps) && servers.includes(kind),
  )

const blocking = new Set(blockingShapes)

/** The shapes of one command on a server. */
export function shapesOf(row: CommandRow, kind: ServerKind): Shape[] {
  const all = [...steadyShapes, ...randomShapes, ...blockingShapes, ...more]
  const own = all.filter(({ text }) => commandOf(text.split(' ')) === row.name)
  return own.filter(({ traits }) => traits.only === undefined || traits.only === kind)
}

/** Random cases of these shapes. */
export function casesOf(own: readonly Shape[], kind: ServerKind): fc.Arbitrary<Case> {
  const names = Object.keys(statesOn(kind))
  return fc.constantFrom(...own).chain((shape) => {
    // Outside a transaction of the caller's they are refused: nothing waits in a mirroring phase.
    const manners: Manner[] = blocking.has(shape) ? ['multi', 'slow'] : ['alone', 'multi', 'watch', 'slow']
    return fc.record({
      phase: fc.constantFrom(...mirroring),
      manner: fc.constantFrom(...manners),
      line: lineOf(shape).map(({ argv }) => argv),
      starts: startsOf(names, themed(shape, names)),
      mix: fc.nat({ max: 31 }),
    })
  })
}

const hashes = ['hash', 'fields that expire']
const streams = ['stream', 'worn']
const sets = ['set', 'many members']

/** The one type of key that a blocking command waits for. */
function waitedFor(command: string): string {
  if (command.startsWith('BZ')) return 'zset'
  return command.startsWith('X') ? 'stream' : 'list'
}

/**
 * The states that a command of this shape works on. A blocking one gets keys of its own type: among keys of any type,
 * thirty runs of BRPOPLPUSH once answered nothing but WRONGTYPE.
 */
function themed({ theme, text }: Shape, names: readonly string[]): readonly string[] {
  const groups: Readonly<Record<string, readonly string[]>> = {
    hash: hashes,
    stream: streams,
    set: sets,
    random: [...streams, ...sets],
    generic: Object.keys(seedLines),
    blocking: [waitedFor(text)],
  }
  return (groups[theme] ?? [theme]).filter((name) => names.includes(name))
}

function startsOf(all: readonly string[], fitting: readonly string[]): fc.Arbitrary<Record<string, Start>> {
  const start = fc.record({
    state: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...fitting) },
      { weight: 1, arbitrary: fc.constant('missing') },
      { weight: 1, arbitrary: fc.constantFrom(...all) },
    ),
    expires: fc.constantFrom<Start['expires']>('no', 'far', 'soon'),
    where: fc.constantFrom<Where>('primary', 'both', 'secondary'),
  })
  return fc.record(Object.fromEntries(logical.map(({ bare }) => [bare, start])))
}

/** The logical keys that a line names. */
export const keysIn = (line: readonly string[]): string[] => [
  ...new Set(line.map(keyIn).filter((name) => name !== undefined)),
]
