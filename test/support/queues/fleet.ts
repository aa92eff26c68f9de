/**
 * A fleet of producers and workers that goes through a migration while it works, and a ledger of who did what.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import { CanonicalRedisClient, type Canonical } from '../../../src/clients/canonical.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import { phases, type Phase } from '../../../src/phases/index.js'
import type { Schema } from '../../../src/schema/index.js'
import { newNames, oldNames, type Pattern, type Spelling, type Taken } from './patterns.js'

/** What is asked of a run. */
export interface FleetOptions {
  readonly connect: () => Redis
  readonly schema: Schema
  readonly pattern: Pattern
  /** The phases in the order in which they are entered; each beside the next for a while. */
  readonly path: readonly Phase[]
  readonly seed: number
  /** Steps of all actors together, in each stage. */
  readonly steps: number
}

/** How often each job was done, and how often it had to be: once, and once more for each crash behind the work. */
export interface Ledger {
  readonly done: ReadonlyMap<string, number>
  readonly due: ReadonlyMap<string, number>
  readonly crashes: number
  /** Steps of raw clients, so that a test can see that there were some. */
  readonly raw: number
}

type Wrapped = Redis & { readonly canonical: Canonical }

interface Actor {
  readonly name: string
  readonly redis: Redis
  readonly names: Spelling
  /** Undefined: a raw client. */
  readonly wrapped?: Wrapped
  /** It crashed, and what it held has to be put back. */
  down: boolean
}

/** xorshift32: the same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761 || 1
  return (sides) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % sides
  }
}

/** Runs a fleet through its path. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #roll: (sides: number) => number
  readonly #wrapped: Actor[]
  readonly #raw: Actor[]
  readonly #done = new Map<string, number>()
  readonly #due = new Map<string, number>()
  #crashes = 0
  #rawSteps = 0
  #turn = 0

  constructor(options: FleetOptions) {
    this.#options = options
    this.#roll = dice(options.seed)
    const { connect, schema, path } = options
    this.#wrapped = Array.from({ length: 6 }, (_, i) => {
      const redis = new CanonicalRedisClient(connect(), { schema, phase: path[0]! })
      return { name: `w${i}`, redis, wrapped: redis, names: i % 3 === 0 ? oldNames : newNames, down: false }
    })
    this.#raw = [0, 1].map((i) => ({ name: `r${i}`, redis: connect(), names: oldNames, down: false }))
  }

  async run(): Promise<Ledger> {
    const { path, pattern } = this.#options
    await pattern.setUp(this.#wrapped[0]!.redis, newNames)
    for (const [i, phase] of path.entries()) {
      const next = path[i + 1]
      await this.#work([phase])
      if (next === undefined) break
      await this.#gate(phase, next)
      for (const actor of this.#wrapped.filter((_, n) => n % 2 === 0)) actor.wrapped!.canonical.setPhase(next)
      await this.#work([phase, next])
      for (const actor of this.#wrapped) actor.wrapped!.canonical.setPhase(next)
      // Before raw clients come back on the way back: a stream stays where the later phase has put it.
      if (next !== 'alias' && next !== 'canonical') await this.#migrator().migrateKeys({ dryRun: false })
    }
    await this.#drain()
    return { done: this.#done, due: this.#due, crashes: this.#crashes, raw: this.#rawSteps }
  }

  async #work(now: readonly Phase[]): Promise<void> {
    for (let step = 0; step < this.#options.steps; step += 3) {
      // Three at once, each another actor: a connection that waits must not hold up its own next step.
      const first = this.#roll(this.#wrapped.length)
      const some = [0, 1, 2].map((n) => this.#wrapped[(first + n * 2 + (n % 2)) % this.#wrapped.length]!)
      const raw = this.#raw[this.#roll(2)]!
      await Promise.all([...new Set(some)].map((actor) => this.#step(actor)).concat(this.#rawStep(raw, now)))
    }
  }

  async #rawStep(actor: Actor, now: readonly Phase[]): Promise<void> {
    const upTo = (last: Phase): boolean => now.every((phase) => phases.indexOf(phase) <= phases.indexOf(last))
    const { rawProducersUntil } = this.#options.pattern
    if (upTo('dual-write')) await this.#step(actor)
    else if (upTo(rawProducersUntil)) await this.#push(actor)
    else return
    this.#rawSteps++
  }

  async #step(actor: Actor): Promise<void> {
    if (actor.down) await this.#recover(actor)
    else if (this.#roll(5) < 2) await this.#push(actor)
    else await this.#take(actor)
  }

  async #push({ redis, names }: Actor): Promise<void> {
    const job = `j${this.#due.size}`
    this.#due.set(job, 1)
    await this.#options.pattern.push(redis, names, job)
  }

  async #take(actor: Actor): Promise<void> {
    const { pattern } = this.#options
    const fate = this.#roll(12)
    const taken = await pattern.take(actor.redis, actor.names, actor.name, this.#turn++)
    for (const one of taken) await this.#do(actor, one, fate)
  }

  async #do(actor: Actor, taken: Taken, fate: number): Promise<void> {
    if (actor.down) return
    if (fate === 0) return this.#crash(actor)
    this.#done.set(taken.job, (this.#done.get(taken.job) ?? 0) + 1)
    if (fate === 1) {
      // The work is done and nobody knows: it will be done once more.
      this.#due.set(taken.job, this.#due.get(taken.job)! + 1)
      return this.#crash(actor)
    }
    await this.#options.pattern.done(actor.redis, actor.names, actor.name, taken)
  }

  #crash(actor: Actor): void {
    actor.down = true
    this.#crashes++
  }

  /** By itself, or by another for one who does not come back. */
  async #recover(actor: Actor, by: Actor = actor): Promise<void> {
    const held = await this.#options.pattern.putBack(by.redis, by.names, actor.name)
    actor.down = false
    for (const one of held) await this.#do(by, one, 2)
  }

  /** What the operator does before the next phase. */
  async #gate(from: Phase, to: Phase): Promise<void> {
    const migrator = this.#migrator()
    if (from !== 'alias' && from !== 'canonical') await migrator.migrateKeys({ dryRun: false })
    if (to === 'canonical') {
      // Raw workers have gone long ago; whatever they held goes back, under the names of the wrapped ones.
      for (const raw of this.#raw) await this.#recover(raw, this.#wrapped[0])
      const { queued } = await migrator.verify()
      if (queued > 0) throw new Error(`${queued} queues wait under their aliases before canonical`)
    }
  }

  #migrator(): RedisKeyMigrator {
    return new RedisKeyMigrator(this.#wrapped[0]!.redis, this.#options.schema)
  }

  /** Everybody comes back, and works until nothing is left. */
  async #drain(): Promise<void> {
    const { pattern } = this.#options
    const [worker] = this.#wrapped
    for (const actor of [...this.#wrapped, ...this.#raw]) {
      await this.#recover(actor, worker)
    }
    while ((await pattern.length(worker!.redis, newNames)) > 0) {
      for (const taken of await pattern.take(worker!.redis, newNames, worker!.name, 0))
        await this.#do(worker!, taken, 2)
    }
  }
}
