/**
 * `canonical-redis explain`: the exact commands for one command, offline.
 *
 * @module
 */
import { CanonicalRedisError, isCanonicalRedisError } from '../../errors.js'
import { phases, phaseTable, type Phase } from '../../phases/index.js'
import { explain as explainPlan, plan, type Plan } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
import { loadConfig } from '../config/load.js'
import { oneOf, schemaFlags, whole, type SchemaOptions } from '../flags.js'
import { problemOf } from '../problem.js'
import { next } from '../run/show.js'
import type { Outcome, Verb } from '../verb.js'
import { splitCommand } from '../words.js'

interface Options extends SchemaOptions {
  readonly phase?: Phase
  readonly db?: number
  readonly full?: boolean
}

/** The verb. */
export const explain: Verb<Options> = {
  name: 'explain',
  args: '<command...>',
  says: 'show the exact commands that a command becomes',
  more: 'Works offline, from the schema alone. Without --phase: in every phase.',
  flags: [
    ...schemaFlags,
    { flags: '--phase <phase>', says: 'only in this phase', read: oneOf('--phase', phases) },
    { flags: '--db <number>', says: 'the database of the connection', read: whole('--db', 0, '1') },
    { flags: '--full', says: 'scripts with their text, not their names' },
  ],
  examples: [
    ['explain "HSET job:42 status done" --phase dual-read', 'one phase'],
    ['explain "GET step:42"', 'all of them'],
  ],
  async run({ io, options, args, paint }): Promise<Outcome> {
    const argv = args.length === 1 ? splitCommand(args[0]!) : [...args]
    if (argv.length === 0) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'Expected a command, got nothing.', {
        hint: 'canonical-redis explain "HSET job:42 status done"',
      })
    }
    const { config } = await loadConfig(io, options.config)
    const asked = options.phase === undefined ? phases : [options.phase]
    const results = asked.map((phase) => ({ phase, ...inPhase(argv, phase, config.schema, options) }))
    const lines = results.flatMap(({ phase, note, commands, refused }) => [
      `${paint.bold(phase)}  ${paint.dim(note)}`,
      ...commands.map((command) => `  ${command}`),
      ...(refused ? [`  ${paint.yellow('refused')} ${refused.message} [${refused.code}]`] : []),
    ])
    const touched = results.some(({ touches }) => touches)
    if (!touched)
      lines.push(...next('no name in it is of the schema; see its families: canonical-redis check --offline'))
    const { name, hash } = config.schema
    const isRefused = options.phase !== undefined && results.some(({ refused }) => refused)
    return {
      exit: isRefused ? 'refused' : 'ok',
      lines,
      result: { command: argv, phases: results },
      migration: { name, hash },
    }
  },
}

interface InPhase {
  /** What the phase reads and writes, and how the commands go out. */
  readonly note: string
  readonly commands: readonly string[]
  readonly refused?: { readonly code: string; readonly message: string }
  /** Some name in it is of the schema. */
  readonly touches: boolean
}

function inPhase(argv: readonly string[], phase: Phase, schema: Schema, { db = 0, full = false }: Options): InPhase {
  try {
    const planned = plan(argv, {
      mapper: schema.mapper,
      phaseOf: () => phase,
      db,
      inTransaction: false,
      unknownCommands: 'refuse',
      ...(schema.transforms.families.size > 0 && { transforms: schema.transforms }),
    })
    return {
      note: noteOf(planned, phase),
      commands: explainPlan(argv, planned, { scripts: full ? 'text' : 'named' }),
      touches: planned !== undefined || argv.some((arg) => schema.mapper.isKeyManaged(arg)),
    }
  } catch (error) {
    if (!isCanonicalRedisError(error)) throw error
    const { code, message } = problemOf(error)
    return { note: '', commands: [], refused: { code, message }, touches: true }
  }
}

function noteOf(planned: Plan | undefined, phase: Phase): string {
  if (planned === undefined) return 'as it is'
  const { primary, secondary } = phaseTable[phase]
  const other = { leave: '', unlink: ', removes the other name', mirror: ', keeps both names equal' }[secondary]
  return `works on the ${primary === 'alias' ? 'alias' : 'canonical name'}${other}`
}
