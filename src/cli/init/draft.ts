/**
 * The config file that `init` writes.
 *
 * @module
 */
import { defineSchema, key, type Declared } from '../../schema/index.js'
import { redact } from '../io.js'
import { count, plural, shorten } from '../text.js'
import type { Found, Sample } from './sample.js'

/** The languages of a config file. */
export type Language = 'ts' | 'mjs'

/** What stands at the top of every config. */
const head = (url: string): string => `// What the keys are called today, and what they shall be called.
//
//   key('step:<id>')                      the new name; <id> is a hole: any text without ":"
//     .alias('job:<id>')                  the old name; several, if there are older ones
//     .alias('old:<id>', { db: 2 })       in another database
//   key('steps:pending', { queue: true }) elements are jobs that one consumer takes
//   <rest*>                               takes the rest, ":" and all
//
// Next: canonical-redis check --offline
import { channel, defineSchema, key } from 'canonical-redis'

const redis = process.env.REDIS_URL ?? '${url}'
`

const tail = `
export default {
  schema,
  /** A URL, options of ioredis, nodes of a cluster, or a function that gives an ioredis client. */
  redis,
  /** The phase that the services are in; \`--phase\` wins. See docs/phases.md for where else it may come from. */
  // phase: process.env.CANONICAL_REDIS_PHASE ?? 'alias',
  /** For \`rollback\`: moves all services to the phase, and resolves when they are there. */
  // setPhase: async (phase, families) => {},
  /** Options of the migrator. */
  // migrator: { batch: 500, throttle: { memory: 0.9, latency: 25 } },
}
`

/** A config to be filled in. */
export const emptyConfig = (): string => `${head('redis://127.0.0.1:6379')}
const schema = defineSchema({
  name: 'jobs-to-steps',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    progress: key('step:<id>:progress').alias('job:<id>:progress'),
    pending: key('steps:pending', { queue: true }).alias('jobs:pending'),
  },
  channels: {
    stepEvents: channel('step_events').alias('job_events'),
  },
})
${tail}`

/** Patterns that are written out; a keyspace without any order would fill a book. */
const MOST = 200

/**
 * A config from what was found: every pattern is a family whose key keeps its name, to be given a new one. What would
 * not load beside the others is a comment, with the reason.
 *
 * @param url where the sample is from; its password is left out
 */
export function draftConfig(sample: Sample, url: string): string {
  const families = sound(sample.found.slice(0, MOST))
  const left = sample.found.length - MOST
  return `${head(redact(url).replace(/\/\/[^@/]*@/, '//'))}
// Drafted from ${count(sample.scanned)} of ${plural(sample.total, 'key')} in database ${sample.db}.${othersOf(sample)}
// Every family below keeps its name so far. For each one that shall be renamed, put the new name into key(…) and the
// old one behind it into alias(…); remove those that stay as they are.
const schema = defineSchema({
  name: 'draft',
  keys: {
${families.map((family) => linesOf(family, sample)).join('\n')}
${left > 0 ? `    // ${plural(left, 'more pattern')} of few keys each are left out.\n` : ''}  },
  channels: {
    // stepEvents: channel('step_events').alias('job_events'),
  },
})
void channel // remove this line with the first channel
${tail}`
}

function othersOf({ others, binary }: Sample): string {
  const list = Object.entries(others).map(([db, keys]) => `${db} (${count(keys)})`)
  const more = list.length > 0 ? `\n// Other databases with keys: ${list.join(', ')}; see them with --db.` : ''
  return binary > 0 ? `${more}\n// ${plural(binary, 'name')} that are not text were left out.` : more
}

interface Family extends Found {
  readonly name: string
  /** Why it cannot stand beside the others. */
  readonly refused: string | undefined
}

/** Takes one pattern after the other, as long as all of them together are a schema. */
function sound(found: readonly Found[]): Family[] {
  const names = new Set<string>()
  const taken: Record<string, Declared<'key'>> = {}
  return found.map((one) => {
    const name = familyName(one, names)
    try {
      const declared = key(one.pattern) as Declared<'key'>
      defineSchema({ name: 'draft', keys: { ...taken, [name]: declared } })
      taken[name] = declared
      return { ...one, name, refused: undefined }
    } catch (error) {
      return { ...one, name, refused: (error as Error).message.split('\n')[0] }
    }
  })
}

/** `job:<id>:progress` → `jobProgress` */
function familyName({ pattern }: Found, taken: Set<string>): string {
  const words = pattern.replace(/<[^>]*>/g, ' ').match(/[A-Za-z0-9]+/g) ?? ['keys']
  const joined = words
    .map((word, i) => (i === 0 ? word[0]!.toLowerCase() : word[0]!.toUpperCase()) + word.slice(1))
    .join('')
  const base = /^\d/.test(joined) ? `k${joined}` : joined
  let name = base
  for (let i = 2; taken.has(name); i++) name = `${base}${i}`
  taken.add(name)
  return name
}

function linesOf(
  { name, pattern, count: seen, types, expiring, examples, holes, refused }: Family,
  sample: Sample,
): string {
  const scale = sample.total / Math.max(1, sample.scanned)
  const about = scale > 1 ? `about ${plural(Math.round(seen * scale), 'key')}` : plural(seen, 'key')
  const [some, of] = expiring
  const expiry = some === 0 ? 'no TTL' : some === of ? 'with TTL' : `${some} of ${of} with TTL`
  const kinds = [...holes].map(([hole, kind]) => `<${hole}> is ${kind}`)
  const facts = [about, types.join(', ') || 'gone meanwhile', expiry, ...kinds].join('; ')
  const shown = examples.slice(0, 3).map((example) => comment(shorten(example, 60)))
  const line = `${name}: key(${quote(pattern)}),`
  const lists = types.some((type) => ['list', 'stream', 'zset'].includes(type))
  return [
    `    // ${facts}`,
    `    // e.g. ${shown.join('  ')}`,
    ...(lists ? ['    // If consumers take jobs from it: { queue: true } as the second argument.'] : []),
    refused === undefined ? `    ${line}` : `    // Left out: ${comment(refused)}\n    // ${line}`,
  ].join('\n')
}

/** A name may hold anything, and must not end the comment that it stands in. */
const comment = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, '?')

/** As a TypeScript string, in the quotes of the rest. */
const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
