/**
 * Carries out one batch on both twins and compares what the callers see. The library goes first: what it refuses, or
 * draws by chance, the bare twin is then not asked, or repeats.
 *
 * @module
 */
import { inspect } from 'node:util'
import { isCanonicalRedisError } from '../../../src/errors.js'
import type { Phase } from '../../../src/phases/index.js'
import { commandOf } from './commands.js'
import { repeatDraw } from './effects.js'
import { keyIn, type Line } from './grammar.js'
import { wrongAnswer } from './keyspace.js'
import { ofBare } from './keys.js'
import { shownLine } from './print.js'
import { plainManner, send, type Answers, type Manner } from './send.js'
import type { Batch, Sequence, Watched } from './sequence.js'
import { isError, plain, same, type Names } from './show.js'
import { backfills, migratorOf, nextPhase, prepareStep } from './steps.js'
import type { Side, Twin } from './twin.js'

/** Found while a sequence runs: the twins differ. */
export class Difference extends Error {}

const differ = (what: string, got: unknown, expected: unknown): never => {
  const text = (value: unknown): string => inspect(value, { depth: 8, breakLength: 110 })
  throw new Difference(`${what}\n  through the library: ${text(got)}\n  on a bare client:    ${text(expected)}`)
}

type Of<K extends Batch['kind']> = Extract<Batch, { kind: K }>

/** Carries out a batch. @throws Difference */
export async function runBatch(twin: Twin, batch: Batch, sequence: Sequence): Promise<void> {
  switch (batch.kind) {
    case 'lines':
      return runLines(twin, twin.sides[batch.client], batch.manner, batch.lines, batch.mix)
    case 'draws':
      return runDraws(twin, batch)
    case 'blocking':
      return runBlocking(twin, batch)
    case 'watched':
      return runWatched(twin, batch)
    case 'keyspace': {
      const side = twin.sides[batch.client]
      const wrong = await wrongAnswer(batch.question, side.facade, twin.bare)
      if (wrong !== undefined) throw new Difference(`${batch.question.verb} ${batch.question.pattern}: ${wrong}`)
      return
    }
    case 'phase':
      return changePhase(twin, batch, sequence)
    case 'backfill':
      if (backfills(twin.sides.map(({ phase }) => phase))) {
        await migratorOf(twin.sides[batch.client], twin.below).migrateKeys({ dryRun: false })
      }
  }
}

async function runLines(twin: Twin, side: Side, manner: Manner, lines: readonly Line[], mix: number): Promise<void> {
  const used = lines.map(() => new Map<string, string>())
  const argvs = lines.map((line, i) => twin.namedLine(line.argv, mix + i, used[i]!))
  const got = await answered(send(side.facade, manner, argvs))
  const expected = await send(
    side.bare,
    manner,
    lines.map((line) => twin.bareLine(line.argv)),
  )
  // The server would have refused the batch as well, but perhaps for another of its lines.
  const isRefused = side.facade.hidesReplies && isCanonicalRedisError(oneError(got.replies), 'E_UNKNOWN_COMMAND')
  if (isRefused && oneError(expected.replies)) return
  lines.forEach((line, i) => {
    const what = `the reply to ${i + 1}: ${shownLine(argvs[i]!)}`
    const common = { line, used: usedBy(i, used, got) }
    compare(twin, what, { got: got.replies?.[i], expected: expected.replies?.[i], ...common })
    compare(twin, `what came beside ${what}`, { got: got.asides[i], expected: expected.asides[i], ...common })
  })
}

/** The names that the reply to a line may speak of: one error for a whole batch speaks of any of its lines. */
function usedBy(i: number, used: readonly ReadonlyMap<string, string>[], { replies }: Answers): Names {
  return oneError(replies) ? new Map(used.flatMap((names) => [...names])) : used[i]!
}

/** The one error that answers a whole batch. */
function oneError(replies: Answers['replies']): Error | undefined {
  const [first] = replies ?? []
  return first instanceof Error && replies?.every((reply) => reply === first) ? first : undefined
}

async function answered(answers: Promise<Answers>): Promise<Answers> {
  return answers.catch((error: Error) => {
    throw new Difference(error.message, { cause: error })
  })
}

/** The two answers to one line. */
interface Compared {
  readonly got: unknown
  readonly expected: unknown
  readonly line: Line
  readonly used: ReadonlyMap<string, string>
}

function compare(twin: Twin, what: string, { line, used, ...both }: Compared): void {
  const [got, expected] = [plain(both.got, used), plain(both.expected, used)]
  if (!same(got, expected, line.shape.traits)) differ(what, got, expected)
  if (!isError(got)) twin.answered.add(commandOf(line.argv))
}

/** The bare twin repeats draws one by one, and errors inside EXEC do not say which command they belong to. */
const withoutCommand = (reply: unknown): unknown => (reply instanceof Error ? new Error(reply.message) : reply)

/** Members may be bytes. */
const drawManner = (how: Manner['how']): Manner => ({ ...plainManner(how), style: 'method', replies: 'buffers' })

async function runDraws(twin: Twin, { client, how, lines, mix }: Of<'draws'>): Promise<void> {
  const side = twin.sides[client]
  const used = new Map<string, string>()
  const argvs = lines.map((line, i) => twin.namedLine(line.argv, mix + i, used))
  // What was drawn must be known, to be repeated.
  const open = side.facade.hidesReplies && how === 'pipeline' ? 'at once' : how
  const { replies } = await answered(send(side.facade, drawManner(open), argvs))
  for (const [i, line] of lines.entries()) {
    const got = withoutCommand(replies?.[i])
    const expected = withoutCommand(await repeatDraw(twin.bare, twin.bareLine(line.argv), got))
    compare(twin, `the reply to ${shownLine(argvs[i]!)}`, { got, expected, line, used })
  }
}

/** What a blocking command needs to find, by the type that it takes from. */
const feeds: readonly (readonly [command: RegExp, lines: readonly string[]])[] = [
  [/^BZ/, ['ZADD $ 1 a 2 b 3 c']],
  [/^XREADGROUP/, ['XADD $ 5-0 f a', 'XGROUP CREATE $ g 0']],
  [/^XREAD/, ['XADD $ 5-0 f a']],
  [/^B/, ['RPUSH $ a b c']],
]

/** In these phases a write is one command under one name, so that it may wait on the server. */
const waiting: readonly Phase[] = ['alias', 'canonical']

/** The data is there, so that the command does not wait; where it would have to be one unit with others it is refused. */
async function runBlocking(twin: Twin, { client, how, line, mix }: Of<'blocking'>): Promise<void> {
  const side = twin.sides[client]
  const keys = [...new Set(line.argv.filter((part) => keyIn(part) !== undefined))]
  const feed = feeds.find(([command]) => command.test(line.argv[0]!))?.[1] ?? []
  for (const key of keys) {
    for (const text of ['DEL $', ...feed]) {
      const argv = text.split(' ').map((part) => (part === '$' ? key : part))
      await side.facade.call(twin.namedLine(argv, mix, new Map()))
      await side.bare.call(twin.bareLine(argv))
    }
  }
  const used = new Map<string, string>()
  const argv = twin.namedLine(line.argv, mix, used)
  const { replies } = await answered(send(side.facade, plainManner(how), [argv]))
  const managed = keys.some((key) => ofBare(key.slice(1))?.managed)
  const mustRefuse =
    !twin.queues && how !== 'multi' && managed && line.argv[0] !== 'XREAD' && !waiting.includes(side.phase)
  const got = plain(replies?.[0], used)
  if (mustRefuse) {
    if (!isError(got) || got.refused !== 'E_BLOCKING_MIRRORED') differ(shownLine(argv), got, 'E_BLOCKING_MIRRORED')
    return
  }
  const expected = await send(side.bare, plainManner(how), [twin.bareLine(line.argv)])
  compare(twin, `the reply to ${shownLine(argv)}`, {
    got: replies?.[0],
    expected: expected.replies?.[0],
    line,
    used,
  })
}

/**
 * EXEC must give nil where another client has changed a watched key. It may give nil where that client only touched
 * one: a write that changes nothing still copies the second name anew, and a read adopts. Never without such a command.
 */
async function runWatched(twin: Twin, { client, watch, between, foreign, lines, mix }: Watched): Promise<void> {
  const side = twin.sides[client]
  const other = twin.sides[client === 0 ? 1 : 0]
  const watched = twin.namedLine(
    watch.map((key) => `$${key}`),
    mix,
    new Map(),
  ) as string[]
  await side.facade.watch(watched)
  await side.bare.watch(watch)
  const exist = await Promise.all([side.facade.call(['EXISTS', ...watched]), side.bare.call(['EXISTS', ...watch])])
  if (exist[0] !== exist[1]) differ(`EXISTS ${watched.join(' ')} after WATCH`, ...exist)
  if (between) await runLines(twin, side, plainManner('one by one'), [between], mix)
  if (foreign) await runLines(twin, other, plainManner('one by one'), [foreign], mix)
  const used = lines.map(() => new Map<string, string>())
  const argvs = lines.map((line, i) => twin.namedLine(line.argv, mix + i, used[i]!))
  const got = await answered(send(side.facade, plainManner('multi'), argvs))
  // Where the library's transaction did not run, the bare twin's must not either.
  const ran = got.replies !== null
  const bareLines = ran ? lines.map((line) => twin.bareLine(line.argv)) : [['PING']]
  const expected = await send(side.bare, plainManner('multi'), bareLines)
  if (ran !== (expected.replies !== null)) {
    const touches = (part: string): boolean => watch.includes(keyIn(part) ?? '') || part === 'FLUSHDB'
    const touched = [foreign, between].some((line) => line?.argv.some(touches))
    if (ran || !touched) differ(`EXEC after WATCH ${watched.join(' ')}`, got.replies, expected.replies)
  }
  if (!ran) return
  lines.forEach((line, i) => {
    const both = { got: got.replies?.[i], expected: expected.replies?.[i] }
    compare(twin, `the reply to ${shownLine(argvs[i]!)}`, { ...both, line, used: usedBy(i, used, got) })
  })
}

async function changePhase(twin: Twin, { client, by }: Of<'phase'>, { seeds }: Sequence): Promise<void> {
  const side = twin.sides[client]
  const other = twin.sides[client === 0 ? 1 : 0].phase
  const older = seeds.some(({ place }) => place === 'older' || place === 'overtaken')
  const to = nextPhase({ from: side.phase, other, older }, by)
  if (to === undefined) return
  await prepareStep({ side, from: side.phase, other, raw: twin.below, older }, to)
  side.phase = to
}
