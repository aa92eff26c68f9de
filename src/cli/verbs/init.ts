/**
 * `canonical-redis init`: the first config.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import { CanonicalRedisError } from '../../errors.js'
import { connect } from '../config/connect.js'
import { configNames, loadConfig } from '../config/load.js'
import { jsonFlag, whole } from '../flags.js'
import { draftConfig, emptyConfig } from '../init/draft.js'
import { takeSample, type Sample } from '../init/sample.js'
import { next } from '../run/show.js'
import { count, plural, table } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options {
  readonly from?: string
  readonly db?: number
  readonly sample?: number
  readonly out: string
  readonly force?: boolean
}

const SAMPLE = 100_000

/** The verb. */
export const init: Verb<Options> = {
  name: 'init',
  says: 'write a config file, drafted from what is in Redis',
  more:
    'With --from it reads a sample of the names and drafts a family for every pattern that it finds in them, with counts, ' +
    'types and examples. The draft loads; you put in the new names.',
  flags: [
    { flags: '--from <url>', says: 'draft the schema from the keys there; reads only' },
    { flags: '--db <number>', says: 'of this database', read: whole('--db', 0, '1') },
    { flags: '--sample <keys>', says: `names to look at (${SAMPLE})`, read: whole('--sample', 1, '10000') },
    { flags: '-o, --out <file>', says: 'the file to write', fallback: 'canonical-redis.config.ts' },
    { flags: '--force', says: 'replace a file that is there' },
    jsonFlag,
  ],
  examples: [
    ['init', 'an example to fill in'],
    ['init --from redis://127.0.0.1:6379 --db 1', 'a draft from what is there'],
    ['init -o canonical-redis.config.mjs', 'JavaScript'],
  ],
  async run(call) {
    const { from, out, force = false } = call.options
    const file = resolve(call.io.cwd, out)
    const sample = from === undefined ? undefined : await look(call, from)
    await write(file, sample ? draftConfig(sample, from!) : emptyConfig(), force)
    // A draft that does not load would be worse than none.
    await loadConfig(call.io, file)
    return outcomeOf(call, file, sample)
  },
}

async function look({ io, options }: Call<Options>, url: string): Promise<Sample> {
  const connection = await connect({ redis: url, db: options.db, folder: io.cwd })
  try {
    return await takeSample(connection.client, options.sample ?? SAMPLE, io.signal)
  } finally {
    await connection.close()
  }
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  if (!/\.(m?ts|m?js)$/.test(file)) {
    throw new CanonicalRedisError(
      'E_BAD_OPTION',
      `Expected --out to end in .ts, .mts, .js or .mjs, got "${basename(file)}".`,
      {
        hint: 'canonical-redis init -o canonical-redis.config.ts',
      },
    )
  }
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CanonicalRedisError('E_BAD_FILE', `${file} is there already.`, {
      hint: 'Add --force to replace it, or name another one: -o <file>',
    })
  }
}

/** Patterns that are shown; the file has more. */
const SHOWN = 15

function outcomeOf({ io }: Call<Options>, file: string, sample: Sample | undefined): Outcome {
  const name = relative(io.cwd, file)
  const named = configNames.includes(name) ? '' : ` --config ${name}`
  const lines = [`Wrote ${name}.`]
  if (sample) {
    const rows = sample.found
      .slice(0, SHOWN)
      .map(({ pattern, count: keys, types }) => [pattern, count(keys), types.join(', ')])
    lines.push(
      '',
      ...table([{ title: 'pattern' }, { title: 'keys seen', right: true }, { title: 'types' }], rows),
      ...(sample.found.length > SHOWN ? [`… and ${plural(sample.found.length - SHOWN, 'more pattern')}`] : []),
    )
  }
  lines.push(...next(`put the new names into ${name}, then: canonical-redis check${named}`))
  const patterns = sample?.found.map(({ pattern, count: keys, types }) => ({ pattern, keys, types }))
  return {
    exit: 'ok',
    lines,
    result: { file, ...(sample && { scanned: sample.scanned, total: sample.total, patterns }) },
  }
}
