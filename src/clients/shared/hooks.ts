/**
 * What an application may want to know of, or have a say in, while its keys move: hooks, and the same on
 * `node:diagnostics_channel`. Free while nobody listens. Events carry names of keys, never values.
 *
 * @module
 */
import { channel, type Channel } from 'node:diagnostics_channel'
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import { phaseTable, type Phase } from '../../phases/index.js'
import {
  adoptedNames,
  changing,
  namingAliases,
  withoutAdopting,
  type Plan,
  type PlanContext,
  type Step,
} from '../../plan/index.js'
import { Counts } from './counts.js'
import { happened, opOf, type Happened } from './happened.js'

/** A key that a command was about. */
export interface KeyEvent {
  readonly family: string
  readonly canonical: Arg
  /** The alias that it was, or would be, copied from; for a mirrored write the first alias. */
  readonly alias: Arg
  /** The command of the caller's, in upper case. */
  readonly command: string
  readonly phase: Phase
}

/** A read that found nothing. */
export interface MissEvent extends Omit<KeyEvent, 'alias'> {
  readonly aliases: readonly Arg[]
}

/** What {@link Hooks.afterMigrate} is told. */
export interface MigratedEvent extends KeyEvent {
  /** False: there was nothing to copy, or the canonical name was there already. */
  readonly copied: boolean
}

/** What to do to a key as it migrates. */
export interface Change {
  /** Commands without the name of the key, which goes behind the command's own name. */
  readonly change: readonly (readonly (Arg | number)[])[]
}

/**
 * Functions of the application's. They are called in the middle of a command, so they must be quick; one that throws does not
 * disturb the command ({@link Hooks.beforeMigrate} aside) and is reported as a warning of the process.
 */
export interface Hooks {
  /** A command has copied an alias to its canonical name. */
  readonly onAdopt?: (event: KeyEvent) => void
  /** A write has been brought to the second name. */
  readonly onMirror?: (event: KeyEvent) => void
  /** A read has found the key under none of its names, as far as its reply tells. */
  readonly onFallbackMiss?: (event: MissEvent) => void
  /**
   * Before a command tries to copy an alias. With `false` the key stays where it is: a read of this key is answered from the
   * alias, and a write is refused with `E_VETOED`, since it would change a key that is not there. So it is when this throws.
   *
   * With `{ change }` the commands are carried out on both names in the same unit, if there is something to copy: `{ change:
   * [['PEXPIRE', 60_000]] }`, without the name of the key. If one fails, the key is not copied, and the command gets its error.
   *
   * Before a write it is called whether or not there is something to copy; before a read only when the canonical name seems
   * to be missing.
   */
  readonly beforeMigrate?: (event: KeyEvent) => boolean | void | Change
  /** After such a try. */
  readonly afterMigrate?: (event: MigratedEvent) => void
}

type Told = Exclude<keyof Hooks, 'beforeMigrate'>

/** The diagnostics channels: what is told to a hook is published there as well. */
export const hookChannels: Readonly<Record<Told, string>> = {
  onAdopt: 'canonical-redis:adopt',
  onMirror: 'canonical-redis:mirror',
  onFallbackMiss: 'canonical-redis:fallback-miss',
  afterMigrate: 'canonical-redis:migrate',
}

const channels: Readonly<Record<Told, Channel>> = {
  onAdopt: channel(hookChannels.onAdopt),
  onMirror: channel(hookChannels.onMirror),
  onFallbackMiss: channel(hookChannels.onFallbackMiss),
  afterMigrate: channel(hookChannels.afterMigrate),
}
const all = Object.values(channels)

/** Follows plans for those who want to know. */
export class HookCalls {
  /** Kept whether or not anybody listens. */
  readonly counts = new Counts()
  readonly #hooks: Hooks
  readonly #given: boolean

  constructor(hooks: Hooks = {}) {
    this.#hooks = hooks
    this.#given = Object.values(hooks).some((hook) => hook !== undefined)
  }

  /** Does anybody listen? Asked for every command. */
  get isOn(): boolean {
    return this.#given || all.some((one) => one.hasSubscribers)
  }

  /**
   * A plan as it is to be carried out.
   *
   * @param alone a read is tried under the canonical name first; {@link again} says what follows if that is not enough
   * @throws {@link CanonicalRedisError} `E_VETOED`
   */
  first(plan: Plan, context: PlanContext, alone: boolean): Plan {
    const named = this.#hooks.beforeMigrate ? namingAliases(plan) : plan
    return alone && plan.optimistic ? named : this.again(named, context)
  }

  /**
   * The plan for the second try of a read.
   * @throws {@link CanonicalRedisError} `E_VETOED`
   */
  again(plan: Plan, context: PlanContext): Plan {
    return this.#followed(this.isOn ? this.#allowed(plan, context) : plan, context)
  }

  #followed(plan: Plan, context: PlanContext): Plan {
    if (plan.steps.length === 1 && opOf(plan).role !== 'both') return plan
    // Every command has a plan of its own. To copy it would cost a microsecond, four times what the counting does.
    const own: { onReplies?: Plan['onReplies'] } = plan
    own.onReplies = (replies, done) => this.#tell(done, replies, context)
    return plan
  }

  /** Asks {@link Hooks.beforeMigrate} about each copy that the plan would make. */
  #allowed(plan: Plan, context: PlanContext): Plan {
    const { beforeMigrate } = this.#hooks
    if (beforeMigrate === undefined) return plan
    let { db } = context
    const steps: Step[] = []
    for (const step of plan.steps) {
      if (step.role === 'select') db = Number(step.argv[1])
      const event = adoptEvent(step, plan, context)
      const word = event ? asked(beforeMigrate, event) : undefined
      if (event && word?.veto) return withoutAdopting(plan) ?? refuse(event, word.cause)
      steps.push(word?.change ? changing(step, db, word.change) : step)
    }
    return { ...plan, steps }
  }

  #tell(plan: Plan, replies: readonly unknown[], context: PlanContext): void {
    const what = happened(plan, replies)
    this.counts.note(what, plan, context)
    if (this.isOn) this.#events(what, plan, context)
  }

  #events({ copied, end }: Happened, plan: Plan, context: PlanContext): void {
    for (const step of plan.steps) {
      const event = adoptEvent(step, plan, context)
      if (event === undefined) continue
      const isCopied = copied.includes(step)
      if (isCopied) this.#call('onAdopt', event)
      this.#call('afterMigrate', { ...event, copied: isCopied })
    }
    if (end === 'missed') this.#miss(plan, context)
    else if (end === 'mirrored') this.#mirrored(plan, context)
  }

  #miss(plan: Plan, context: PlanContext): void {
    for (const { key, phase } of keysOf(plan, context)) {
      const { family, canonical } = key
      const aliases = key.aliases.map(({ name }) => name)
      this.#call('onFallbackMiss', { family, canonical, aliases, command: commandOf(plan), phase })
    }
  }

  #mirrored(plan: Plan, context: PlanContext): void {
    for (const { key, use, phase } of keysOf(plan, context)) {
      const [first] = key.aliases
      if (use === 'read' || first === undefined || phaseTable[phase].secondary !== 'mirror') continue
      const { family, canonical } = key
      this.#call('onMirror', { family, canonical, alias: first.name, command: commandOf(plan), phase })
    }
  }

  #call<K extends Told>(name: K, event: Parameters<NonNullable<Hooks[K]>>[0]): void {
    if (channels[name].hasSubscribers) channels[name].publish(event)
    try {
      ;(this.#hooks[name] as ((event: unknown) => void) | undefined)?.(event)
    } catch (error) {
      process.emitWarning(`the hook ${name} threw: ${String(error)}`, { type: 'CanonicalRedisWarning' })
    }
  }
}

const names: readonly string[] = [...Object.keys(hookChannels), 'beforeMigrate']

/** @throws {@link CanonicalRedisError} `E_BAD_OPTION`: a misspelt hook would never be called */
export function checkHooks(hooks: unknown): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    if (names.includes(name) && (hook === undefined || typeof hook === 'function')) continue
    const what = names.includes(name) ? `a function, got ${typeof hook}` : `one of ${names.join(', ')}`
    throw new CanonicalRedisError('E_BAD_OPTION', `expected the hook \`${name}\` to be ${what}`)
  }
}

const commandOf = (plan: Plan): string => plan.located.row.name.toUpperCase()

/** The managed keys of a plan, each once. */
function keysOf(plan: Plan, context: PlanContext) {
  const found = plan.located.keys.flatMap(({ index, use }) => {
    const key = context.mapper.resolve(opOf(plan).argv[index] as Arg)
    return key ? [{ key, use, phase: context.phaseOf(key.family) }] : []
  })
  const seen = new Set<string>()
  return found.filter(({ key }) => {
    const id = Buffer.from(key.canonical).toString('latin1')
    return !seen.has(id) && seen.add(id)
  })
}

function adoptEvent(step: Step, plan: Plan, context: PlanContext): KeyEvent | undefined {
  const [alias, canonical] = adoptedNames(step) ?? []
  const family = canonical && context.mapper.resolve(canonical)?.family
  if (alias === undefined || canonical === undefined || family === undefined) return undefined
  return { family, canonical, alias, command: commandOf(plan), phase: context.phaseOf(family) }
}

interface Word {
  readonly veto?: true
  readonly cause?: unknown
  readonly change?: readonly (readonly Arg[])[]
}

function asked(beforeMigrate: NonNullable<Hooks['beforeMigrate']>, event: KeyEvent): Word {
  try {
    const word = beforeMigrate(event)
    if (word === false) return { veto: true }
    if (typeof word !== 'object') return {}
    return { change: word.change.map((command) => command.map((arg) => (typeof arg === 'number' ? String(arg) : arg))) }
  } catch (cause) {
    return { veto: true, cause }
  }
}

function refuse({ family, canonical, command }: KeyEvent, cause: unknown): never {
  throw new CanonicalRedisError(
    'E_VETOED',
    `beforeMigrate ${cause === undefined ? 'gave false' : 'threw'} for "${canonical.toString()}" of family "${family}", and ` +
      `${command} cannot be answered without copying its alias`,
    { hint: 'let the key migrate, or keep its family in "dual-write" until it may', cause },
  )
}
