/**
 * Asks before anything is changed.
 *
 * @module
 */
import { createInterface } from 'node:readline'
import { CanonicalRedisError } from '../../errors.js'
import type { Io } from '../io.js'
import { wrap } from '../text.js'

/** Who may agree: a person at a terminal, or `--yes`. */
export interface Asker {
  readonly io: Io
  readonly options: { readonly yes?: boolean }
}

const refused = (message: string, hint: string): CanonicalRedisError =>
  new CanonicalRedisError('E_NOT_CONFIRMED', message, { hint })

/**
 * Refuses early where nobody could be asked later.
 * @throws CanonicalRedisError `E_NOT_CONFIRMED`
 */
export function requireSomebody({ io, options }: Asker): void {
  if (options.yes || io.stdin.isTTY) return
  throw refused('This changes data, and there is no terminal to ask on.', 'Add --yes to say so beforehand.')
}

/**
 * Asks, and goes on only for the word itself.
 *
 * @param word what has to be typed; the more harm is possible, the less it should be a habit
 * @throws CanonicalRedisError `E_NOT_CONFIRMED`
 */
export async function agree({ io, options }: Asker, question: string, word = 'yes'): Promise<void> {
  if (options.yes) return
  requireSomebody({ io, options })
  const answer = await ask(io, `${wrap(question, 80).join('\n')}\nType "${word}" to go on: `)
  if (answer.trim() !== word) throw refused('Not confirmed, so nothing was changed.', `Type "${word}", or add --yes.`)
}

/** One line from the terminal; Ctrl-C ends the program, Ctrl-D is an empty answer. */
function ask(io: Io, question: string): Promise<string> {
  const terminal = createInterface({ input: io.stdin, output: io.stderr as NodeJS.WriteStream, terminal: true })
  return new Promise<string>((resolve, reject) => {
    terminal.on('SIGINT', () => reject(new DOMException('Stopped; nothing was changed.', 'AbortError')))
    terminal.on('close', () => resolve(''))
    terminal.question(question, resolve)
  }).finally(() => terminal.close())
}
