/**
 * Sequences and command lines for people.
 *
 * @module
 */
import { inspect } from 'node:util'
import type { Arg } from '../../../src/commands/index.js'
import type { Batch, Sequence } from './sequence.js'

/** `SET old:1 a`, with bytes as a string of them. */
export const shownLine = (argv: readonly Arg[]): string =>
  argv.map((arg) => (typeof arg === 'string' && /^[^\s"]+$/.test(arg) ? arg : inspect(String(arg)))).join(' ')

/** A sequence for people: the keys that are there, and a line a batch. */
export function shownSequence({ seeds, batches }: Sequence): string[] {
  return [
    ...seeds.map(({ key, place, of, expires }) => `  there: ${key} (${of}, ${place}${expires ? ', expires' : ''})`),
    ...batches.map((batch) => `  ${shownBatch(batch)}`),
  ]
}

function shownBatch(batch: Batch): string {
  const who = `client ${batch.client}`
  switch (batch.kind) {
    case 'lines': {
      const { how, style, args, form, replies, case: letters } = batch.manner
      const lines = batch.lines.map((line) => shownLine(line.argv)).join(' ; ')
      return `${who}, ${how} (${[style, args, form, replies, letters, `mix ${batch.mix}`].join(', ')}): ${lines}`
    }
    case 'draws':
      return `${who}, ${batch.how} (mix ${batch.mix}): ${batch.lines.map((line) => shownLine(line.argv)).join(' ; ')}`
    case 'blocking':
      return `${who}, ${batch.how} (mix ${batch.mix}), with data: ${shownLine(batch.line.argv)}`
    case 'watched': {
      const lines = batch.lines.map((line) => shownLine(line.argv)).join(' ; ')
      const foreign = batch.foreign ? `the other: ${shownLine(batch.foreign.argv)} ; ` : ''
      const between = batch.between ? `${shownLine(batch.between.argv)} ; ` : ''
      return `${who} (mix ${batch.mix}): WATCH ${batch.watch.join(' ')} ; ${between}${foreign}MULTI ; ${lines} ; EXEC`
    }
    case 'keyspace':
      return `${who}: ${batch.question.verb} ${batch.question.pattern}`
    case 'phase':
      return `${who}: ${batch.by === 1 ? 'one phase on' : 'one phase back'}`
    case 'backfill':
      return `${who}: backfill`
  }
}
