/**
 * The whole migration, as data: three kinds of key, what they were called, and what stands in them.
 *
 * @module
 */
import { defineSchema, key } from 'canonical-redis'
import { z } from 'zod'

/** A tick. Each data vendor had names of its own for its price. */
const tick = z.object({
  last_price: z.coerce.number().positive(),
  volume: z.coerce.number().int().nonnegative(),
  seq: z.coerce.number().int(),
})
const aliases = { ltp: 'last_price', zerodha_ltp: 'last_price', vol: 'volume' } as const

export const schema = defineSchema({
  name: 'market-ticks',
  keys: {
    processed: key('ticks:intraday:processed')
      .alias('ticks:live:processed')
      .fields(tick.extend({ symbol: z.string() }), { aliases }),
    ticks: key('ticks:<symbol>').alias('ticks:latest:<symbol>').fields(tick, { aliases }),
    baseline: key('volume:baseline:<symbol>')
      .alias('volume_averages:<symbol>')
      .fields(z.object({ average: z.coerce.number(), samples: z.coerce.number().int() }), {
        aliases: { avg: 'average', n: 'samples' },
      }),
  },
  groups: { live: ['processed', 'ticks'], baselines: ['baseline'] },
})

/** What is kept in each. A key of another type is left where it is, and listed. */
export const types = { processed: 'stream', ticks: 'hash', baseline: 'hash' } as const
