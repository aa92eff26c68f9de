/**
 * What a wrapped client has done to keys since it was wrapped, in numbers: always on, and a few additions for each
 * command that is more than one on the wire. A command that is one costs nothing.
 *
 * @module
 */
import { locate, type Arg, type Located } from '../../commands/index.js'
import { isCanonicalRedisError } from '../../errors.js'
import { phaseTable } from '../../phases/index.js'
import type { Plan, PlanContext } from '../../plan/index.js'
import { adoptedName, opOf, type Happened } from './happened.js'

/** Numbers of one family, since the client was wrapped. */
export interface FamilyCounts {
  /** Aliases that a command has copied to their canonical names. */
  readonly adopted: number
  /** Keys whose writes were brought to the second name as well. */
  readonly mirrored: number
  /** Reads that found a key under none of its names; told only in phases that look under both. */
  readonly misses: number
  /** Commands that were refused, that failed as a unit, or whose second name could not follow. */
  readonly failures: number
}

/** The last of the failures. Names of commands and families, never keys or values. */
export interface LastFailure {
  /** ISO 8601. */
  readonly at: string
  /** In upper case. */
  readonly command: string
  readonly family: string | undefined
  /** Of a {@link CanonicalRedisError} its code, of the server's errors their first word: `OOM`, `NOPERM`. */
  readonly code: string
  readonly message: string
}

type Kind = keyof FamilyCounts

const none: FamilyCounts = { adopted: 0, mirrored: 0, misses: 0, failures: 0 }

/** Counts for one wrapped client and its duplicates. */
export class Counts {
  readonly since = new Date()
  readonly #families = new Map<string, Record<Kind, number>>()
  #last: LastFailure | undefined

  of(family: string): FamilyCounts {
    return { ...(this.#families.get(family) ?? none) }
  }

  get lastFailure(): LastFailure | undefined {
    return this.#last
  }

  /** What came of a plan. */
  note({ copied, end, error }: Happened, plan: Plan, context: PlanContext): void {
    for (const step of copied) this.#add(context.mapper.glance(adoptedName(step) as Arg)?.family, 'adopted')
    if (end === undefined) return
    if (end === 'torn') return this.failed(error as Error, opOf(plan).argv, plan.located, context)
    for (const { index, use } of plan.located.keys) {
      const family = context.mapper.glance(opOf(plan).argv[index] as Arg)?.family
      if (family === undefined) continue
      if (end === 'missed') this.#add(family, 'misses')
      else if (use !== 'read' && phaseTable[context.phaseOf(family)].secondary === 'mirror')
        this.#add(family, 'mirrored')
    }
  }

  /** A command was refused, or failed. */
  failed(error: Error, argv: readonly Arg[], located: Located | undefined, { mapper }: PlanContext): void {
    const keys = located?.keys ?? locate(argv)?.keys ?? []
    const families = new Set(keys.map(({ index }) => mapper.glance(argv[index] as Arg)?.family))
    for (const family of families) this.#add(family, 'failures')
    const [family] = [...families].filter((one) => one !== undefined)
    const command = (located?.row.name ?? String(argv[0])).toUpperCase()
    this.#last = { at: new Date().toISOString(), command, family, ...wordsOf(error) }
  }

  #add(family: string | undefined, kind: Kind): void {
    if (family === undefined) return
    const own = this.#families.get(family)
    if (own) own[kind]++
    else this.#families.set(family, { ...none, [kind]: 1 })
  }
}

/** The server quotes arguments of commands it does not know, and we quote keys: a health page has no business with either. */
function wordsOf(error: Error): Pick<LastFailure, 'code' | 'message'> {
  const message = (error.message.split('\n', 1)[0] as string).replace(/, with args beginning with:.*/, '')
  const [first = ''] = message.split(' ', 1)
  const code = isCanonicalRedisError(error) ? error.code : /^[A-Z]+$/.test(first) ? first : error.name
  return { code, message: message.replace(/"[^"]*"/g, '"…"') }
}
