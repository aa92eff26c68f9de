/**
 * Runs one case of the mirrors against a real server, and compares the two names of each key that was written.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { CanonicalRedisClient } from '../../../src/clients/canonical.js'
import { locate, mirrorOf, type Arg } from '../../../src/commands/index.js'
import { phaseTable, type Phase } from '../../../src/phases/index.js'
import { plan as planCommand, type Plan } from '../../../src/plan/index.js'
import type { Clients } from '../clients.js'
import type { ServerKind } from '../servers.js'
import { keyIn } from '../twin/grammar.js'
import { ofBare, schema, type Logical } from '../twin/keys.js'
import { readState, type State } from '../twin/state.js'
import { mirroring, statesOn, type Case, type Start } from './cases.js'

/** Changes a plan before it runs, to see that a mistake in it would be noticed. Only `slow` cases go through it. */
export type Sabotage = (plan: Plan) => Plan

/** What a case came to. */
export interface Outcome {
  readonly command: string
  /** The way its line was mirrored. */
  readonly way: string
  /** Its reply is no error. */
  readonly done: boolean
  /** What is wrong, or undefined. */
  readonly fault: unknown
}

/** Moves the server's clock on between two steps: 3 milliseconds. */
const PAUSE = ['DEBUG', 'SLEEP', '0.003'] as const

/** A recipe that fails copies the value, which would hide that it failed. */
const withoutNet = (arg: Arg): Arg =>
  typeof arg === 'string' ? arg.replace('if not ok then', "if not ok then error('fell back') end\nif not ok then") : arg

const bytes: ReadonlyMap<string, Arg> = new Map([['#bytes', Buffer.from([0xff, 0x00, 0xfe])]])

/** One server with a wrapped client in each phase that mirrors. */
export class World {
  readonly #raw: Redis
  readonly #wrapped: Readonly<Record<string, Redis>>
  readonly #exact: boolean
  #fellBack = false

  constructor(
    clients: Clients,
    readonly kind: ServerKind,
  ) {
    this.#raw = clients.raw()
    const wrap = (phase: Phase): Redis => new CanonicalRedisClient(clients.raw(), { schema, phase })
    this.#wrapped = Object.fromEntries(mirroring.map((phase) => [phase, wrap(phase)]))
    // Redis 7.0 notes when a consumer was last seen by the clock of each command, and nothing can set it.
    this.#exact = kind !== 'redis-7.0'
  }

  /** Nodes of two entries, so that a `~` has something to cut. */
  async open(): Promise<void> {
    await this.#raw.config('SET', 'stream-node-max-entries', '2')
  }

  async run(one: Case, sabotage: Sabotage = (plan) => plan): Promise<Outcome> {
    await this.#raw.flushdb()
    for (const [bare, start] of Object.entries(one.starts)) await this.#plant(ofBare(bare)!, start, one.phase)
    const before = await this.#look()
    const argv = this.#named(one)
    const located = locate(argv)
    // A line that lost its subcommand; the library refuses it.
    if (located === undefined) return { command: 'none', way: 'none', done: false, fault: undefined }
    this.#fellBack = false
    const reply = await this.#send(one, argv, sabotage)
    const after = await this.#look()
    const written = located.keys.filter(({ use }) => use !== 'read').map(({ index }) => one.line[index]!)
    const done = !(reply instanceof Error)
    const fault = this.#fellBack
      ? 'a recipe gave up and copied'
      : this.#fault(new Set(written), one.phase, done, before, after)
    return { command: located.row.name, way: mirrorOf(located.row, argv), done, fault }
  }

  async #plant({ names, managed }: Logical, { state, expires, where }: Start, phase: Phase): Promise<void> {
    const [first, second] = placesIn(phase, names)
    const adopts = phaseTable[phase].adopt
    const name = where === 'secondary' && adopts ? second : first
    for (const line of statesOn(this.kind)[state]!) await this.#call(line.replace('$', name).split(' '))
    if (expires === 'far') await this.#call(['PEXPIREAT', name, '4000000000000'])
    if (expires === 'soon') await this.#call(['PEXPIRE', name, '500000000'])
    if (where === 'both' && managed) await this.#call(['COPY', first, second])
  }

  #named({ line, mix }: Case): Arg[] {
    let key = 0
    return line.map((part) => {
      const logical = ofBare(keyIn(part) ?? '')
      if (logical === undefined) return bytes.get(part) ?? part
      return logical.names[(mix >> key++) & 1]!
    })
  }

  async #send({ phase, manner }: Case, argv: readonly Arg[], sabotage: Sabotage): Promise<unknown> {
    if (manner === 'slow') return this.#slowly(argv, phase, sabotage)
    const redis = this.#wrapped[phase]!
    const call = argv as [string, ...Arg[]]
    if (manner === 'multi') {
      const results = await redis
        .multi()
        .call(...call)
        .exec()
        .catch((error: Error) => [[error, null]])
      return results?.[0]?.[0] ?? results?.[0]?.[1]
    }
    if (manner === 'watch') await redis.watch('unrelated')
    const reply: unknown = await redis.call(...call).catch((error: unknown) => error)
    if (manner === 'watch') await redis.unwatch()
    return reply
  }

  async #slowly(argv: readonly Arg[], phase: Phase, sabotage: Sabotage): Promise<unknown> {
    const context = { mapper: schema.mapper, phaseOf: () => phase, db: 0, unknownCommands: 'refuse' as const }
    const made = planCommand(argv, { ...context, inTransaction: true, hasModules: this.kind === 'redis-8.0' })
    const plan = made && sabotage(made)
    const steps = plan?.steps ?? [{ argv }]
    const multi = this.#raw.multi()
    for (const { argv } of steps) multi.call(...(argv.map(withoutNet) as [string, ...Arg[]])).call(...PAUSE)
    const results = await multi.exec().catch((error: Error) => error)
    if (results instanceof Error) return results
    this.#fellBack = results!.some(([error]) => error?.message.includes('fell back'))
    return results![(plan?.op ?? 0) * 2]![0]
  }

  #fault(written: ReadonlySet<string>, phase: Phase, done: boolean, before: State, after: State): unknown {
    for (const part of written) {
      const logical = ofBare(keyIn(part) ?? '')
      if (!logical?.managed) continue
      const [first, second] = placesIn(phase, logical.names)
      const [a, b] = [after.get(first), after.get(second)]
      if (isDeepStrictEqual(a, b)) continue
      // A command that the server refuses when it is queued leaves everything as it was.
      const untouched = [first, second].every((name) => isDeepStrictEqual(before.get(name), after.get(name)))
      if (!done && untouched && (a === undefined || b === undefined)) continue
      return { first: { name: first, ...a }, second: { name: second, ...b } }
    }
    return undefined
  }

  #look(): Promise<State> {
    return readState(this.#raw, this.kind === 'redis-8.0', this.#exact ? 'to the millisecond' : 'but for consumers')
  }

  async #call(argv: readonly string[]): Promise<void> {
    await this.#raw.call(...(argv as [string]))
  }
}

function placesIn(phase: Phase, [alias, canonical]: Logical['names']): [first: string, second: string] {
  return phaseTable[phase].primary === 'alias' ? [alias, canonical] : [canonical, alias]
}
