/**
 * What the command line has of the world around it, so that tests can give it another one.
 *
 * @module
 */

/** Where text goes. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The world of one call. Results go to `stdout`, everything said on the way to `stderr`. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /**
   * What a config file gets when it imports this package: the copy that runs, wherever the package is installed, and
   * even where it is not (npx).
   */
  readonly modules: Readonly<Record<string, unknown>>
}

/** Colours by name, as ANSI has them. */
const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

/** A way to paint text. */
export type Paint = Readonly<Record<keyof typeof codes, (text: string) => string>>

/** Colours for a terminal, and none elsewhere. NO_COLOR (https://no-color.org) wins over everything. */
export function painter(sink: Sink, env: Io['env']): Paint {
  const wanted = sink.isTTY === true && env['TERM'] !== 'dumb'
  const isOn = !env['NO_COLOR'] && (wanted || Boolean(env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0'))
  return Object.fromEntries(
    Object.entries(codes).map(([name, [on, off]]) => [
      name,
      (text: string): string => (isOn ? `\u001b[${on}m${text}\u001b[${off}m` : text),
    ]),
  ) as unknown as Paint
}

/** Passwords in URLs (but the word itself, of our own hints) become `***`: of every text that leaves the program, reports and logs included. */
export function redact(text: string): string {
  return text
    .replace(/(\b[a-z][a-z+]*:\/\/[^\s:@/"']*:)(?!password@)[^\s"']*@/gi, '$1***@')
    .replace(/([?&]password=)[^&\s"']+/gi, '$1***')
}
