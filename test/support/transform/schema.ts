/** Positions: a JSON array under an old name, a hash for each position and a set that lists them under new ones. */
import { z } from 'zod'
import { defineSchema, key, transform } from '../../../src/index.js'

type Row = Record<string, string | number> & { readonly symbol: string; readonly side: 'long' | 'short' }

/** One position as the array has it. */
export const row = (symbol: string, side: string, qty: number | string) => ({ symbol, side, qty })

/** The schema; without `down` on request. */
export function positionsSchema({ reversible = true, tag = false } = {}) {
  const [user, exchange] = tag ? ['{<user>}', '<exchange>'] : ['<user>', '<exchange>']
  const position = key(
    `positions:${user}:${exchange}:<symbol>:<side>` as 'positions:<user>:<exchange>:<symbol>:<side>',
    {
      side: z.enum(['long', 'short']),
    },
  )
  const listed = key(`positions:index:${user}:${exchange}` as 'positions:index:<user>:<exchange>')
  const positions = transform(`${exchange}:positions:${user}` as '<exchange>:positions:<user>', {
    into: position,
    index: listed,
    up: (text) => (JSON.parse(text) as Row[]).map(({ symbol, side, ...hash }) => ({ params: { symbol, side }, hash })),
    ...(reversible && {
      down: (pieces) => JSON.stringify(pieces.map(({ params: { symbol, side }, hash }) => ({ symbol, side, ...hash }))),
    }),
  })
  return defineSchema({
    name: 'positions',
    keys: { position, listed, positions, other: key('plain:<id>').alias('old:<id>') },
  })
}
