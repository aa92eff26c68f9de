/**
 * Phases from environment variables: the flags that teams write by hand for such a migration, and what they come to.
 *
 * @module
 */
import { CanonicalRedisError } from '../errors.js'
import { HeldPhases, type PhaseSetting } from './held.js'
import { phases, type Phase } from './phases.js'
import { trust, warnOnce, type PhaseSource, type Warn } from './sources.js'

/** Which variables to read. Each is optional in the environment. */
export interface EnvironmentOptions {
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The variable that names a phase, or phases by family: `alias`, or `alias, step=dual-write`. Default `CANONICAL_REDIS_PHASE`. */
  readonly phase?: string
  /** The flag for writing both names: true, false, or `prepare`. Default `ENABLE_DUAL_WRITE`. */
  readonly dualWrite?: string
  /** The flag for reading the old name where the new one is missing. Default `ENABLE_DUAL_READ`. */
  readonly dualRead?: string
  /** The variable that says which name comes first. Default `PRIMARY_KEY_PATTERN`. */
  readonly primary?: string
  /** What it calls the old and the new name. Default `{ alias: 'alias', canonical: 'canonical' }`. */
  readonly values?: { readonly alias: string; readonly canonical: string }
  /** Called instead of `process.emitWarning`. */
  readonly onWarning?: Warn
}

/** A source that reads the environment when it is made, and when it is told to. */
export interface EnvironmentPhase extends PhaseSource {
  /**
   * Reads the variables again (on SIGHUP, after dotenv). Nothing changes when it throws.
   * @throws {@link CanonicalRedisError} `E_BAD_PHASE`, `E_UNSAFE_TRANSITION`
   */
  reload(): void
}

type Flag = 'unset' | 'off' | 'on'

interface Meaning {
  readonly phase: Phase
  /** Why the flags are not taken at their word. */
  readonly instead?: string
}

const prepareFirst = 'reading new names that nothing keeps up to date would serve old values'
const sweepFirst =
  'it is not said that the old names are gone, so they are still read and removed; turn dual reading off once the sweep is done'

/** By the primary name, dual write and dual read. */
const meanings: Readonly<
  Record<'alias' | 'canonical', Readonly<Record<'off' | 'on', Readonly<Record<Flag, Meaning>>>>>
> = {
  alias: {
    off: {
      unset: { phase: 'alias' },
      off: { phase: 'alias' },
      on: { phase: 'prepare', instead: prepareFirst },
    },
    on: { unset: { phase: 'dual-write' }, off: { phase: 'dual-write' }, on: { phase: 'dual-read' } },
  },
  canonical: {
    on: { unset: { phase: 'dual-read' }, off: { phase: 'canonical-primary' }, on: { phase: 'dual-read' } },
    off: {
      unset: { phase: 'retire-alias', instead: sweepFirst },
      off: { phase: 'canonical' },
      on: { phase: 'retire-alias' },
    },
  },
}

const flags: Readonly<Record<string, Flag>> = {
  '': 'unset',
  '0': 'off',
  false: 'off',
  no: 'off',
  off: 'off',
  '1': 'on',
  true: 'on',
  yes: 'on',
  on: 'on',
}

/**
 * The phase that the environment asks for. `CANONICAL_REDIS_PHASE` names it outright; otherwise it follows from three
 * flags, every combination of which has a phase. Those that would lose data come to the nearest phase that does not,
 * with a warning; the table is in docs/phases.md.
 *
 * A process sees only its own environment: that the fleet goes one step at a time is the operator's care. Between
 * `alias` and `dual-write` lies `prepare` (`ENABLE_DUAL_WRITE=prepare`), since a client that knows nothing of the new
 * names leaves stale ones behind.
 *
 * @throws {@link CanonicalRedisError} `E_BAD_PHASE` when a variable has a value that it cannot have
 * @example
 * ```ts
 * // ENABLE_DUAL_WRITE_STEPS=true PRIMARY_KEY_PATTERN=step
 * const phase = environmentPhase({ dualWrite: 'ENABLE_DUAL_WRITE_STEPS', values: { alias: 'job', canonical: 'step' } })
 * phase.phaseOf('step') // 'dual-read'
 * ```
 */
export function environmentPhase(options: EnvironmentOptions = {}): EnvironmentPhase {
  const warn = options.onWarning ?? warnOnce()
  let warnings: string[] = []
  const read = (): PhaseSetting => {
    const found: string[] = []
    const setting = settingOf(options, found)
    warnings = found
    warnings.forEach(warn)
    return setting
  }
  const held = new HeldPhases(read())
  return trust({
    phaseOf: (family) => held.phaseOf(family),
    subscribe: (listener) => held.subscribe(listener),
    problem: () => warnings[0],
    reload: () => held.replace(read()),
  })
}

function settingOf(options: EnvironmentOptions, warnings: string[]): PhaseSetting {
  const env = options.env ?? process.env
  const { phase: name = 'CANONICAL_REDIS_PHASE' } = options
  const named = env[name]?.trim() ?? ''
  return named === '' ? { default: flagged(env, options, warnings) } : listed(name, named)
}

/** `alias, step=dual-write` */
function listed(variable: string, text: string): PhaseSetting {
  const families: Record<string, Phase> = {}
  let general: Phase | undefined
  for (const part of text.split(',')) {
    const [left = '', right] = part.split('=').map((piece) => piece.trim())
    const phase = phases.find((one) => one === (right ?? left))
    if (phase === undefined)
      refuse(variable, text, `a phase, or phases by family (alias, step=dual-write): ${phases.join(', ')}`)
    if (right === undefined) general = phase
    else families[left] = phase
  }
  if (general === undefined)
    refuse(variable, text, 'a phase for the families that are not named (alias, step=dual-write)')
  return { default: general, families }
}

function flagged(env: NonNullable<EnvironmentOptions['env']>, options: EnvironmentOptions, warnings: string[]): Phase {
  const { dualWrite = 'ENABLE_DUAL_WRITE', dualRead = 'ENABLE_DUAL_READ', primary = 'PRIMARY_KEY_PATTERN' } = options
  const values = options.values ?? { alias: 'alias', canonical: 'canonical' }
  const side = sideOf(primary, env[primary], values)
  const preparing = side === 'alias' && env[dualWrite]?.trim().toLowerCase() === 'prepare'
  if (preparing) return 'prepare'
  const writes = flagOf(dualWrite, env[dualWrite]) === 'on' ? 'on' : 'off'
  const reads = flagOf(dualRead, env[dualRead])
  const { phase, instead } = meanings[side][writes][reads]
  if (instead !== undefined) {
    const asked = [primary, dualWrite, dualRead].map((name) => `${name}=${env[name] ?? ''}`).join(' ')
    warnings.push(`${asked} is taken as the phase "${phase}": ${instead}`)
  }
  return phase
}

function sideOf(
  name: string,
  value: string | undefined,
  values: NonNullable<EnvironmentOptions['values']>,
): 'alias' | 'canonical' {
  const given = value?.trim() ?? ''
  if (given === '' || given === values.alias) return 'alias'
  if (given === values.canonical) return 'canonical'
  return refuse(name, given, `"${values.alias}" or "${values.canonical}"`)
}

function flagOf(name: string, value: string | undefined): Flag {
  const given = value?.trim().toLowerCase() ?? ''
  const flag = Object.hasOwn(flags, given) ? flags[given] : undefined
  return flag ?? refuse(name, value ?? '', 'true, false, or nothing')
}

function refuse(variable: string, given: string, expected: string): never {
  throw new CanonicalRedisError('E_BAD_PHASE', `expected ${variable} to be ${expected}, got "${given}"`, {
    hint: `set ${variable} and start again; a running client keeps its phase`,
  })
}
