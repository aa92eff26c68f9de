/**
 * The log file of a run, beside its report.
 *
 * @module
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { redact } from '../io.js'

/** Writes down what happens, line by line; every line is in the file before the next thing happens. */
export class Journal {
  private constructor(readonly file: string | undefined) {}

  /**
   * Makes `redis_migration_YYYYMMDD_HHMMSS.log` (UTC) in the folder, and the folder if need be: a folder that cannot be
   * written to is found out before anything is done.
   *
   * @param folder undefined: write nothing
   */
  static open(folder: string | undefined, now = new Date()): Journal {
    if (folder === undefined) return new Journal(undefined)
    const directory = resolve(folder)
    mkdirSync(directory, { recursive: true })
    const stamp = now
      .toISOString()
      .replace(/[-:]|\..*/g, '')
      .replace('T', '_')
    for (let copy = 1; ; copy++) {
      const file = join(directory, `redis_migration_${stamp}${copy === 1 ? '' : `_${copy}`}.log`)
      try {
        writeFileSync(file, '', { flag: 'wx' })
        return new Journal(file)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }

  write(line: string): void {
    if (this.file !== undefined) appendFileSync(this.file, `${new Date().toISOString()} ${redact(line)}\n`)
  }
}
