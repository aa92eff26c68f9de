/**
 * What `check` says: one line of proof, or of trouble, with its evidence.
 *
 * @module
 */
import type { Paint } from '../io.js'
import { wrap } from '../text.js'

/**
 * How bad. `ok`: proved. `note`: good to know. `warning`: mind it. `problem`: data could be lost, or the migrator would
 * fail; exit code 1.
 */
export type Level = 'ok' | 'note' | 'warning' | 'problem'

/** One finding. */
export interface Finding {
  readonly level: Level
  /** Which check it comes from; stable, for scripts. */
  readonly check: string
  readonly says: string
  /** Names, figures: up to five. */
  readonly evidence?: readonly string[]
  /** What to do. */
  readonly next?: string
}

const marks: Readonly<Record<Level, readonly [mark: string, colour: keyof Paint]>> = {
  ok: ['ok     ', 'green'],
  note: ['note   ', 'cyan'],
  warning: ['warning', 'yellow'],
  problem: ['PROBLEM', 'red'],
}

const INDENT = ' '.repeat(8)

/** For people. */
export function findingLines({ level, says, evidence = [], next }: Finding, paint: Paint): string[] {
  const [mark, colour] = marks[level]
  const [first, ...others] = wrap(says, 72)
  const shown = evidence.slice(0, 5).flatMap((line) => wrap(`· ${line}`, 80, INDENT))
  const then = next === undefined ? [] : wrap(`→ ${next}`, 80, INDENT)
  return [`${paint[colour](mark)} ${first}`, ...others.map((line) => INDENT + line), ...shown, ...then]
}
