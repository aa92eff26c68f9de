/**
 * The key tables of five real migrations, as schemas. Each has its table beside it: alias, canonical.
 *
 * @module
 */
import { z } from 'zod'
import { channel, defineSchema, key } from '../../src/schema/index.js'

/** Names that mean one logical key. */
export type Row = readonly [alias: string, canonical: string]

/** Market ticks: two older spellings of hot keys. */
export const marketTicks = defineSchema({
  name: 'market-ticks',
  keys: {
    processed: key('ticks:intraday:processed').alias('ticks:live:processed'),
    ticks: key('ticks:<symbol>').alias('ticks:latest:<symbol>'),
  },
})
export const marketTicksRows: readonly Row[] = [
  ['ticks:live:processed', 'ticks:intraday:processed'],
  ['ticks:latest:RELIANCE', 'ticks:RELIANCE'],
]

/** Everything under one old prefix, with a base64 catch-all behind the rest. */
const glasses = 'josancamon:rayban-meta-glasses-api'
export const metaGlasses = defineSchema({
  name: 'meta-glasses',
  keys: {
    generic: key('meta-glasses:cache:generic:<base64>').alias(`${glasses}:<base64>`),
    reminder: key('meta-glasses:reminder:event:<eventId>').alias(`${glasses}:reminder:<eventId>`),
    history: key('meta-glasses:user:history:<userId>').alias(`${glasses}:conversation_history:<userId>`),
    profile: key('meta-glasses:user:profile:<userId>').alias(`${glasses}:user_profile:<userId>`),
    cancellation: key('meta-glasses:state:cancellation:wa:<userId>').alias(`${glasses}:cancellation:wa:<userId>`),
  },
})
export const metaGlassesRows: readonly Row[] = [
  [`${glasses}:c29tZSBjYWNoZWQgdGV4dA==`, 'meta-glasses:cache:generic:c29tZSBjYWNoZWQgdGV4dA=='],
  [`${glasses}:reminder:evt_1`, 'meta-glasses:reminder:event:evt_1'],
  [`${glasses}:conversation_history:4915112345`, 'meta-glasses:user:history:4915112345'],
  [`${glasses}:user_profile:4915112345`, 'meta-glasses:user:profile:4915112345'],
  [`${glasses}:cancellation:wa:4915112345`, 'meta-glasses:state:cancellation:wa:4915112345'],
]

/** Jobs become steps. Worker keys that keep their names are not declared. */
export const jobsToSteps = defineSchema({
  name: 'jobs-to-steps',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    progress: key('step:<id>:progress').alias('job:<id>:progress'),
    pending: key('steps:pending').alias('jobs:pending'),
    active: key('steps:active').alias('jobs:active'),
    completed: key('steps:completed').alias('jobs:completed'),
    failed: key('steps:failed').alias('jobs:failed'),
    workerSteps: key('worker:<id>:steps').alias('worker:<id>:jobs'),
  },
  channels: { stepEvents: channel('step_events').alias('job_events') },
})
export const jobsToStepsRows: readonly Row[] = [
  ['job:42', 'step:42'],
  ['job:42:progress', 'step:42:progress'],
  ['jobs:pending', 'steps:pending'],
  ['jobs:active', 'steps:active'],
  ['jobs:completed', 'steps:completed'],
  ['jobs:failed', 'steps:failed'],
  ['worker:7:jobs', 'worker:7:steps'],
]

/** Positions gain an exchange and a side; orders gain a prefix. */
export const positions = defineSchema({
  name: 'positions',
  keys: {
    position: key('position:<user>:<exchange>:<symbol>:<side>', { side: z.enum(['long', 'short']) })
      .alias('position:<user>:<symbol>', { exchange: 'okx', side: 'long' })
      .alias('user:<user>:position:<symbol>:<side>', { exchange: 'okx' }),
    orderPlaced: key('orders:<exchange>:user:<user>:symbol:<symbol>:order_placed').alias(
      '<exchange>:user:<user>:symbol:<symbol>:order_placed',
    ),
  },
})
export const positionsRows: readonly Row[] = [
  ['position:user123:BTC-USDT-SWAP', 'position:user123:okx:BTC-USDT-SWAP:long'],
  ['user:user123:position:BTC-USDT-SWAP:long', 'position:user123:okx:BTC-USDT-SWAP:long'],
  ['user:user123:position:BTC-USDT-SWAP:short', 'position:user123:okx:BTC-USDT-SWAP:short'],
  ['okx:user:u1:symbol:BTC-USDT:order_placed', 'orders:okx:user:u1:symbol:BTC-USDT:order_placed'],
]

/** One alias pattern goes three ways, by the indicator's name. */
const indicators = 'indicators:<symbol>:<name>'
/** Several databases become one. The databases of `ohlc` and `baseline` are not in the document; 2 stands for them. */
export const consolidation = defineSchema({
  name: 'consolidation',
  keys: {
    volumeState: key('vol:state:<token>').alias('volume_state:<token>', { db: 2 }),
    volumeBaseline: key('vol:baseline:<symbol>').alias('volume_averages:<symbol>', { db: 2 }),
    technical: key('ind:ta:<symbol>:<name>', { name: z.enum(['rsi', 'macd']) }).alias(indicators, { db: 5 }),
    greeks: key('ind:greeks:<symbol>:<name>', { name: z.enum(['delta', 'gamma']) }).alias(indicators, { db: 5 }),
    volume: key('ind:volume:<symbol>:<name>', { name: z.enum(['ratio']) }).alias(indicators, {
      db: 5,
      rename: { name: { volume_ratio: 'ratio' } },
    }),
    session: key('sys:session:<rest*>').alias('session:<rest*>', { db: 0 }),
    system: key('sys:system:<rest*>').alias('system:<rest*>', { db: 0 }),
    health: key('sys:health:<rest*>').alias('health:<rest*>', { db: 0 }),
    ohlcLatest: key('ohlc_latest:<rest*>').alias('ohlc_latest:<rest*>', { db: 2 }),
    ohlc: key('ohlc:<rest*>').alias('ohlc:<rest*>', { db: 2 }),
    ohlcStats: key('ohlc_stats:<rest*>').alias('ohlc_stats:<rest*>', { db: 2 }),
    baseline: key('volume:baseline:<rest*>').alias('volume:baseline:<rest*>', { db: 2 }),
  },
})
export const consolidationRows: readonly Row[] = [
  ['volume_state:256265', 'vol:state:256265'],
  ['volume_averages:INFY', 'vol:baseline:INFY'],
  ['indicators:INFY:rsi', 'ind:ta:INFY:rsi'],
  ['indicators:INFY:macd', 'ind:ta:INFY:macd'],
  ['indicators:INFY:delta', 'ind:greeks:INFY:delta'],
  ['indicators:INFY:gamma', 'ind:greeks:INFY:gamma'],
  ['indicators:INFY:volume_ratio', 'ind:volume:INFY:ratio'],
  ['session:a:b', 'sys:session:a:b'],
  ['system:load', 'sys:system:load'],
  ['health:api', 'sys:health:api'],
  ['ohlc_latest:INFY', 'ohlc_latest:INFY'],
  ['ohlc:INFY:5m', 'ohlc:INFY:5m'],
  ['ohlc_stats:INFY', 'ohlc_stats:INFY'],
  ['volume:baseline:INFY', 'volume:baseline:INFY'],
]
