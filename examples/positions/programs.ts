/**
 * The programs: each owns some users, whose positions it alone writes; all are read by everybody.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import type { Board, Program } from '../support/programs.js'
import type { Data } from './app/data.js'
import type { Ledger } from './ledger.js'
import type { Row } from './schema.js'

/** What both versions of the grid do. */
export interface GridCode {
  one(exchange: string, user: string, symbol: string, side: string): Promise<Row | undefined>
  open(exchange: string, user: string, row: Row): Promise<void>
  close(exchange: string, user: string, symbol: string, side: string): Promise<void>
}

/** What both versions of the trading cache do, as far as old code can say it. */
export interface CacheCode {
  setPosition(user: string, symbol: string, side: string, data: Data): Promise<void>
  getPosition(user: string, symbol: string, side: string): Promise<Data | null>
}

/** What both versions of the orders do. */
export interface OrdersCode {
  setPlaced(exchange: string, user: string, symbol: string, level: string, value: string): Promise<void>
  getPlaced(exchange: string, user: string, symbol: string, level: string): Promise<string | null>
}

/** One version of the application, on one client. */
export interface Deployed {
  readonly kind: Program['kind']
  readonly redis: Redis
  readonly grid: GridCode
  readonly cache: CacheCode
  readonly orders: OrdersCode
}

const markets = [
  ['BTC-USDT', 'long'],
  ['BTC-USDT', 'short'],
  ['ETH-USDT', 'long'],
] as const
const EXCHANGE = 'okx'

/** What a program is told of the others. */
export interface Shared {
  readonly board: Board
  readonly ledger: Ledger
  readonly users: readonly string[]
  readonly random: () => number
}

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)]!

/** Reads whatever there is, under the names of its version. */
export class Reader implements Program {
  constructor(
    readonly name: string,
    public deployed: Deployed,
    readonly shared: Shared,
  ) {}

  get kind(): Program['kind'] {
    return this.deployed.kind
  }

  async turn(): Promise<number> {
    const { board, ledger, users, random } = this.shared
    const { grid, cache, orders } = this.deployed
    const user = pick(users, random)
    const [symbol, side] = pick(markets, random)
    const wrong = [
      await ledger.read(
        `grid ${user} ${symbol} ${side}`,
        async () => (await grid.one(EXCHANGE, user, symbol, side))?.seq,
      ),
      await ledger.read(`cache ${user}`, async () => (await cache.getPosition(user, 'BTC-USDT-SWAP', 'long'))?.seq),
      await ledger.read(`orders ${user}`, async () => {
        const seq = await orders.getPlaced(EXCHANGE, user, 'BTC-USDT', 'seq')
        return seq === null ? undefined : Number(seq)
      }),
    ]
    for (const sentence of wrong) if (sentence !== undefined) board.report(`${this.name}: ${sentence}`)
    return wrong.length
  }
}

/** Opens, changes and closes positions of its own users; and reads those of all. */
export class Writer extends Reader {
  constructor(
    name: string,
    deployed: Deployed,
    shared: Shared,
    readonly own: readonly string[],
  ) {
    super(name, deployed, shared)
  }

  override async turn(): Promise<number> {
    const { ledger, random } = this.shared
    const { grid, cache, orders } = this.deployed
    const user = pick(this.own, random)
    const [symbol, side] = pick(markets, random)
    const isOpen = random() < 0.7
    await ledger.write(`grid ${user} ${symbol} ${side}`, isOpen, (seq) =>
      isOpen
        ? grid.open(EXCHANGE, user, { symbol, side, qty: Math.ceil(random() * 9), price: 100, seq })
        : grid.close(EXCHANGE, user, symbol, side),
    )
    await ledger.write(`cache ${user}`, true, (seq) =>
      cache.setPosition(user, 'BTC-USDT-SWAP', 'long', { qty: 1.5, seq }),
    )
    await ledger.write(`orders ${user}`, true, (seq) =>
      orders.setPlaced(EXCHANGE, user, 'BTC-USDT', 'seq', String(seq)),
    )
    return 4 + (await super.turn())
  }
}
