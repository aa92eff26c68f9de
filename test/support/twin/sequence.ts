/**
 * Random sequences: keys that are there from the start, and batches of commands.
 *
 * @module
 */
import fc from 'fast-check'
import { lookup } from '../../../src/commands/index.js'
import { blockingShapes, randomShapes, steadyShapes, themes } from './commands.js'
import { lineOf, type Line, type Shape } from './grammar.js'
import { questions, type Question } from './keyspace.js'
import { logical } from './keys.js'
import { manners, type Manner } from './send.js'
import type { Place } from './steps.js'

/** A key that is there before the first command. */
export interface Seed {
  readonly key: string
  readonly place: Place
  /** Which of {@link seedLines} made it. */
  readonly of: string
  readonly expires: boolean
}

type Client = 0 | 1

/** Several commands, or something else that happens, on one of the two clients. */
export type Batch =
  | {
      readonly kind: 'lines'
      readonly client: Client
      readonly manner: Manner
      readonly lines: readonly Line[]
      readonly mix: number
    }
  | {
      readonly kind: 'draws'
      readonly client: Client
      readonly how: Manner['how']
      readonly lines: readonly Line[]
      readonly mix: number
    }
  | {
      readonly kind: 'blocking'
      readonly client: Client
      readonly how: Manner['how']
      readonly line: Line
      readonly mix: number
    }
  | Watched
  | { readonly kind: 'keyspace'; readonly client: Client; readonly question: Question }
  | { readonly kind: 'phase'; readonly client: Client; readonly by: 1 | -1 }
  | { readonly kind: 'backfill'; readonly client: Client }

/** WATCH, perhaps a command of the other client, and a transaction. */
export interface Watched {
  readonly kind: 'watched'
  readonly client: Client
  readonly watch: readonly string[]
  /** What the client itself sends between WATCH and MULTI. */
  readonly between: Line | null
  readonly foreign: Line | null
  readonly lines: readonly Line[]
  readonly mix: number
}

/** What fast-check makes, shrinks and prints. */
export interface Sequence {
  readonly seeds: readonly Seed[]
  readonly batches: readonly Batch[]
}

/** What builds a key of each theme; `$` is the key. The streams have a group with a pending entry. */
export const seedLines: Readonly<Record<string, readonly string[]>> = {
  string: ['SET $ 10'],
  bits: ['SETBIT $ 3 1'],
  hash: ['HSET $ f 1 g a'],
  list: ['RPUSH $ a b 1 a'],
  set: ['SADD $ a b 1'],
  zset: ['ZADD $ 1 a 2 b 2 1'],
  lex: ['ZADD $ 0 a 0 b 0 1'],
  geo: ['GEOADD $ 13.4 38.1 a 15.1 37.5 b'],
  hyperloglog: ['PFADD $ a b 1'],
  stream: ['XADD $ 5-0 f a', 'XADD $ 6-0 g b', 'XGROUP CREATE $ g 0', 'XREADGROUP GROUP g c COUNT 1 STREAMS $ >'],
}

const keyNames = logical.map(({ bare }) => bare)
const clients = fc.constantFrom<Client>(0, 1)

/** Themes that are not mixed. */
const apart: readonly (readonly string[])[] = [
  // They give members other scores; see the shapes of "lex".
  ['lex', 'zset'],
  ['lex', 'geo'],
  // PFCOUNT writes its cache into the copy that it reads, and GET shows the cache: by design, see docs/limits.md.
  ['hyperloglog', 'string'],
  ['hyperloglog', 'bits'],
]

/** Sequences for a server, with keys that may lie in these places at the start. */
export function sequences(server: string, places: readonly Place[]): fc.Arbitrary<Sequence> {
  const about = fc
    .subarray(themes, { minLength: 1, maxLength: 2 })
    .filter((some) => !apart.some((both) => both.every((theme) => some.includes(theme))))
  return about.chain((about) =>
    fc.record({
      seeds:
        places.length === 0
          ? fc.constant([])
          : fc.uniqueArray(seedOf(about, places), { selector: (one) => one.key, maxLength: 4 }),
      batches: fc.array(batchOf(server, about), { minLength: 1, maxLength: 10, size: 'max' }),
    }),
  )
}

const seedOf = (about: readonly string[], places: readonly Place[]): fc.Arbitrary<Seed> =>
  fc.record({
    key: fc.constantFrom(...keyNames),
    place: fc.constantFrom(...places),
    of: fc.constantFrom(...about),
    expires: fc.boolean(),
  })

const lineAmong = (shapes: readonly Shape[]): fc.Arbitrary<Line> => fc.oneof(...shapes.map(lineOf))

/** A script cannot stand in a script, and is refused there: see docs/limits.md. */
const besideWatch = ({ argv }: Line): boolean => !lookup(argv)?.flags.includes('noscript')

const made = new Map<string, fc.Arbitrary<Batch>>()

/** Made once for each choice of themes: there are few, and some two hundred arbitraries in each. */
function batchOf(server: string, about: readonly string[]): fc.Arbitrary<Batch> {
  const id = `${server} ${about.join(' ')}`
  const known = made.get(id) ?? newBatchOf(server, about)
  made.set(id, known)
  return known
}

function newBatchOf(server: string, about: readonly string[]): fc.Arbitrary<Batch> {
  const here = steadyShapes.filter(({ traits }) => traits.only === undefined || traits.only === server)
  const own = lineAmong(here.filter(({ theme }) => about.includes(theme)))
  const generic = lineAmong(here.filter(({ theme }) => theme === 'generic'))
  const line = fc.oneof({ weight: 3, arbitrary: own }, { weight: 1, arbitrary: generic })
  const lines = fc.array(line, { minLength: 1, maxLength: 8, size: 'max' })
  const pipelined = fc.constantFrom<Manner['how']>('one by one', 'pipeline', 'multi')
  const mix = fc.nat({ max: 5 })
  return fc.oneof(
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('lines'), client: clients, manner: manners, lines, mix }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('draws'),
        client: clients,
        how: pipelined,
        lines: fc.array(lineAmong(randomShapes), { minLength: 1, maxLength: 3 }),
        mix,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('blocking'),
        client: clients,
        how: pipelined,
        line: lineAmong(blockingShapes),
        mix,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('watched'),
        client: clients,
        watch: fc.subarray(keyNames, { minLength: 1, maxLength: 2 }),
        between: fc.option(line.filter(besideWatch), { nil: null, freq: 2 }),
        foreign: fc.option(line, { nil: null, freq: 2 }),
        lines: fc.array(line, { minLength: 1, maxLength: 3 }),
        mix,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('keyspace'), client: clients, question: questions }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('phase'), client: clients, by: fc.constantFrom<1 | -1>(1, -1) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('backfill'), client: clients }) },
  )
}

/** Every command line that a batch means to send through the library. */
export function linesOf(batch: Batch): (readonly string[])[] {
  switch (batch.kind) {
    case 'lines':
    case 'draws': {
      const lines = batch.lines.map((line) => line.argv)
      const how = batch.kind === 'lines' ? batch.manner.how : batch.how
      return how.endsWith('multi') ? [['multi'], ...lines, ['exec']] : lines
    }
    case 'blocking':
      return [batch.line.argv]
    case 'watched': {
      const { between, foreign, lines } = batch
      const before = [between, foreign].flatMap((line) => (line ? [line.argv] : []))
      return [['watch'], ['exists'], ...before, ['multi'], ...lines.map((line) => line.argv), ['exec']]
    }
    case 'keyspace':
      return [[batch.question.verb.startsWith('scan') ? 'scan' : batch.question.verb]]
    case 'phase':
    case 'backfill':
      return []
  }
}
