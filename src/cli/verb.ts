/**
 * What a verb is: its words on the command line, and what it does.
 *
 * @module
 */
import type { Exit } from './exits.js'
import type { Io, Paint } from './io.js'

/** A flag, as commander spells it. */
export interface Flag {
  readonly flags: string
  readonly says: string
  /** Reads the text behind the flag. @throws CanonicalRedisError `E_BAD_OPTION` */
  readonly read?: (text: string) => unknown
  readonly fallback?: unknown
  /** The option, by its name in the code, that it cannot stand beside. */
  readonly conflicts?: string
}

/** What came of a verb. */
export interface Outcome {
  readonly exit: Exit
  /** For people, on stdout. */
  readonly lines: readonly string[]
  /** For `--json`. */
  readonly result: unknown
  /** The migration that it was about. */
  readonly migration?: { readonly name: string; readonly hash: string } | undefined
}

/** The call of a verb. */
export interface Call<O> {
  readonly io: Io
  readonly options: O & { readonly json?: boolean }
  readonly args: readonly string[]
  /** Colours for stdout. */
  readonly paint: Paint
  /** Says something on the way, on stderr. */
  readonly say: (line: string) => void
}

/** One verb. */
export interface Verb<O = Record<string, unknown>> {
  readonly name: string
  /** One line, for the list of verbs. */
  readonly says: string
  /** More, for its own help. */
  readonly more?: string
  /** `[files...]`, as commander spells it. */
  readonly args?: string
  readonly flags: readonly Flag[]
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  run(call: Call<O>): Promise<Outcome>
}
