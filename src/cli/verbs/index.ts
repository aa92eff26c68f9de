/**
 * Every verb, in the order of a migration.
 *
 * @module
 */
import type { Verb } from '../verb.js'
import { analyze } from './analyze.js'
import { check } from './check.js'
import { cleanup } from './cleanup.js'
import { explain } from './explain.js'
import { init } from './init.js'
import { map } from './map.js'
import { migrate } from './migrate.js'
import { report } from './report.js'
import { rollback } from './rollback.js'
import { status } from './status.js'
import { verify } from './verify.js'

/** The verbs. What each takes is known to it alone. */
export const verbs = [
  init,
  check,
  explain,
  map,
  analyze,
  migrate,
  verify,
  status,
  cleanup,
  rollback,
  report,
] as readonly Verb[]
