/**
 * The logical keys of the twin test, and the names that each of them goes by.
 *
 * @module
 */
import { defineSchema, key } from '../../../src/schema/index.js'

/** Two families, one of them with an older spelling. */
export const schema = defineSchema({
  name: 'twin',
  keys: {
    one: key('new:<id>').alias('old:<id>'),
    two: key('second:<id>').alias('zweite:<id>').alias('deuxieme:<id>'),
  },
})

/** The same names, all of them queues: moved from name to name and never mirrored. */
export const queueSchema = defineSchema({
  name: 'twin of queues',
  keys: {
    one: key('new:<id>', { queue: true }).alias('old:<id>'),
    two: key('second:<id>', { queue: true }).alias('zweite:<id>').alias('deuxieme:<id>'),
  },
})

/** One logical key. The bare twin has it under one name only. */
export interface Logical {
  readonly bare: string
  /** For the library: the first alias, the canonical name, then older spellings. */
  readonly names: readonly [alias: string, canonical: string, ...older: string[]]
  readonly managed: boolean
}

const one = (id: string): Logical => ({ bare: `bare:${id}`, names: [`old:${id}`, `new:${id}`], managed: true })
const two = (id: string): Logical => ({
  bare: `bare:${id}`,
  names: [`zweite:${id}`, `second:${id}`, `deuxieme:${id}`],
  managed: true,
})
const plain = (name: string): Logical => ({ bare: name, names: [name, name], managed: false })

/** Few, so that commands meet the same keys. Each is of whatever type the commands made it. */
export const logical: readonly Logical[] = [one('1'), one('2'), two('3'), two('4'), plain('plain:1')]

const byBare = new Map(logical.map((key) => [key.bare, key]))
const byName = new Map(logical.flatMap((key) => key.names.map((name) => [name, key] as const)))

/** The logical key of a name of the bare twin; undefined for names that the commands made up by themselves. */
export const ofBare = (name: string): Logical | undefined => byBare.get(name)

/** The logical key of a name in the library's database. */
export const ofName = (name: string): Logical | undefined => byName.get(name)
