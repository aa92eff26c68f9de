/**
 * `canonical-redis map`: what names become, offline.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import { loadConfig } from '../config/load.js'
import { schemaFlags, type SchemaOptions } from '../flags.js'
import { readExpected, readNames, type Expected } from '../map/files.js'
import { collisionsOf, mapNames, type Collision, type Mapped, type Mismatch } from '../map/names.js'
import { next } from '../run/show.js'
import { plural, wrap } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options extends SchemaOptions {
  readonly from?: string
  readonly expect?: string
}

/** Names shown at most: a list from a pipe may have a million. */
const MOST = 50

/** The verb. */
export const map: Verb<Options> = {
  name: 'map',
  args: '[names...]',
  says: 'show what names become, and test it against a list',
  more:
    'Works offline, from the schema alone: for each name its family and its new name, or what it resembles. Exit code 1 ' +
    'when a name does not become what --expect says, or when two old names would become one key.',
  flags: [
    ...schemaFlags,
    { flags: '--from <file>', says: 'names from a file, one a line; - for a pipe' },
    { flags: '--expect <file>', says: 'pairs, one a line: old name, new name; - for "of no family"' },
  ],
  examples: [
    ['map job:42 jobs:pending', 'two names'],
    ['map --expect mapping.txt', 'in CI: does every name become what was agreed?'],
    ['map --from -', 'redis-cli --scan | canonical-redis map --from -'],
  ],
  async run(call) {
    const { io, options, args } = call
    const { config } = await loadConfig(io, options.config)
    const expected = options.expect === undefined ? [] : await readExpected(io, options.expect)
    const listed = options.from === undefined ? [] : await readNames(io, options.from)
    const names = [...new Set([...args, ...listed, ...expected.map(({ name }) => name)])]
    if (names.length === 0) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'Expected names, got none.', {
        hint: 'canonical-redis map job:42, or --from <file>, or --expect <file>',
      })
    }
    const mapped = mapNames(config.schema, names)
    return outcomeOf(call, mapped, mismatchesOf(mapped, expected), expected.length)
  },
}

/** Where the list and the schema do not agree. */
function mismatchesOf(mapped: readonly Mapped[], expected: readonly Expected[]): Mismatch[] {
  const byName = new Map(mapped.map((one) => [one.name, one]))
  return expected.flatMap(({ name, expected: wanted }) => {
    const { family, canonical } = byName.get(name)!
    const got = family === undefined ? '-' : canonical
    return got === wanted ? [] : [{ name, expected: wanted, canonical: got }]
  })
}

function outcomeOf(
  call: Call<Options>,
  mapped: readonly Mapped[],
  wrong: readonly Mismatch[],
  tested: number,
): Outcome {
  const { paint } = call
  const collisions = collisionsOf(mapped)
  const lines = [...mapped.slice(0, MOST).flatMap(shown), ...merged(collisions)]
  if (mapped.length > MOST) lines.push(`… and ${plural(mapped.length - MOST, 'more name')}; --json has them all`)
  for (const { name, expected, canonical } of wrong) {
    lines.push('', ...wrap(`${paint.red('wrong')} ${name}`, 80), `  expected ${expected}`, `  got      ${canonical}`)
  }
  if (tested > 0) lines.push('', `${plural(tested, 'name')} tested, ${wrong.length} wrong.`)
  const isBad = wrong.length + collisions.length > 0
  if (isBad) lines.push(...next('correct the schema, or the list; docs/schema.md says which rule wins'))
  return { exit: isBad ? 'findings' : 'ok', lines, result: { names: mapped, wrong, collisions } }
}

/** Whole names, to be copied: in a table they would be cut. */
function shown({ name, family, side, canonical, why }: Mapped): string[] {
  if (family === undefined) return [name, ...wrap(`of no family, and stays${why ? `: it ${why}` : ''}`, 80, '  ')]
  return [name, side === 'canonical' ? `  a new name of ${family}` : `  → ${canonical}  (${family})`]
}

const merged = (collisions: readonly Collision[]): string[] =>
  collisions.flatMap(({ canonical, names }) => [
    '',
    ...wrap(`${names.join(' and ')} would both become ${canonical}: only one of them can be copied`, 80),
  ])
