/**
 * What a plan did, read from the replies to its steps: for those who listen, and for those who count.
 *
 * @module
 */
import { proves, type Arg } from '../../commands/index.js'
import { adoptedNames, chosenReply, type Plan, type Step } from '../../plan/index.js'

/** What came of a plan. */
export interface Happened {
  /** Steps that copied an alias to its canonical name. */
  readonly copied: readonly Step[]
  /**
   * `missed`: a read found the key under none of its names, as far as its reply tells. `mirrored`: a write reached both
   * names. `torn`: the server did what the caller asked for, and refused what the second name needed.
   */
  readonly end: 'missed' | 'mirrored' | 'torn' | undefined
  /** Of `torn`. */
  readonly error?: Error
}

const nothing: readonly Step[] = []

/** Reads the replies to all steps of a plan, in order. It is done for every write that is mirrored, so it makes no lists in vain. */
export function happened(plan: Plan, replies: readonly unknown[]): Happened {
  let copied: Step[] | undefined
  let error: Error | undefined
  let mirrors = false
  for (let i = 0; i < plan.steps.length; i++) {
    const step = plan.steps[i] as Step
    const reply = replies[i]
    if (step.role === 'adopt') {
      // RESP3 clients may be told to read numbers as strings.
      if (Number(reply) === 1 && adoptedNames(step)) (copied ??= []).push(step)
    } else if (step.role === 'mirror' || step.role === 'drop' || step.role === 'supersede') {
      mirrors ||= step.role === 'mirror'
      if (reply instanceof Error) error ??= reply
    } else if (step.role === 'both') mirrors = true
  }
  const found = copied ?? nothing
  const reply = chosenReply(plan, replies)
  // A failed adopt, or the caller's own mistake: it is the caller who is told.
  if (reply instanceof Error) return { copied: found, end: undefined }
  if (plan.optimistic) {
    const isMiss = found === nothing && !proves(plan.located, opOf(plan).argv, reply)
    return { copied: found, end: isMiss ? 'missed' : undefined }
  }
  if (error) return { copied: found, end: 'torn', error }
  return { copied: found, end: mirrors ? 'mirrored' : undefined }
}

/** The caller's command, under the names of the phase. */
export const opOf = (plan: Plan): Step => plan.steps[plan.op] as Step

/** The canonical name that a step adopts. */
export const adoptedName = (step: Step): Arg | undefined => adoptedNames(step)?.[1]
