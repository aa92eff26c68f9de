/**
 * The twin test: the same random commands go to a bare Redis under one name, and through the library under a mix of
 * names. Every reply, value and expiry must be equal.
 *
 * @module
 */
import { inspect } from 'node:util'
import fc from 'fast-check'
import { mayCoexist, phases, type Phase } from '../../../src/phases/index.js'
import type { TestServer } from '../servers.js'
import { Difference, runBatch } from './batches.js'
import { commandOf } from './commands.js'
import { ofBare } from './keys.js'
import { shownSequence } from './print.js'
import { linesOf, seedLines, sequences, type Sequence } from './sequence.js'
import { smallest, type Attempt } from './smallest.js'
import { difference, queueDifference, readState } from './state.js'
import { placesFor } from './steps.js'
import { Twin, type ClientKind } from './twin.js'

/** What to run. */
export interface TwinOptions {
  readonly server: TestServer
  readonly clients: readonly [ClientKind, ClientKind]
  readonly pair: readonly [Phase, Phase]
  readonly runs: number
  /** Every family is declared `queue: true`. */
  readonly queues?: boolean | undefined
  /** A run that failed, from its report. */
  readonly seed?: number | undefined
  readonly path?: string | undefined
  /** Cut a failure down to what is needed to show it (default), or only say that there is one. */
  readonly shrink?: boolean | undefined
  /** Milliseconds after which no new sequence is begun, shrinking included. */
  readonly within?: number | undefined
}

/** What was run. Sequences and commands count those of shrinking as well. */
export interface TwinResult {
  readonly sequences: number
  readonly commands: number
  /** How often each command was sent. */
  readonly byCommand: ReadonlyMap<string, number>
  /** Commands that were answered with something else than an error. */
  readonly answered: ReadonlySet<string>
  /** The smallest sequence that differs, with how to run it again. */
  readonly failure: string | undefined
}

/** Every pair of phases that may run side by side. */
export const phasePairs: readonly (readonly [Phase, Phase])[] = phases.flatMap((a, i) =>
  phases
    .slice(i)
    .filter((b) => mayCoexist(a, b))
    .map((b) => [a, b] as const),
)

/** Runs random sequences until one differs. */
export async function runTwin(options: TwinOptions): Promise<TwinResult> {
  const { server, clients, pair, runs, seed, path, within, queues = false, shrink = true } = options
  const byCommand = new Map<string, number>()
  const answered = new Set<string>()
  let count = 0
  let twin: Twin | undefined
  const attempt: Attempt = async (sequence) => {
    twin ??= await Twin.open(server, clients, pair, queues)
    count++
    for (const line of sequence.batches.flatMap(linesOf))
      byCommand.set(commandOf(line), (byCommand.get(commandOf(line)) ?? 0) + 1)
    try {
      await runSequence(twin, sequence)
      for (const name of twin.answered) answered.add(name)
      return undefined
    } catch (error) {
      // A connection may be left in the middle of a transaction.
      twin.close()
      twin = undefined
      return error as Error
    }
  }
  const property = fc.asyncProperty(sequences(server.kind, placesFor(pair, queues)), async (sequence) => {
    const error = await attempt(sequence)
    if (error !== undefined) throw error
  })
  try {
    const details = await fc.check(property, {
      numRuns: runs,
      endOnFailure: !shrink,
      ...(seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
      ...(within !== undefined && { interruptAfterTimeLimit: within }),
    })
    const failure = details.failed ? await report(details, options, shrink ? attempt : undefined) : undefined
    const commands = [...byCommand.values()].reduce((sum, one) => sum + one, 0)
    return { sequences: count, commands, byCommand, answered, failure }
  } finally {
    twin?.close()
  }
}

async function runSequence(twin: Twin, sequence: Sequence): Promise<void> {
  await twin.reset()
  await plant(twin, sequence)
  const visited = new Set<Phase>()
  for (const batch of sequence.batches) {
    for (const { phase } of twin.sides) visited.add(phase)
    await runBatch(twin, batch, sequence)
  }
  const now = twin.sides.map(({ phase }) => phase)
  for (const phase of now) visited.add(phase)
  const [bare, below] = await Promise.all([
    readState(twin.bare, twin.hasFieldExpiry),
    readState(twin.below, twin.hasFieldExpiry),
  ])
  const found = twin.queues ? queueDifference(bare, below, now) : difference(bare, below, now, visited)
  if (found !== undefined) throw new Difference(`what lies there at the end: ${inspect(found, { depth: 8 })}`)
}

/** The keys that are there from the start, written by clients that know nothing of the library. */
async function plant(twin: Twin, { seeds }: Sequence): Promise<void> {
  for (const { key, place, of, expires } of seeds) {
    const [alias, canonical, older] = ofBare(key)!.names
    const under = place === 'canonical' ? canonical : place === 'older' ? (older ?? alias) : alias
    const lines = [...(seedLines[of] ?? []), ...(expires ? ['PEXPIREAT $ 4000000000000'] : [])]
    for (const line of lines) {
      await twin.bare.call(...(line.replace('$', key).split(' ') as [string]))
      await twin.below.call(...(line.replace('$', under).split(' ') as [string]))
    }
    if (place === 'filled' && alias !== canonical) await twin.below.copy(alias, canonical)
    if (place === 'overtaken' && older !== undefined) await twin.below.set(older, 'overtaken')
  }
}

async function report(
  details: fc.RunDetails<[Sequence]>,
  options: TwinOptions,
  attempt: Attempt | undefined,
): Promise<string> {
  const { server, clients, pair, queues } = options
  const [counterexample] = details.counterexample ?? []
  const first = details.errorInstance as Error
  const found = counterexample && attempt && (await smallest(counterexample, first, attempt))
  const error = found?.error ?? first
  return [
    `${server.kind}: client 0, ${clients[0]}, in "${pair[0]}" beside client 1, ${clients[1]}, in "${pair[1]}"`,
    ...(found ? shownSequence(found.sequence) : []),
    error instanceof Difference ? error.message : inspect(error),
    `again: npm run test:soak -- --server ${server.kind} --clients "${clients.join(',')}" --pair ${pair.join(',')} ` +
      `${queues ? '--queues ' : ''}` +
      `--seed=${details.seed} --path=${details.counterexamplePath}`,
  ].join('\n')
}
