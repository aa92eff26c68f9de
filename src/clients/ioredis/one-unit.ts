/**
 * Sends a plan that must be one unit: as a transaction, or as a script where no transaction can be.
 *
 * @module
 */
import { inScript, outsideScript, type Plan, type Protocol } from '../../plan/index.js'
import type { Outcome } from '../shared/outcome.js'
import type { Route, Sender } from './sender.js'
import type { RawCommand } from './types.js'

/** What to send, and who is to be answered. */
export interface Unit {
  readonly sender: Sender
  readonly plan: Plan
  readonly command: RawCommand
  readonly route: Route
  readonly protocol: Protocol
  readonly outcome: Outcome
}

/**
 * @param watches the connection WATCHes, and an EXEC of ours would end that
 * @throws {@link CanonicalRedisError} `E_UNSUPPORTED`; nothing has been sent then
 */
export function sendInOneUnit(unit: Unit, watches: boolean): unknown {
  const { sender, plan, command, route, outcome } = unit
  if (watches) sendAsScript(unit)
  else if (route.stream) sender.transaction(command, plan, route, outcome)
  else sender.transaction(command, plan, route, { ...outcome, discarded: (error) => whenDiscarded(unit, error) })
  return command.promise
}

/** With its memory full a server takes nothing in MULTI, not even DEL; a script that frees memory it runs. */
function whenDiscarded(unit: Unit, error: Error): void {
  if (!error.message.startsWith('OOM ')) return unit.outcome.reject(error)
  try {
    sendAsScript(unit)
  } catch {
    // The command cannot stand in a script.
    unit.outcome.reject(error)
  }
}

function sendAsScript({ sender, plan, command, route, protocol, outcome }: Unit): void {
  const reject = (error: Error): void => outcome.reject(outsideScript(error, plan))
  sender.sequence(command, inScript(plan, protocol), route, { ...outcome, reject })
}
