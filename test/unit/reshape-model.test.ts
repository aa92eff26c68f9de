/** The table of transforms holds in every interleaving of two clients, and of a client and the migrator. */
import { afterEach, expect, it } from 'vitest'
import { phases, phaseTable, type Phase } from '../../src/phases/index.js'
import { reshapeTable, type ReshapeRule } from '../../src/plan/index.js'
import { giveBack, sweepSource, takeUp } from '../../src/migrate/reshape/flows.js'
import {
  explore,
  I,
  PREFIX,
  readAlone,
  S,
  schema,
  type Actor,
  type Sabotage,
  type Store,
} from '../support/model/reshape-machine.js'

const [a, b] = [`${PREFIX}a`, `${PREFIX}b`]

const source = { [S]: { kind: 'string', text: 'a1 b2' } } as const
const pieces = {
  [I]: { kind: 'set', text: 'a,b' },
  [a]: { kind: 'hash', text: '1' },
  [b]: { kind: 'hash', text: '2' },
} as const

type Start = 'nothing' | 'source' | 'both' | 'pieces' | 'emptied'
const stores: Readonly<Record<Start, { store: Store; pieces: string }>> = {
  nothing: { store: {}, pieces: '' },
  source: { store: source, pieces: 'a1 b2' },
  both: { store: { ...source, ...pieces }, pieces: 'a1 b2' },
  pieces: { store: pieces, pieces: 'a1 b2' },
  /** Somebody in `canonical` has removed all pieces, and left the old value alone. */
  emptied: { store: source, pieces: '' },
}
/** What a fleet in this phase may find. */
const starts: Readonly<Record<Phase, readonly Start[]>> = {
  alias: ['nothing', 'source'],
  prepare: ['nothing', 'source', 'both'],
  'dual-write': ['nothing', 'source', 'both'],
  'dual-read': ['nothing', 'source', 'both'],
  // Its gate: every old value has its pieces.
  'canonical-primary': ['nothing', 'both'],
  'retire-alias': ['nothing', 'source', 'both', 'pieces'],
  canonical: ['nothing', 'pieces'],
}

const oldWrites = [['SET', S, 'a3 c4'], ['SET', S, ''], ['DEL', S]] // prettier-ignore
const newWrites = [['HSET', a, 'v', '5'], ['HSET', `${PREFIX}d`, 'v', '6'], ['DEL', a], ['SREM', I, 'b']] // prettier-ignore
const reads = [['GET', S], ['HGET', a, 'v'], ['SMEMBERS', I]] // prettier-ignore
const all = [...oldWrites, ...newWrites, ...reads]

/** In `canonical` new code lists its pieces itself, so there it only changes what is listed, or replaces everything. */
const commandsOf = (phase: Phase): string[][] =>
  phase === 'canonical' ? [['SET', S, 'a3 c4'], ['HSET', a, 'v', '5'], ...reads] : all

const removing = ['SET old:u ', 'DEL old:u', 'DEL new:u:a']

/** A write to a piece in `canonical` is listed only if it was there, and stays there. */
const isListed = (start: Start, ...commands: string[][]): boolean => {
  const lines = commands.map((command) => command.join(' '))
  return (
    !lines.includes('HSET new:u:a v 5') ||
    (!['nothing', 'emptied'].includes(start) && !removing.some((line) => lines.includes(line)))
  )
}

/** Later everybody reads what was written last, in both phases, in both forms; and so do raw clients where they may. */
function ends(pair: readonly Phase[]) {
  return (store: Store, expected: string): string | undefined => {
    const problems = pair.flatMap((phase) => {
      const fields = expected.split(' ').filter((one) => one !== '')
      const right = (argv: string[], want: string): string[] => {
        const { reply } = readAlone(phase, argv, store)
        return reply === want ? [] : [`${phase} reads ${argv.join(' ')} as "${reply}", not "${want}"`]
      }
      const listed = fields.map((one) => one[0]).join()
      return [
        ...right(['GET', S], expected),
        ...right(['SMEMBERS', I], listed),
        ...['a', 'b', 'c', 'd'].flatMap((id) =>
          right(['HGET', PREFIX + id, 'v'], fields.find((one) => one[0] === id)?.slice(1) ?? ''),
        ),
      ]
    })
    const raw = store[S]?.text ?? ''
    if (pair.every((phase) => phaseTable[phase].rawReaders === 'right') && raw !== expected) {
      problems.push(`a raw reader reads "${raw}", not "${expected}"`)
    }
    return problems[0]
  }
}

const neighbours = phases.slice(1).map((phase, i) => [phases[i]!, phase] as const)
const leaps = [
  ['prepare', 'dual-read'],
  ['dual-write', 'canonical-primary'],
  ['dual-read', 'retire-alias'],
  ['canonical-primary', 'canonical'],
] as const satisfies readonly (readonly [Phase, Phase])[]
const pairs = [...phases.map((phase) => [phase, phase] as const), ...neighbours, ...leaps]

/** What both find; `canonical` beside a phase that keeps the old value finds both. */
function startsOf([one, other]: readonly [Phase, Phase]): Start[] {
  if (one === 'canonical-primary' && other === 'canonical') return ['nothing', 'both', 'emptied']
  return starts[one].filter((start) => starts[other].includes(start))
}

function search(
  pair: readonly [Phase, Phase],
  sabotage?: Sabotage,
  from = startsOf(pair),
  readers: readonly Phase[] = pair,
): { violation: string | undefined; runs: number } {
  const [one, other] = pair
  let runs = 0
  for (const start of from) {
    for (const first of commandsOf(one)) {
      for (const second of commandsOf(other)) {
        // Both lists are the same where both phases are: half of the pairs are enough.
        if (one === other && all.indexOf(first) > all.indexOf(second)) continue
        if (!isListed(start, first, second) && pair.includes('canonical')) continue
        const actors: Actor[] = [
          { phase: one, does: first },
          { phase: other, does: second },
        ]
        const found = explore(actors, stores[start], ends(readers), sabotage)
        runs += found.runs
        if (found.violation) return { violation: found.violation, runs }
      }
    }
  }
  return { violation: undefined, runs }
}

const table = reshapeTable as Record<Phase, ReshapeRule>
const original = { ...table }
afterEach(() => void Object.assign(table, original))

it.each(pairs.map((pair) => ({ pair, title: pair.join(' beside ') })))('$title: nothing is lost', ({ pair }) => {
  const { violation, runs } = search(pair)
  expect(violation).toBeUndefined()
  expect(runs).toBeGreaterThan(pair.includes('canonical') && pair[0] === pair[1] ? 20 : 100)
})

const group = schema.transforms.find(S)!.group
const migrations: readonly { what: string; flow: Actor['does']; phases: readonly Phase[]; from: readonly Start[] }[] = [
  {
    what: 'the backfill',
    flow: () => takeUp({ group }, { dryRun: false, overwrite: false }),
    phases: ['prepare', 'dual-write', 'dual-read', 'retire-alias'],
    from: ['source', 'both'],
  },
  {
    what: 'the overwriting backfill',
    flow: () => takeUp({ group }, { dryRun: false, overwrite: true }),
    phases: ['prepare', 'dual-write'],
    from: ['source', 'both'],
  },
  {
    what: 'the reverse backfill',
    flow: () => giveBack({ group }, { dryRun: false }),
    phases: ['canonical-primary'],
    from: ['both'],
  },
  { what: 'the sweep', flow: () => sweepSource({ group }, false), phases: ['retire-alias'], from: ['both', 'source'] },
]

it.each(migrations)('$what does no harm beside clients', ({ flow, phases: where, from }) => {
  for (const phase of where) {
    for (const start of from) {
      for (const does of commandsOf(phase)) {
        const found = explore([{ phase: 'migrator', does: flow }, { phase, does }], stores[start], ends([phase])) // prettier-ignore
        expect(found.violation).toBeUndefined()
      }
    }
  }
})

it('raw clients of the old form lose nothing where the table says so', () => {
  const rawDoes = [['GET', S], ['SET', S, 'a7']] // prettier-ignore
  for (const phase of phases) {
    const { rawReaders, rawWriters } = phaseTable[phase]
    for (const does of rawDoes) {
      if (does[0] === 'GET' ? rawReaders !== 'right' : rawWriters === 'lost') continue
      for (const start of starts[phase]) {
        // A raw writer leaves pieces behind; those who read the old form do not notice.
        if (does[0] === 'SET' && start === 'both') continue
        for (const other of all) {
          const found = explore([{ phase: 'raw', does }, { phase, does: other }], stores[start], () => undefined) // prettier-ignore
          expect(found.violation).toBeUndefined()
        }
      }
    }
  }
})

const unsafe = [
  ['alias', 'dual-read'],
  ['alias', 'dual-write'],
  ['dual-write', 'retire-alias'],
  ['prepare', 'canonical-primary'],
  ['dual-read', 'canonical'],
] as const satisfies readonly (readonly [Phase, Phase])[]

it.each(unsafe.map((pair) => ({ pair, title: pair.join(' beside ') })))('$title is seen to be unsafe', ({ pair }) => {
  // What `alias` leaves stale is not read before `dual-read`.
  expect(search(pair, {}, ['source', 'both'], [...pair, 'dual-read']).violation).toBeDefined()
})

interface Mistake {
  readonly what: string
  readonly pair: readonly [Phase, Phase]
  readonly sabotage?: Sabotage
  readonly plant?: () => void
}
const mistakes: readonly Mistake[] = [
  { what: 'acts without looking again', pair: ['dual-read', 'dual-read'], sabotage: { blind: true } },
  {
    what: 'acts without looking again, on the old form',
    pair: ['dual-write', 'dual-write'],
    sabotage: { blind: true },
  },
  { what: 'leaves pieces behind in `prepare`', pair: ['prepare', 'dual-read'], sabotage: { keepsPieces: true } },
  {
    what: 'leaves pieces behind in `dual-write`',
    pair: ['dual-write', 'dual-read'],
    plant: () => (table['dual-write'] = { ...table['dual-write'], pieces: 'leave' }),
  },
  {
    what: 'drops the old value while it is still read',
    pair: ['dual-write', 'dual-read'],
    plant: () => (table['dual-read'] = { ...table['dual-read'], source: 'drop' }),
  },
  {
    what: 'adopts where a missing piece may have been deleted',
    pair: ['canonical-primary', 'canonical'],
    plant: () => {
      table['canonical-primary'] = { ...table['canonical-primary'], adopt: true }
      table['canonical'] = { ...table['canonical'], adopt: true }
    },
  },
  {
    what: 'does not adopt what nobody has taken up',
    pair: ['dual-write', 'dual-read'],
    plant: () => (table['dual-read'] = { ...table['dual-read'], adopt: false }),
  },
  {
    what: 'keeps the old value in `retire-alias`',
    pair: ['retire-alias', 'retire-alias'],
    plant: () => (table['retire-alias'] = { ...table['retire-alias'], primary: 'source' }),
  },
]

it.each(mistakes)('a mistake is found: $what', ({ pair, sabotage, plant }) => {
  plant?.()
  expect(search(pair, sabotage).violation).toBeDefined()
})
