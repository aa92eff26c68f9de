/**
 * SCAN, KEYS and RANDOMKEY: each logical key that exists is shown once, under a name that the pattern asks for.
 *
 * @module
 */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { ofBare, ofName } from './keys.js'
import type { TwinClient } from './send.js'

/** One question about the keyspace. */
export interface Question {
  readonly verb: 'keys' | 'scan' | 'scan by type' | 'iterator' | 'randomkey'
  readonly pattern: string
}

export const questions: fc.Arbitrary<Question> = fc.record({
  verb: fc.constantFrom('keys', 'scan', 'scan by type', 'iterator', 'randomkey'),
  pattern: fc.constantFrom('*', 'old:*', 'new:*', 'zweite:*', 'second:*', 'deuxieme:*', 'old:[12]', '?l*', '*:3', 'x*'),
})

/** What is wrong with the library's answer; undefined: nothing. */
export async function wrongAnswer(question: Question, facade: TwinClient, bare: Redis): Promise<string | undefined> {
  const pattern = question.verb === 'randomkey' ? '*' : question.pattern
  const got = await asked[question.verb](facade, pattern)
  const byType = question.verb === 'scan by type'
  const expected = await expectedNames(bare, pattern, byType ? scannedType : undefined)
  const text = `got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`
  if (question.verb === 'randomkey') {
    const fits = got.length === Math.min(1, expected.length) && got.every((name) => expected.includes(toBare(name)))
    return fits ? undefined : text
  }
  if (got.some((name) => !toRegExp(pattern).test(name))) return `a name that does not match: ${text}`
  if (new Set(got.map(toBare)).size < got.length) return `a key shown twice: ${text}`
  return JSON.stringify(got.map(toBare).sort()) === JSON.stringify(expected) ? undefined : text
}

const toBare = (name: string): string => ofName(name)?.bare ?? name

/** The bare twin's keys that have a name of this pattern in the library's database. */
async function expectedNames(bare: Redis, pattern: string, type: string | undefined): Promise<string[]> {
  const wanted = toRegExp(pattern)
  // As bytes: TYPE of a name that is no text would ask for another key.
  const keys = await bare.keysBuffer('*')
  const types = type === undefined ? [] : await Promise.all(keys.map((key) => bare.type(key)))
  return keys
    .filter((_, i) => type === undefined || types[i] === type)
    .map(String)
    .filter((name) => (ofBare(name)?.names ?? [name]).some((one) => wanted.test(one)))
    .sort()
}

const toRegExp = (glob: string): RegExp => new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')

/** One type is enough to see that the option gets through. */
const scannedType = 'string'

const asked: Readonly<Record<Question['verb'], (client: TwinClient, pattern: string) => Promise<string[]>>> = {
  keys: (client, pattern) => client.call(['KEYS', pattern]) as Promise<string[]>,
  scan: (client, pattern) => scanned(client, ['MATCH', pattern, 'COUNT', '3']),
  'scan by type': (client, pattern) => scanned(client, ['TYPE', scannedType, 'MATCH', pattern]),
  iterator: (client, pattern) => client.iterate(pattern),
  async randomkey(client) {
    const name = (await client.call(['RANDOMKEY'])) as string | null
    return name === null ? [] : [name]
  },
}

async function scanned(client: TwinClient, options: readonly string[]): Promise<string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    const [next, page] = (await client.call(['SCAN', cursor, ...options])) as [string, string[]]
    found.push(...page)
    cursor = next
  } while (cursor !== '0')
  return found
}
