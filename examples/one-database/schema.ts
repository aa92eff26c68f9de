/**
 * Databases 0, 2 and 5 become one, database 1: what each key is called there, how long it lives, and in which of the six
 * steps it is counted.
 *
 * The databases of candles, old baselines and historical ticks are not in the document; 2, 2 and 0 stand for them.
 *
 * @module
 */
import { defineSchema, key } from 'canonical-redis'
import { z } from 'zod'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** One old pattern, and three new ones: the name of the indicator says which. */
const indicators = 'indicators:<symbol>:<name>'

export const schema = defineSchema({
  name: 'one-database',
  keys: {
    volumeState: key('vol:state:<token>').alias('volume_state:<token>', { db: 2 }).ttl({ seconds: DAY }),
    volumeBaseline: key('vol:baseline:<symbol>').alias('volume_averages:<symbol>', { db: 2 }),

    technical: key('ind:ta:<symbol>:<name>', { name: z.enum(['rsi', 'macd']) })
      .alias(indicators, { db: 5 })
      .ttl({ seconds: HOUR }),
    greeks: key('ind:greeks:<symbol>:<name>', { name: z.enum(['delta', 'gamma']) })
      .alias(indicators, { db: 5 })
      .ttl({ seconds: HOUR }),
    volumeIndicator: key('ind:volume:<symbol>:<name>', { name: z.enum(['ratio']) })
      .alias(indicators, { db: 5, rename: { name: { volume_ratio: 'ratio' } } })
      .ttl({ seconds: HOUR }),

    session: key('sys:session:<rest*>').alias('session:<rest*>', { db: 0 }).ttl({ seconds: DAY, when: 'shorter' }),
    system: key('sys:system:<rest*>').alias('system:<rest*>', { db: 0 }),
    health: key('sys:health:<rest*>')
      .alias('health:<rest*>', { db: 0 })
      .ttl({ seconds: 15 * MINUTE, when: 'always' }),

    // Their names stay; only their database changes.
    tickStream: key('ticks:historical:<symbol>').alias('ticks:historical:<symbol>', { db: 0 }),
    tickHash: key('tick:<symbol>:<day>').alias('tick:<symbol>:<day>', { db: 0 }),
    ohlcLatest: key('ohlc_latest:<rest*>').alias('ohlc_latest:<rest*>', { db: 2 }),
    ohlc: key('ohlc:<rest*>').alias('ohlc:<rest*>', { db: 2 }),
    ohlcStats: key('ohlc_stats:<rest*>').alias('ohlc_stats:<rest*>', { db: 2 }),
    baseline: key('volume:baseline:<rest*>').alias('volume:baseline:<rest*>', { db: 2 }),
  },
  groups: {
    volume: ['volumeState', 'volumeBaseline'],
    indicators: ['technical', 'greeks', 'volumeIndicator'],
    system: ['session', 'system', 'health'],
    historical_ticks: ['tickStream', 'tickHash'],
    ohlc: ['ohlcLatest', 'ohlc', 'ohlcStats'],
    baseline: ['baseline'],
  },
})

/** What is kept in each. A key of another type is left where it is, and listed. */
export const types = {
  volumeState: 'hash',
  volumeBaseline: 'hash',
  technical: 'string',
  greeks: 'string',
  volumeIndicator: 'string',
  session: 'hash',
  tickStream: 'stream',
  tickHash: 'hash',
  ohlc: 'zset',
} as const
