/**
 * `canonical-redis verify`: compares both names of every key.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import type { Difference, VerifyOptions, VerifyResult } from '../../migrate/types/index.js'
import type { Phase } from '../../phases/index.js'
import type { Exit } from '../exits.js'
import { liveFlags, OFFLINE, runFlags, whole, type LiveOptions } from '../flags.js'
import { agree, requireSomebody } from '../run/confirm.js'
import { extendReport } from '../run/record.js'
import { examples, familyTable, footer, next } from '../run/show.js'
import { withMigrator, type Work } from '../run/work.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options extends LiveOptions {
  readonly repair?: boolean
  readonly sample?: number
  readonly rounds?: number
}

/** What is needed of the call. */
type Calling = Pick<Call<Pick<Options, 'repair'>>, 'io' | 'options'>

/** The verb. */
export const verify: Verb<Options> = {
  name: 'verify',
  says: 'compare aliases with canonical keys, and repair',
  more:
    'Compares on the server, both ways: existence, type, value, time to live, consumer groups. A difference counts when ' +
    'it stays. Exit code 1 when something differs.',
  flags: [
    ...runFlags,
    ...liveFlags.filter(({ flags }) => !flags.startsWith('--big-keys')),
    { flags: '--repair', says: 'with --live: put right what differs, by what is authoritative in the phase' },
    { flags: '--sample <keys>', says: 'look at about so many keys only', read: whole('--sample', 1, '10000') },
    { flags: '--rounds <times>', says: 'how often a difference has to be seen', read: whole('--rounds', 1, '3') },
  ],
  examples: [
    ['verify', 'compare everything; exit code 1 when something differs'],
    ['verify --sample 10000 --json', 'a quick look, for a script'],
    ['verify --repair --live --phase dual-read', 'put right what differs, after asking'],
  ],
  async run(call) {
    const { live = false, repair = false, sample, rounds } = call.options
    const acts = live && repair
    if (live && !repair) {
      throw new CanonicalRedisError('E_BAD_OPTION', 'verify changes nothing, so --live needs --repair.', {
        hint: 'canonical-redis verify, or canonical-redis verify --repair --live',
      })
    }
    if (acts) requireSomebody(call)
    return withMigrator(call, acts ? { what: 'Verify and repair', live: true } : { what: 'Verify' }, async (work) => {
      if (acts) await ask(call, work)
      const options: VerifyOptions = {
        ...work.options,
        ...(sample !== undefined && { sample }),
        ...(rounds !== undefined && { rounds }),
        ...(acts && { repair: true }),
      }
      return verified(call, work, options)
    })
  },
}

/** Compares, and says what came of it: for this verb, and for `migrate --validate`. */
export async function verified(call: Calling, work: Work, options: VerifyOptions): Promise<Outcome> {
  const result = await work.migrator.verify(options)
  const { details, detailsOmitted, notes, clean, errors: failed } = result
  await extendReport(work, result.reportFile, { details, detailsOmitted, notes, clean, failed })
  return outcomeOf(call, work, result)
}

async function ask(call: Call<Options>, { connection, schema, phase }: Work): Promise<void> {
  if (call.options.phase === OFFLINE) {
    throw new CanonicalRedisError('E_BAD_OPTION', `"${OFFLINE}" does not say which of two names is right.`, {
      hint: 'Say by which phase to repair: --phase dual-write (the alias is right) or dual-read (the canonical key is).',
    })
  }
  const phases = phase.phases.join(' and ')
  const where = `on ${connection.address} for the migration "${schema.name}"`
  await agree(call, `This will change keys that differ, ${where}, by what is authoritative in ${phases}.`)
}

const shown = ({ alias, canonical, problem, found, repaired }: Difference): string => {
  const values = found ? ` (${found.alias} and ${found.canonical})` : ''
  return `${alias} and ${canonical}: ${problem}${values}${repaired ? ', repaired' : ''}`
}

function outcomeOf({ io, options }: Calling, { phase }: Work, result: VerifyResult): Outcome {
  const { clean, endedBy, details, detailsOmitted, queued, repaired, failed } = result
  const lines = familyTable(result, [
    ['compared', 'compared'],
    ['missing', 'missing'],
    ['different', 'different'],
    ['orphans', 'orphans'],
    ['failed', 'failed'],
    ...(queued > 0 ? [['queued', 'queued'] as const] : []),
    ...(repaired > 0 ? [['repaired', 'repaired'] as const] : []),
  ])
  lines.push(...examples('Differences', details, detailsOmitted, shown), ...footer(result, io.cwd), '')
  const isStopped = endedBy === 'signal'
  if (isStopped) lines.push('Stopped, so nobody knows whether the rest is equal. Run the same command again.')
  else lines.push(clean ? `Clean${result.sampled ? ', as far as the sample goes' : ''}.` : 'Not clean.')
  if (!clean && !isStopped) lines.push(...next(advice(result, failed, options.repair === true, phase.isKnown)))
  else if (clean && !isStopped) lines.push(...next(afterClean(phase.phases)))
  const exit: Exit = isStopped ? 'interrupted' : clean ? 'ok' : 'findings'
  return { exit, lines, result }
}

function advice(
  { missing, different, orphans }: VerifyResult,
  failed: number,
  repaired: boolean,
  isKnown: boolean,
): string {
  if (failed > 0) return 'look at what failed; the server may lack a permission: canonical-redis check'
  if (missing > 0 && different + orphans === 0) return 'canonical-redis migrate --live, which copies what is missing'
  if (repaired) return 'run it again; what keeps differing is written by somebody who is not wrapped'
  return `canonical-redis verify --repair --live${isKnown ? '' : ' --phase <phase>'}`
}

/** What a clean verification opens. */
const opens: Readonly<Partial<Record<Phase, string>>> = {
  'dual-write': 'move every client to dual-read',
  'dual-read': 'move every client to canonical-primary',
  'canonical-primary': 'when nobody reads the old names any more: move every client to retire-alias',
  'retire-alias': 'canonical-redis cleanup',
}

const afterClean = ([only, ...others]: readonly Phase[]): string | undefined =>
  only !== undefined && others.length === 0 ? opens[only] : undefined
