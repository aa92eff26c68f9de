/**
 * What runs: an old writer and an old reader, raw at first; and the new code, wrapped from the beginning.
 *
 * @module
 */
import { constantPhase } from 'canonical-redis'
import type { Redis } from 'ioredis'
import { Board } from '../support/programs.js'
import { randomNumbers } from '../support/random.js'
import { connect as connectAfter } from './app/connect.after.js'
import { connect as connectBefore } from './app/connect.before.js'
import { Grid as NewGrid } from './app/grid.after.js'
import { Grid as OldGrid } from './app/grid.before.js'
import { Orders as NewOrders } from './app/orders.after.js'
import { Orders as OldOrders } from './app/orders.before.js'
import { TradingCache as NewCache } from './app/trading-cache.after.js'
import { TradingCache as OldCache } from './app/trading-cache.before.js'
import { Ledger } from './ledger.js'
import { Reader, Writer, type Deployed, type Shared } from './programs.js'

const oldCode = (redis: Redis) => ({
  redis,
  grid: new OldGrid(redis),
  cache: new OldCache(redis),
  orders: new OldOrders(redis),
})
const newCode = (redis: Redis) => ({
  redis,
  grid: new NewGrid(redis),
  cache: new NewCache(redis),
  orders: new NewOrders(redis),
})

/** The running system. */
export class World {
  readonly board = new Board()
  readonly ledger = new Ledger()
  /** Two deployments, which step one after the other: one has the old code, one the new. */
  readonly phases = { 'old code': constantPhase('alias'), 'new code': constantPhase('alias') }
  readonly #open: Redis[] = []
  readonly #shared: Shared
  #balance: Writer
  readonly #dashboard: Reader

  constructor(readonly port: number) {
    const users = Array.from({ length: 12 }, (_, i) => `u${i}`)
    this.#shared = { board: this.board, ledger: this.ledger, users, random: randomNumbers(3) }
    this.#balance = this.#writer('balance service', this.#raw())
    this.#dashboard = new Reader('dashboard', this.#raw(), this.#shared)
  }

  /** Today: everything is raw, and old. */
  begin(): void {
    this.board.start(this.#balance, this.#dashboard)
  }

  /** The new code writes other users than the old: one value must not be read, changed and written by two at once. */
  deployNewCode(): void {
    const own = this.#shared.users.filter((_, i) => i % 2 === 1)
    const engine = new Writer('grid engine', this.#wrapped('new code'), this.#shared, own)
    this.board.start(engine, new Reader('position monitor', this.#wrapped('new code'), this.#shared))
  }

  /** The last raw writer gets a wrapped client; its code stays as it is. */
  async wrapOldCode(): Promise<void> {
    await this.board.stop(this.#balance)
    this.#balance = this.#writer('balance service', this.#wrapped('old code', true))
    this.board.start(this.#balance)
  }

  /** The last raw reader goes. */
  retireDashboard(): Promise<void> {
    return this.board.stop(this.#dashboard)
  }

  raw(): Redis {
    const redis = connectBefore(this.port)
    this.#open.push(redis)
    return redis
  }

  /** A wrapped client, for looking. */
  wrapped(): Redis {
    return this.#wrapped('new code').redis
  }

  async close(): Promise<void> {
    await this.board.stop()
    for (const client of this.#open) client.disconnect()
  }

  #writer(name: string, deployed: Deployed): Writer {
    const own = this.#shared.users.filter((_, i) => i % 2 === 0)
    return new Writer(name, deployed, this.#shared, own)
  }

  #raw(): Deployed {
    return { kind: 'legacy', ...oldCode(this.raw()) }
  }

  #wrapped(who: keyof World['phases'], isOld = false): Deployed {
    const redis = connectAfter(this.port, this.phases[who])
    this.#open.push(redis)
    return { kind: 'wrapped', ...(isOld ? oldCode(redis) : newCode(redis)) }
  }
}
