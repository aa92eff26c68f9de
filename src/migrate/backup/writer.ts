/**
 * Writes aliases to a backup file before they are removed.
 *
 * @module
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Reply } from '../../clients/port.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Job } from '../names.js'
import type { Run } from '../run.js'
import { dumpScript } from '../scripts/index.js'
import { digest, FORMAT, lineOf, type Header, type Trailer } from './format.js'

/** Logical keys whose bytes are in memory at once. */
const AT_ONCE = 50

/** A backup being written. */
export class BackupWriter {
  readonly #hash = digest()
  #keys = 0
  /** One write after the other: servers are swept side by side. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    readonly run: Run,
    readonly file: string,
    readonly handle: FileHandle,
  ) {}

  /**
   * Makes the file; it must not be there yet.
   * @throws CanonicalRedisError `E_BAD_OPTION`
   */
  static async create(run: Run, path: string): Promise<BackupWriter> {
    const file = resolve(path)
    await mkdir(dirname(file), { recursive: true })
    // Values are in it: for the eyes of this user.
    const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      throw new CanonicalRedisError(
        'E_BAD_OPTION',
        `Expected \`backup\` to be a new file, but ${file} is there already.`,
        {
          hint: 'Name another file: a backup is never overwritten.',
        },
      )
    })
    const writer = new BackupWriter(run, file, handle)
    const { name: schema, hash } = run.names.schema
    const header: Header = { format: FORMAT, version: 1, schema, hash, created: new Date().toISOString() }
    await writer.#write(`${JSON.stringify(header)}\n`)
    return writer
  }

  /** Writes every alias of these keys that exists. Resolves when they are on the disk. */
  async add(jobs: readonly Job[]): Promise<void> {
    for (let from = 0; from < jobs.length; from += AT_ONCE) await this.#add(jobs.slice(from, from + AT_ONCE))
    await this.#next(() => this.handle.datasync())
  }

  /** Writes the trailer. */
  async finish(): Promise<void> {
    await this.#next(async () => {
      const trailer: Trailer = { end: true, keys: this.#keys, sha256: this.#hash.copy().digest('hex') }
      await this.handle.appendFile(`${JSON.stringify(trailer)}\n`)
      await this.handle.sync()
    })
  }

  /** Closes the file; without {@link finish} it has no trailer. */
  close(): Promise<void> {
    return this.handle.close()
  }

  async #add(jobs: readonly Job[]): Promise<void> {
    const answers = await this.run.calls.raw(dumpScript, '', jobs)
    let text = ''
    answers.forEach((answer, i) => {
      // Not written, it must not go: the sweep of the whole batch ends here.
      if (answer instanceof Error) throw answer
      for (const [which, type, expires, dump] of fours(answer.slice(1))) {
        const { name, db } = jobs[i]!.aliases[Number(which) - 1]!
        const { family } = jobs[i]!
        text += lineOf({ key: name, db, family, type: String(type), expires: Number(expires), dump: dump as Buffer })
        this.#keys++
      }
    })
    await this.#write(text)
  }

  #write(text: string): Promise<void> {
    return this.#next(async () => {
      this.#hash.update(text)
      await this.handle.appendFile(text)
    })
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work)
    return this.#writing
  }
}

function* fours(list: readonly Reply[]): Generator<readonly Reply[]> {
  for (let i = 0; i < list.length; i += 4) yield list.slice(i, i + 4)
}
