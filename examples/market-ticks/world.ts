/**
 * What runs: three consumers, three crawlers and a dashboard, all of them raw at first.
 *
 * @module
 */
import { constantPhase } from 'canonical-redis'
import type { Redis } from 'ioredis'
import { Board } from '../support/programs.js'
import { randomNumbers } from '../support/random.js'
import { connect as connectAfter } from './app/connect.after.js'
import { connect as connectBefore } from './app/connect.before.js'
import { BaselineService } from './app/baseline-service.js'
import { Crawler } from './app/crawler.js'
import { DataPipeline } from './app/data-pipeline.js'
import { Market } from './app/market.js'
import { names as after } from './app/names.after.js'
import { names as before } from './app/names.before.js'
import type { Deployed, Names } from './app/names.js'
import { PatternDetector } from './app/pattern-detector.js'
import { traded } from './load.js'

/** Fields keep their old names until nobody reads them without `normalize`. */
const oldFields: Names = { ...after, price: before.price, volume: before.volume }

/** The running system, and the deployments that change it. */
export class World {
  readonly board = new Board()
  readonly phases = { consumers: constantPhase('alias'), crawlers: constantPhase('alias') }
  readonly #market = new Market(randomNumbers(7))
  readonly #open: Redis[] = []
  readonly detector: PatternDetector
  readonly #consumers: readonly [PatternDetector, DataPipeline, BaselineService]
  readonly #dashboard: DataPipeline
  #crawlers: Crawler[]

  constructor(readonly port: number) {
    this.detector = new PatternDetector(this.#raw(), this.board)
    const pipeline = new DataPipeline(this.#raw(), this.board, traded)
    const baseline = new BaselineService(this.#raw(), this.board, traded)
    this.#consumers = [this.detector, pipeline, baseline]
    this.#dashboard = new DataPipeline(this.#raw(), this.board, traded)
    this.#crawlers = [0, 1, 2].map((n) => this.#crawler(n, this.#raw()))
  }

  /** Starts them all, once the data is there; what reads single ticks comes last, when each symbol has one. */
  async begin(): Promise<void> {
    const [detector, pipeline, baseline] = this.#consumers
    this.board.start(...this.#crawlers, detector, baseline)
    await this.board.more(100)
    this.board.start(pipeline, this.#dashboard)
  }

  /** A raw client for the database, for looking. */
  raw(): Redis {
    return this.#raw().redis
  }

  /** A wrapped client of the consumers. */
  wrapped(): Redis {
    return this.#wrapped('consumers', after).redis
  }

  /** The consumers are deployed one by one, with the new names in their code; what they know goes along. */
  async deployConsumers(done: (name: string) => Promise<void>): Promise<void> {
    for (const consumer of this.#consumers) {
      consumer.deployed = this.#wrapped('consumers', after)
      await done(consumer.name)
    }
  }

  /** Two crawlers are wrapped: one says the old names of keys to the end, the other the new ones. */
  async deployCrawlers(): Promise<void> {
    await this.#replace(1, this.#wrapped('crawlers', before))
    await this.#replace(2, this.#wrapped('crawlers', oldFields))
  }

  /** The last raw writer goes. */
  retireLegacyCrawler(): Promise<void> {
    return this.#replace(0, this.#wrapped('crawlers', oldFields))
  }

  /** The last raw reader goes. */
  retireDashboard(): Promise<void> {
    return this.board.stop(this.#dashboard)
  }

  /** Nobody needs the old fields any more. */
  async deployNewFields(): Promise<void> {
    for (const n of [0, 2]) await this.#replace(n, this.#wrapped('crawlers', after))
  }

  /** Everything that was written has been read. */
  async quiet(): Promise<void> {
    await this.board.stop(...this.#crawlers)
    for (let before = -1; before !== this.detector.ticks;) {
      before = this.detector.ticks
      await this.board.more(20)
    }
    await this.board.stop()
  }

  async close(): Promise<void> {
    await this.board.stop()
    for (const client of this.#open) client.disconnect()
  }

  async #replace(n: number, deployed: Deployed): Promise<void> {
    await this.board.stop(this.#crawlers[n]!)
    this.#crawlers[n] = this.#crawler(n, deployed)
    this.board.start(this.#crawlers[n])
  }

  #crawler(n: number, deployed: Deployed): Crawler {
    const symbols = traded.filter((_, i) => i % 3 === n)
    return new Crawler(`crawler ${n}`, this.#market, symbols, deployed)
  }

  #raw(): Deployed {
    const redis = connectBefore(this.port)
    this.#open.push(redis)
    return { kind: 'legacy', redis, names: before }
  }

  #wrapped(who: keyof World['phases'], names: Names): Deployed {
    const redis = connectAfter(this.port, this.phases[who])
    this.#open.push(redis)
    return { kind: 'wrapped', redis, names }
  }
}
