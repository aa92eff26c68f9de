/**
 * The commands that are measured, and whose names they are asked by.
 *
 * @module
 */
import { defineSchema, key } from 'canonical-redis'
import type { Argv, Driver } from './drivers.js'

export const schema = defineSchema({ name: 'bench', keys: { step: key('step:<id>').alias('jobs:<id>') } })

/** Commands in one pipeline. */
export const BATCH = 100

/** Beginnings of names. `unmanaged` belongs to no family, and is what the raw client always asks for. */
const prefixes = { unmanaged: 'misc', canonical: 'step', alias: 'jobs' } as const

/** By which name a key is asked for. */
export type Naming = keyof typeof prefixes
export const namings = Object.keys(prefixes) as Naming[]

const fields = Array.from({ length: 10 }, (_, i) => [`field${i}`, `value${i}`]).flat()

/** By what they are called in the tables: the command for key number `i` of a beginning. */
const operations = {
  GET: (prefix, i) => ['get', `${prefix}:${i}`],
  'GET, a miss': (prefix, i) => ['get', `${prefix}:9999${i}`],
  SET: (prefix, i) => ['set', `${prefix}:${i}`, 'value'],
  'HSET of 10 fields': (prefix, i) => ['hset', `${prefix}:1${i}00`, ...fields],
  'MGET of 50': (prefix) => ['mget', ...Array.from({ length: 50 }, (_, k) => `${prefix}:${k}`)],
  XADD: (prefix, i) => ['xadd', `${prefix}:2${i}00`, 'MAXLEN', '10', '*', 'field', 'value'],
} satisfies Record<string, (prefix: string, i: number) => Argv>

/** A command that is measured. */
export type Operation = keyof typeof operations
export const everyOperation = Object.keys(operations) as Operation[]
/** Those with more than one key or value; a few of them are enough for a lap. */
export const heavy: readonly Operation[] = ['HSET of 10 fields', 'MGET of 50', 'XADD']

/** The first commands of one kind. */
export const commands = (operation: Operation, naming: Naming, count = BATCH): Argv[] =>
  Array.from({ length: count }, (_, i) => operations[operation](prefixes[naming], i))

/** One command after the other's reply, or all in one go. */
export const ways = ['one by one', 'pipelined'] as const
export type Way = (typeof ways)[number]

export async function send(driver: Driver, way: Way, argvs: readonly Argv[]): Promise<void> {
  if (way === 'pipelined') await driver.pipeline(argvs)
  else for (const argv of argvs) await driver.one(argv)
}

/** Empties the server, and writes what is read: through the wrapped client, so that each key lies where its phase wants it. */
export async function prepare(raw: Driver, wrapped: Driver): Promise<void> {
  await raw.one(['flushall'])
  await wrapped.pipeline([...commands('SET', 'canonical'), ...commands('SET', 'unmanaged')])
}
