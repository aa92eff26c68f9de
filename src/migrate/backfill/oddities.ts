/**
 * What a backfill leaves where it is, and says why: keys of a type that their family does not have, and names that begin
 * as one of the schema does and belong to none.
 *
 * @module
 */
import { LookAlikes } from '../analyze/look-alike.js'
import type { Calls } from '../calls.js'
import { printable, type Job } from '../names.js'
import type { Run } from '../run.js'
import { typeScript } from '../scripts/index.js'
import { Capped, EXAMPLES } from '../tally.js'
import type { LookAlike } from '../types/index.js'

/** The types that keys of a family may have, as TYPE says them. */
export type Types = Readonly<Record<string, string | readonly string[]>>

/** Looks out for them in one run. */
export class Oddities {
  readonly lookAlikes = new Capped<LookAlike>(EXAMPLES)
  readonly #resembles: LookAlikes
  /** A name is met again where SCAN gives it twice, or a walk begins anew. */
  readonly #met = new Set<string>()

  constructor(
    readonly run: Run,
    readonly types: Types,
  ) {
    this.#resembles = new LookAlikes(run.names.schema, run.names.families)
  }

  /** Are there keys whose type has to be looked at? */
  get hasTypes(): boolean {
    return Object.keys(this.types).length > 0
  }

  /** Notes the names among these that no rule takes, although they begin as one. Gives those that are new. */
  meet(names: readonly Buffer[], db: number): LookAlike[] {
    return names.flatMap((name) => {
      if (this.run.names.resolve(name, db) !== undefined) return []
      const found = this.#strange(name, db)
      if (found === undefined || this.#met.has(`${db} ${found.key}`)) return []
      if (this.#met.size < 10 * EXAMPLES) this.#met.add(`${db} ${found.key}`)
      this.lookAlikes.push(found)
      return [found]
    })
  }

  #strange(name: Buffer, db: number): LookAlike | undefined {
    const { keyPrefix, schema } = this.run.names
    if (!name.subarray(0, keyPrefix.length).equals(keyPrefix)) return undefined
    const own = name.subarray(keyPrefix.length)
    // A family that this run leaves out, or one that lives in another database.
    if (schema.mapper.isKeyManaged(own)) return undefined
    const found = this.#resembles.begins(printable(own))
    return found && { key: printable(name), db, ...found }
  }

  /** For each key why it must stay; undefined for one that may be copied. */
  async refusals(calls: Calls, jobs: readonly Job[]): Promise<(Error | undefined)[]> {
    const typed = jobs.filter(({ family }) => this.types[family] !== undefined)
    if (typed.length === 0) return jobs.map(() => undefined)
    const answers = await calls.run(typeScript, '', typed)
    const found = new Map(typed.map((job, i) => [job, answers[i]!]))
    return jobs.map((job) => {
      const answer = found.get(job)
      if (answer === undefined || answer instanceof Error) return answer
      const type = String(answer[0])
      const allowed = [this.types[job.family]!].flat()
      if (type === 'none' || allowed.includes(type)) return undefined
      return new Error(`expected a ${allowed.join(' or a ')}, found a ${type}: left where it is`)
    })
  }
}
