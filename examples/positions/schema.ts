/**
 * The whole migration, as data: keys that lacked an exchange and a side, keys that lacked a prefix, and an array that becomes a
 * hash for each position.
 *
 * @module
 */
import { defineSchema, key, transform } from 'canonical-redis'
import { z } from 'zod'

const exchange = z.enum(['okx', 'binance', 'upbit'])
const side = z.enum(['long', 'short'])

/** A position of the grid, as the array has it. */
export interface Row {
  readonly symbol: string
  readonly side: 'long' | 'short'
  readonly qty: number
  readonly price: number
  readonly seq: number
}

const gridPosition = key('positions:<user>:<exchange>:<symbol>:<side>', { exchange, side })
const gridIndex = key('positions:index:<user>:<exchange>', { exchange })
const gridPositions = transform('<exchange>:positions:<user>', {
  into: gridPosition,
  index: gridIndex,
  up: (text) =>
    (JSON.parse(text) as Row[]).map(({ symbol, side, qty, price, seq }) => ({
      params: { symbol, side },
      hash: { qty, price, seq },
    })),
  down: (pieces) =>
    JSON.stringify(
      pieces.map(({ params: { symbol, side }, hash: { qty, price, seq } }) => ({
        symbol,
        side,
        qty: Number(qty),
        price: Number(price),
        seq: Number(seq),
      })),
    ),
})

export const schema = defineSchema({
  name: 'positions',
  keys: {
    position: key('position:<user>:<exchange>:<symbol>:<side>', { exchange, side })
      .alias('position:<user>:<symbol>', { exchange: 'okx', side: 'long' })
      .alias('user:<user>:position:<symbol>:<side>', { exchange: 'okx' }),
    orderPlaced: key('orders:<exchange>:user:<user>:symbol:<symbol>:order_placed', { exchange }).alias(
      '<exchange>:user:<user>:symbol:<symbol>:order_placed',
    ),
    gridPosition,
    gridIndex,
    gridPositions,
  },
})
