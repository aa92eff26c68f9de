/**
 * Clients that never stop: they create jobs, take them, count their progress, finish them, and read what others did.
 * What they do goes into the ledger, and what they read is held against it.
 *
 * @module
 */
import { randomNumbers } from '../support/random.js'
import type { JobClient } from './clients.js'
import type { Job, Ledger } from './ledger.js'
import type { Names } from './names.js'

/** How long finished jobs are kept, in seconds. */
export const KEPT_SECONDS = 86_400

/** How often each action is chosen, of 100. */
const writerMix = { create: 4, take: 4, finish: 4, count: 56, read: 32 }
const readerMix = { create: 0, take: 0, finish: 0, count: 0, read: 100 }
type Action = keyof typeof writerMix

/** One service: some lanes, each with one command on its way at a time. */
export class Service {
  readonly #random: () => number
  readonly #mix: Record<Action, number>
  #running = true
  readonly #lanes: Promise<void>[]

  constructor(
    readonly name: string,
    readonly role: 'writer' | 'reader',
    readonly client: JobClient,
    readonly names: Names,
    readonly ledger: Ledger,
    lanes: number,
  ) {
    this.#random = randomNumbers(name.length * 7919 + name.charCodeAt(0))
    this.#mix = role === 'writer' ? writerMix : readerMix
    this.#lanes = Array.from({ length: lanes }, (_, lane) => this.#lane(`${name}-${lane + 1}`))
  }

  /** Lets every command on its way come to its end, and sends no more. */
  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#lanes)
  }

  async #lane(worker: string): Promise<void> {
    while (this.#running) {
      try {
        await this.#act(this.#choose(), worker)
      } catch (error) {
        this.ledger.failed(error)
      }
    }
  }

  #choose(): Action {
    let left = this.#random() * 100
    for (const [action, weight] of Object.entries(this.#mix)) if ((left -= weight) < 0) return action as Action
    return 'read'
  }

  #act(action: Action, worker: string): Promise<void> {
    const acts: Record<Action, () => Promise<void>> = {
      create: () => this.#create(),
      take: () => this.#take(worker),
      finish: () => this.#finish(),
      count: () => this.#count(),
      read: () => this.#read(),
    }
    return acts[action]()
  }

  async #create(): Promise<void> {
    const { client, ledger } = this
    const job = ledger.newJob('pending', 0)
    ledger.creating.add(job.id)
    try {
      await this.#put(job)
      ledger.add(job)
    } finally {
      ledger.creating.delete(job.id)
    }
    ledger.done(client.kind)
    await this.#publish()
  }

  async #put(job: Job): Promise<void> {
    const { client, names } = this
    await client.batch([
      ['HSET', names.job(job.id), 'type', 'render', 'priority', job.priority, 'state', job.state, 'version', 1],
      ['HSET', names.progress(job.id), 'count', 0],
      ['ZADD', names.pending, job.priority, job.id],
    ])
  }

  async #take(worker: string): Promise<void> {
    const { client, names, ledger } = this
    const [id] = (await client.send(['ZPOPMIN', names.pending])) as string[]
    const job = id === undefined ? undefined : await this.#known(id)
    if (job === undefined) return
    // Somebody has it: the queue gave it out twice.
    if (job.state !== 'pending' || job.versionSent > job.version) return void ledger.takenTwice++
    job.worker = worker
    await this.#change(job, 'active', [
      ['SADD', names.active, job.id],
      ['SADD', names.assigned(worker), job.id],
    ])
    ledger.workable.push(job)
  }

  async #known(id: string): Promise<Job | undefined> {
    while (this.ledger.creating.has(id)) await new Promise(setImmediate)
    return this.ledger.jobs.get(id)
  }

  async #finish(): Promise<void> {
    const { names, ledger } = this
    const place = Math.floor(this.#random() * ledger.workable.length)
    const [job] = ledger.workable.splice(place, 1)
    if (job?.worker === undefined) return
    const state = this.#random() < 0.9 ? 'completed' : 'failed'
    await this.#change(job, state, [
      ['SREM', names.active, job.id],
      ['SREM', names.assigned(job.worker), job.id],
      ['SADD', names[state], job.id],
      ['EXPIRE', names[state], KEPT_SECONDS],
    ])
  }

  /** Only one client changes the state of a job at a time, as in any queue. */
  async #change(job: Job, state: Job['state'], lines: Parameters<JobClient['batch']>[0]): Promise<void> {
    const { client, names, ledger } = this
    job.versionSent++
    await client.batch([['HSET', names.job(job.id), 'state', state, 'version', job.versionSent], ...lines])
    job.state = state
    job.version = job.versionSent
    ledger.done(client.kind)
    await this.#publish()
  }

  async #publish(): Promise<void> {
    const { client, names, ledger } = this
    await ledger.event((number) => client.send(['PUBLISH', names.events, number]))
    ledger.done(client.kind)
  }

  /** Any client counts the progress of any job, as often as not of one that nobody has touched for long. */
  async #count(): Promise<void> {
    const { client, names, ledger } = this
    const job = this.#anyJob()
    const atLeast = job.count + 1
    job.countSent++
    const reply = Number(await client.send(['HINCRBY', names.progress(job.id), 'count', 1]))
    job.count++
    ledger.done(client.kind)
    if (reply < atLeast || reply > job.countSent) ledger.staleReads++
  }

  /** What was acknowledged before the question was asked must be in the answer. */
  async #read(): Promise<void> {
    const { client, names, ledger } = this
    const job = this.#anyJob()
    const [name, field, known] =
      this.#random() < 0.5
        ? ([names.progress(job.id), 'count', 'count'] as const)
        : ([names.job(job.id), 'version', 'version'] as const)
    const atLeast = job[known]
    const reply = Number(await client.send(['HGET', name, field]))
    ledger.done(client.kind)
    if (reply < atLeast || reply > job[`${known}Sent`]) ledger.staleReads++
  }

  #anyJob(): Job {
    const { ledger } = this
    const list = this.#random() < 0.5 && ledger.workable.length > 0 ? ledger.workable : undefined
    if (list) return list[Math.floor(this.#random() * list.length)] as Job
    return ledger.jobs.get(ledger.ids[Math.floor(this.#random() * ledger.ids.length)] as string) as Job
  }
}
