/**
 * The flags of the plan, and which of them each phase is: what an operator exports before the services are restarted.
 *
 * @module
 */
import { environmentPhase, type EnvironmentPhase, type Phase } from 'canonical-redis'

/** The environment of each phase. */
export const flagsOf: Readonly<Record<Phase, Readonly<Record<string, string>>>> = {
  alias: {},
  prepare: { ENABLE_DUAL_WRITE_STEPS: 'prepare' },
  'dual-write': { ENABLE_DUAL_WRITE_STEPS: 'true' },
  'dual-read': { ENABLE_DUAL_WRITE_STEPS: 'true', ENABLE_DUAL_READ_STEPS: 'true' },
  'canonical-primary': {
    ENABLE_DUAL_WRITE_STEPS: 'true',
    ENABLE_DUAL_READ_STEPS: 'false',
    PRIMARY_KEY_PATTERN: 'step',
  },
  'retire-alias': { ENABLE_DUAL_WRITE_STEPS: 'false', ENABLE_DUAL_READ_STEPS: 'true', PRIMARY_KEY_PATTERN: 'step' },
  canonical: { ENABLE_DUAL_WRITE_STEPS: 'false', ENABLE_DUAL_READ_STEPS: 'false', PRIMARY_KEY_PATTERN: 'step' },
}

/** What a service makes of its environment. */
export const phaseFromFlags = (env: Readonly<Record<string, string | undefined>> = process.env): EnvironmentPhase =>
  environmentPhase({
    env,
    dualWrite: 'ENABLE_DUAL_WRITE_STEPS',
    dualRead: 'ENABLE_DUAL_READ_STEPS',
    primary: 'PRIMARY_KEY_PATTERN',
    values: { alias: 'job', canonical: 'step' },
  })
